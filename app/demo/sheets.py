"""Sheets that were brought in the demo city: one imported with some rows left out and its marked copy, one that was checked
and waits. They go the way that every sheet goes, after the city is there: each step of the import commits by itself.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from openpyxl import Workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import seeds
from app.areas.actors import build_actor
from app.areas.models import Area, AreaLevel
from app.core import clock, jobs, sheets
from app.core.actor import Actor
from app.core.scope import acting_as, session_actor
from app.core.session import unit_of_work
from app.core.views.at_work import forms_at_work
from app.demo import accounts
from app.exchange.choices import BatchAction as Act
from app.exchange.choices import KnownRule
from app.exchange.models import ImportBatch
from app.exchange.service import batches, working
from app.exchange.service.declared import open_sheets

LANGUAGE = "zh"
GRID = "grid"


class AtOnce(jobs.Work):
    """The work of a job that nobody waits for: no worker, no lease."""

    def __init__(self, session: Session, uid: str) -> None:
        job = {"id": 0, "uid": "", "arguments": {"batch": uid}, "done_steps": 0, "total_steps": None}
        super().__init__(job, session, "demo", timedelta(days=1), lambda: False)

    @contextmanager
    def step(self, message: str | None = None) -> Iterator[Session]:
        with unit_of_work(self.session):
            yield self.session
        self.done += 1

    def beat(self) -> None:
        """Nobody takes it away."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who brings the sheets, and the names of a grid of theirs and of one elsewhere."""

    actor: Actor
    names: dict[str, str]


def bearer(session: Session, day: date) -> Bearer | None:
    """Who is to bring the sheets; None where some were brought already."""
    if session.scalar(select(func.count(ImportBatch.id))):
        return None
    user_id = accounts.user_ids(session)[seeds.read("demo_sheets")["maker"]]
    actor = build_actor(user_id, day, origin="demo")[0]
    return Bearer(actor, _grids(session, actor))


def bring(by: Bearer) -> None:
    """Bring the sheets as their maker would."""
    with acting_as(by.actor) as session:
        for one in seeds.read("demo_sheets")["sheets"]:
            _bring(session, one, by.names)


def _grids(session: Session, actor: Actor) -> dict[str, str]:
    low, high = actor.ranges[0]
    own = Area.path.between(low, high)
    names = select(Area.name).join(Area.level).order_by(Area.path).limit(1)
    names = names.where(AreaLevel.key == GRID, Area.valid_to.is_(None))
    inside, outside = session.scalar(names.where(own)), session.scalar(names.where(~own))
    return {"grid": str(inside), "other": str(outside)}


def _bring(session: Session, one: dict[str, Any], names: dict[str, str]) -> None:
    now, rows = clock.now(), [[cell.format(**names) for cell in row] for row in one["rows"]]
    data = _workbook(rows)
    with forms_at_work(session, LANGUAGE):
        sheet = open_sheets(session_actor(session), session)[one["sheet"]]
        look = sheets.look(data, fields=sheet.fields(session), sheet=sheet.name)
        with unit_of_work(session):
            batch = batches.upload(session, sheet, one["file"], data, look, language=LANGUAGE, now=now)
            batches.map_columns(
                session,
                batch,
                batch.columns or {},
                rule=KnownRule.skip.value,
                fixed={},
                source_name=one["source"],
                now=now,
            )
            uid = batch.uid
    _work(session, uid, Act.check, now, writes=False)
    if one["imports"]:
        _work(session, uid, Act.run, now, writes=True)


def _work(session: Session, uid: str, action: Act, now: datetime, *, writes: bool) -> None:
    with unit_of_work(session):
        batch = batches.locked(session, uid)
        batches.step(session, batch, action, now=now)
        batches.clear(session, batch)
    working.work_on(AtOnce(session, uid), writes=writes)


def _workbook(rows: Sequence[Sequence[str]]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    page = book.active
    assert page is not None  # noqa: S101
    for row in rows:
        page.append(list(row))
    book.save(out)
    return out.getvalue()
