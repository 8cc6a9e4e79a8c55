"""Bulk writes do what single writes do: scope, encryption, blind indexes, change log, counters."""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import create_engine, func, select

from app.audit import fields
from app.audit import rows as log_rows
from app.audit import seal as sealing
from app.audit.models import ChangeLog
from app.audit.verify import verify
from app.core import bulk, counters
from app.core.crypto import blind
from app.core.errors import NotAllowed, NotFound
from app.core.session import engine_options, unit_of_work
from app.registry.models import Dwelling, Person, PersonArea, PersonPhone


@pytest.fixture(autouse=True)
def put_everything_back(_database):
    """COPY passes by the fixture's listener on PostgreSQL."""
    yield
    if hasattr(_database, "touch_all"):
        _database.touch_all()


def homes(world, n, grid="grid_a11"):
    return [{"area_id": world.areas[grid], "address": f"Road {i}"} for i in range(n)]


def test_keys_are_taken_once_and_never_again(system, world):
    with unit_of_work(system):
        first = bulk.take_ids(system, Dwelling, 5)
        second = bulk.take_ids(system, Dwelling, 3)
        assert len({*first, *second}) == 8
        home = Dwelling(area_id=world.areas["grid_a11"], address="single")
        system.add(home)
        system.flush()
        assert home.id > max(second)
    with unit_of_work(system):
        assert min(bulk.take_ids(system, Dwelling, 1)) > home.id


def test_rows_look_like_rows_of_the_orm(acting, world, system):
    session, grid = acting("clerk_a"), world.areas["grid_a11"]
    with unit_of_work(session):
        (person_id,) = bulk.insert(
            session, Person, [{"name": "Li Ming", "area_id": grid, "birth_date": date(1950, 1, 2)}]
        )
        bulk.insert(session, PersonArea, [{"person_id": person_id, "area_id": grid, "kind": "residence"}])
        bulk.insert(session, PersonPhone, [{"person_id": person_id, "number": "13812345678"}])
    person = session.get(Person, person_id)
    assert (person.name, person.birth_precision, person.status, person.version) == (
        "Li Ming",
        "day",
        "effective",
        1,
    )
    assert person.created_by == world.accounts["clerk_a"].user_id
    assert uuid.UUID(person.uid).version == 7
    assert abs((datetime.now(UTC) - person.created_at).total_seconds()) < 60
    (phone,) = person.phones
    assert (phone.number, phone.number_index) == ("13812345678", blind("phone", "13812345678"))
    stored = system.connection().exec_driver_sql("SELECT number FROM person_phone").scalar_one()
    assert b"13812345678" not in bytes(stored)


@pytest.mark.demand("S1-57")
def test_every_row_is_logged_with_the_batch(acting, world, system):
    session = acting("clerk_a")
    with unit_of_work(session):
        ids = bulk.insert(session, Dwelling, homes(world, 30), batch="0190a000-load")
    found = system.scalars(
        select(ChangeLog).where(ChangeLog.table_name == "dwelling").order_by(ChangeLog.id)
    ).all()
    assert [row.row_id for row in found] == ids
    assert {row.batch for row in found} == {"0190a000-load"}
    assert {row.user_id for row in found} == {world.accounts["clerk_a"].user_id}
    assert json.loads(found[3].changes)["address"] == [None, "Road 3"]


def test_a_row_outside_the_scope_stops_the_batch(acting, world, system):
    session = acting("clerk_a")
    with pytest.raises(NotAllowed), unit_of_work(session):
        bulk.insert(session, Dwelling, homes(world, 3) + homes(world, 1, "grid_t11"))
    with pytest.raises(NotAllowed), unit_of_work(session):
        bulk.insert(session, Person, [{"name": "x", "area_id": world.areas["grid_t11"]}])
    assert system.scalar(select(func.count()).select_from(Dwelling)) == 0


def test_a_child_cannot_be_hung_on_a_foreign_parent(acting, world, system):
    with unit_of_work(system):
        (foreign,) = bulk.insert(system, Person, [{"name": "T", "area_id": world.areas["grid_t11"]}])
        bulk.insert(
            system,
            PersonArea,
            [{"person_id": foreign, "area_id": world.areas["grid_t11"], "kind": "residence"}],
        )
    session = acting("clerk_a")
    for model, row in (
        (PersonPhone, {"person_id": foreign, "number": "13812345678"}),
        (PersonArea, {"person_id": foreign, "area_id": world.areas["grid_a11"], "kind": "residence"}),
    ):
        with pytest.raises(NotAllowed), unit_of_work(session):
            bulk.insert(session, model, [row])


