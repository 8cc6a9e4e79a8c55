"""Somebody who is called otherwise now is found by the old name too, and the hit says why (S4-61, S4-62)."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import event, select, text

from app.core import clock
from app.core.scope import session_actor
from app.extensions import db
from app.registry.models import Dwelling, LifeEvent, Person, PersonName
from app.registry.queries import finder, names
from app.registry.service import life, merging
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.integration.test_merge import Case, join
from tests.support.pages import post

# invented: Zhang Weimin and Li Xiaofang
OLD, NEW = "\u5f20\u4f1f\u6c11", "\u674e\u5c0f\u82b3"
TYPED = [OLD, "\u5f20", "\u4f1f\u6c11", "zwm", "zhang wei"]


@pytest.fixture
def renamed(system, world):
    """She is called otherwise since February, by an event."""
    home = make_home(system, world.areas["grid_a11"])
    resident = ResidentFactory(name=OLD, number=None)
    make_household(system, home, [resident])
    person = system.query(Person).filter_by(name=OLD).one()
    actor, now = session_actor(system), clock.now()
    told = life.Told(happened_on=date(2026, 2, 1))
    life.new_name(system, person, told, name=NEW, actor=actor, now=now)
    system.commit()
    return person


@pytest.mark.demand("S4-61", "S4-62")
@pytest.mark.parametrize("typed", TYPED)
def test_the_name_before_an_event_finds_her_and_says_so(renamed, acting, typed):
    (found,) = names.called(acting("worker_a"), typed, 9)
    assert (found.person.id, found.name, found.kind) == (renamed.id, OLD, "former")
    assert found.hint == f"formerly {OLD}"


def test_the_present_name_needs_no_remark_and_nobody_stands_twice(renamed, acting, system):
    system.add(PersonName(person_id=renamed.id, kind="alias", name=NEW + "\u513f"))
    system.commit()
    (found,) = names.called(acting("worker_a"), NEW, 9)
    assert (found.person.id, found.hint) == (renamed.id, "")


def test_another_town_does_not_find_her_by_the_old_name(renamed, acting):
    assert names.called(acting("worker_t"), OLD, 9) == []
    assert names.formerly(acting("worker_t"), OLD, 9) == []


def test_the_old_name_finds_nobody_when_the_event_was_revoked(renamed, acting, system):
    row = system.scalars(select(LifeEvent)).one()
    life.revoke(system, row, reason="typed wrongly", actor=session_actor(system), now=clock.now())
    system.commit()
    session = acting("worker_a")
    assert names.called(session, NEW, 9) == []
    (found,) = names.called(session, "zwm", 9)
    assert found.hint == ""
    assert names.formerly(session, "zwm", 9) == []


@pytest.mark.demand("S4-61")
def test_the_name_that_a_merge_did_not_choose_finds_her_until_it_is_taken_apart(system, world, acting, probe):
    case = Case(system, session_actor(acting("town_clerk_a")), world.areas["grid_a11"])
    case.gone.name = OLD
    system.commit()
    uid = join(case)
    page = probe("clerk_a")
    answer = post(page, "/search/", q="zwm")
    assert answer.location.endswith(f"/person/show/{case.kept.uid}")  # the only hit opens at once
    assert "Found by a former or another name." in page.get(answer.location).text
    found = page.get(f"/person/lookup?q={OLD}").get_json()["results"]
    assert [(row["id"], f"also {OLD}" in row["text"]) for row in found] == [(case.kept.uid, True)]
    homes = finder.by_words(acting("worker_a"), OLD)
    assert [flat.uid for flat in homes] == [system.get(Dwelling, case.home.id).uid]
    with merging.whole_register() as wide:
        merging.undo(wide, uid, reason="two", actor=case.decider, now=clock.now())
    system.rollback()
    assert [c.hint for c in names.called(acting("worker_a"), OLD, 9)] == [""]


def test_both_kinds_of_names_are_one_statement(renamed, acting):
    asked: list[str] = []
    session = acting("worker_a")
    session.get(Person, renamed.id)

    def note(_conn, _cursor, statement, *_more):
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        names.called(session, OLD, 9)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("typed", "index"), [(OLD, "ix_person_name_name_chars"), ("zwm", "ix_person_name_name_initials_prefix")]
)
def test_indexes_answer_that_hold_only_names_that_are_not_the_present_ones(renamed, system, typed, index):
    """Six million present names must not be read once more."""
    query = select(PersonName.id).where(names.other(typed))
    connection = system.connection()
    sql = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    if connection.dialect.name == "sqlite":
        plan = str(connection.execute(text("EXPLAIN QUERY PLAN " + sql)).all())
        assert "VIRTUAL TABLE INDEX" in plan
        assert "SCAN person_name " not in plan
    else:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = str(connection.execute(text("EXPLAIN " + sql.replace("%", "%%"))).all())
        assert "ix_person_name_name_" in plan  # which of them, the size of the table decides
        made = connection.execute(
            text("SELECT indexdef FROM pg_indexes WHERE indexname = :name"), {"name": index}
        )
        assert "WHERE" in made.scalar_one()
