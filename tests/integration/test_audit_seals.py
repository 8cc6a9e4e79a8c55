"""Seals: whoever edits, removes, adds or reorders log rows, or cuts the log, is found out (guards, section 5)."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, func, select, text

from app.audit import seal as sealing
from app.audit import triggers
from app.audit.models import AuditSeal
from app.audit.rows import LOGS
from app.audit.seal import seal
from app.audit.service import log_access
from app.audit.verify import verify
from app.core.actor import Actor
from app.core.scope import unscoped
from app.core.session import PlainGuardedSession, unit_of_work
from app.extensions import db
from app.registry.models import Dwelling

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
WHO = Actor(user_id=1, label="Wang", role="clerk")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "seals"


def write(n=3):
    for i in range(n):
        log_access("READ", "person", i, actor=WHO)


def flaws(folder):
    with unscoped("tests arrange and assert") as session:
        return verify(session, folder).flaws


def tamper(*statements):
    """What somebody with the database's password can do: drop the triggers and edit."""
    with unscoped("tests arrange and assert") as session, unit_of_work(session):
        connection = session.connection()
        postgres = connection.dialect.name == "postgresql"
        for table in (*LOGS, "audit_seal"):
            for name in triggers.names(table)[: 3 if postgres else 2]:
                connection.execute(text(f"DROP TRIGGER {name}" + (f" ON {table}" if postgres else "")))
        for statement in statements:
            connection.execute(text(statement))
        triggers.ensure(connection)


def ids(log="access_log"):
    with unscoped("tests arrange and assert") as session:
        return list(session.connection().execute(select(LOGS[log].c.id).order_by(LOGS[log].c.id)).scalars())


@pytest.mark.demand("S1-57")
class TestTampering:
    @pytest.fixture(autouse=True)
    def sealed(self, app, folder):
        write(5)
        assert seal(NOW, folder)
        assert flaws(folder) == []

    @pytest.mark.parametrize("column", ["actor = 'Li'", "row_id = 99", "at = '2026-01-01 00:00:00+00:00'"])
    def test_an_edited_row(self, folder, column):
        victim = ids()[2]
        if "+00:00" in column and _is_sqlite():
            column = "at = '2026-01-01 00:00:00.000000'"
        tamper(f"UPDATE access_log SET {column} WHERE id = {victim}")
        assert [f.text for f in flaws(folder)] == [f"row {victim} was edited"]

    def test_a_removed_row(self, folder):
        tamper(f"DELETE FROM access_log WHERE id = {ids()[2]}")
        (flaw,) = flaws(folder)
        assert "1 removed" in flaw.text

    def test_two_rows_that_change_places(self, folder):
        a, b = ids()[1:3]
        tamper(*(f"UPDATE access_log SET id = {n} WHERE id = {o}" for o, n in ((a, -1), (b, a), (-1, b))))
        (flaw,) = flaws(folder)
        assert "reordered" in flaw.text

    def test_a_row_slipped_in(self, folder):
        victim = ids()[4]
        columns = ", ".join(c.name for c in LOGS["access_log"].columns if c.name != "id")
        tamper(
            f"DELETE FROM access_log WHERE id = {victim}",
            f"INSERT INTO access_log (id, {columns}) SELECT {victim}, {columns} FROM access_log WHERE id = {victim - 1}",
        )
        assert [f.kind for f in flaws(folder)] == ["changed_set"]

    def test_a_log_cut_with_its_seals(self, folder):
        first = ids()[-1]
        write(4)
        assert seal(NOW + timedelta(minutes=1), folder)
        tamper(
            f"DELETE FROM access_log WHERE id > {first}",
            "DELETE FROM audit_seal WHERE id = (SELECT max(id) FROM audit_seal)",
        )
        # told by the copy of the seal outside the database (SQLite notices the missing keys as well)
        assert [f for f in flaws(folder) if f.kind == "cut" and f.text.startswith("seal ")]

    def test_a_seal_that_differs_from_its_copy_outside(self, folder):
        """Somebody with database and keys makes rows and seals anew; the copy on another machine remembers."""
        newest = folder / "last-access_log.json"
        kept = json.loads(newest.read_text())
        newest.write_text(json.dumps(kept | {"digest": "00" * 32}))
        assert [f.text for f in flaws(folder)] == [
            f"seal {kept['id']} differs from its copy outside the database"
        ]

    def test_rows_that_wait_for_their_seal_are_checked_too(self, folder):
        write(1)
        tamper(f"UPDATE access_log SET actor = 'Li' WHERE id = {ids()[-1]}")
        assert [f.kind for f in flaws(folder)] == ["edited"]

    def test_an_edited_seal(self, folder):
        tamper("UPDATE audit_seal SET count = count - 1 WHERE log = 'access_log'")
        assert "seal" in {f.kind for f in flaws(folder)}

    def test_a_seal_made_anew_without_the_key(self, folder):
        """Whoever removes a row and computes the digest again still lacks the key of the seal."""
        tamper(f"DELETE FROM access_log WHERE id = {ids()[2]}")
        with unscoped("tests arrange and assert") as session:
            rows = sealing.rows_between(session.connection(), "access_log", 0, ids()[-1])
            digest, count = sealing.digest_of(sealing.START, rows)
        value = f"x'{digest.hex()}'" if _is_sqlite() else f"'\\x{digest.hex()}'"
        tamper(f"UPDATE audit_seal SET digest = {value}, count = {count} WHERE log = 'access_log'")
        assert {f.kind for f in flaws(folder)} == {"seal"}


