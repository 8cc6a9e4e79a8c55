"""One record: delete with a reason, recycle bin, restore, history, related lists, the audited reveal."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.areas.models import Post, Staff
from app.audit.models import AccessLog
from app.core import hooks
from tests.support.pages import keys_in, post
from tests.support.rows import fresh, reread

pytestmark = pytest.mark.any_database

JSON = {"Accept": "application/json"}


@pytest.fixture
def volunteer(system, world):
    """A staff row without posts, with a phone."""
    row = Staff(name="Vera", kind="volunteer", area_id=world.areas["grid_a11"], phone="13812345678")
    system.add(row)
    system.commit()
    return row


def test_opening_the_delete_page_deletes_nothing(probe, volunteer, system):
    assert probe("town_clerk_a").get(f"/probe/staff/delete/{volunteer.uid}").status_code == 200
    reread(system, volunteer)
    assert volunteer.deleted_at is None


@pytest.mark.parametrize("reason", ["", " ", "x", "y" * 300])
def test_deleting_needs_a_reason(probe, volunteer, system, reason):
    answer = post(probe("town_clerk_a"), f"/probe/staff/delete/{volunteer.uid}", reason=reason)
    assert answer.status_code == 400
    reread(system, volunteer)
    assert volunteer.deleted_at is None


def test_a_deleted_record_is_gone_until_it_is_restored(probe, volunteer, system):
    client = probe("town_clerk_a")
    assert post(client, f"/probe/staff/delete/{volunteer.uid}", reason="entered twice").status_code == 303
    reread(system, volunteer)
    assert volunteer.delete_reason == "entered twice"
    assert client.get(f"/probe/staff/show/{volunteer.uid}").status_code == 404
    assert volunteer.uid not in keys_in(client.get("/probe/staff/list/").text, "/probe/staff")
    bin_page = client.get("/probe/staff/deleted/").text
    assert "Vera" in bin_page
    assert "entered twice" in bin_page
    assert post(client, f"/probe/staff/restore/{volunteer.uid}").status_code == 303
    assert client.get(f"/probe/staff/show/{volunteer.uid}").status_code == 200


def test_the_recycle_bin_obeys_the_scope(probe, volunteer):
    post(probe("town_clerk_a"), f"/probe/staff/delete/{volunteer.uid}", reason="entered twice")
    other = probe("town_clerk_t")
    assert "Vera" not in other.get("/probe/staff/deleted/").text
    assert post(other, f"/probe/staff/restore/{volunteer.uid}").status_code == 404


def test_what_hangs_on_a_record_stops_its_deletion_and_is_named(probe, world, system):
    worker = system.get(Staff, world.accounts["worker_a"].staff_id)
    client = probe("town_clerk_a")
    assert "Posts held" in client.get(f"/probe/staff/delete/{worker.uid}").text
    assert post(client, f"/probe/staff/delete/{worker.uid}", reason="left us").status_code == 409
    reread(system, worker)
    assert worker.deleted_at is None


def test_a_model_without_a_bin_has_no_bin_page(probe):
    assert probe("town_clerk_a").get("/probe/levels/deleted/").status_code == 404


def test_the_history_names_who_changed_what_in_words(probe, volunteer, system):
    client = probe("town_clerk_a")
    post(client, f"/probe/staff/delete/{volunteer.uid}", reason="entered twice")
    post(client, f"/probe/staff/restore/{volunteer.uid}")
    page = client.get(f"/probe/staff/history/{volunteer.uid}").text
    assert "Town Clerk A" in page
    assert "entered twice" in page
    assert "town_staff" not in page.partition("<main")[2]
    assert "13812345678" not in page
    assert "T00:" not in page


def test_a_related_list_shows_the_children_of_this_record_only(probe, world, system):
    worker = system.get(Staff, world.accounts["worker_a"].staff_id)
    client = probe("town_clerk_a")
    assert (
        f'data-piece="/probe/staff/show/{worker.uid}/ProbePosts"'
        in client.get(f"/probe/staff/show/{worker.uid}").text
    )
    piece = client.get(f"/probe/staff/show/{worker.uid}/ProbePosts").text
    own = set(system.scalars(select(Post.uid).where(Post.staff_id == worker.id)))
    assert set(keys_in(piece, "/probe/posts")) == own
    assert "<html" not in piece
    assert client.get(f"/probe/staff/show/{worker.uid}/ProbeAreas").status_code == 404


def test_a_related_list_needs_the_right_on_the_child(probe, world, system, monkeypatch, probe_app):
    worker = system.get(Staff, world.accounts["worker_a"].staff_id)
    child = probe_app.extensions["geban_pages"]["ProbePosts"]
    monkeypatch.setattr(child, "base_permissions", [])
    client = probe("town_clerk_a")
    assert "ProbePosts" not in client.get(f"/probe/staff/show/{worker.uid}").text
    assert client.get(f"/probe/staff/show/{worker.uid}/ProbePosts").status_code == 403


def reveals(system) -> int:
    system.rollback()
    return system.scalar(select(func.count(AccessLog.id)).where(AccessLog.action == "REVEAL"))


def test_a_masked_value_is_shown_after_a_reason_and_logged(probe, volunteer, system):
    client = probe("town_clerk_a")
    page = client.get(f"/probe/staff/show/{volunteer.uid}").text
    assert "138****5678" in page
    assert "13812345678" not in page
    url = f"/probe/staff/reveal/{volunteer.uid}/phone"
    before = reveals(system)
    assert post(client, url, reason="", headers=JSON).status_code == 400
    assert reveals(system) == before
    answer = post(client, url, reason="calling about the visit", headers=JSON)
    assert answer.get_json() == {"value": "13812345678"}
    assert reveals(system) == before + 1
    row = fresh(system).scalars(select(AccessLog).order_by(AccessLog.id.desc())).first()
    assert (row.table_name, row.row_id, row.reason) == ("staff", volunteer.id, "calling about the visit")
    assert "13812345678" not in f"{row.detail} {row.reason}"


def test_nothing_is_revealed_when_the_log_cannot_be_written(probe, volunteer, monkeypatch):
    def broken(_access):
        raise RuntimeError("disk full")

    monkeypatch.setitem(hooks._hooks, "access", broken)
    client = probe("town_clerk_a")
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    answer = post(client, f"/probe/staff/reveal/{volunteer.uid}/phone", reason="calling", headers=JSON)
    assert answer.status_code == 500
    assert "13812345678" not in answer.text


@pytest.mark.parametrize("username", ["leader", "supervisor", "admin_security"])
def test_roles_outside_the_policy_reveal_nothing(probe, volunteer, username):
    answer = post(
        probe(username), f"/probe/staff/reveal/{volunteer.uid}/phone", reason="curious", headers=JSON
    )
    assert answer.status_code in {403, 404}
    assert "13812345678" not in answer.text


@pytest.mark.parametrize("column", ["phone_index", "created_by", "uid", "nothing"])
def test_only_columns_of_the_page_can_be_revealed(probe, volunteer, column):
    answer = post(
        probe("town_clerk_a"), f"/probe/staff/reveal/{volunteer.uid}/{column}", reason="calling", headers=JSON
    )
    assert answer.status_code == 404


def test_a_read_only_role_writes_nothing_whatever_its_rights(probe, volunteer, system):
    client = probe("leader")
    assert post(client, f"/probe/staff/delete/{volunteer.uid}", reason="because").status_code == 403
    reread(system, volunteer)
    assert volunteer.deleted_at is None
