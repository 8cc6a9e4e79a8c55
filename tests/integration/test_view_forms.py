"""Add and edit of the base view: nothing typed is lost, nothing is chosen by chance, the second writer is told."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from app.areas.models import AreaLevel, Post, Staff
from tests.support.pages import fill, form_of, post
from tests.support.rows import fresh, reread

pytestmark = pytest.mark.any_database

ADD = "/probe/staff/add"


@pytest.fixture
def worker(system, world):
    """A staff row of grid A11."""
    row = system.get(Staff, world.accounts["worker_a"].staff_id)
    row.phone = "13812345678"
    system.commit()
    return row


def edit_url(row) -> str:
    return f"/probe/staff/edit/{row.uid}"


def count(system) -> int:
    system.rollback()
    return system.scalar(select(func.count(Staff.id)))


def test_required_selects_begin_empty(probe):
    form = form_of(probe("town_clerk_a").get(ADD).text)
    assert form["kind"] == form["sex"] == form["area"] == form["org_unit"] == ""


def test_a_worker_with_one_grid_has_it_filled_in(probe, world):
    assert form_of(probe("worker_a").get(ADD).text)["area"] == world.uids["grid_a11"]


def test_a_record_is_added(probe, world, system):
    answer = fill(probe("town_clerk_a"), ADD, name=" Anna ", kind="volunteer", area=world.uids["grid_a12"])
    assert answer.status_code == 303
    row = fresh(system).scalars(select(Staff).where(Staff.uid == answer.location.rpartition("/")[2])).one()
    assert (row.name, row.area_id, row.sex) == ("Anna", world.areas["grid_a12"], None)


def test_save_and_add_next_opens_an_empty_form(probe, world):
    values = {"name": "Next", "kind": "volunteer", "area": world.uids["grid_a12"], "_again": "1"}
    assert fill(probe("town_clerk_a"), ADD, **values).location.startswith(ADD)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": ""}, "Please fill this in"),
        ({"kind": "astronaut"}, "This choice does not exist"),
        ({"area": "00000000-0000-7000-8000-000000000000"}, "Please choose from the list"),
        ({"area": "1"}, "Please choose from the list"),
        ({"name": "x" * 51}, "At most 50 characters"),
        ({"name": "a\x00b"}, "cannot be stored"),
        ({"name": "Forbidden"}, "This name is not possible"),
    ],
)
def test_a_refusal_stands_at_the_field_and_keeps_what_was_typed(probe, world, system, values, sentence):
    good = {"name": "Keep me", "kind": "volunteer", "area": world.uids["grid_a12"], "note": "typed long ago"}
    before = count(system)
    client = probe("town_clerk_a")
    token = form_of(client.get(ADD).text)["csrf_token"]
    answer = client.post(ADD, data=good | values | {"csrf_token": token}, headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "data-summary" in answer.text
    assert "typed long ago" in answer.text
    assert count(system) == before
    field = next(iter(values))
    assert f'id="{field}-error"' in answer.text
    assert sentence in answer.text
    # what was typed wrongly is not called missing too
    assert ("Please fill this in" in answer.text) == (sentence == "Please fill this in")


def test_an_area_outside_the_scope_is_refused_by_the_guard(probe, world, system):
    """Areas may be looked at by everybody, so the choice passes; writing there does not."""
    before = count(system)
    answer = fill(
        probe("town_clerk_a"), ADD, name="Over there", kind="volunteer", area=world.uids["grid_t11"]
    )
    assert answer.status_code in {403, 422}
    assert count(system) == before


def test_a_related_row_outside_the_scope_cannot_be_chosen(probe, world, system):
    foreign = system.get(Staff, world.accounts["worker_t"].staff_id).uid
    values = {
        "staff": foreign,
        "area": world.uids["grid_a11"],
        "position": "grid_worker",
        "employment": "full_time",
    }
    answer = fill(probe("town_clerk_a"), "/probe/posts/add", **values)
    assert answer.status_code == 422
    assert 'id="staff-error"' in answer.text
    assert "Worker T" not in answer.text


@pytest.mark.parametrize(
    "typed", ["20260221", "2026.2.21", "2026-02-21", "2026/2/21", "2026\u5e742\u670821\u65e5"]
)
def test_dates_are_taken_as_clerks_type_them(probe, world, system, worker, typed):
    values = {
        "staff": worker.uid,
        "area": world.uids["grid_a11"],
        "position": "grid_worker",
        "valid_from": typed,
    }
    answer = fill(probe("town_clerk_a"), "/probe/posts/add", **values)
    assert answer.status_code == 303
    assert fresh(system).scalars(select(Post).order_by(Post.id.desc())).first().valid_from == date(
        2026, 2, 21
    )


@pytest.mark.parametrize("typed", ["2026-02-30", "21.2.26", "soon", "9999999999", "0001-01-01"])
def test_what_is_no_date_is_refused_and_stays_typed(probe, world, worker, typed):
    values = {
        "staff": worker.uid,
        "area": world.uids["grid_a11"],
        "position": "grid_worker",
        "valid_from": typed,
    }
    answer = fill(probe("town_clerk_a"), "/probe/posts/add", **values)
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text


@pytest.mark.parametrize("typed", ["99999999999", "1e9", "two"])
def test_a_number_that_does_not_fit_is_refused(probe, typed):
    client = probe("town_clerk_a")
    answer = fill(client, "/probe/levels/add", key="street", name="Street", rank=typed, kind="division")
    assert answer.status_code == 422
    assert 'id="rank-error"' in answer.text


def test_a_key_that_exists_is_refused_without_an_error_page(probe, system):
    answer = fill(
        probe("town_clerk_a"), "/probe/levels/add", key="grid", name="Again", rank="9", kind="division"
    )
    assert answer.status_code == 422
    assert 'value="Again"' in answer.text
    assert system.scalar(select(func.count(AreaLevel.id)).where(AreaLevel.key == "grid")) == 1


def test_a_protected_number_is_not_sent_and_stays_when_left_empty(probe, worker, system):
    client = probe("town_clerk_a")
    page = client.get(edit_url(worker)).text
    assert "13812345678" not in page
    assert "138****5678" in page
    assert fill(client, edit_url(worker), note="seen").status_code == 303
    reread(system, worker)
    assert (worker.phone, worker.note) == ("13812345678", "seen")


def test_a_protected_number_is_replaced_or_cleared(probe, worker, system):
    client = probe("town_clerk_a")
    fill(client, edit_url(worker), phone="13900001111")
    reread(system, worker)
    assert worker.phone == "13900001111"
    fill(client, edit_url(worker), phone="__clear__")
    reread(system, worker)
    assert worker.phone is None
    assert worker.phone_index is None


def test_a_role_that_may_not_type_a_column_cannot_post_it(probe, worker, system):
    """The worker may read phones of staff but not change them (field policy)."""
    client = probe("worker_a")
    assert 'name="phone"' not in client.get(edit_url(worker)).text
    fill(client, edit_url(worker), phone="13900001111", note="n")
    reread(system, worker)
    assert (worker.phone, worker.note) == ("13812345678", "n")


def test_the_second_writer_sees_both_versions(probe, worker, system):
    first, second = probe("town_clerk_a"), probe("clerk_a")
    opened = form_of(second.get(edit_url(worker)).text)
    fill(first, edit_url(worker), name="First name", office_phone="0731-1")
    answer = second.post(edit_url(worker), data=opened | {"note": "of the second", "office_phone": "0731-2"})
    assert answer.status_code == 409
    reread(system, worker)
    assert (worker.name, worker.note, worker.office_phone) == ("First name", None, "0731-1")
    page = answer.text
    assert "First name" in page
    assert "0731-2" in page
    # only the first changed the name, only the second the note, both the office phone
    assert picks(page) == {"name": "theirs", "note": "mine", "office_phone": ""}
    undecided = form_of(page) | {"pick-name": "theirs", "pick-note": "mine"}
    undecided.pop("pick-office_phone", None)
    asked = second.post(edit_url(worker), data=undecided)
    assert asked.status_code == 422
    assert picks(asked.text) == {"name": "theirs", "note": "mine", "office_phone": ""}
    reread(system, worker)
    assert worker.office_phone == "0731-1"
    kept = form_of(page) | {"pick-name": "theirs", "pick-note": "mine", "pick-office_phone": "theirs"}
    assert second.post(edit_url(worker), data=kept).status_code == 303
    reread(system, worker)
    assert (worker.name, worker.note, worker.office_phone) == ("First name", "of the second", "0731-1")


def picks(page: str) -> dict[str, str]:
    """The proposals of the page with two versions."""
    import re

    found: dict[str, str] = {}
    for name, value, checked in re.findall(r'name="pick-(\w+)" value="(\w+)"( checked)?', page):
        found[name] = value if checked else found.get(name, "")
    return found


def test_a_form_without_its_version_never_overwrites(probe, worker, system):
    client = probe("town_clerk_a")
    data = form_of(client.get(edit_url(worker)).text) | {"name": "Blind"}
    del data["_version"]
    assert client.post(edit_url(worker), data=data).status_code == 409
    reread(system, worker)
    assert worker.name == "Worker A"


def test_a_post_without_a_token_changes_nothing(probe, worker, system):
    client = probe("town_clerk_a")
    data = form_of(client.get(edit_url(worker)).text) | {"name": "Forged"}
    del data["csrf_token"]
    assert client.post(edit_url(worker), data=data).status_code == 400
    reread(system, worker)
    assert worker.name == "Worker A"


def test_a_row_outside_the_scope_is_not_there_for_any_verb(probe, world, system):
    foreign = system.get(Staff, world.accounts["worker_t"].staff_id)
    client = probe("town_clerk_a")
    for verb in ("show", "edit", "delete", "history"):
        assert client.get(f"/probe/staff/{verb}/{foreign.uid}").status_code == 404, verb
    assert client.get(f"/probe/staff/show/{foreign.uid}/ProbePosts").status_code == 404
    for verb, values in (
        ("edit", {"name": "Taken over", "_version": "1"}),
        ("delete", {"reason": "away with it"}),
        ("restore", {}),
        ("reveal", {"reason": "curious"}),
    ):
        tail = "/phone" if verb == "reveal" else ""
        assert post(client, f"/probe/staff/{verb}/{foreign.uid}{tail}", **values).status_code == 404, verb
    reread(system, foreign)
    assert (foreign.name, foreign.deleted_at) == ("Worker T", None)


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_foreign_next_is_not_followed(probe, worker, target):
    answer = fill(probe("town_clerk_a"), edit_url(worker), next=target)
    assert answer.status_code == 303
    assert answer.location.startswith("/probe/staff/show/")