def _is_sqlite():
    with unscoped("tests arrange and assert") as session:
        return session.get_bind().dialect.name == "sqlite"


def test_rows_cut_off_before_their_seal_leave_a_gap(app, folder):
    if not _is_sqlite():
        pytest.skip("a sequence of PostgreSQL keeps gaps of rollbacks; its rows are sealed within a minute")
    write(3)
    tamper(f"DELETE FROM access_log WHERE id = {ids()[-1]}")
    assert [f.kind for f in flaws(folder)] == ["cut"]


def test_an_untouched_log_is_clean_and_sealing_again_does_nothing(app, folder, system):
    write(2)
    assert {s["log"] for s in seal(NOW, folder)} == {
        "change_log",
        "access_log",
    }  # the world itself was logged
    assert seal(NOW, folder) == []
    verdict = verify(system, folder)
    assert (verdict.flaws, verdict.unsealed, verdict.seals) == ([], 0, 2)
    assert verdict.rows > 100


def test_each_day_is_closed_and_kept_outside(app, folder, system):
    write(1)
    seal(NOW, folder)
    late = datetime(2026, 11, 20, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    assert seal(late, folder) == []
    made = seal(late + timedelta(minutes=2), folder)
    assert {(s["log"], s["day"], s["count"]) for s in made} == {
        ("change_log", "2026-11-20", 0),
        ("access_log", "2026-11-20", 0),
    }
    kept = [json.loads(line) for line in (folder / "access_log.jsonl").read_text().splitlines()]
    assert [s["day"] for s in kept] == ["2026-11-20"]
    assert json.loads((folder / "last-access_log.json").read_text())["digest"] == kept[0]["digest"]
    assert flaws(folder) == []
    assert system.scalar(select(func.count()).select_from(AuditSeal)) == 4


def test_protected_values_need_no_key_to_be_verified(app, folder, system, world, monkeypatch):
    """After the key of protected values is erased their rows can still be verified."""
    from app.core import crypto
    from app.registry.models import Person, PersonPhone

    with unit_of_work(system):
        person = Person(name="Li Ming", area_id=world.areas["grid_a11"])
        person.phones.append(PersonPhone(number="13812345678"))
        system.add(person)
    seal(NOW, folder)
    monkeypatch.setattr(crypto.Keyring, "decrypt", lambda *_: 1 / 0)
    assert flaws(folder) == []


def test_no_row_slips_under_a_seal(app, folder, world):
    """A writer that took its id early and commits late is waited for, not sealed over (PostgreSQL)."""
    if _is_sqlite():
        pytest.skip("SQLite has one writer at a time")
    holding, go = threading.Event(), threading.Event()

    def slow_writer():
        with unscoped("tests arrange and assert") as session, unit_of_work(session):
            session.add(Dwelling(area_id=world.areas["grid_a11"], address="slow"))
            session.flush()
            holding.set()
            go.wait(10)

    thread = threading.Thread(target=slow_writer)
    thread.start()
    assert holding.wait(10)
    write(1)  # a later id, committed first
    assert seal(NOW, folder) == []
    go.set()
    thread.join()
    assert seal(NOW, folder)
    assert flaws(folder) == []


def test_many_writers_and_a_sealer_at_once(app, folder, world):
    done = threading.Event()

    def writer(n):
        for i in range(15):
            with unscoped("tests arrange and assert") as session, unit_of_work(session):
                session.add(Dwelling(area_id=world.areas["grid_a11"], address=f"{n}/{i}"))

    def sealer():
        while not done.is_set():
            seal(NOW, folder)

    writers = [threading.Thread(target=writer, args=(n,)) for n in range(4)]
    watching = threading.Thread(target=sealer)
    for thread in (watching, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    watching.join()
    seal(NOW, folder)
    with unscoped("tests arrange and assert") as session:
        verdict = verify(session, folder)
        assert (verdict.flaws, verdict.unsealed) == ([], 0)
        assert session.scalar(select(func.count()).select_from(Dwelling)) == 60


def test_without_the_writers_lock_a_late_row_would_be_found(app, folder, world, monkeypatch):
    """The guard taken out: the late row lands below the seal and verification says so."""
    if _is_sqlite():
        pytest.skip("SQLite has one writer at a time")
    from app.audit import rows as log_rows

    monkeypatch.setattr(log_rows, "hold_writers_lock", lambda _connection: None)
    holding, go = threading.Event(), threading.Event()

    def slow_writer():
        with unscoped("tests arrange and assert") as session, unit_of_work(session):
            session.add(Dwelling(area_id=world.areas["grid_a11"], address="slow"))
            session.flush()
            holding.set()
            go.wait(10)

    thread = threading.Thread(target=slow_writer)
    thread.start()
    assert holding.wait(10)
    with unscoped("tests arrange and assert") as session, unit_of_work(session):
        session.add(Dwelling(area_id=world.areas["grid_a12"], address="fast"))
    assert seal(NOW, folder)
    go.set()
    thread.join()
    assert [f.kind for f in flaws(folder)] == ["changed_set"]


def test_a_transaction_asks_for_the_writers_lock_once_and_always_holds_it(app, world):
    """What a savepoint took is given back with it: the next row asks again. So does every new transaction."""
    if _is_sqlite():
        pytest.skip("SQLite has one writer at a time")
    from app.audit.rows import WRITERS_LOCK

    asked = []

    def count(_connection, _cursor, statement, *_rest):
        asked.extend(["once"] if "pg_advisory_xact_lock_shared" in statement else [])

    query = text(f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {WRITERS_LOCK}")
    with unscoped("tests arrange and assert") as session, unscoped("tests arrange and assert") as other:

        def write(number: int) -> tuple[int, int]:
            session.add(Dwelling(area_id=world.areas["grid_a11"], address=f"{number}"))
            session.flush()
            held = other.scalar(query)
            other.rollback()
            return len(asked), held

        event.listen(db.engine, "before_cursor_execute", count)
        try:
            savepoint = session.begin_nested()
            assert [write(1), write(2)] == [(1, 1), (1, 1)]
            savepoint.rollback()
            assert [write(3), write(4)] == [(2, 1), (2, 1)]
            with session.begin_nested():
                assert write(5) == (2, 1)
            session.rollback()
            assert write(6) == (3, 1)
            session.commit()
            assert write(7) == (4, 1)
            session.rollback()
            savepoint = session.begin_nested()
            assert write(8) == (5, 1)
            savepoint.commit()
            assert write(9)[1] == 1
        finally:
            event.remove(db.engine, "before_cursor_execute", count)


def test_the_log_table_names_are_the_models(app):
    assert set(LOGS) == {"change_log", "access_log"}
    assert event.contains(
        PlainGuardedSession, "after_flush", __import__("app.audit.listen", fromlist=["x"])._after_flush
    )
