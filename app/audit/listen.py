"""Session listeners that write the change log in the same transaction as the change.

``after_flush`` still sees what was new, changed and deleted, and already knows the keys of new rows. Old values that
SQLAlchemy has not loaded (an expired attribute was set) are read before the flush sends its statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Mapper, ORMExecuteState, Session
from sqlalchemy.orm.attributes import History, get_history

from app.audit import queries, service
from app.audit.fields import collections_of, fields_of, is_logged
from app.audit.service import Changed, action_of
from app.core import bulk, hooks
from app.core.session import PlainGuardedSession

STORED = "audit_stored"


def start() -> None:
    """Hang the listeners on the session class and give the kernel its hooks; repeated calls change nothing."""
    for name, function in (
        ("before_flush", _before_flush),
        ("after_flush", _after_flush),
        ("do_orm_execute", _whole_statement),
        ("after_commit", _forget),
        ("after_rollback", _forget),
    ):
        if not event.contains(PlainGuardedSession, name, function):
            event.listen(PlainGuardedSession, name, function)
    hooks.use("access", service.access_hook)
    hooks.use("history", queries.history_hook)
    hooks.use("looks", queries.looks_hook)
    hooks.use("give_reason", service.give_reason)
    hooks.use("in_batch", service.in_batch)
    bulk.use_recorder(_record_bulk, _record_new)


def _forget(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint ends: the reason holds for the whole transaction
        return
    session.info.pop("audit_reason", None)
    session.info.pop(STORED, None)


def _logged(rows: Iterable[Any]) -> Iterator[Any]:
    return (row for row in rows if is_logged(type(row)))


def _stored_values(session: Session, model: type, keys: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Logged values as they stand in the database, by key; the scope has been checked by the guard."""
    mapper: Mapper[Any] = inspect(model)
    key = mapper.primary_key[0]
    props = [mapper.column_attrs[f.key] for f in fields_of(model)]
    query = select(key, *(p.columns[0] for p in props)).where(key.in_(list(keys)))
    found = session.connection().execute(query)
    return {row[0]: dict(zip((p.key for p in props), row[1:], strict=True)) for row in found}


def _needs_reading(row: Any) -> bool:
    """Whether some changed attribute has lost its old value (set while expired)."""
    state = inspect(row)
    changed = (f.key for f in fields_of(type(row)) if f.key in state.dict and f.key in state.committed_state)
    return any(_is_lost(get_history(row, key)) for key in changed)


def _is_lost(history: History) -> bool:
    # an attribute that was set to the value it had has neither an added nor a deleted one
    return bool(history.added) and not history.deleted


def _before_flush(session: Session, _context: Any, _instances: Any) -> None:
    stored: dict[Any, dict[str, Any]] = session.info.setdefault(STORED, {})
    wanted: dict[type, list[Any]] = {}
    for row in _logged(session.deleted):
        wanted.setdefault(type(row), []).append(row)
    for row in _logged(session.dirty):
        if session.is_modified(row) and _needs_reading(row):
            wanted.setdefault(type(row), []).append(row)
    for model, found in wanted.items():
        keys = {inspect(row).identity[0]: row for row in found}
        for key, values in _stored_values(session, model, keys).items():
            stored[inspect(keys[key])] = values


def _after_flush(session: Session, _context: Any) -> None:
    stored = session.info.pop(STORED, {})
    changed = [_inserted(row) for row in _logged(session.new)]
    for row in _logged(session.dirty):
        if session.is_modified(row):
            changed.append(_updated(row, stored.get(inspect(row), {})))
    for row in _logged(session.deleted):
        changed.append(_changed(row, "delete", stored.get(inspect(row), {}), {}))
    service.record_changes(session, changed)


def _changed(row: Any, action: str, old: dict[str, Any], new: dict[str, Any]) -> Changed:
    values = inspect(row).dict
    area = values.get("area_id", old.get("area_id"))
    return Changed(type(row), action, inspect(row).identity[0], values.get("uid"), area, old, new)


