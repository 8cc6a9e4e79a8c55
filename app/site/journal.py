"""The program's own log: warnings and errors of web, worker and commands in ``GEBAN_HOME/logs/geban.log``.

It holds no parameters of statements: the engine hides them (app/core/session.py), requests are not logged with their
query. Several processes write the file, so none of them may turn it over while it writes: the nightly job renames it, and
each process notices and begins a new one.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from logging.handlers import WatchedFileHandler
from pathlib import Path

from app.core import clock

NAME = "geban.log"
KEPT = timedelta(days=60)
LINE = "%(asctime)s %(levelname)s %(name)s [%(process)d] %(message)s"


def install(home: Path) -> list[logging.Handler]:
    """Hang the file, and standard error beside it, on the root logger; once a process. OSError where it cannot write."""
    root = logging.getLogger()
    if any(isinstance(handler, WatchedFileHandler) for handler in root.handlers):
        return []
    folder = home / "logs"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / NAME).open("a").close()  # now, and not at the first warning
    made = [WatchedFileHandler(folder / NAME, encoding="utf-8", delay=True), logging.StreamHandler()]
    for handler in made:
        handler.setFormatter(logging.Formatter(LINE))
        root.addHandler(handler)
    return made


def turn(home: Path, now: datetime) -> int:
    """Put the day's log aside under its date and delete those older than `KEPT`; returns how many were deleted."""
    folder = home / "logs"
    current = folder / NAME
    if current.exists() and current.stat().st_size:
        current.replace(folder / f"geban-{clock.to_local(now):%Y%m%d-%H%M}.log")
    old = [path for path in folder.glob("geban-*.log") if path.stat().st_mtime < (now - KEPT).timestamp()]
    for path in old:
        path.unlink()
    return len(old)
