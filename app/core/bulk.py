"""The one way for bulk writes: scope, encryption, blind indexes, change log and counters as with single rows.

    ids = bulk.take_ids(session, Person, 20_000)
    bulk.insert(session, Person, [{"id": ids[0], "name": …, "area_id": …}, …], batch=batch)

Rows are dicts by attribute name. Run it inside a ``unit_of_work`` and commit by chunks of about 20,000 rows.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, bindparam, inspect, select
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.exc import StaleDataError

from app.core import counters, scope
from app.core.actor import Actor
from app.core.bulk_rows import complete, derive
from app.core.copying import put_columns
from app.core.errors import NotAllowed, NotFound
from app.core.fresh_keys import behind, take_ids
from app.core.models import AreaBound, Scoped, Versioned, new_uid

Rows = Sequence[dict[str, Any]]
# (action, key, old values, new values)
Touched = tuple[str, int, dict[str, Any], dict[str, Any]]
Recorder = Callable[[Session, type, str, Iterable[Touched]], None]
# attribute → values of the new rows
Columns = Mapping[str, list[Any]]
# key → version that a row had when it was looked at (see stamp_of)
Seen = Mapping[int, Any]
NewRecorder = Callable[[Session, type, str, Columns], None]

__all__ = ["behind", "delete", "insert", "insert_columns", "take_ids", "update", "use_recorder"]
_recorder: list[tuple[Recorder, NewRecorder]] = []
CHUNK = 900  # keys in one IN list: SQLite's limit of variables is far above, plans stay small


def use_recorder(recorder: Recorder, of_new: NewRecorder) -> None:
    """The audit package hangs its writers here; without them nothing may be written in bulk."""
    _recorder[:] = [(recorder, of_new)]


def stamp_of(model: type) -> str | None:
    """The attribute that tells whether a row was written: its version, else when it was last changed."""
    return next((name for name in ("version", "updated_at") if name in inspect(model).column_attrs), None)


def insert(
    session: Session, model: type, rows: Rows, *, actor: Actor | None = None, batch: str | None = None
) -> list[int]:
    """Insert many rows of one class and return their keys in order.

    Missing keys are taken, defaults filled in, ``@validates`` functions run (they make the blind indexes). ``actor``,
    if given, must be the actor of the session. Raises NotAllowed when any row lies outside the scope: then
    nothing of the batch is written.
    """
    if not rows:
        return []
    _acting(session, actor)
    mapper: Mapper[Any] = inspect(model)
    derived = [derive(mapper, row) for row in rows]
    given = set().union(*derived)
    columns = {key: [row.get(key) for row in derived] for key in sorted(given)}
    return insert_columns(session, model, columns, batch=batch)


def insert_columns(session: Session, model: type, columns: Columns, *, batch: str | None = None) -> list[int]:
    """``insert`` for rows that stand as columns: attribute → values, all lists of one length. ``@validates`` functions
    do not run: whoever writes this way has made the values (and the blind indexes) ready. An import of a sheet does, as
    a dict for each of ten rows a person would cost it more than the statements.
    """
    if not next(iter(columns.values()), None):
        return []
    acting = _acting(session, None)
    session.flush()
    mapper: Mapper[Any] = inspect(model)
    _check_areas(session, acting, model, columns.get("area_id", ()))
    _check_parents(session, acting, model, columns)
    whole = complete(session, mapper, acting, columns)
    keys = whole["id"]
    names = {p.key: p.columns[0].name for p in mapper.column_attrs}
    stored = {names[key]: cells for key, cells in whole.items()}
    put_columns(session.connection(), cast(Table, mapper.local_table), stored)
    if not issubclass(model, AreaBound) and not hasattr(model, "__scope_parent__"):
        _check_landed(session, acting, model, keys)
    _made(session, model).update(keys)
    _count_new(session, model, whole)
    _recorders()[1](session, model, batch or new_uid(), whole)
    return keys


def update(
    session: Session,
    model: type,
    rows: Rows,
    *,
    actor: Actor | None = None,
    batch: str | None = None,
    keep: bool = False,
    seen: Seen | None = None,
) -> int:
    """Change the given attributes of many rows (each dict has ``id``); returns how many differed.

    All dicts of a call have the same attributes. Old and new areas are checked; versions rise; the log gets old → new.
    Everything that the session holds is read anew, with ``keep`` only rows of the class. Of rows in ``seen`` (key →
    what `stamp_of` names, as it was) none may have been written meanwhile: StaleDataError.
    """
    if not rows:
        return 0
    acting = _acting(session, actor)
    session.flush()
    mapper: Mapper[Any] = inspect(model)
    keys = [k for k in rows[0] if k != "id"]
    if any(set(row) != {"id", *keys} for row in rows):
        raise ValueError("all rows of one bulk update must have the same attributes")
    old = _stored(session, mapper, [row["id"] for row in rows])
    if len(old) < len({row["id"] for row in rows}):
        raise NotFound()
    _need_unwritten(model, old, seen)
    if "area_id" in mapper.columns:
        places = itertools.chain(
            (o.get("area_id") for o in old.values()), (row.get("area_id") for row in rows)
        )
        _check_areas(session, acting, model, (a for a in places if a is not None))
    if not issubclass(model, Scoped):
        _check_landed(session, acting, model, list(old))
    derived = [derive(mapper, row) for row in rows]
    touched = [(row, old[row["id"]]) for row in derived if any(old[row["id"]][k] != row[k] for k in keys)]
    _write_updates(session, mapper, acting, [row for row, _old in touched])
    _count(session, model, ((before, {**before, **row}) for row, before in touched))
    changed = (("update", row["id"], before, {**before, **row}) for row, before in touched)
    _recorders()[0](session, model, batch or new_uid(), changed)
    _read_anew(session, model if keep else object)
    return len(touched)


def delete(
    session: Session,
    model: type,
    keys: Sequence[int],
    *,
    batch: str | None = None,
    seen: Seen | None = None,
) -> None:
    """Delete many rows that have no recycle bin; the log gets what they held. Raises NotFound where one is not there,
    StaleDataError as `update` does.
    """
    if not keys:
        return
    acting = _acting(session, None)
    session.flush()
    mapper: Mapper[Any] = inspect(model)
    old = _stored(session, mapper, keys)
    if len(old) < len(set(keys)):
        raise NotFound()
    _need_unwritten(model, old, seen)
    if issubclass(model, AreaBound):
        _check_areas(session, acting, model, [row.get("area_id") for row in old.values()])
    _check_landed(session, acting, model, list(old))
    table = cast(Table, mapper.local_table)
    for chunk in _chunks(sorted(old)):
        session.connection().execute(table.delete().where(table.c.id.in_(chunk)))
    _count(session, model, ((row, None) for row in old.values()))
    _recorders()[0](
        session, model, batch or new_uid(), (("delete", key, row, {}) for key, row in old.items())
    )
    _read_anew(session, model)


def _read_anew(session: Session, kind: type) -> None:
    """What the session holds of a class is no longer what stands in the database."""
    for row in list(session.identity_map.values()):
        if isinstance(row, kind):
            session.expire(row)


# --- guards ---------------------------------------------------------------------------------------------------


def _acting(session: Session, actor: Actor | None) -> Actor:
    acting = scope.session_actor(session)
    if actor is not None and actor != acting:
        raise ValueError("the session acts for somebody else: open it with acting_as(actor)")
    if acting.read_only and not acting.is_system:
        raise NotAllowed()
    return acting


def _check_areas(session: Session, actor: Actor, model: type, area_ids: Iterable[int | None]) -> None:
    if actor.is_system or actor.whole_site or not issubclass(model, AreaBound):
        return
    for area_id in {a for a in area_ids if a is not None}:
        if not actor.covers(scope._area_path(session, area_id)):
            raise NotAllowed()


def _check_parents(session: Session, actor: Actor, model: type, columns: Columns) -> None:
    if actor.is_system or not hasattr(model, "__scope_parent__"):
        return
    column, parent = model.__scope_parent__()
    keys = set(columns.get(column, ())) - _made(session, parent) - {None}
    _check_landed(session, actor, parent, sorted(keys))


def _made(session: Session, model: type) -> set[int]:
    """Keys that this transaction has inserted in bulk: a new person becomes visible only with its area rows."""
    transaction, made = session.info.get("bulk_made", (None, {}))
    if transaction is not session.get_transaction():
        made = {}
        session.info["bulk_made"] = (session.get_transaction(), made)
    return made.setdefault(model, set())


def _check_landed(session: Session, actor: Actor, model: type, keys: Sequence[int]) -> None:
    if actor.is_system or not scope.is_guarded(model):
        return
    for chunk in _chunks(keys):
        scope._must_see(session, ((model, key) for key in chunk))


# --- rows -----------------------------------------------------------------------------------------------------


def _chunks(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    return (keys[i : i + CHUNK] for i in range(0, len(keys), CHUNK))


def _stored(session: Session, mapper: Mapper[Any], keys: Sequence[int]) -> dict[int, dict[str, Any]]:
    props = list(mapper.column_attrs)
    found: dict[int, dict[str, Any]] = {}
    for chunk in _chunks(sorted(set(keys))):
        query = select(*(p.columns[0] for p in props)).where(mapper.columns["id"].in_(chunk))
        for values in session.connection().execute(query.with_for_update()):
            row = dict(zip((p.key for p in props), values, strict=True))
            found[row["id"]] = row
    return found


def _need_unwritten(model: type, stored: dict[int, dict[str, Any]], seen: Seen | None) -> None:
    """The rows are locked by now: what somebody wrote before that shows in their version."""
    stamp = stamp_of(model)
    for key, before in (seen or {}).items():
        if stamp and key in stored and stored[key][stamp] != before:
            raise StaleDataError(f"{model.__name__} {key} was written meanwhile")


# --- statements -----------------------------------------------------------------------------------------------


def _write_updates(session: Session, mapper: Mapper[Any], actor: Actor, rows: Rows) -> None:
    if not rows:
        return
    table = cast(Table, mapper.local_table)
    keys = [k for k in rows[0] if k != "id"]
    values: dict[Any, Any] = {mapper.columns[k]: bindparam(f"v_{k}") for k in keys}
    if "updated_by" in mapper.columns:
        values[mapper.columns["updated_by"]] = actor.user_id
    if issubclass(mapper.class_, Versioned):
        values[mapper.columns["version"]] = mapper.columns["version"] + 1
    statement = table.update().where(table.c.id == bindparam("row_id")).values(values)
    parameters = [{"row_id": row["id"], **{f"v_{k}": row[k] for k in keys}} for row in rows]
    session.connection().execute(statement, parameters)


def _count(
    session: Session, model: type, pairs: Iterable[tuple[dict[str, Any] | None, dict[str, Any] | None]]
) -> None:
    if not counters.is_counted(model):
        return
    deltas: counters.Deltas = Counter()
    for old, new in pairs:
        deltas.update(counters.moved(model, old, new))
    counters.apply(session, deltas)


def _count_new(session: Session, model: type, columns: Columns) -> None:
    if not counters.is_counted(model):
        return
    keys = sorted(counters.keys_of(model))
    deltas: counters.Deltas = Counter()
    for values, times in Counter(zip(*(columns[key] for key in keys), strict=True)).items():
        for place, by in counters.moved(model, None, dict(zip(keys, values, strict=True))).items():
            deltas[place] += by * times
    counters.apply(session, deltas)


def _recorders() -> tuple[Recorder, NewRecorder]:
    if not _recorder:
        raise RuntimeError("no change log: audit.listen.start() has not run")
    return _recorder[0]