NOTES = """
CREATE FUNCTION note_plans() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM set_config('geban.seen', current_setting('plan_cache_mode'), true); RETURN NULL; END $$;
CREATE TRIGGER note_plans AFTER INSERT ON dwelling FOR EACH STATEMENT EXECUTE FUNCTION note_plans()
"""


def test_foreign_keys_of_many_rows_are_checked_by_one_plan(acting, world):
    """Planned for each row, the checks were half of what PostgreSQL had to do for an import; other statements go on
    being planned for their own values.
    """
    session = acting("clerk_a")
    if session.get_bind().dialect.name != "postgresql":
        pytest.skip("SQLite plans a check with its statement")
    asked = "SELECT current_setting('geban.seen'), current_setting('plan_cache_mode')"
    with suppress(ZeroDivisionError), unit_of_work(session):
        session.connection().exec_driver_sql(NOTES)
        bulk.insert(session, Dwelling, homes(world, 2))
        assert session.connection().exec_driver_sql(asked).one() == ("auto", "force_custom_plan")
        raise ZeroDivisionError  # back with the trigger


def test_rows_handed_over_behind_our_back_are_there_for_the_next_statement_and_so_is_their_error(
    acting, world
):
    session = acting("clerk_a")
    with unit_of_work(session):
        first = bulk.take_ids(session, Dwelling, 1)[0]
        with bulk.behind(session, {Dwelling: 3}):
            keys = bulk.insert(session, Dwelling, homes(world, 5))  # more than was said before
            there = select(func.count(Dwelling.id)).where(Dwelling.id.in_(keys))
            assert session.scalar(there) == 5 == len(set(keys))
            assert min(keys) > first
    with pytest.raises(Exception, match=r"(?i)unique"), unit_of_work(session), bulk.behind(session, {}):
        bulk.insert(session, Dwelling, [{**homes(world, 1)[0], "id": keys[0]}])
    with unit_of_work(session):
        bulk.insert(session, Dwelling, homes(world, 1))
    logged = select(func.count(ChangeLog.id)).where(ChangeLog.table_name == "dwelling")
    assert session.scalar(logged.where(ChangeLog.row_id.in_(keys))) == 5


def test_a_long_work_on_sqlite_keeps_to_one_connection(tmp_path):
    """Each has a cache of its own: with the others in turn, an import filled all of them (120 MB more at 100,000 rows)."""
    url = f"sqlite:///{tmp_path}/lifo.sqlite"
    engine = create_engine(url, **engine_options(url))
    with engine.connect() as writing:
        with engine.connect():  # a look without scope on the way
            pass
        used = writing.connection.dbapi_connection
    with engine.connect() as next_chunk:
        assert next_chunk.connection.dbapi_connection is used
    engine.dispose()


def test_readers_write_nothing(acting, world):
    session = acting("leader")
    with pytest.raises(NotAllowed), unit_of_work(session):
        bulk.insert(session, Dwelling, homes(world, 1))


def test_an_actor_that_is_not_the_sessions_is_refused(acting, world):
    session, other = acting("clerk_a"), acting("clerk_t").info["actor"]
    with pytest.raises(ValueError, match="somebody else"):
        bulk.insert(session, Dwelling, homes(world, 1), actor=other)


def test_update_logs_what_differs_and_moves_the_counters(acting, world, system):
    session, (a, b) = acting("clerk_a"), (world.areas["grid_a11"], world.areas["grid_a12"])
    with unit_of_work(session):
        ids = bulk.insert(session, Dwelling, homes(world, 10))
    assert counters.total(system, "dwelling") == 10
    with unit_of_work(session):
        moves = [{"id": i, "area_id": b} for i in ids[:4]] + [{"id": ids[4], "area_id": a}]
        assert bulk.update(session, Dwelling, moves) == 4
    system.rollback()
    query = select(counters.AreaCounter.area_id, counters.AreaCounter.value)
    by_area = dict(system.connection().execute(query.where(counters.AreaCounter.kind == "dwelling")).all())
    assert (by_area[a], by_area[b]) == (6, 4)
    assert counters.verify(system) == []
    query = select(ChangeLog).where(ChangeLog.action == "update", ChangeLog.table_name == "dwelling")
    logged = system.scalars(query).all()
    assert [json.loads(row.changes) for row in logged] == [{"area_id": [a, b]}] * 4
    moved = session.get(Dwelling, ids[0])
    assert (moved.version, moved.updated_by) == (2, world.accounts["clerk_a"].user_id)


