"""A worker killed in mid import: each row ends in the register exactly once, with its history (guards, section 6)."""

from __future__ import annotations

import os
import signal
import textwrap
import threading
import time

import pytest
from sqlalchemy import func, select

from app.areas.actors import build_actor
from app.audit.models import ChangeLog
from app.audit.service import in_batch
from app.core import clock, sheets
from app.core.models import new_uid
from app.core.scope import acting_as, session_actor
from app.core.session import unit_of_work
from app.core.sheets import Row
from app.exchange.models import ImportBatch, ImportRow
from app.exchange.rules import imports as rules
from app.exchange.service import declared
from app.registry import importing
from app.registry.models import Dwelling, Household, ServiceResource, Venue
from tests.support.commands import start
from tests.support.imports import brought, csv_of
from tests.support.pages import post

WORKER = """
    import sys, time
    from dataclasses import replace
    from pathlib import Path
    from datetime import timedelta
    from app import create_app
    from config import TestConfig
    from app.core import jobs
    from app.core.jobs import registry, worker
    from app.core.sheets import declare, sheets
    from app.exchange.service import declared, generic

    application = create_app(TestConfig())
    mark, slow = Path(sys.argv[1]), sys.argv[2] == "slow"
    made = []

    class Writer(generic.FormWriter):
        def take(self, session, rows, rule, *, batch):
            outcomes = super().take(session, rows, rule, batch=batch)
            made.append(len(rows))
            if len(made) == 2 and slow:
                mark.write_text("in the middle of the second chunk")
                time.sleep(60)
            return outcomes

    declared.FormWriter = Writer
    registry._handlers["exchange.run"] = replace(registry._handlers["exchange.run"], lease=timedelta(seconds=3))
    with application.app_context():
        declared.declare_all()
        declare(replace(sheets()["conveniences"], chunk=2))
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not worker.run_one(worker.new_owner()):
            time.sleep(0.1)
"""


def start_worker(mark, pace):
    return start("-c", textwrap.dedent(WORKER), str(mark), pace, env=dict(os.environ))


def test_a_killed_worker_leaves_each_row_once(login_as, system, tmp_path, request, monkeypatch):
    """kill -9 with a chunk written and not committed: the chunk is undone, the next worker goes on with exactly it."""
    monkeypatch.setattr(rules, "chunk_of", lambda rows, most: 2)
    clerk, names = login_as("clerk_a"), [f"Shop {n}" for n in range(5)]
    sheet = csv_of(("Designation", "Area"), *((name, "Grid A11") for name in names))
    uid, mark = brought(clerk, "conveniences", sheet), tmp_path / "mark"
    assert post(clerk, f"/import/batch/{uid}/run").status_code == 303
    first = start_worker(mark, "slow")
    try:
        deadline = time.monotonic() + 40
        while not mark.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert mark.exists()
        os.kill(first.pid, signal.SIGKILL)
        first.wait(10)
        system.rollback()
        assert sorted(system.scalars(select(ServiceResource.name))) == names[:2]
        assert system.scalars(select(ImportBatch.chunks_done)).one() == 1
        system.rollback()
        second = start_worker(mark, "fast")  # waits for the lease to run out
        second.communicate(60)
        assert second.returncode == 0
    finally:
        first.kill()
        database = request.getfixturevalue("_database")
        if hasattr(database, "touch_all"):
            database.touch_all()
    system.rollback()
    assert sorted(system.scalars(select(ServiceResource.name))) == names
    batch = system.scalars(select(ImportBatch)).one()
    assert (batch.state, batch.rows_made, batch.chunks_done) == ("done", 5, 3)
    assert list(system.scalars(select(ImportRow.row_no).order_by(ImportRow.row_no))) == [2, 3, 4, 5, 6]
    logged = select(func.count(ChangeLog.id)).where(ChangeLog.table_name == "service_resource")
    assert system.scalar(logged.where(ChangeLog.batch == uid)) == 5


def in_a_thread(app, world, username, said, write):
    """``write(session)`` in a transaction that lasts for a third of a second."""

    def run():
        with app.app_context():
            actor, _seats = build_actor(world.accounts[username].user_id, clock.today())
            with acting_as(actor) as session, unit_of_work(session):
                said.extend(o.outcome for o in write(session))
                time.sleep(0.3)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.parametrize("name", ["venues", importing.PERSONS])
def test_two_sheets_at_once_do_not_make_the_same_record_twice(name, app, world, system):
    """On PostgreSQL two transactions do not see each other's records: writers of one register take turns."""
    declared.declare_all()
    shop = {"name": "Shop", "area_id": "Grid A11", "address": "Road 1"}
    lane = {"area": "430299001001001", "road": "Lane", "door_no": "1"}
    people = iter([{"name": "Ai", "relation": "02", **lane}, {"name": "Bo", "relation": "10", **lane}])

    def write(session):
        values = shop if name == "venues" else next(people)
        with in_batch(session, new_uid()):
            writer = sheets.sheets()[name].writer(session, session_actor(session), {"language": "en"})
            return writer.take(session, [Row(2, dict(values))], "skip", batch=new_uid())

    said = list[str]()
    threads = [in_a_thread(app, world, who, said, write) for who in ("clerk_a", "town_clerk_a")]
    for thread in threads:
        thread.join()
    system.rollback()
    made = [system.scalar(select(func.count(model.id))) for model in (Venue, Dwelling, Household)]
    assert (said, made) == (
        (["made", "skipped"], [1, 0, 0]) if name == "venues" else (["made", "made"], [0, 1, 1])
    )
