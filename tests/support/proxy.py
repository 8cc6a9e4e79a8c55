"""Fixtures of the tests of proxy services: an elder at home in grid A11, sessions of those who move a case."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.registry.models import Person
from tests.factories.proxy import make_case, years_before
from tests.factories.registry import ResidentFactory, make_home, make_household


@pytest.fixture
def elder(system, world):
    """Uid of a woman of 70 with a phone, living in grid A11."""
    home = make_home(system, world.areas["grid_a11"], "21")
    resident = ResidentFactory(name="Elder Li", male=False, birth=years_before(70), phone="13800000001")
    make_household(system, home, [resident])
    person = system.scalars(select(Person).where(Person.name == "Elder Li")).one()
    uid = person.uid
    system.commit()
    return uid


@pytest.fixture
def sessions(acting):
    """Sessions by part: worker and clerk of A11's community, the health department, the town's clerk."""
    return {
        "worker": acting("worker_a"),
        "clerk": acting("clerk_a"),
        "department": acting("health"),
        "town": acting("town_clerk_a"),
    }


@pytest.fixture
def booked(sessions, elder):
    """``booked("WJ-02")`` books a case for the elder by the worker of the grid; gives its uid."""

    def _book(item="WJ-02", **asked):
        session = sessions["worker"]
        person = session.scalars(select(Person).where(Person.uid == elder)).one()
        return make_case(session, person, item, **asked).uid

    return _book
