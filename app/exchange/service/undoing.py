"""A batch is undone chunk by chunk, the last rows first: only rows whose records nobody touched since, households whole.

What stands in the way says ``standing``, the records go by ``taking_back``; ``undo_asked`` begins it and says before what it
would do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.audit.service import in_batch, reason
from app.core import jobs, removal, sheets
from app.core.errors import DomainError
from app.core.models import Deletable
from app.core.scope import session_actor
from app.core.sheets.saying import said
from app.exchange.choices import BatchAction as Act
from app.exchange.choices import BatchState as State
from app.exchange.choices import RowOutcome
from app.exchange.models import ImportBatch, ImportRow
from app.exchange.rules import imports as rules
from app.exchange.service import batches, rights
from app.exchange.service.standing import (
    CHUNK,
    Facts,
    Order,
    classes,
    facts_of,
    families,
    noted,
    standing_rows,
)
from app.exchange.service.taking_back import UNDONE, Family, Judged, take_back
from app.exchange.service.working import Lost

TAG = "import"
REST = "exchange.undo_rest"


def undo(work: jobs.Work) -> dict[str, Any]:
    """Take the batch back, chunk by chunk from its end. What is kept says why."""
    uid, session = work.arguments["batch"], work.session
    why = work.arguments.get("reason") or UNDONE.sentence
    batch = session.scalars(select(ImportBatch).where(ImportBatch.uid == uid)).one()
    rights.need_undo(batch, session_actor(session))  # the post may have lost its rights since
    work.total = work.done + -(-standing_rows(batch) // CHUNK) + 1
    order = Order(families(session, batch))
    going = True
    while going:
        with work.step() as inside:
            batch = batches.locked(inside, uid)
            if batch.state != State.undoing:
                raise Lost(batch.state)
            found = order.before(inside, batch, None)
            with in_batch(inside, uid), reason(why, tag=TAG):
                batch.rows_undone += _take_back(inside, batch, found, work)
            going = bool(found)
            if not going:
                batches.step(inside, batch, Act.undone, now=work.now, role=rules.JOB)
                batch.undone_at = work.now
        session.expunge_all()
    return {"batch": uid}


def _take_back(session: Session, batch: ImportBatch, found: Sequence[Family], work: jobs.Work) -> int:
    """Undo what may go; returns the number of rows. What the program hung on them is seen to by a job without scope."""
    rows = [row for family in found for row in family]
    facts, gone = facts_of(session, batch, rows), list[ImportRow]()
    declared = sheets.sheets()[batch.sheet].back
    if declared is None:
        judged = take_back(session, facts, found, batch.uid)
    else:
        judged = _step_back(session, facts, declared(session_actor(session)), found, work)
    for family, reasons in judged:
        for row, because in zip(family, reasons, strict=True):
            _note(row, because)
        if not any(reasons):
            gone += family
    followers = facts.followers(gone)
    if followers:
        jobs.enqueue(session, REST, {"rows": sorted(followers)}, now=work.now)
    session.flush()
    return len(gone)


def _step_back(
    session: Session, facts: Facts, back: sheets.Back, found: Sequence[Family], work: jobs.Work
) -> Judged:
    """Take the steps of a domain back, row by row: of each why it stays, None where it went."""
    judged = Judged()
    for family in found:
        reasons = facts.why_kept(family)
        if not any(reasons):
            reasons = [_stepped_back(session, back, family, work)] * len(family)
        judged.append((family, reasons))
    return judged


def _stepped_back(session: Session, back: sheets.Back, family: Family, work: jobs.Work) -> Any | None:
    """Take the steps of rows back; why they stay where the domain does not let them."""
    why = work.arguments.get("reason") or UNDONE.sentence
    try:
        with session.begin_nested():
            for row in reversed(family):
                back.take_back(session, noted(row), str(why))
            session.flush()
    except StaleDataError:
        return rules.CHANGED_SINCE
    except (DomainError, NoResultFound):
        return rules.NOT_BACK
    return None


def _note(row: ImportRow, why: Any | None) -> None:
    """What became of a row; of an earlier try nothing is told."""
    told = {said(sentence)[0] for sentence in rules.WHY_KEPT}
    findings = [f for f in row.findings or () if f[1] not in told]
    row.outcome = (RowOutcome.undone if why is None else RowOutcome.kept).value
    if why is not None:
        message, params = said(why)
        findings.append([None, message, params, False])
    row.findings = findings or None


def rest(work: jobs.Work) -> dict[str, Any]:
    """What the program had hung on records that went goes too; without scope, for one of a pair may be elsewhere."""
    rows = [tuple(row) for row in work.arguments["rows"]]
    with work.step() as wide, reason(UNDONE.sentence, tag=TAG):
        for table, key in rows:
            _fall(wide, table, key, work)
    return {"gone": len(rows)}


def _fall(wide: Session, table: str, key: int, work: jobs.Work) -> None:
    declared = removal.follower(table)
    found = wide.get(classes()[table], key)
    if found is None or declared is None:
        return
    if declared.fall is not None:
        declared.fall(wide, found, session_actor(wide), work.now)
    elif isinstance(found, Deletable):
        removal.take_away(found, UNDONE, now=work.now)
    else:
        wide.delete(found)
