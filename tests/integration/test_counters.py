"""Counters per area under concurrent writers: written at the commit, in one order, and never lost."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import event, select, text

from app.core import bulk, counters
from app.core.counters import AreaCounter
from app.core.session import unit_of_work
from app.registry.models import Dwelling, Household


def home(world, grid, number="1"):
    return Dwelling(area_id=world.areas[grid], address=f"Road {number}")


@pytest.fixture
def written(app):
    """The (kind, area) pairs of every statement that writes counters, in order."""
    from app.extensions import db

    seen: list[list[int]] = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if "INSERT INTO area_counter" in statement:
            seen.append(parameters if isinstance(parameters, list) else [parameters])

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def test_two_writers_in_opposite_order_do_not_wait_for_each_other(app, acting, world, system):
    """One session works in A11 then A12, the other in A12 then A11; each flushes between."""
    one, other = acting("clerk_a"), acting("town_clerk_a")
    if one.get_bind().dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    for session in (one, other):
        session.connection().execute(text("SET LOCAL lock_timeout = '2s'"))
    for session, grid in ((one, "grid_a11"), (other, "grid_a12"), (one, "grid_a12"), (other, "grid_a11")):
        session.add(home(world, grid))
        session.flush()
    one.commit()
    other.commit()
    assert counters.verify(system) == []
    assert counters.total(system, "dwelling") == 4


def test_a_transaction_writes_its_counters_once_and_in_key_order(acting, world, written):
    session = acting("town_clerk_a")
    with unit_of_work(session):
        for grid in ("grid_a21", "grid_a12", "grid_a11", "grid_a21"):
            session.add(home(world, grid))
            session.flush()
        assert written == []
    (rows,) = written
    keys = [tuple(row.values())[:2] if isinstance(row, dict) else tuple(row)[:2] for row in rows]
    assert {area for _kind, area in keys} == {world.areas[g] for g in ("grid_a11", "grid_a12", "grid_a21")}
    assert keys == sorted(keys)


def test_what_only_the_commit_flushes_is_counted_too(acting, world, system):
    session = acting("clerk_a")
    session.add(home(world, "grid_a11"))
    session.commit()
    assert counters.verify(system) == []
    assert counters.total(system, "dwelling") == 1


def test_a_reader_in_the_same_transaction_sees_the_truth(acting, world):
    session = acting("clerk_a")
    query = select(AreaCounter.value).where(
        AreaCounter.kind == "dwelling", AreaCounter.area_id == world.areas["grid_a11"]
    )
    with unit_of_work(session):
        session.add(home(world, "grid_a11"))
        session.flush()
        assert session.scalar(query) == 1
        session.add(home(world, "grid_a11", "2"))
        session.flush()
        assert counters.total(session, "dwelling") == 2
        assert counters.verify(session) == []


@pytest.mark.parametrize("how", ["rollback", "close"])
def test_what_was_given_up_is_never_counted(acting, world, system, how):
    session = acting("clerk_a")
    session.add(home(world, "grid_a11"))
    session.flush()
    getattr(session, how)()
    session.add(home(world, "grid_a12"))
    session.commit()
    assert counters.verify(system) == []
    assert counters.total(system, "dwelling") == 1


@pytest.mark.parametrize(("kept", "total"), [(True, 3), (False, 2)])
def test_a_savepoint_counts_only_when_it_is_kept(acting, world, system, kept, total):
    session = acting("clerk_a")
    with unit_of_work(session):
        session.add(home(world, "grid_a11"))
        session.flush()
        point = session.begin_nested()
        session.add(home(world, "grid_a12"))
        session.flush()
        if kept:
            point.commit()
        else:
            point.rollback()
        session.add(home(world, "grid_a12", "3"))
    assert counters.verify(system) == []
    assert counters.total(system, "dwelling") == total


def test_kinds_by_value_follow_what_is_flushed_and_written_in_bulk(system, world):
    """Households seen by month: a visit, a later one, a row without a day, a household that ended, a move, bulk."""
    a11, a12 = world.areas["grid_a11"], world.areas["grid_a12"]
    home_of = {}
    for n, day in enumerate((date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1), None)):
        home_of[n] = Household(area_id=a11, kind="living", last_visit_on=day)
        system.add(home_of[n])
    system.commit()

    def seen():
        query = select(AreaCounter.kind, AreaCounter.area_id, AreaCounter.value)
        rows = system.execute(
            query.where(AreaCounter.kind.startswith("household.seen."), AreaCounter.value > 0)
        )
        return {(kind.rpartition(".")[2], area): n for kind, area, n in rows}

    assert seen() == {("202603", a11): 2, ("202604", a11): 1}
    home_of[0].last_visit_on, home_of[1].valid_to = date(2026, 12, 24), date(2026, 12, 31)
    home_of[2].area_id = a12
    system.commit()
    assert seen() == {("202612", a11): 1, ("202604", a12): 1}
    bulk.update(system, Household, [{"id": home_of[3].id, "last_visit_on": date(2026, 12, 1)}])
    system.commit()
    assert seen() == {("202612", a11): 2, ("202604", a12): 1}
    assert counters.verify(system) == []
    counters.apply(
        system, counters.Deltas({("household.seen.202612", a11): 3, ("household.seen.201001", a12): 1})
    )
    assert counters.verify(system) == [
        ("household.seen.201001", a12, 1, 0),
        ("household.seen.202612", a11, 5, 2),
    ]
    counters.rebuild(system)
    assert seen() == {("202612", a11): 2, ("202604", a12): 1}