def test_update_refuses_foreign_and_missing_rows(acting, world, system):
    with unit_of_work(system):
        (foreign,) = bulk.insert(system, Dwelling, homes(world, 1, "grid_t11"))
    session = acting("clerk_a")
    for row in ({"id": foreign, "note": "x"}, {"id": foreign, "area_id": world.areas["grid_a11"]}):
        with pytest.raises(NotAllowed), unit_of_work(session):
            bulk.update(session, Dwelling, [row])
    with pytest.raises(NotFound), unit_of_work(session):
        bulk.update(session, Dwelling, [{"id": 10**9, "note": "x"}])


def test_nothing_is_written_when_the_log_fails(acting, world, system, monkeypatch):
    session = acting("clerk_a")
    monkeypatch.setattr(log_rows, "contents", lambda *_: 1 / 0)
    with suppress(ZeroDivisionError), unit_of_work(session):
        bulk.insert(session, Dwelling, homes(world, 3))
    assert system.scalar(select(func.count()).select_from(Dwelling)) == 0


@pytest.mark.parametrize("count", [5, 250])
def test_what_is_written_as_columns_reads_as_rows_do(acting, world, system, count, tmp_path):
    """A few rows go one by one, many as columns: the same values come back, the same history, MACs that hold."""
    session, grid = acting("clerk_a"), world.areas["grid_a11"]
    notes = [
        None,
        "plain",
        'quote " and \\ backslash',
        "tab\there\nnew line\r",
        "\\N",
        "\U00020000 \u00b7 \\t",
    ]
    given = [
        {
            "area_id": grid,
            "address": f"Road {n}",
            "note": notes[n % len(notes)],
            "floor": n % 3 or None,
            "area_m2": Decimal("71.50") if n % 2 else None,
            "owner_phone": "13812345678" if n % 4 else None,
            "valid_from": date(2026, 1, 1 + n % 28),
            "extra": {"k": [n, "x"]} if n % 5 == 0 else None,
        }
        for n in range(count)
    ]
    with unit_of_work(session):
        ids = bulk.insert(session, Dwelling, given, batch="many")
    found = {row.id: row for row in system.scalars(select(Dwelling).where(Dwelling.id.in_(ids)))}
    for key, row in zip(ids, given, strict=True):
        assert {name: getattr(found[key], name) for name in row} == row
    stored = system.connection().exec_driver_sql("SELECT owner_phone FROM dwelling").scalars().all()
    sealed = [bytes(value) for value in stored if value is not None]
    assert len(set(sealed)) == len(sealed)  # the same number never looks the same
    system.rollback()
    logged = system.scalars(select(ChangeLog).where(ChangeLog.batch == "many").order_by(ChangeLog.id)).all()
    for line, key in zip(logged, ids, strict=True):
        values = {c.key: getattr(found[key], c.key) for c in Dwelling.__mapper__.column_attrs}
        assert (line.changes, line.protected) == fields.split(Dwelling, {}, values)
    system.rollback()
    sealing.seal(datetime.now(UTC) + timedelta(seconds=1), tmp_path)
    assert verify(system, tmp_path).flaws == []


class TestCounters:
    def test_they_follow_every_kind_of_change(self, acting, world, system):
        session, (a, b) = acting("clerk_a"), (world.areas["grid_a11"], world.areas["grid_a12"])
        with unit_of_work(session):
            home = Dwelling(area_id=a, address="Road 1")
            session.add_all(
                [home, Dwelling(area_id=a, address="Road 2"), Dwelling(area_id=b, address="Road 3")]
            )
        assert counters.total(system, "dwelling") == 3
        session.expire_all()
        with unit_of_work(session):
            home.area_id = b
        with unit_of_work(session):
            home.deleted_at, home.delete_reason = home.created_at, "twice"
        system.rollback()
        assert counters.verify(system) == []
        assert counters.total(system, "dwelling", acting("worker_a2").info["actor"].ranges) == 1
        with unit_of_work(session):
            home.deleted_at = None
        system.rollback()
        assert counters.verify(system) == []
        assert counters.total(system, "dwelling", ()) == 0

    def test_rebuild_repairs_what_verify_finds(self, acting, world, system):
        session, a = acting("clerk_a"), world.areas["grid_a11"]
        with unit_of_work(session):
            bulk.insert(session, Dwelling, homes(world, 2))
        with unit_of_work(system):
            counters.apply(system, counters.Deltas({("dwelling", a): 5}))
        assert counters.verify(system) == [("dwelling", a, 7, 2)]
        with unit_of_work(system):
            counters.rebuild(system)
        assert counters.verify(system) == []

    def test_a_rollback_takes_the_count_back(self, acting, world, system):
        session = acting("clerk_a")
        session.add(Dwelling(area_id=world.areas["grid_a11"], address="Road 1"))
        session.flush()
        session.rollback()
        assert counters.total(system, "dwelling") == 0
