"""What stands in the way of undoing rows of an import: somebody changed a record since, or something hangs on it by now.

The change log says who touched a record after the batch. What the program hung on a record by itself is no hindrance
(core/removal.Follower): it goes with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import and_, func, inspect, null, or_, select
from sqlalchemy.orm import Session

from app.audit.fields import is_logged
from app.audit.models import ChangeLog
from app.core import bulk, removal, sheets
from app.core.scope import session_actor, unscoped
from app.exchange.choices import RowOutcome
from app.exchange.models import ImportBatch, ImportRow
from app.exchange.rules import imports as rules

CHUNK = 300  # rows looked at together; households are kept whole
AT_ONCE = 500  # keys of one statement
PAGE = 2000  # rows whose households are looked up together
WRITTEN = (RowOutcome.made.value, RowOutcome.changed.value)
MEMBER, HOUSEHOLD = "household_member", "household"
Record = tuple[str, int]


def record(entry: Sequence[Any]) -> Record:
    """(table, key) of what a row notes."""
    return str(entry[0]), int(entry[1])


@dataclass(slots=True)
class Facts:
    """What stands in the way of undoing some rows."""

    touched: set[Record] = field(default_factory=set)
    gone: set[Record] = field(default_factory=set)
    # record that the batch made -> records that point at it
    pointing: dict[Record, set[Record]] = field(default_factory=dict)
    following: set[Record] = field(default_factory=set)  # of these, what goes along
    removed: set[Record] = field(default_factory=set)
    stood: dict[Record, Any] = field(
        default_factory=dict
    )  # versions, read before anything else was looked at

    def why_kept(self, family: Sequence[ImportRow]) -> list[Any | None]:
        """Why each row of a household stays; None for all when they go back."""
        made = {record(m) for row in family for m in row.made or ()}
        going = (made, self.following, self.removed)
        held = {
            one
            for one in made
            if any(not any(by in some for some in going) for by in self.pointing.get(one, ()))
        }
        return rules.whole_or_none(
            [rules.why_kept(self.touched, self.gone, held, _records(row)) for row in family]
        )

    def followers(self, rows: Iterable[ImportRow]) -> set[Record]:
        """What goes along with what these rows made."""
        made = {record(m) for row in rows for m in row.made or ()}
        return {one for key in made for one in self.pointing.get(key, ())} & self.following


@dataclass(slots=True)
class StepFacts(Facts):
    """The same of rows that took steps of a domain (core/sheets, ``Back``): the domain says what may be taken back."""

    stays: dict[int, Any] = field(default_factory=dict)

    def why_kept(self, family: Sequence[ImportRow]) -> list[Any | None]:
        """Why each row stays; rows of steps have no households."""
        return [self.stays.get(row.row_no) for row in family]

    def followers(self, rows: Iterable[ImportRow]) -> set[Record]:
        """Nothing hangs on a step."""
        return set()


def facts_of(session: Session, batch: ImportBatch, rows: Sequence[ImportRow]) -> Facts:
    """What stands in the way of undoing these rows of a batch, by its kind."""
    declared = sheets.sheets()[batch.sheet]
    if declared.back is None:
        return examine(session, batch, rows)
    found = declared.back(session_actor(session)).why_kept(session, [noted(row) for row in rows])
    return StepFacts(stays={row.row_no: why for row, why in zip(rows, found, strict=True)})


def noted(row: ImportRow) -> sheets.Noted:
    """What a row made and changed, as its sheet gets it back."""
    return row.made or (), row.before or ()


def standing_rows(batch: ImportBatch) -> int:
    """Rows that are written and not taken back."""
    return batch.rows_made + batch.rows_changed - batch.rows_undone


def _records(row: ImportRow) -> list[Record]:
    return [record(entry) for entry in (*(row.made or ()), *(row.before or ()))]


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


def _slices(keys: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(keys)
    for at in range(0, len(ordered), AT_ONCE):
        yield ordered[at : at + AT_ONCE]


def examine(session: Session, batch: ImportBatch, rows: Sequence[ImportRow]) -> Facts:
    """What stands in the way of undoing these rows."""
    made: dict[str, set[int]] = {}
    changed: dict[str, set[int]] = {}
    for row in rows:
        for found, entries in ((made, row.made), (changed, row.before)):
            for table, key in (record(entry) for entry in entries or ()):
                found.setdefault(table, set()).add(key)
    facts = Facts()
    # what hangs on a record is seen with it: its own guard, asked for each of many tables, would take most of the time
    scoped = {table for table in {*made, *changed} if not hasattr(classes()[table], "__scope_parent__")}
    with unscoped("what hangs on a record that an import made: only yes or no is told") as wide:
        for table in {*made, *changed} - scoped:
            for keys in _slices(made.get(table, set()) | changed.get(table, set())):
                there = _there(wide, table, keys)
                facts.gone |= {(table, key) for key in set(keys) - set(there)}
                facts.stood |= {(table, key): version for key, version in there.items()}
        for table, ids in made.items():
            _note_pointers(wide, facts, table, ids)
        _note_followers(wide, facts, batch)
    for table in {*made, *changed}:
        own, old = made.get(table, set()), changed.get(table, set())
        for keys in _slices(own | old):
            facts.touched |= {(table, key) for key in _touched(session, batch.uid, table, keys, own - old)}
            if table in scoped:
                facts.gone |= {(table, key) for key in set(keys) - set(_there(session, table, keys))}
    return facts


def _touched(session: Session, uid: str, table: str, keys: Collection[int], own: set[int]) -> set[int]:
    """Records that somebody changed after the batch last wrote them. What the night settles by itself counts for records
    that were there before only: ``own`` are those that go as a whole.
    """
    query = (
        select(ChangeLog.row_id, ChangeLog.batch, ChangeLog.user_id, func.max(ChangeLog.id))
        .where(ChangeLog.table_name == table, ChangeLog.row_id.in_(keys))
        .group_by(ChangeLog.row_id, ChangeLog.batch, ChangeLog.user_id)
    )
    by_batch: dict[int, int] = {}
    others: dict[int, int] = {}
    for key, by, user, last in session.execute(query):
        if by != uid and user is None and key in own:
            continue
        known = by_batch if by == uid else others
        known[key] = max(last, known.get(key, 0))
    return {key for key, last in others.items() if last > by_batch.get(key, 0)}


def _there(session: Session, table: str, keys: Collection[int]) -> dict[int, Any]:
    """The records that are there, with their version as `bulk.stamp_of` names it."""
    cls: Any = classes()[table]
    stamp = bulk.stamp_of(cls)
    seen = getattr(cls, stamp) if stamp else null()
    return {row[0]: row[1] for row in session.execute(select(cls.id, seen).where(cls.id.in_(keys)))}


def _note_pointers(wide: Session, facts: Facts, table: str, ids: Iterable[int]) -> None:
    pointers: dict[Any, list[Any]] = {}
    for cls, attribute in _pointers(table):
        pointers.setdefault(cls, []).append(getattr(cls, attribute))
    for keys in _slices(ids):
        wanted = set(keys)
        for cls, columns in pointers.items():
            where = or_(*(column.in_(keys) for column in columns))
            for at, *found in wide.execute(select(cls.id, *columns).where(where)):
                for key in wanted.intersection(found):
                    facts.pointing.setdefault((table, key), set()).add((cls.__tablename__, at))


def _note_followers(wide: Session, facts: Facts, batch: ImportBatch) -> None:
    """Which of the rows that point at our records go with them."""
    found: dict[str, set[int]] = {}
    for table, key in set().union(*facts.pointing.values()):
        if removal.follower(table) is not None:
            found.setdefault(table, set()).add(key)
    for table, ids in found.items():
        for keys in _slices(ids):
            by_hand = _by_hand(wide, table, keys, batch)
            facts.following |= {(table, key) for key in set(keys) - by_hand}


def _by_hand(wide: Session, table: str, keys: list[int], batch: ImportBatch) -> set[int]:
    """Those that somebody has dealt with since."""
    declared = removal.follower(table)
    assert declared is not None  # noqa: S101
    if declared.by_hand is not None:
        cls: Any = declared.model
        return set(wide.scalars(select(cls.id).where(cls.id.in_(keys), declared.by_hand(batch.created_at))))
    written = and_(ChangeLog.table_name == table, ChangeLog.row_id.in_(keys), ChangeLog.user_id.is_not(None))
    other = or_(ChangeLog.batch.is_(None), ChangeLog.batch != batch.uid)
    by_hand = set(wide.scalars(select(ChangeLog.row_id).where(written, other)))
    inner = Facts()
    _note_pointers(wide, inner, table, keys)
    return by_hand | {key for (_table, key), what in inner.pointing.items() if what}


# --- rows in their order ------------------------------------------------------------------------------------------


def families(session: Session, batch: ImportBatch) -> dict[int, list[int]]:
    """{first row: all rows} of each household that several rows brought (rules.families)."""
    return rules.families(_households(session, batch))


def _households(session: Session, batch: ImportBatch) -> Iterator[tuple[int, int]]:
    """(household, row) for each household that the batch made and each member that it brought into it."""
    members: Any = classes()[MEMBER]
    after, own, seats = 0, set[int](), list[tuple[int, int]]()
    query = select(ImportRow.row_no, ImportRow.made).where(
        ImportRow.batch_id == batch.id, ImportRow.outcome.in_(WRITTEN), ImportRow.made.is_not(None)
    )
    while page := session.execute(
        query.where(ImportRow.row_no > after).order_by(ImportRow.row_no).limit(PAGE)
    ).all():
        after, seated = page[-1].row_no, dict[int, int]()
        for number, made in page:
            for table, key in map(record, made):
                if table == HOUSEHOLD:
                    own.add(key)
                    seats.append((key, number))
                elif table == MEMBER:
                    seated[key] = number
        for keys in _slices(seated):
            there = select(members.id, members.household_id).where(members.id.in_(keys))
            seats += [(household, seated[key]) for key, household in session.execute(there)]
    return (seat for seat in seats if seat[0] in own)


@dataclass(slots=True)
class Order:
    """The written rows of a batch from its end, household by household: what came later hangs on what came before."""

    families: dict[int, list[int]]
    _first: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self._first = {row: first for first, rows in self.families.items() for row in rows}

    def before(self, session: Session, batch: ImportBatch, number: int | None) -> list[list[ImportRow]]:
        """The next households (or single rows) whose first row stands before a row number, the last first."""
        query = select(ImportRow).where(ImportRow.batch_id == batch.id, ImportRow.outcome.in_(WRITTEN))
        if number is not None:
            query = query.where(ImportRow.row_no < number)
        rows = {
            row.row_no: row for row in session.scalars(query.order_by(ImportRow.row_no.desc()).limit(CHUNK))
        }
        heads = [row for row in rows if self._first.get(row, row) == row]
        if not heads and rows:
            return self.before(session, batch, min(rows))
        wanted = {row for head in heads for row in self.families.get(head, ())} - rows.keys()
        for keys in _slices(wanted):
            more = select(ImportRow).where(
                ImportRow.batch_id == batch.id, ImportRow.row_no.in_(keys), ImportRow.outcome.in_(WRITTEN)
            )
            rows |= {row.row_no: row for row in session.scalars(more)}
        return [[rows[n] for n in self.families.get(head, [head]) if n in rows] for head in heads]
