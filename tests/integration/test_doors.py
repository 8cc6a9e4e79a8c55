"""Doors that the registry's work stood at: one walk a day, a line for each deed, the household seen (S3-64, S1-37)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.errors import Invalid
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.registry.models import Household
from app.registry.signals import DoorVisit, door_visited
from app.worklog.models import ServiceRecord, Visit
from tests.factories.registry import ResidentFactory, make_home, make_household

pytest_plugins = ("tests.support.proxy",)


@pytest.fixture
def households(system, world):
    made = [
        make_household(system, make_home(system, world.areas["grid_a11"], no), [ResidentFactory()])
        for no in ("71", "72")
    ]
    system.commit()
    return [household.id for household in made]


@pytest.fixture
def worker(sessions):
    return sessions["worker"]


def knock(session, household_id, *, outcome="met", now=None, ref="r1"):
    with unit_of_work(session):
        household = session.get(Household, household_id)
        visit = DoorVisit(household.area_id, outcome, "SR2", "test", ref, household_id=household_id)
        return door_visited(session, visit, actor=session_actor(session), now=now or clock.now())


@pytest.mark.demand("S3-64")
def test_two_doors_of_a_day_are_one_visit_and_two_lines(worker, households):
    first, second = (knock(worker, h, ref=f"r{h}") for h in households)
    worker.rollback()
    visit = worker.scalars(select(Visit).where(Visit.uid == first)).one()
    assert second == first
    assert [s.household_id for s in visit.stops] == households
    assert {p.ref_uid for p in visit.purposes} == {f"r{h}" for h in households}
    lines = worker.scalars(select(ServiceRecord).where(ServiceRecord.visit_id == visit.id)).all()
    assert len(lines) == 2


def test_the_same_door_again_is_the_same_stop_with_one_more_purpose(worker, households):
    uid = knock(worker, households[0], outcome="absent", ref="one")
    knock(worker, households[0], outcome="met", ref="two")
    worker.rollback()
    visit = worker.scalars(select(Visit).where(Visit.uid == uid)).one()
    assert [(s.household_id, s.outcome) for s in visit.stops] == [(households[0], "met")]
    assert [p.ref_uid for p in visit.purposes] == ["one", "two"]


def test_another_day_is_another_visit(worker, households):
    first = knock(worker, households[0])
    assert knock(worker, households[0], now=clock.now() + timedelta(days=1)) != first


@pytest.mark.demand("S1-37")
@pytest.mark.parametrize(
    ("outcome", "seen"), [("met", True), ("family", True), ("phone", False), ("absent", False)]
)
def test_only_who_was_met_at_the_door_was_visited(worker, households, outcome, seen):
    knock(worker, households[0], outcome=outcome)
    worker.rollback()
    assert (worker.get(Household, households[0]).last_visit_on == clock.today()) is seen


def test_an_outcome_that_does_not_exist_leaves_nothing(worker, households):
    with pytest.raises(Invalid):
        knock(worker, households[0], outcome="maybe")
    worker.rollback()
    assert worker.scalars(select(Visit)).all() == []


def test_a_command_without_a_staff_record_leaves_no_line(system, households):
    assert knock(system, households[0]) is None
    system.rollback()
    assert system.get(Household, households[0]).last_visit_on == clock.today()
    assert system.scalars(select(ServiceRecord)).all() == []
