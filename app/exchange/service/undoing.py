"""A batch is undone row by row, the last first: only rows whose records nobody touched since.

The change log says who touched a record after the batch. A record that something hangs on by now stays too, and so does
the whole row it belongs to, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from flask_appbuilder import Model
from flask_babel import lazy_gettext as _
from sqlalchemy import func, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.fields import is_logged
from app.audit.models import ChangeLog
from app.audit.service import in_batch, reason
from app.core import clock, jobs, removal
from app.core.models import Deletable
from app.core.scope import session_actor, unscoped
from app.core.sheets.saying import said
from app.exchange.choices import BatchAction as Act
from app.exchange.choices import BatchState as State
from app.exchange.choices import RowOutcome
from app.exchange.models import ImportBatch, ImportRow
from app.exchange.rules import imports as rules
from app.exchange.service import batches
from app.exchange.service.recording import thawed
from app.exchange.service.working import Lost

CHUNK = 200
WRITTEN = (RowOutcome.made.value, RowOutcome.changed.value)
UNDONE = removal.step(
    "import_undo",
    _("The import that brought it was undone"),
    _("This record came by an import that was undone. Import the sheet again to have it back."),
)
TAG = "import"
Record = tuple[str, int]


@dataclass(slots=True)
class Facts:
    """What stands in the way of undoing some rows."""

    touched: set[Record] = field(default_factory=set)
    gone: set[Record] = field(default_factory=set)
    # record that the batch made -> records that point at it
    pointing: dict[Record, set[Record]] = field(default_factory=dict)
    removed: set[Record] = field(default_factory=set)

    def why_kept(self, row: ImportRow) -> Any | None:
        """Why a row stays; None when it goes back."""
        made = [_record(m) for m in row.made or ()]
        records = [*made, *(_record(b) for b in row.before or ())]
        own = self.removed | set(made)
        held = {record for record in made if self.pointing.get(record, set()) - own}
        return rules.why_kept(self.touched, self.gone, held, records)


def _record(entry: Sequence[Any]) -> Record:
    return str(entry[0]), int(entry[1])


@lru_cache(maxsize=1)
def classes() -> dict[str, type]:
    """Mapped classes by table."""
    return {m.local_table.name: m.class_ for m in Model.registry.mappers if m.local_table is not None}


@lru_cache(maxsize=256)
def _pointers(table: str) -> tuple[tuple[Any, str], ...]:
    """(class, attribute) of every column that points at a table, logs left aside."""
    found = []
    for cls in classes().values():
        mapper: Any = inspect(cls)
        for prop in mapper.column_attrs:
            targets = {fk.column.table.name for fk in prop.columns[0].foreign_keys}
            if table in targets and is_logged(cls) and hasattr(cls, "id"):
                found.append((cls, prop.key))
    return tuple(found)


def examine(session: Session, batch: ImportBatch, rows: Sequence[ImportRow]) -> Facts:
    """What stands in the way of undoing these rows."""
    made: dict[str, set[int]] = {}
    every: dict[str, set[int]] = {}
    for row in rows:
        for table, key in (_record(m) for m in row.made or ()):
            made.setdefault(table, set()).add(key)
        for table, key in (_record(e) for e in (*(row.made or ()), *(row.before or ()))):
            every.setdefault(table, set()).add(key)
    facts = Facts()
    for table, keys in every.items():
        facts.touched |= {(table, key) for key in _touched(session, batch.uid, table, keys)}
        facts.gone |= {(table, key) for key in keys - _there(session, table, keys)}
    with unscoped("what hangs on a record that an import made: only yes or no is told") as wide:
        for table, keys in made.items():
            _note_pointers(wide, facts, table, keys)
    return facts


def _touched(session: Session, uid: str, table: str, keys: Iterable[int]) -> set[int]:
    """Records that somebody changed after the batch last wrote them."""
    newest = func.max(ChangeLog.id)
    query = (
        select(ChangeLog.row_id, ChangeLog.batch, newest)
        .where(ChangeLog.table_name == table, ChangeLog.row_id.in_(list(keys)))
        .group_by(ChangeLog.row_id, ChangeLog.batch)
    )
    own: dict[int, int] = {}
    others: dict[int, int] = {}
    for key, by, last in session.execute(query):
        known = own if by == uid else others
        known[key] = max(last, known.get(key, 0))
    return {key for key, last in others.items() if last > own.get(key, 0)}


def _there(session: Session, table: str, keys: Iterable[int]) -> set[int]:
    cls: Any = classes()[table]
    return set(session.scalars(select(cls.id).where(cls.id.in_(list(keys)))))


def _note_pointers(wide: Session, facts: Facts, table: str, keys: set[int]) -> None:
    for cls, attribute in _pointers(table):
        column = getattr(cls, attribute)
        for at, key in wide.execute(select(cls.id, column).where(column.in_(list(keys)))):
            facts.pointing.setdefault((table, key), set()).add((cls.__tablename__, at))


# --- the work -----------------------------------------------------------------------------------------------------


def open_rows(session: Session, batch: ImportBatch, before: int | None, size: int) -> list[ImportRow]:
    """The last written rows of the batch, before a row number."""
    query = select(ImportRow).where(ImportRow.batch_id == batch.id, ImportRow.outcome.in_(WRITTEN))
    if before is not None:
        query = query.where(ImportRow.row_no < before)
    return list(session.scalars(query.order_by(ImportRow.row_no.desc()).limit(size)))


def undo(work: jobs.Work) -> dict[str, Any]:
    """Take the batch back, chunk by chunk from its end. What is kept says why."""
    uid, session = work.arguments["batch"], work.session
    batch = session.scalars(select(ImportBatch).where(ImportBatch.uid == uid)).one()
    batches.need_rights(batch, session_actor(session), batch.rule)
    work.total = work.done + -(-(batch.rows_made + batch.rows_changed - batch.rows_undone) // CHUNK) + 1
    going = True
    while going:
        with work.step() as inside:
            batch = batches.locked(inside, uid)
            if batch.state != State.undoing:
                raise Lost(batch.state)
            rows = open_rows(inside, batch, None, CHUNK)
            with in_batch(inside, uid), reason(UNDONE.sentence, tag=TAG):
                batch.rows_undone += _take_back(inside, examine(inside, batch, rows), rows)
            going = bool(rows)
            if not going:
                batches.step(inside, batch, Act.undone, now=work.now, role=rules.JOB)
                batch.undone_at = work.now
        session.expunge_all()
    return {"batch": uid}


def _take_back(session: Session, facts: Facts, rows: Iterable[ImportRow]) -> int:
    count = 0
    for row in rows:
        why = facts.why_kept(row)
        if why is None:
            try:
                with session.begin_nested():
                    _revert(session, row)
                    session.flush()
            except IntegrityError:
                why = rules.HELD
        if why is None:
            row.outcome, count = RowOutcome.undone.value, count + 1
            facts.removed |= {_record(m) for m in row.made or ()}
        else:
            message, params = said(why)
            row.outcome = RowOutcome.kept.value
            row.findings = [*(row.findings or []), [None, message, params, False]]
    session.flush()
    return count


def _revert(session: Session, row: ImportRow) -> None:
    """Everything is read before anything goes: what ties a record to its area may be among what goes."""
    now, by = clock.now(), session_actor(session).user_id
    changed = [(session.get_one(classes()[t], key), old) for t, key, _v, old in reversed(row.before or [])]
    made: list[Any] = [
        session.get_one(classes()[t], key) for t, key in map(_record, reversed(row.made or []))
    ]
    for record, old in changed:
        for attribute, value in old.items():
            setattr(record, attribute, thawed(type(record), attribute, value))
    for record in made:
        if isinstance(record, Deletable):
            removal.take_away(record, UNDONE, now=now, by=by)
    session.flush()
    _delete(session, [record for record in made if not isinstance(record, Deletable)])


def _delete(session: Session, records: Sequence[Any]) -> None:
    """Records without a recycle bin. One that something in the bin still points at stays behind it (a staircase)."""
    try:
        with session.begin_nested():
            for record in records:
                session.delete(record)
            session.flush()
    except IntegrityError:
        for record in records:
            with suppress(IntegrityError), session.begin_nested():
                session.delete(record)
                session.flush()


@dataclass(slots=True)
class Preview:
    """What undoing would do: how many rows go back, which stay and why."""

    back: int = 0
    kept: list[tuple[int, Any]] = field(default_factory=list)
    kept_count: int = 0
    is_whole: bool = True


MOST_LOOKED_AT, MOST_LISTED = 20_000, 100


def preview(session: Session, batch: ImportBatch) -> Preview:
    """Look at the written rows without changing any; the first 20,000 of them, 100 reasons listed."""
    found, before, looked = Preview(), None, 0
    removed: set[Record] = set()
    while rows := open_rows(session, batch, before, CHUNK):
        facts = examine(session, batch, rows)
        facts.removed = removed
        for row in rows:
            why = facts.why_kept(row)
            if why is None:
                found.back += 1
                removed |= {_record(m) for m in row.made or ()}
            else:
                found.kept_count += 1
                if len(found.kept) < MOST_LISTED:
                    found.kept.append((row.row_no, why))
        before, looked = rows[-1].row_no, looked + len(rows)
        session.expunge_all()
        if looked >= MOST_LOOKED_AT:
            found.is_whole = False
            break
    return found
