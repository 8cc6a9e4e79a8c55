"""Where a pair is settled follows its two people, and only who may see both sees it, whatever moves them (S4-61)."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from app.core import clock
from app.registry.choices import AreaTie
from app.registry.models import DuplicatePair, Person, PersonArea, Residence
from app.registry.service import duplicates, regrid, ties
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support.jobs import run_now

BORN = date(1985, 2, 21)
READERS = ("worker_a", "worker_a2", "clerk_a", "town_clerk_a", "clerk_t", "operator")


@pytest.fixture
def homes(system, world):
    """Two women of one name, each in a home of grid A11."""
    made = [make_home(system, world.areas["grid_a11"], str(n)) for n in (1, 2)]
    for home in made:
        make_household(system, home, [ResidentFactory(name="Li Na", male=False, birth=BORN, number=None)])
    system.commit()
    assert run_now(system, duplicates.SCAN)["opened"] == 1
    return made


@pytest.fixture
def state(system, acting):
    """(area above both, across communities, who sees the pair)."""

    eyes = {name: acting(name) for name in READERS}

    def sees(session) -> bool:
        found = session.scalars(select(DuplicatePair.id)).first()
        session.rollback()
        return found is not None

    def _state() -> tuple[str, bool, set[str]]:
        system.rollback()
        system.expire_all()
        pair = system.scalars(select(DuplicatePair)).one()
        return pair.common_area.name, pair.is_across, {name for name, mine in eyes.items() if sees(mine)}

    return _state


@pytest.mark.demand("S4-61")
@pytest.mark.parametrize(
    ("grid", "place", "across", "readers"),
    [
        ("grid_a12", "Community A1", False, {"clerk_a", "town_clerk_a", "operator"}),
        ("grid_a21", "Town A", True, {"town_clerk_a", "operator"}),
        ("grid_t11", "County", True, {"operator"}),
    ],
)
def test_a_home_that_goes_to_another_grid_takes_the_pair_along_and_back(
    system, world, homes, state, grid, place, across, readers
):
    before = state()
    assert before == ("Grid A11", False, {"worker_a", "clerk_a", "town_clerk_a", "operator"})
    for target, expected in ((grid, (place, across, readers)), ("grid_a11", before)):
        regrid.move_dwelling(system, homes[1], world.areas[target], now=clock.now())
        system.commit()
        assert state() == expected


def test_somebody_who_moves_is_followed_though_the_mover_sees_one_side_only(
    system, world, acting, homes, state
):
    """The clerk of A1 hands her over to T; from then on nobody below the county sees both."""
    clerk = acting("clerk_a")
    her = clerk.get(Person, system.scalars(select(Residence.person_id).order_by(Residence.id.desc())).first())
    day = clock.today()
    ties.open_tie(clerk, her, her.area_id, AreaTie.applicant, day)  # a change that moves nobody
    clerk.commit()
    assert state()[0] == "Grid A11"
    with_all = system.get(Person, her.id)
    ties.manage_in(system, with_all, world.areas["grid_t11"], day)
    for kind in (AreaTie.applicant, AreaTie.residence):
        ties.close_tie(system, with_all, world.areas["grid_a11"], kind, day)
    system.commit()
    assert state() == ("County", True, {"operator"})


def test_a_grid_that_is_divided_divides_the_pair(system, world, homes, state):
    """A plan moves the ties as rows; the night puts right what was written past the session."""
    target = world.areas["grid_a12"]
    person = system.scalars(select(Residence.person_id).where(Residence.dwelling_id == homes[1].id)).one()
    for tie in system.scalars(select(PersonArea).where(PersonArea.person_id == person)).all():
        tie.area_id = target
    system.get(Person, person).area_id = target
    system.commit()
    assert state()[:2] == ("Community A1", False)
    pair = system.scalars(select(DuplicatePair)).one()
    pair.common_area_id, pair.is_across = world.areas["grid_t11"], True
    system.commit()
    assert run_now(system, duplicates.SCAN)["moved"] == 1
    assert state()[:2] == ("Community A1", False)


def test_the_end_of_a_savepoint_places_nothing(system, world, homes, state, caplog):
    """The writer still holds the lock of SQLite: who asked for it here would wait half a minute and fail."""
    with system.begin_nested():
        regrid.move_dwelling(system, homes[1], world.areas["grid_a12"], now=clock.now())
    system.commit()
    assert state()[0] == "Community A1"
    assert caplog.records == []
