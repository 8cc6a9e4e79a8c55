"""A batch is undone row by row, the last first: only rows whose records nobody touched since, households whole.

What stands in the way says ``standing``; ``undo_asked`` begins it and says before what it would do.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.audit.service import in_batch, reason
from app.core import clock, jobs, removal, sheets
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
from app.exchange.service.recording import thawed
from app.exchange.service.standing import (
    CHUNK,
    Order,
    classes,
    facts_of,
    families,
    noted,
    record,
    standing_rows,
)
from app.exchange.service.working import Lost

UNDONE = removal.step(
    "import_undo",
    _("The import that brought it was undone"),
    _("This record came by an import that was undone. Import the sheet again to have it back."),
)
TAG = "import"
REST = "exchange.undo_rest"
Family = list[ImportRow]


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
    back = declared(session_actor(session)) if declared is not None else None
    held = _read(session, rows) if back is None else []
    for family in found:
        reasons = facts.why_kept(family)
        if not any(reasons):
            why = _went(session, family) if back is None else _stepped_back(session, back, family, work)
            reasons = [why] * len(family)
        for row, because in zip(family, reasons, strict=True):
            _note(row, because)
        if not any(reasons):
            gone += family
            facts.removed |= {record(m) for row in family for m in row.made or ()}
    followers = facts.followers(gone)
    if followers:
        jobs.enqueue(session, REST, {"rows": sorted(followers)}, now=work.now)
    session.flush()
    held.clear()
    return len(gone)


def _read(session: Session, rows: Sequence[ImportRow]) -> list[Any]:
    """The records of the rows, by a few statements; held so that the session gives them out again."""
    wanted: dict[str, set[int]] = {}
    for row in rows:
        for table, key in map(record, (*(row.made or ()), *(row.before or ()))):
            wanted.setdefault(table, set()).add(key)
    found: list[Any] = []
    for table, keys in wanted.items():
        cls: Any = classes()[table]
        ordered = sorted(keys)
        for at in range(0, len(ordered), CHUNK):
            found += session.scalars(select(cls).where(cls.id.in_(ordered[at : at + CHUNK])))
    return found


def _went(session: Session, family: Family) -> Any | None:
    """Take a household back; why it stays where the database does not let it go."""
    try:
        with session.begin_nested():
            for row in reversed(family):
                _revert(session, row)
            session.flush()
    except IntegrityError:
        return rules.HELD
    except NoResultFound:  # out of the actor's sight by now, with what it hangs on
        return rules.GONE
    except StaleDataError:  # somebody wrote one of its records in this moment
        return rules.CHANGED_SINCE
    return None


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


def _revert(session: Session, row: ImportRow) -> None:
    """Everything is read before anything goes: what ties a record to its area may be among what goes."""
    now, by = clock.now(), session_actor(session).user_id
    changed = [(session.get_one(classes()[t], key), old) for t, key, _v, old in reversed(row.before or [])]
    made: list[Any] = [session.get_one(classes()[t], key) for t, key in map(record, reversed(row.made or []))]
    for one, old in changed:
        for attribute, value in old.items():
            setattr(one, attribute, thawed(type(one), attribute, value))
    for one in made:
        if isinstance(one, Deletable):
            removal.take_away(one, UNDONE, now=now, by=by)
    session.flush()
    _delete(session, [one for one in made if not isinstance(one, Deletable)])


def _delete(session: Session, records: Sequence[Any]) -> None:
    """Records without a recycle bin. One that something in the bin still points at stays behind it (a staircase)."""
    try:
        with session.begin_nested():
            for one in records:
                session.delete(one)
            session.flush()
    except IntegrityError:
        for one in records:
            with suppress(IntegrityError), session.begin_nested():
                session.delete(one)
                session.flush()


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
