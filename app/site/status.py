"""How the site is doing, in figures for its administrator: nothing here names a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.grants import changeable_logs
from app.audit.rows import LOGS
from app.audit.seal import last_seal
from app.core.jobs import Job
from app.inbox.models import OutboxMessage
from app.site.worker import BEAT

SLOW = timedelta(minutes=5)
OLD_BACKUP = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the page; ``level`` is ``good`` or ``bad``, and ``hint`` says what to do when it is bad."""

    label: Any
    value: Any
    level: str = "good"
    hint: Any = ""


def facts(session: Session, home: Path, now: datetime) -> list[Fact]:
    """Worker, seals, jobs, messages, backups."""
    return [
        _worker(home, now),
        *_seals(session, now),
        *_rights(session),
        _jobs(session, now),
        _outbox(session),
        _backup(home, now),
    ]


def _touched(path: Path) -> datetime | None:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None


def _worker(home: Path, now: datetime) -> Fact:
    beat = _touched(home / BEAT)
    bad = beat is None or now - beat > SLOW
    return Fact(_("Worker, last seen"), beat, "bad" if bad else "good", _("Start it: flask --app run worker"))


def _seals(session: Session, now: datetime) -> list[Fact]:
    labels = {
        "change_log": _("Change log, rows without a seal"),
        "access_log": _("Access log, rows without a seal"),
    }
    found = []
    for log, table in LOGS.items():
        last = last_seal(session.connection(), log)
        waiting = select(func.count(), func.min(table.c.at)).where(
            table.c.id > (last["to_id"] if last else 0)
        )
        rows, oldest = session.connection().execute(waiting).one()
        bad = oldest is not None and now - oldest > SLOW
        hint = _("The worker seals each minute: is it running?")
        found.append(Fact(labels[log], rows, "bad" if bad else "good", hint))
    return found


def _rights(session: Session) -> list[Fact]:
    """PostgreSQL only: whether the site's role could change the logs if somebody took it over."""
    if session.get_bind().dialect.name != "postgresql":
        return []
    count = len(changeable_logs(session.connection()))
    hint = _("Give the site a database role of its own: flask --app run grants")
    return [
        Fact(_("Logs that the site's database role could change"), count, "bad" if count else "good", hint)
    ]


def _jobs(session: Session, now: datetime) -> Fact:
    late = select(func.count()).select_from(Job).where(Job.state == "queued", Job.run_at < now - SLOW)
    count = session.scalar(late) or 0
    return Fact(_("Jobs that wait too long"), count, "bad" if count else "good", _("See the list of jobs."))


def _outbox(session: Session) -> Fact:
    failed = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.state == "failed")
    count = session.scalar(failed) or 0
    return Fact(
        _("Messages that could not be sent"), count, "bad" if count else "good", _("Check the gateway.")
    )


def _backup(home: Path, now: datetime) -> Fact:
    newest = max(
        (_touched(p) for p in (home / "backups").glob("*.gbk")), default=None, key=lambda at: at or now
    )
    bad = newest is None or now - newest > OLD_BACKUP
    hint = _("Run a backup, or check where your backups are kept.")
    return Fact(_("Newest backup on this machine"), newest, "bad" if bad else "good", hint)
