"""Row security on PostgreSQL: what stands encrypted about a person is hidden by the server itself (ADR 0008)."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import sessionmaker

from app.core import bulk
from app.core.actor import Actor
from app.core.session import PlainGuardedSession, unit_of_work
from app.registry import walls
from app.registry.models import Person, PersonGroup, PersonPhone
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.integration.test_grants import owner, site

__all__ = ["owner", "site"]
NAMES = {"grid_a11": "Wall Near", "grid_t11": "Wall Far"}


@pytest.fixture
def people(site, system, world):
    """Names by grid; one of A11 is in a level 5 group. The wall is built by the fixture `site`."""
    made = {}
    for n, grid in enumerate(NAMES):
        home = make_home(system, world.areas[grid], f"6{n}")
        make_household(system, home, [ResidentFactory(name=NAMES[grid], phone=f"1390000000{n}")])
        made[grid] = system.scalars(select(Person).where(Person.name == NAMES[grid])).one()
    system.add(PersonGroup(person_id=made["grid_a11"].id, group_code="G02", level="L5"))
    system.commit()
    return {grid: person.id for grid, person in made.items()}


@pytest.fixture
def ask(site, world):
    """``ask(actor)`` opens a session of the site's role for an actor."""
    opened = []
    make = sessionmaker(site, class_=PlainGuardedSession)

    def _ask(**given) -> PlainGuardedSession:
        session = make()
        session.info["actor"] = Actor(user_id=1, read_only=False, **{"sees_persons": True, **given})
        opened.append(session)
        return session

    yield _ask
    for session in opened:
        session.close()


@pytest.fixture
def town_a(system, world):
    path = (
        system.connection()
        .execute(text(f"SELECT path FROM area WHERE id = {world.areas['town_a']}"))
        .scalar()
    )
    system.rollback()
    return ((path, path + "~"),)


def raw(session, table="person_document", column="person_id"):
    """Around the guard: plain SQL on the connection of the session."""
    return set(session.connection().exec_driver_sql(f"SELECT {column} FROM {table}").scalars())


def test_plain_sql_reads_only_the_persons_of_the_actor(ask, people, town_a):
    session = ask(ranges=town_a)
    for table in ("person_document", "person_phone"):
        seen = raw(session, table)
        assert people["grid_a11"] in seen
        assert people["grid_t11"] not in seen


@pytest.mark.parametrize(
    "given", [{}, {"whole_site": True, "sees_persons": False}], ids=["nobody", "auditor"]
)
def test_who_has_no_business_with_persons_reads_nothing(ask, people, given):
    assert raw(ask(**given)) == set()


def test_without_a_session_that_says_who_asks_nothing_is_read(site, people):
    with site.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM person_document")).scalar() == 0


def test_level_five_needs_the_grant_also_for_the_whole_site(ask, people):
    person = people["grid_a11"]
    assert person not in raw(ask(whole_site=True), "person_group")
    assert person in raw(ask(whole_site=True, grants=frozenset({"G02"})), "person_group")


def test_plain_sql_changes_nothing_outside(ask, people, town_a):
    session = ask(ranges=town_a)
    done = session.connection().exec_driver_sql(
        f"UPDATE person_document SET dup_no = 7 WHERE person_id = {people['grid_t11']}"
    )
    assert done.rowcount == 0
    with pytest.raises(ProgrammingError, match="row-level security"):
        session.connection().exec_driver_sql(
            f"UPDATE person_document SET person_id = {people['grid_t11']} WHERE person_id = {people['grid_a11']}"
        )


def test_the_wall_follows_the_actor_of_the_session(ask, people, town_a):
    session = ask(ranges=town_a)
    assert people["grid_t11"] not in raw(session)
    session.info["actor"] = Actor(user_id=1, sees_persons=True, whole_site=True)
    session.scalars(select(Person.id).limit(1)).all()
    assert people["grid_t11"] in raw(session)
    session.info["actor"] = Actor(user_id=1, sees_persons=True, ranges=town_a)
    session.scalars(select(Person.id).limit(1)).all()
    assert people["grid_t11"] not in raw(session)


def test_a_savepoint_that_fails_does_not_leave_the_wall_of_another_actor(ask, people, town_a):
    session, narrow = ask(whole_site=True), Actor(user_id=1, sees_persons=True, ranges=town_a)
    session.scalars(select(Person.id)).all()
    inner = session.begin_nested()
    session.info["actor"] = narrow
    session.scalars(select(Person.id)).all()
    inner.rollback()  # the server is back at the whole site
    session.scalars(select(Person.id)).all()
    assert people["grid_t11"] not in raw(session)


def test_a_person_is_entered_and_many_rows_are_loaded_behind_the_wall(app, ask, people, town_a, world):
    session = ask(ranges=town_a)
    with unit_of_work(session):
        home = make_home(session, world.areas["grid_a11"], "66")
        make_household(session, home, [ResidentFactory(name="Wall New", phone="13900000009")])
    new = session.scalars(select(Person.id).where(Person.name == "Wall New")).one()
    assert new in raw(session)
    with unit_of_work(session):
        rows = [{"person_id": new, "kind": "mobile", "number": f"1380000000{n}"} for n in range(3)]
        bulk.insert(session, PersonPhone, rows)
    assert (
        session.connection()
        .exec_driver_sql(f"SELECT count(*) FROM person_phone WHERE person_id = {new}")
        .scalar()
        == 4
    )


def test_every_table_with_something_encrypted_about_a_person_stands_behind_it(people, site):
    with site.connect() as connection:
        active = {
            t
            for t in walls.walled()
            if connection.execute(text(f"SELECT row_security_active('{t}')")).scalar()
        }
    assert active == set(walls.walled())
    assert {"person_document", "person_phone", "person_group", "group_visit", "left_behind"} <= active