def _collection(row: Any, key: str) -> tuple[list[Any], list[Any]] | None:
    history = get_history(row, key) if key in inspect(row).dict else None
    if history is None or not history.has_changes():
        return None
    kept = [str(x) for x in history.unchanged]
    old, new = kept + [str(x) for x in history.deleted], kept + [str(x) for x in history.added]
    return sorted(old), sorted(new)


def _inserted(row: Any) -> Changed:
    values = inspect(row).dict
    new = {f.key: values[f.key] for f in fields_of(type(row)) if values.get(f.key) is not None}
    old: dict[str, Any] = {}
    for key in collections_of(type(row)):
        if (change := _collection(row, key)) is not None:
            old[key], new[key] = change
    mapper: Mapper[Any] = inspect(type(row))
    key = mapper.primary_key_from_instance(row)[0]
    return Changed(type(row), "insert", key, values.get("uid"), values.get("area_id"), old, new)


def _updated(row: Any, stored: dict[str, Any]) -> Changed:
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    state = inspect(row)
    for f in fields_of(type(row)):
        if f.key not in state.committed_state or f.key not in state.dict:  # not set since it was read
            continue
        history = get_history(row, f.key)
        if history.added:
            new[f.key] = history.added[0]
            old[f.key] = history.deleted[0] if history.deleted else stored.get(f.key)
    for key in collections_of(type(row)):
        if (change := _collection(row, key)) is not None:
            old[key], new[key] = change
    return _changed(row, action_of(old, new), old, new)


# --- statements without rows ----------------------------------------------------------------------------------


def _whole_statement(state: ORMExecuteState) -> Any:
    """``update(Model)`` and ``delete(Model)`` pass by the flush: read the rows they touch before and after."""
    if not (state.is_update or state.is_delete or state.is_insert) or state.bind_mapper is None:
        return None
    model = state.bind_mapper.class_
    if not is_logged(model) or state.execution_options.get("audited"):
        return None
    if state.is_insert:
        raise RuntimeError(
            f"{model.__name__}: bulk inserts go through core.bulk, which writes the change log"
        )
    return _logged_statement(state, model)


def _logged_statement(state: ORMExecuteState, model: type) -> Any:
    session, mapper = state.session, state.bind_mapper
    where = state.statement.whereclause  # type: ignore[union-attr]
    key = mapper.get_property_by_column(mapper.primary_key[0]).key  # type: ignore[union-attr]
    touched = select(getattr(model, key))
    if where is not None:
        touched = touched.where(where)
    # the guard narrows this select like the statement itself
    touched = touched.execution_options(with_deleted=bool(state.execution_options.get("with_deleted")))
    keys = list(session.scalars(touched, state.parameters if isinstance(state.parameters, dict) else None))
    before = _stored_values(session, model, keys)
    result = state.invoke_statement()
    after = _stored_values(session, model, keys) if state.is_update else {}
    changed = []
    for row_id, old in before.items():
        new = after.get(row_id, {})
        differing = {k for k in new if new[k] != old[k]}
        kept = (
            ({k: old[k] for k in differing}, {k: new[k] for k in differing}) if state.is_update else (old, {})
        )
        action = action_of(*kept) if state.is_update else "delete"
        changed.append(Changed(model, action, row_id, None, old.get("area_id"), *kept))
    service.record_changes(session, changed)
    return result


def _record_bulk(
    session: Session,
    model: type,
    batch: str,
    touched: Iterable[tuple[str, int, dict[str, Any], dict[str, Any]]],
) -> None:
    if not is_logged(model):
        return
    changed = [
        Changed(
            model,
            action_of(old, new) if action == "update" else action,
            row_id,
            new.get("uid") or old.get("uid"),
            new.get("area_id") or old.get("area_id"),
            old,
            new,
        )
        for action, row_id, old, new in touched
    ]
    service.record_changes(session, changed, batch)


def _record_new(session: Session, model: type, batch: str, columns: Mapping[str, list[Any]]) -> None:
    if is_logged(model):
        service.record_inserts(session, model, columns, batch)
