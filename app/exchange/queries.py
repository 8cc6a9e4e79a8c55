"""Reads of imports: the list of batches, the rows of one by keyset, the records that rows made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.core.errors import NotFound
from app.exchange.choices import RowOutcome
from app.exchange.models import ImportBatch, ImportRow

PAGE = 25
ROWS = 50
# filter of the rows of a batch -> criterion
SHOWN: dict[str, Any] = {
    "found": ImportRow.findings.is_not(None),
    "bad": ImportRow.outcome == RowOutcome.bad.value,
    "warned": ImportRow.findings.is_not(None) & (ImportRow.outcome != RowOutcome.bad.value),
    "known": ImportRow.outcome.in_([RowOutcome.skipped.value, RowOutcome.same.value]),
    "kept": ImportRow.outcome == RowOutcome.kept.value,
    "all": ImportRow.id.is_not(None),
}


def batch_of(session: Session, uid: str) -> ImportBatch:
    """A batch of the own areas."""
    query = select(ImportBatch).where(ImportBatch.uid == uid).options(joinedload(ImportBatch.area))
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound()
    return found


def batches(session: Session, sheets: Sequence[str], after: ImportBatch | None) -> list[ImportBatch]:
    """One page of the batches of some registers and one more, newest first."""
    query = select(ImportBatch).where(ImportBatch.sheet.in_(sheets)).options(joinedload(ImportBatch.area))
    if after is not None:
        query = query.where(ImportBatch.id < after.id)
    return list(session.scalars(query.order_by(ImportBatch.id.desc()).limit(PAGE + 1)))


def rows(session: Session, batch: ImportBatch, which: str, after: int) -> list[ImportRow]:
    """One page of the rows of a batch and one more, in the order of the sheet."""
    query = select(ImportRow).where(ImportRow.batch_id == batch.id, SHOWN[which], ImportRow.row_no > after)
    return list(session.scalars(query.order_by(ImportRow.row_no).limit(ROWS + 1)))


def records(session: Session, model: Any, found: Sequence[ImportRow]) -> dict[int, Any]:
    """The records of the register that rows made or changed, by row number; what is deleted or elsewhere is left out."""
    table, wanted = model.__tablename__, {}
    for row in found:
        for entry in (*(row.made or ()), *(row.before or ())):
            if entry[0] == table:
                wanted.setdefault(row.row_no, int(entry[1]))
    there = {r.id: r for r in session.scalars(select(model).where(model.id.in_(set(wanted.values()))))}
    return {number: there[key] for number, key in wanted.items() if key in there}
