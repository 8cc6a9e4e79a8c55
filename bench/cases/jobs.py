"""What the nights do with a year of cases: reminders and reviews, by the queue as the worker runs them."""

from __future__ import annotations

import resource
import time
from typing import Any

from flask import Flask
from sqlalchemy import event, text

from app.core import clock

KINDS = {"alarms": "proxy.alarms", "renewals": "proxy.renewals"}
MADE = {
    "alarms": "SELECT count(*) FROM case_alarm",
    "renewals": "SELECT count(*) FROM proposal WHERE topic = 'renewal'",
}


def measure(app: Flask, name: str, nights: int = 2) -> list[dict[str, Any]]:
    """The job so many times in a row: the first night finds everything, the next one nothing new."""
    from app.core import jobs
    from app.core.scope import unscoped
    from app.core.session import unit_of_work
    from app.extensions import db

    found = []
    with app.app_context():
        for night in range(1, nights + 1):
            before = _count(db.engine, name)
            with unscoped("the bench lets the night begin") as session, unit_of_work(session):
                jobs.enqueue(session, KINDS[name], {}, now=clock.now())
            program = _peak()
            with Watched(db.engine) as seen:
                wall, cpu = time.perf_counter(), time.process_time()
                while jobs.run_one("bench"):
                    pass
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            found.append(
                {
                    "name": f"{name}, night {night}",
                    "seconds": round(wall, 2),
                    "cpu_s": round(cpu, 2),
                    "statements": seen.count,
                    "longest_statement_ms": round(seen.longest, 1),
                    "longest_statement": seen.words[:160],
                    "made": _count(db.engine, name) - before,
                    "rss_mb_before": program,
                    "rss_mb": _peak(),
                }
            )
    return found


def _peak() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _count(engine: Any, name: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(MADE[name])).scalar() or 0)


class Watched:
    """Counts statements, and remembers the longest; keeps no text of the others."""

    def __init__(self, engine: Any) -> None:
        self.engine, self.count, self.longest, self.words = engine, 0, 0.0, ""
        self._begun: list[float] = []

    def _before(self, *_args: Any) -> None:
        self._begun.append(time.perf_counter())

    def _after(self, _conn: Any, _cursor: Any, statement: str, *_args: Any) -> None:
        taken = (time.perf_counter() - self._begun.pop()) * 1000
        self.count += 1
        if taken > self.longest:
            self.longest, self.words = taken, " ".join(statement.split())

    def __enter__(self) -> Watched:
        event.listen(self.engine, "before_cursor_execute", self._before)
        event.listen(self.engine, "after_cursor_execute", self._after)
        return self

    def __exit__(self, *_args: Any) -> None:
        event.remove(self.engine, "before_cursor_execute", self._before)
        event.remove(self.engine, "after_cursor_execute", self._after)
