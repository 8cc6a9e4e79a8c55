"""The queue of duplicates (S4-61): what opens a pair, who sees it, what settles it, what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import event, select

from app.core import clock
from app.core.scope import session_actor, unscoped
from app.extensions import db
from app.inbox.models import Notice
from app.registry.choices.duplicates import DuplicateState
from app.registry.models import (
    ConsentTask,
    DuplicatePair,
    DuplicateRule,
    DuplicateStep,
    LeftBehind,
    Person,
    PersonMerge,
    Proposal,
)
from app.registry.queries.hanging import hanging
from app.registry.service import documents, duplicates, persons
from app.registry.service.duplicates import probes, scan
from tests.factories.registry import ResidentFactory, id_number, make_person
from tests.support.jobs import run_now
from tests.support.pages import fill, form_of, post

BORN = date(1985, 2, 21)


def lina(session, area_id, **more) -> Person:
    given = {"name": "Li Na", "male": False, "birth": BORN, "number": None} | more
    return make_person(session, area_id, ResidentFactory(**given))


def pairs(session, **where) -> list[DuplicatePair]:
    session.rollback()
    return list(session.scalars(select(DuplicatePair).filter_by(**where).order_by(DuplicatePair.id)))


def search(system, n=0) -> dict:
    return run_now(system, duplicates.SCAN)


@contextmanager
def counting() -> Iterator[list[str]]:
    """The statements that are sent inside."""
    read: list[str] = []

    def note(_conn, _cursor, statement, *_more) -> None:
        read.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield read
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture
def two(system, world):
    """Two records of one name and birth date in one grid."""
    found = lina(system, world.areas["grid_a11"]), lina(system, world.areas["grid_a11"])
    system.commit()
    return found


@pytest.fixture
def pair(system, two):
    search(system)
    (found,) = pairs(system)
    return found


@pytest.mark.demand("S4-61")
def test_a_search_of_the_register_queues_a_pair_once(system, two):
    assert search(system)["opened"] == 1
    assert search(system)["opened"] == 0
    (pair,) = pairs(system)
    assert (pair.first_id, pair.second_id) == (two[0].id, two[1].id)
    assert pair.rules.split(",") == ["name_birth", "pinyin_birth"]
    assert (pair.weight, pair.found_by, pair.state, pair.is_across) == (75, "scan", "open", False)


@pytest.mark.parametrize("slices", [1, 16, 256])
def test_every_slice_together_finds_what_one_search_finds(system, world, slices):
    area = world.areas["grid_a11"]
    lina(system, area, phone="13800000001")
    lina(system, area, birth=date(1850, 1, 1), phone="13800000001")
    lina(system, area)
    lina(system, area, birth=date(1850, 1, 1))
    system.commit()
    found: dict[str, list] = {}
    for probe in probes.KEYS:
        for n in range(slices):
            found.setdefault(probe, []).extend(probes.crowds(system, probe, n, slices)[0])
    assert {probe: len(keys) for probe, keys in found.items()} == {
        "document": 0, "birth": 2, "phone": 1, "home": 0
    }  # fmt: skip


def test_a_crowd_under_one_key_is_counted_and_not_queued(system, world):
    for n in range(probes.CROWD + 1):
        lina(system, world.areas["grid_a11"], phone="0731-88888888", birth=date(1970, 1, 1 + n))
    system.commit()
    result = search(system)
    assert (result["opened"], result["crowded"]) == (0, 1)


def test_people_told_apart_by_their_numbers_cost_no_look_at_phones_and_homes(system, world):
    """In a city thousands of pairs share a name and a birth date."""
    for n in (1, 2):
        person = lina(system, world.areas["grid_a11"])
        number = id_number(BORN, n, male=False)
        actor, now = session_actor(system), clock.now()
        documents.add_document(system, person, kind="111", number=number, actor=actor, now=now)
    system.commit()
    with unscoped("test") as wide, counting() as read:
        actor = session_actor(wide)
        assert scan.search(wide, "birth", 0, 1, actor=actor, now=clock.now()) == (0, 0)
    assert any("FROM person_document" in statement for statement in read)
    assert not any("FROM person_phone" in statement or "FROM residence" in statement for statement in read)


def test_a_killed_search_goes_on_and_loses_nothing(system, two, monkeypatch):
    """The first step of the day dies after its effect was written: nothing of it stays, the next try does it."""
    tries = []
    real = scan.search

    def dies(wide, probe, *rest, **more):
        answer = real(wide, probe, *rest, **more)
        tries.append(probe)
        if len(tries) == 1:
            raise RuntimeError("power cut")
        return answer

    monkeypatch.setattr(scan, "search", dies)
    with pytest.raises(AssertionError):
        search(system)
    assert pairs(system) == []
    assert search(system)["opened"] == 1


@pytest.mark.demand("S4-61")
def test_what_was_found_different_comes_back_only_for_news(system, acting, two, pair):
    clerk = acting("clerk_a")
    mine = clerk.scalars(select(DuplicatePair)).one()
    duplicates.differ(clerk, mine, reason="cousins", actor=session_actor(clerk), now=clock.now())
    clerk.commit()
    system.rollback()
    persons.set_phone(system, two[0], "13800000001", actor=session_actor(system), now=clock.now())
    system.commit()
    assert search(system)["opened"] == 0
    persons.set_phone(system, two[1], "13800000001", actor=session_actor(system), now=clock.now())
    system.commit()
    assert search(system)["opened"] == 1
    assert pairs(system)[0].state == DuplicateState.open
    steps = system.scalars(select(DuplicateStep.action).order_by(DuplicateStep.id)).all()
    assert steps == ["found", "differ", "found"]


def test_a_pair_whose_data_no_longer_point_to_it_falls_away(system, two, pair):
    persons.edit_person(system, two[0], {"sex": "1"}, actor=session_actor(system), now=clock.now())
    system.commit()
    duplicates.review(system, two[0].id, actor=session_actor(system), now=clock.now())
    system.commit()
    assert pairs(system)[0].state == DuplicateState.lapsed


def test_rules_are_data_switched_by_an_administrator(system, two):
    for rule in system.scalars(select(DuplicateRule)):
        rule.is_on = False
    system.commit()
    assert search(system)["opened"] == 0


class TestEntry:
    def test_what_is_saved_all_the_same_opens_a_pair(self, system, acting, world):
        worker = acting("worker_a")
        actor, now = session_actor(worker), clock.now()
        lina(worker, world.areas["grid_a11"])
        worker.commit()
        again = lina(worker, world.areas["grid_a11"])
        duplicates.entered(worker, [again], actor=actor, now=now)
        worker.commit()
        assert [p.found_by for p in pairs(system)] == ["entry"]

    def test_the_same_number_with_a_reason_heads_the_queue(self, system, login_as, world):
        number = "430299198502211234"
        first = lina(system, world.areas["grid_a11"])
        system.commit()
        documents.add_document(
            system, first, kind="414", number=number, actor=session_actor(system), now=clock.now()
        )
        system.commit()
        answer = fill(
            login_as("clerk_a"),
            "/person/add",
            name="Wang Fang",
            area_id=world.uids["grid_a11"],
            doc_kind="414",
            number=number,
            dup_reason="both bear it",
        )
        assert answer.status_code == 303
        (pair,) = pairs(system)
        assert (pair.rules, pair.weight) == ("document", 90)

    def test_a_document_given_later_opens_a_pair_too(self, system, world):
        actor, now, number = session_actor(system), clock.now(), "E12345678"
        first, second = (lina(system, world.areas["grid_a11"], name=name) for name in ("Li Na", "Wang Fang"))
        documents.add_document(system, first, kind="414", number=number, actor=actor, now=now)
        system.commit()
        documents.add_document(
            system, second, kind="414", number=number, dup_reason="both bear it", actor=actor, now=now
        )
        system.commit()
        assert [p.rules for p in pairs(system)] == ["document"]

    def test_saving_tells_nothing_about_strangers(self, system, acting, world):
        lina(system, world.areas["grid_t11"])
        system.commit()
        worker = acting("worker_a")
        mine = lina(worker, world.areas["grid_a11"])
        assert duplicates.entered(worker, [mine], actor=session_actor(worker), now=clock.now()) == []
        worker.commit()
        assert search(system)["opened"] == 1

    def test_an_import_asks_about_the_whole_register(self, system, world):
        lina(system, world.areas["grid_t11"])
        system.commit()
        row = lina(system, world.areas["grid_a11"])
        opened = duplicates.for_import(system, [row.id], actor=session_actor(system), now=clock.now())
        assert [(p.found_by, p.is_across) for p in opened] == [("import", True)]


class TestAcross:
    @pytest.fixture
    def across(self, system, world):
        lina(system, world.areas["grid_a11"])
        lina(system, world.areas["grid_a21"])
        system.commit()
        search(system)
        (pair,) = pairs(system)
        return pair

    @pytest.mark.demand("S4-61")
    def test_the_level_above_settles_and_both_sides_hear_that_something_waits(
        self, system, world, acting, across
    ):
        assert (across.common_area_id, across.is_across) == (world.areas["town_a"], True)
        told = {
            (n.user_id, n.message.split()[0], n.link)
            for n in system.scalars(select(Notice).where(Notice.kind == "duplicates"))
        }
        assert told == {
            (world.accounts["clerk_a"].user_id, "Records", None),
            (world.accounts["clerk_a_reads_t"].user_id, "Records", None),
            (world.accounts["town_clerk_a"].user_id, "Records", "/duplicate/list/"),
        }
        assert acting("clerk_a").scalars(select(DuplicatePair)).all() == []
        assert [p.uid for p in acting("town_clerk_a").scalars(select(DuplicatePair))] == [across.uid]

    def test_many_pairs_are_written_and_told_of_in_as_many_statements_as_few(self, system, world):
        """A night may open thousands: nothing is asked or written pair by pair."""
        written = []
        for day, people in ((1, 2), (2, 6)):
            for n in range(people):
                area = world.areas["grid_a11" if n % 2 else "grid_a21"]
                lina(system, area, birth=date(1985, 2, day))
            system.commit()
            with unscoped("test") as wide, counting() as statements:
                actor = session_actor(wide)
                found = scan.search(wide, "birth", 0, 1, actor=actor, now=clock.now())
                wide.commit()
            written.append((found[0], len(statements)))
        (few, once), (many, again) = written
        assert (few, many) == (1, 15)
        assert again <= once

    def test_no_notice_names_anybody(self, system, across):
        for notice in system.scalars(select(Notice).where(Notice.kind == "duplicates")):
            assert "Li Na" not in f"{notice.message}{notice.params}{notice.link}"


class TestPages:
    def test_the_queue_shows_both_and_why(self, login_as, pair):
        page = login_as("clerk_a").get("/duplicate/list/").text
        assert ("Li Na</a>" in page, "1985-02-21" in page, "Grid A11" in page) == (True, True, True)
        assert login_as("worker_t").get("/duplicate/list/").text.count("Li Na") == 0

    @pytest.mark.demand("S4-61")
    def test_side_by_side_merge_and_the_way_back(self, system, login_as, two, pair):
        two[1].education = "20"
        persons.set_phone(system, two[1], "13812345678", actor=session_actor(system), now=clock.now())
        system.commit()
        clerk, url = login_as("clerk_a"), f"/duplicate/show/{pair.uid}"
        page = clerk.get(url).text
        assert "138****5678" in page
        assert "13812345678" not in page
        given = form_of(page)
        refused = post(clerk, f"/duplicate/merge/{pair.uid}", **given | {"reason": " "})
        assert refused.status_code == 400
        merged = post(clerk, f"/duplicate/merge/{pair.uid}", **given | {"stays": "1", "reason": "one woman"})
        assert merged.location.endswith(f"/person/show/{two[0].uid}")
        gone = clerk.get(f"/person/show/{two[1].uid}")
        assert (gone.status_code, gone.location) == (302, f"/person/show/{two[0].uid}")
        assert clerk.get(url).location.endswith(f"/person/show/{two[0].uid}")
        again = post(clerk, f"/duplicate/merge/{pair.uid}", **given | {"stays": "1", "reason": "one woman"})
        assert again.status_code == 409
        assert "settled this pair" in again.text
        system.rollback()
        row = system.scalars(select(PersonMerge)).one()
        history = clerk.get(f"/person/history/{two[0].uid}").text
        assert history.count("one woman") >= 2
        answer = post(clerk, f"/merge/apart/{row.uid}", reason="two after all")
        assert two[1].uid in answer.text
        assert clerk.get(f"/person/show/{two[1].uid}").status_code == 200

    def test_what_hangs_on_both_is_counted_as_far_as_the_reader_sees_it(self, system, acting, two):
        """Each table within the guard of the session: a closed group's proposal, what was deleted, count for nobody."""
        made = {"rule": "x", "due_on": BORN, "state": "open"}
        system.add_all(
            [
                Proposal(person_id=two[0].id, topic="benefit", anchor="80", **made),
                Proposal(person_id=two[1].id, topic="group", anchor="0" * 36, **made),
                ConsentTask(person_id=two[1].id, kind="child_under_14", guardian_uid=two[0].uid, due_on=BORN),
                LeftBehind(person_id=two[1].id, kind="child", valid_from=BORN, deleted_at=clock.now()),
            ]
        )
        system.commit()
        clerk = acting("clerk_a")
        both = [clerk.get_one(Person, person.id) for person in two]
        found = [(model, *counts) for model, *counts in hanging(clerk, *both)]
        assert found == [(ConsentTask, 0, 1), (ConsentTask, 1, 0), (Proposal, 1, 0)]

    def test_a_worker_notices_and_may_not_merge(self, system, login_as, two, pair):
        worker = login_as("worker_a")
        page = worker.get(f"/duplicate/show/{pair.uid}").text
        assert "Merge into one record" not in page
        answer = post(worker, f"/duplicate/merge/{pair.uid}", reason="one woman", stays="1")
        assert answer.status_code in (302, 403)
        assert pairs(system)[0].state == DuplicateState.open

    def test_a_merged_record_is_not_restored_from_the_recycle_bin(self, system, login_as, two, pair):
        clerk = login_as("operator")
        given = form_of(clerk.get(f"/duplicate/show/{pair.uid}").text)
        post(clerk, f"/duplicate/merge/{pair.uid}", **given | {"stays": "1", "reason": "one woman"})
        answer = post(login_as("clerk_a"), f"/person/restore/{two[1].uid}")
        assert answer.status_code in (404, 409)
        system.rollback()
        gone = system.get(Person, two[1].id, execution_options={"with_deleted": True})
        assert gone.deleted_at is not None

    def test_two_people(self, system, login_as, pair):
        clerk = login_as("clerk_a")
        given = form_of(clerk.get(f"/duplicate/show/{pair.uid}").text)
        assert (
            post(clerk, f"/duplicate/differ/{pair.uid}", **given | {"reason": "cousins"}).status_code == 303
        )
        assert pairs(system)[0].state == DuplicateState.different

    def test_a_rule_without_anything_to_search_by_is_refused(self, system, login_as):
        admin = login_as("admin_system")
        refused = fill(admin, "/duplicaterule/add", code="x", name="X", conditions="name", weight="50")
        assert refused.status_code == 422
        saved = fill(admin, "/duplicaterule/add", code="x", name="X", conditions="phone", weight="50")
        assert saved.status_code == 303
        assert post(admin, "/duplicaterule/search").status_code == 303
