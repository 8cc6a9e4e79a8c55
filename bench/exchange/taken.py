"""What a work takes: time, CPU of everybody who works on it, memory."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text


class Taken:
    """Wall-clock and CPU seconds of a block, and the peak of memory after it. CPU is of this process and of those that it
    started (``cpu``), and of this one alone (``own``): what another one does goes on beside it. ``server``: of the
    processes of a PostgreSQL server on this machine.
    """

    def __init__(self) -> None:
        self.began, self.cpu, self.own, self.server = time.perf_counter(), _cpu(), _own_cpu(), _server_cpu()

    def done(self, rows: int, **more: Any) -> dict[str, Any]:
        seconds, cpu, own = time.perf_counter() - self.began, _cpu() - self.cpu, _own_cpu() - self.own
        server = sum(now - self.server.get(pid, 0.0) for pid, now in _server_cpu().items())
        found = {"seconds": seconds, "cpu": cpu, "own": own, "rows": rows, "rss_mb": peak(), **more}
        return found | ({"server": server} if server else {})


def _own_cpu() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return _own_cpu() + children.ru_utime + children.ru_stime


def _server_cpu() -> dict[int, float]:
    """CPU seconds of the server's processes for our database, by process; nothing where they are not on this machine."""
    from app.extensions import db

    if db.engine.dialect.name != "postgresql":
        return {}
    with db.engine.connect() as connection:
        query = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        pids = list(connection.scalars(query))
    found = {}
    for pid in pids:
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists() and (fields := stat.read_text().rpartition(")")[2].split()):
            found[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def peak() -> int:
    """Most memory so far, in megabytes, of this process or of one that it started."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(w).ru_maxrss for w in who) // 1024


@contextmanager
def watched(rows: int) -> Iterator[dict[str, int]]:
    """Megabytes of this process when a tenth, half and all of the rows are through."""
    from app.exchange.service import working

    found: dict[str, int] = {}
    through, marks, note = 0, [rows // 10, rows // 2, rows], working.note

    def noted(session: Any, batch: Any, some: Any, *rest: Any, **more: Any) -> None:
        nonlocal through
        note(session, batch, some, *rest, **more)
        through += len(some)
        while marks and through >= marks[0]:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            found[str(marks.pop(0))] = pages * os.sysconf("SC_PAGE_SIZE") >> 20

    working.note = noted
    try:
        yield found
    finally:
        working.note = note
