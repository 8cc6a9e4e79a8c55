"""A sheet and a keyboard that bring the same home at the same moment make it once, whoever comes first."""

import threading

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.errors import Conflict
from app.core.scope import acting_as, session_actor
from app.core.session import unit_of_work
from app.core.sheets import Row
from app.registry.importing import PersonWriter
from app.registry.models import Building, Dwelling
from app.registry.rules.rooms import Room
from app.registry.service import homes

GRID = "430299001001001"
BATCH = "0190a000-0000-7000-8000-000000000071"
LONG_ENOUGH = 0.25  # seconds in which who does not wait would be through


@pytest.fixture(autouse=True)
def put_everything_back(_database):
    """COPY passes by the fixture's listener on PostgreSQL."""
    yield
    if hasattr(_database, "touch_all"):
        _database.touch_all()


def by_sheet(session, place):
    values = {"name": "Lin An", "area": GRID, "sex": "1", "birth": "1980-02-01", "relation": "02", **place}
    (outcome,) = PersonWriter(session_actor(session), {}).take(session, [Row(2, values)], "skip", batch=BATCH)
    assert outcome.outcome == "made"


def house_by_hand(session, grid):
    homes.create_dwelling(session, area_id=grid, now=clock.now(), fields={"road": "Lane", "door_no": "7"})


def flat_by_hand(session, grid):
    building = homes.create_building(session, name="3", area_id=grid)
    homes.build(
        session, building, [Room(unit=1, floor=2, flat=1, number="201", walk_order=1)], now=clock.now()
    )


WAYS = {
    "a house": (house_by_hand, {"road": "Lane", "door_no": "7"}),
    "a flat": (flat_by_hand, {"building": "3", "unit": "1", "floor": 2, "room_no": "201"}),
}


@pytest.mark.parametrize("kind", WAYS)
@pytest.mark.parametrize("first", ["sheet", "keyboard"])
def test_a_home_is_made_once(app, acting, system, world, kind, first):
    by_hand, place = WAYS[kind]
    actor, grid = session_actor(acting("clerk_a")), world.areas["grid_a11"]
    works = [lambda s: by_sheet(s, place), lambda s: by_hand(s, grid)]
    if first == "keyboard":
        works.reverse()
    written, through, failed = threading.Event(), threading.Event(), []

    def run(work, before, after):
        with app.app_context(), acting_as(actor) as session:
            try:
                before()
                with unit_of_work(session):
                    work(session)
                    after()
            except Conflict:
                pass  # the keyboard is told that the home is there
            except Exception as error:
                failed.append(error)
            finally:
                written.set()

    def stay():
        written.set()
        through.wait(LONG_ENOUGH)

    threads = [
        threading.Thread(target=run, args=(works[0], lambda: None, stay)),
        threading.Thread(target=run, args=(works[1], written.wait, through.set)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    system.rollback()
    assert failed == []
    assert system.scalar(select(func.count()).select_from(Dwelling)) == 1
    assert system.scalar(select(func.count()).select_from(Building)) == (kind == "a flat")
