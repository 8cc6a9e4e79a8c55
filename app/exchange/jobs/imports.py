"""Jobs of imports: check, write, undo, and the night in which what is no longer needed goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select, update

from app.core import jobs
from app.exchange.models import ImportBatch, ImportRow
from app.exchange.service import batches, undo_asked, undoing, working

NIGHT = "exchange.forget"
LEASE = timedelta(minutes=10)
CHUNK = 50


@jobs.handler(batches.JOBS[batches.Act.check], label=_("Sheet checked"), lease=LEASE)
def check(work: jobs.Work) -> dict[str, Any]:
    """The dry run of a sheet: nothing of it is in the register afterwards."""
    return _done(work, lambda: working.work_on(work, writes=False))


@jobs.handler(batches.JOBS[batches.Act.run], label=_("Sheet imported"), lease=LEASE)
def run(work: jobs.Work) -> dict[str, Any]:
    """The import: chunk by chunk, from where it stands."""
    return _done(work, lambda: working.work_on(work, writes=True))


@jobs.handler(batches.JOBS[batches.Act.undo], label=_("Import undone"), lease=LEASE)
def undo(work: jobs.Work) -> dict[str, Any]:
    """The undoing of an import."""
    return _done(work, lambda: undoing.undo(work))


@jobs.handler(
    undo_asked.LOOK, label=_("Undoing of an import looked at"), lease=LEASE, page="/import/undoing/{uid}"
)
def look(work: jobs.Work) -> dict[str, Any]:
    """What undoing would do; nothing is changed."""
    return undo_asked.look(work)


@jobs.handler(undoing.REST, label=_("What an undone import had led to"), system=True, lease=LEASE)
def rest(work: jobs.Work) -> dict[str, Any]:
    """What the program had hung on records that are gone."""
    return undoing.rest(work)


def _done(work: jobs.Work, do: Any) -> dict[str, Any]:
    try:
        return dict(do())
    except working.Lost:  # broken off on the page: nothing more to do
        return {"batch": work.arguments["batch"], "lost": True}


@jobs.handler(NIGHT, label=_("Old sheets forgotten"), system=True)
def forget(work: jobs.Work) -> dict[str, Any]:
    """Values of sheets go with the sheets (batches.KEPT days): what was found, and what undoing would need."""
    border, gone = work.now - timedelta(days=batches.KEPT), 0
    over = (ImportBatch.created_at < border, ImportBatch.summary.is_not(None))
    while found := list(work.session.scalars(select(ImportBatch.id).where(*over).limit(CHUNK))):
        with work.step() as session:
            filled = or_(ImportRow.findings.is_not(None), ImportRow.before.is_not(None))
            rows = update(ImportRow).where(ImportRow.batch_id.in_(found), filled)
            session.execute(rows.values(findings=None, before=None))
            for batch in session.scalars(select(ImportBatch).where(ImportBatch.id.in_(found))):
                batch.summary = None
        gone += len(found)
    return {"forgotten": gone}


jobs.daily(NIGHT, at="03:10")
