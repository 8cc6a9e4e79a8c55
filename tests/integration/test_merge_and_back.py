"""Whatever hangs on two records, merged and taken apart again every row is as it was (S4-61)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.core import clock, counters
from app.core.scope import session_actor
from app.registry.choices import AreaTie, HouseholdKind
from app.registry.models import (
    ChangeRequest,
    ConsentTask,
    FloatingStay,
    LeftBehind,
    Person,
    PersonGroup,
    PersonName,
    PersonPhone,
    Proposal,
    RentalHome,
    Tenancy,
)
from app.registry.service import duplicates, households, merging, ties
from app.registry.service.merging import fields
from tests.factories.registry import ResidentFactory, make_home, make_household, make_person
from tests.integration.test_merge import everything

DAY = date(2026, 1, 5)
SIDES = st.sampled_from(["neither", "kept", "gone", "both"])
# what may hang on a record: (session, person) -> nothing
PARTS = {
    "phone": lambda s, p: s.add(
        PersonPhone(person_id=p.id, kind="mobile", number="13800000001", valid_from=DAY)
    ),
    "old name": lambda s, p: s.add(PersonName(person_id=p.id, kind="former", name="Li Fang", valid_from=DAY)),
    "group": lambda s, p: s.add(PersonGroup(person_id=p.id, group_code="G21", level="L4", valid_from=DAY)),
    "hidden group": lambda s, p: s.add(
        PersonGroup(person_id=p.id, group_code="S05", level="L5", details={"a": 1})
    ),
    "stay": lambda s, p: s.add(FloatingStay(person_id=p.id, valid_from=DAY, permit_no="X1")),
    "left behind": lambda s, p: s.add(
        LeftBehind(person_id=p.id, kind="elder", details={"b": 2}, valid_from=DAY)
    ),
    "consent": lambda s, p: s.add(ConsentTask(person_id=p.id, due_on=DAY)),
    "proposal": lambda s, p: s.add(Proposal(person_id=p.id, rule="age", anchor="80", topic="benefit")),
    "correction": lambda s, p: s.add(ChangeRequest(person_id=p.id, fields={"name": ["a", "b"]}, reason="x")),
    "applied": lambda s, p: ties.open_tie(s, p, p.area_id, AreaTie.applicant, DAY),
}


@pytest.fixture
def stage(system, world, acting):
    """A home for each of the two, and one that is let."""
    area = world.areas["grid_a11"]
    homes = [make_home(system, area, str(n)) for n in range(3)]
    rental = RentalHome(area_id=area, dwelling_id=homes[2].id)
    system.add(rental)
    system.commit()
    return system, session_actor(acting("town_clerk_a")), homes, rental


def household_of(session, home, person, kind, *, alone: bool) -> None:
    actor, now = session_actor(session), clock.now()
    if alone:
        household = households.create_household(session, home, kind=kind, now=now)
    else:
        household = make_household(session, home, [ResidentFactory()], kind)
    relation = "02" if alone else "10"
    households.add_member(session, household, person, relation, dwelling=home, actor=actor, now=now)
    households.settle_head(session, household)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.generate],
)
@given(
    parts=st.fixed_dictionaries(dict.fromkeys(PARTS, SIDES)),
    lives=st.tuples(*[st.sampled_from([None, "alone", "with others"])] * 2),
    booked=SIDES,
    rents=SIDES,
    ages=st.tuples(*[st.sampled_from([date(1985, 2, 21), date(1930, 2, 21)])] * 2),
    stays=st.sampled_from([1, 2]),
    choices=st.dictionaries(
        st.sampled_from([*fields.FIELDS, "living", "registered", "document"]),
        st.sampled_from([fields.KEPT, fields.GONE]),
    ),
)
@pytest.mark.any_database
@pytest.mark.demand("S4-61")
def test_merged_and_taken_apart_every_row_is_as_it_was(
    stage, parts, lives, booked, rents, ages, stays, choices
):
    session, clerk, homes, rental = stage
    session.rollback()
    area = homes[0].area_id
    both = [
        make_person(session, area, ResidentFactory(name=name, male=False, birth=birth, number=None))
        for name, birth in zip(("Li Na", "Li Ming"), ages, strict=True)
    ]
    session.flush()
    for side, person, home, life in zip(("kept", "gone"), both, homes, lives, strict=False):
        for name, whose in parts.items():
            if whose in (side, "both"):
                PARTS[name](session, person)
        if life:
            household_of(session, home, person, HouseholdKind.living, alone=life == "alone")
        if booked in (side, "both"):
            household_of(session, homes[0], person, HouseholdKind.registered, alone=True)
        if rents in (side, "both"):
            session.add(Tenancy(rental_home_id=rental.id, person_id=person.id, valid_from=DAY))
    pair = duplicates.by_hand(session, *both, reason="seen", actor=session_actor(session), now=clock.now())
    session.commit()
    before = everything(session)
    session.rollback()
    with merging.whole_register() as wide:
        merged = merging.merge(
            wide, pair.uid, stays=stays, choices=choices, reason="one", actor=clerk, now=clock.now()
        ).uid
    session.rollback()
    assert len(session.scalars(select(Person).where(Person.id.in_([p.id for p in both]))).all()) == 1
    session.rollback()
    with merging.whole_register() as wide:
        left = merging.undo(wide, merged, reason="two", actor=clerk, now=clock.now()).left
    session.rollback()
    session.expire_all()
    after = everything(session)
    assert left == []
    changed = {
        name: (sorted(set(rows) - set(after[name])), sorted(set(after[name]) - set(rows)))
        for name, rows in before.items()
        if after[name] != rows
    }
    assert changed == {}
    assert counters.verify(session) == []
