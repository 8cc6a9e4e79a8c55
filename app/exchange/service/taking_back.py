"""Records of an import go back: what was made goes away, what was changed gets its old values.

Households go together where the database lets them, a few flushes for hundreds of rows; where it does not let one, they
are divided until the one that stays is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.core import bulk, clock, removal
from app.core.errors import NotAllowed, NotFound
from app.core.models import Deletable
from app.core.scope import session_actor
from app.exchange.models import ImportRow
from app.exchange.rules import imports as rules
from app.exchange.service.recording import thawed
from app.exchange.service.standing import AT_ONCE, Facts, Record, classes, record

UNDONE = removal.step(
    "import_undo",
    _("The import that brought it was undone"),
    _("This record came by an import that was undone. Import the sheet again to have it back."),
)
Family = list[ImportRow]
Judged = list[tuple[Family, list[Any | None]]]


def take_back(session: Session, facts: Facts, found: Sequence[Family], uid: str) -> Judged:
    """Take back what may go of a batch: of each household why its rows stay, None for those that went."""
    held = read(session, [row for family in found for row in family])
    judged = _go(session, facts, found, uid)
    session.flush()
    held.clear()
    return judged


def read(session: Session, rows: Sequence[ImportRow]) -> list[Any]:
    """The records of the rows, by a few statements; held so that the session gives them out again."""
    quiet = _quiet(rows)
    wanted: dict[str, set[int]] = {}
    for row in rows:
        for table, key in map(record, (*(row.made or ()), *(row.before or ()))):
            if (table, key) not in quiet:
                wanted.setdefault(table, set()).add(key)
    found: list[Any] = []
    for table, keys in wanted.items():
        cls: Any = classes()[table]
        ordered = sorted(keys)
        for at in range(0, len(ordered), AT_ONCE):
            found += session.scalars(select(cls).where(cls.id.in_(ordered[at : at + AT_ONCE])))
    return found


def _go(session: Session, facts: Facts, families: Sequence[Family], uid: str) -> Judged:
    removed, judged = set(facts.removed), Judged()
    for family in families:  # what hangs on a record that goes as well is no hindrance
        judged.append((family, facts.why_kept(family)))
        if not any(judged[-1][1]):
            facts.removed |= {record(m) for row in family for m in row.made or ()}
    going = [row for family, reasons in judged if not any(reasons) for row in reversed(family)]
    why = _went(session, facts, going, uid) if going else None
    if why is None:
        return judged
    facts.removed = removed
    if len(families) == 1:
        return [(families[0], [why] * len(families[0]))]
    half = len(families) // 2
    return [*_go(session, facts, families[:half], uid), *_go(session, facts, families[half:], uid)]


def _went(session: Session, facts: Facts, rows: Sequence[ImportRow], uid: str) -> Any | None:
    """Take rows back in this order; why they stay where the database does not let them go."""
    try:
        with session.begin_nested():
            _revert(session, facts, rows, uid)
            session.flush()
    except IntegrityError:
        return rules.HELD
    except (NoResultFound, NotFound, NotAllowed):  # out of the actor's sight by now, with what it hangs on
        return rules.GONE
    except StaleDataError:  # somebody wrote one of its records in this moment
        return rules.CHANGED_SINCE
    return None


def _revert(session: Session, facts: Facts, rows: Sequence[ImportRow], uid: str) -> None:
    """Everything is read before anything goes: what ties a record to its area may be among what goes."""
    quiet = _quiet(rows)
    changed: list[tuple[Any, dict[str, Any]]] = []
    made: list[Any] = []
    for row in rows:
        entries = ((classes()[t], key, old) for t, key, _v, old in reversed(row.before or []))
        changed += [(session.get_one(cls, key), old) for cls, key, old in entries]
        loud = (one for one in map(record, reversed(row.made or [])) if one not in quiet)
        made += [session.get_one(classes()[table], key) for table, key in loud]
    _by_statement(session, facts, quiet, uid)
    with session.no_autoflush:
        for one, old in changed:
            for attribute, value in old.items():
                setattr(one, attribute, thawed(type(one), attribute, value))
        for one in made:
            if isinstance(one, Deletable):
                removal.take_away(one, UNDONE, now=clock.now(), by=session_actor(session).user_id)
    session.flush()
    _delete(session, [one for one in made if not isinstance(one, Deletable)])


def _quiet(rows: Iterable[ImportRow]) -> set[Record]:
    """What the rows made and nothing follows from (removal.quiet)."""
    changed = {record(entry) for row in rows for entry in row.before or ()}
    made = {record(entry) for row in rows for entry in row.made or ()}
    return {one for one in made - changed if removal.is_quiet(one[0])}


def _by_statement(session: Session, facts: Facts, records: Iterable[Record], uid: str) -> None:
    """Records that go by the hundred. StaleDataError where one was written since it was looked at."""
    keys: dict[str, list[int]] = {}
    for table, key in sorted(records):
        keys.setdefault(table, []).append(key)
    for table, ids in keys.items():
        cls: Any = classes()[table]
        stood = {key: facts.stood[table, key] for key in ids if (table, key) in facts.stood}
        if issubclass(cls, Deletable):
            away = removal.marks(UNDONE, now=clock.now(), by=session_actor(session).user_id)
            changes = [{"id": key, **away} for key in ids]
            bulk.update(session, cls, changes, batch=uid, keep=True, seen=stood)
        else:
            bulk.delete(session, cls, ids, batch=uid, seen=stood)


def _delete(session: Session, records: Sequence[Any]) -> None:
    """Records without a recycle bin. One that something in the bin still points at stays behind it (a staircase)."""
    behind = tables_behind_the_bin()
    for one in records:
        if one.__tablename__ not in behind:
            session.delete(one)
    session.flush()
    for one in records:
        if one.__tablename__ in behind:
            with suppress(IntegrityError), session.begin_nested():
                session.delete(one)
                session.flush()


@lru_cache(maxsize=1)
def tables_behind_the_bin() -> frozenset[str]:
    """Tables at which records point that may lie in the recycle bin."""
    found = set()
    for cls in classes().values():
        if issubclass(cls, Deletable):
            mapper: Any = inspect(cls)
            found |= {fk.column.table.name for fk in mapper.local_table.foreign_keys}
    return frozenset(found)
