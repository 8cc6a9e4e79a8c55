"""An undoing is asked for: who may, what it would do, and its begin. Of a long sheet a job looks, so that no page waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import jobs
from app.core.errors import Conflict
from app.core.scope import session_actor
from app.core.sheets.saying import said
from app.exchange.choices import BatchAction as Act
from app.exchange.choices import BatchState as State
from app.exchange.choices import RowOutcome
from app.exchange.models import ImportBatch, ImportRow
from app.exchange.rules import imports as rules
from app.exchange.service import batches
from app.exchange.service.rights import need_undo
from app.exchange.service.standing import CHUNK, Facts, Order, facts_of, families, record, standing_rows

LOOK = "exchange.undo_look"


def begin_undo(session: Session, batch: ImportBatch, *, reason: str, now: datetime) -> None:
    """Undo the batch as a job: all its rows, or once more those that stayed. The reason goes into the change log."""
    need_to_undo(session, batch)
    batches.step(session, batch, Act.undo, now=now, given={rules.WHY: reason, **batches.facts(batch)})
    stayed = update(ImportRow).where(
        ImportRow.batch_id == batch.id, ImportRow.outcome == RowOutcome.kept.value
    )
    session.execute(stayed.values(outcome=RowOutcome.made.value))
    batches.enqueue(session, batch, batches.JOBS[Act.undo], {"batch": batch.uid, "reason": reason}, now)


def need_to_undo(session: Session, batch: ImportBatch, state: State | None = None) -> None:
    """Raises NotAllowed (who), Conflict (the state; what undoing needs has gone with its term). ``state`` is the one of a
    batch whose job died.
    """
    need_undo(batch, session_actor(session))
    given = {rules.WHY: "x", **batches.facts(batch)}
    rules.MACHINE.apply(state or State(batch.state), Act.undo, (rules.USER,), given)
    if batch.summary is None:
        raise Conflict(_("What is needed to undo this import is no longer kept."))


def begin_look(session: Session, batch: ImportBatch, *, now: datetime) -> str:
    """Look at what undoing would do, as a job; returns its uid."""
    need_to_undo(session, batch)
    return jobs.enqueue(session, LOOK, {"batch": batch.uid}, now=now).uid


# --- looked at before ---------------------------------------------------------------------------------------------

AT_SIGHT = 100  # written rows that a page looks at by itself
MOST_LISTED = 100


@dataclass(slots=True)
class Preview:
    """What undoing would do: how many rows go back, how many stay; of these the first hundred as (row, sentence)."""

    back: int = 0
    kept_count: int = 0
    kept: list[tuple[int, str]] = field(default_factory=list)


def is_short(batch: ImportBatch) -> bool:
    """Whether what undoing would do can be said at once."""
    return standing_rows(batch) <= AT_SIGHT


def preview(session: Session, batch: ImportBatch) -> Preview:
    """Look at the written rows of a short batch."""
    if not is_short(batch):
        raise Conflict()
    found = Preview()
    for _rows in _looked(session, batch, found):
        pass
    return found


def look(work: jobs.Work) -> dict[str, Any]:
    """The same as a job: the result holds sentences by their English texts, no value of the sheet."""
    session, found = work.session, Preview()
    batch = session.scalars(select(ImportBatch).where(ImportBatch.uid == work.arguments["batch"])).one()
    need_undo(batch, session_actor(session))
    work.total = work.done + -(-standing_rows(batch) // CHUNK)
    for _rows in _looked(session, batch, found):
        with work.step():
            pass
        batch = session.scalars(select(ImportBatch).where(ImportBatch.id == batch.id)).one()
    return {"back": found.back, "kept_count": found.kept_count, "kept": found.kept}


def _looked(session: Session, batch: ImportBatch, found: Preview) -> Iterator[int]:
    """Count chunk by chunk; nothing is changed."""
    order, number, removed = Order(families(session, batch)), None, set()
    while chunk := order.before(session, batch, number):
        rows = [row for family in chunk for row in family]
        facts = facts_of(session, batch, rows)
        facts.removed = removed
        for family in chunk:
            _count(found, facts, family)
        removed = facts.removed
        number = min(family[0].row_no for family in chunk)
        session.expunge_all()
        session.add(batch)
        yield len(rows)


def _count(found: Preview, facts: Facts, family: list[ImportRow]) -> None:
    reasons = facts.why_kept(family)
    if not any(reasons):
        found.back += len(family)
        facts.removed |= {record(m) for row in family for m in row.made or ()}
        return
    found.kept_count += len(family)
    for row, why in zip(family, reasons, strict=True):
        if len(found.kept) < MOST_LISTED:
            found.kept.append((row.row_no, said(why)[0]))


def listed(result: dict[str, Any]) -> Preview:
    """The result of the job for the page."""
    return Preview(result["back"], result["kept_count"], [tuple(one) for one in result["kept"]])
