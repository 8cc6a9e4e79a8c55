"""People whom a transaction enters: nothing is asked about them in it, and everything again as soon as it is over."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from sqlalchemy import event, select

from app.core import clock
from app.core.errors import Conflict, NotAllowed
from app.core.scope import guarded_by, session_actor, stands_with_parent
from app.extensions import db
from app.registry.choices import HouseholdKind
from app.registry.models import HouseholdMember, Person, PersonArea, PersonSource, Residence
from app.registry.service import households, newcomers, residences
from tests.factories.registry import ResidentFactory, make_home, make_household, make_person
from tests.support.pages import fill, form_of


@pytest.fixture
def worker(acting):
    return acting("worker_a")


@pytest.fixture
def a11(world) -> int:
    return world.areas["grid_a11"]


@contextmanager
def statements():
    """Whatever goes to the database inside, of any session."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def hands(session) -> dict:
    return {"actor": session_actor(session), "now": clock.now()}


def test_a_family_goes_to_the_database_together(worker, a11):
    home = make_home(worker, a11)
    make_household(worker, home)  # what a process reads once
    family = [ResidentFactory(relation=code) for code in ("02", "10", "20", "30")]
    with statements() as seen:
        household = make_household(worker, make_home(worker, a11, "2"), family)
    assert len([s for s in seen if s.startswith("INSERT INTO person ")]) == 1
    assert len(seen) <= 45
    people = [m.person for m in households.members_of(worker, household)]
    assert [p.name for p in people] == [r.name for r in family]
    assert {p.confirmed_on for p in people} == {clock.today()}


def test_an_edit_form_writes_the_person_and_its_sources_at_once(login_as, system, world):
    """The record, what its change renews, and both lines of history: one flush, nothing read twice."""
    area = world.areas["grid_a11"]
    person = make_person(system, area)
    system.commit()
    clerk, url = login_as("clerk_a"), f"/person/edit/{person.uid}"
    assert fill(clerk, url, native_place="Lotus Hill").status_code == 303
    data = form_of(clerk.get(url).text) | {"native_place": "Plum Hill"}
    with statements() as seen:
        assert clerk.post(url, data=data).status_code == 303
    about = [s for s in seen if "person" in s.split("WHERE")[0]]
    assert len(about) == 6, about  # each read, proven inside the scope, and written once
    assert len([s for s in seen if s.startswith("INSERT INTO change_log")]) == 1
    system.rollback()
    system.refresh(person)
    assert (person.native_place, person.version) == ("Plum Hill", 3)


class TestWhoIsNoNewcomerAnyMore:
    """A home elsewhere is looked for again after the commit; within the transaction nobody could have given one."""

    def elsewhere(self, system, person_id: int, area_id: int) -> None:
        home = make_home(system, area_id)
        system.add(Residence(person_id=person_id, dwelling_id=home.id, valid_from=clock.today()))
        system.commit()

    def test_after_the_commit_the_guard_asks(self, worker, system, world, a11):
        person = make_person(worker, a11)
        assert newcomers.rows_of(worker, person, Residence) == []
        home = make_home(worker, a11, "2")
        worker.commit()
        self.elsewhere(system, person.id, world.areas["grid_t11"])
        assert newcomers.rows_of(worker, person, Residence) is None
        with pytest.raises(Conflict):
            residences.open_residence(worker, person, home, **hands(worker))

    def test_in_one_transaction_the_own_rows_are_known(self, worker, a11):
        first, second = make_home(worker, a11), make_home(worker, a11, "2")
        household = make_household(worker, first)
        (member,) = households.members_of(worker, household)
        other = households.create_household(worker, second, kind=HouseholdKind.living, now=clock.now())
        again = households.add_member(worker, other, member.person, "02", dwelling=second, **hands(worker))
        assert member.valid_to is not None
        assert again.valid_to is None
        living = select(Residence.dwelling_id).where(Residence.valid_to.is_(None))
        assert worker.scalars(living).all() == [second.id]

    def test_what_a_savepoint_took_back_is_not_there(self, worker, a11):
        person = make_person(worker, a11)
        home = make_home(worker, a11)
        savepoint = worker.begin_nested()
        residences.open_residence(worker, person, home, **hands(worker))
        savepoint.rollback()
        assert newcomers.rows_of(worker, person, Residence) is None
        residences.open_residence(worker, person, home, **hands(worker))
        assert worker.scalars(select(Residence.dwelling_id)).all() == [home.id]

    def test_a_savepoint_that_is_kept_changes_nothing(self, worker, a11):
        person = make_person(worker, a11)
        with worker.begin_nested():
            residences.open_residence(worker, person, make_home(worker, a11), **hands(worker))
        assert len(newcomers.rows_of(worker, person, Residence)) == 1

    def test_rows_that_change_hands_are_asked_for(self, worker, a11):
        one, two = make_person(worker, a11), make_person(worker, a11)
        residence = residences.open_residence(worker, one, make_home(worker, a11), **hands(worker))
        residence.person = two
        for flushed in (False, True):
            assert newcomers.rows_of(worker, two, Residence) is None, flushed
            assert residences.open_residences(worker, two, "living") == [residence]
            worker.flush()
        assert residences.open_residences(worker, one, "living") == []

    def test_a_rollback_forgets_them(self, worker, a11):
        person = make_person(worker, a11)
        worker.rollback()
        assert newcomers.KEY not in worker.info
        assert person not in worker


# --- the guard of what hangs on a person or a household ------------------------------------------------------------

CHILDREN = sorted(
    (
        mapper.class_
        for mapper in Person.registry.mappers
        if guarded_by(mapper.class_) and stands_with_parent(mapper.class_)
    ),
    key=lambda cls: cls.__tablename__,
)


def test_only_what_nothing_else_guards_is_proven_by_its_parent():
    assert {HouseholdMember, PersonArea, PersonSource, Residence} <= set(CHILDREN)
    assert "person_group" not in {cls.__tablename__ for cls in CHILDREN}  # a named grant decides there


@pytest.mark.parametrize("account", ["worker_a", "clerk_t", "operator", "health", "admin_audit", "nobody"])
def test_a_child_is_seen_exactly_where_its_parent_is(acting, world, system, account):
    """One statement proves the parent for all that hangs on it: their criteria have to say the same."""
    for grid in ("grid_a11", "grid_t11"):
        family = [ResidentFactory(phone="13812345678"), ResidentFactory(relation="10", male=False)]
        make_household(system, make_home(system, world.areas[grid]), family)
    system.commit()
    session = acting(account)
    for cls in CHILDREN:
        column, parent = cls.__scope_parent__()
        seen = set(session.scalars(select(parent.id)))
        rows = system.execute(select(cls.id, getattr(cls, column))).all()
        assert set(session.scalars(select(cls.id))) == {key for key, above in rows if above in seen}, cls


def test_the_post_check_finds_a_child_outside(acting, world):
    """A tie in a foreign area is refused before, a person that no tie of the own area holds after the flush."""
    session = acting("worker_a")
    person = Person(name="Li Ming", area_id=world.areas["grid_a11"])
    person.areas.append(PersonArea(area_id=world.areas["grid_a11"], kind="managing", valid_to=clock.today()))
    session.add(person)
    session.add(PersonSource(person=person, field_group="identity", source="grid", confirmed_at=clock.now()))
    with pytest.raises(NotAllowed):
        session.flush()
