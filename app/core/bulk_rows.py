"""New rows of a bulk write as they are stored: derived values, keys and defaults (``core/bulk``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from sqlalchemy.orm import Mapper, Session

from app.core.actor import Actor
from app.core.fresh_keys import take_ids
from app.core.models import Instant, new_uid

Columns = Mapping[str, list[Any]]


def derive(mapper: Mapper[Any], row: dict[str, Any]) -> dict[str, Any]:
    """Run the ``@validates`` functions of the class against a stand-in row, as the ORM would on setting."""
    if not mapper.validators.keys() & row.keys():
        return dict(row)
    stand_in = SimpleNamespace(**row)
    for key in mapper.validators.keys() & row.keys():
        validate: Callable[..., Any] = mapper.validators[key][0]  # type: ignore[assignment]
        setattr(stand_in, key, validate(stand_in, key, row[key]))
    return vars(stand_in)


def complete(session: Session, mapper: Mapper[Any], actor: Actor, columns: Columns) -> dict[str, list[Any]]:
    """All columns of the class: those given, with keys and defaults where nothing is given."""
    count = len(next(iter(columns.values())))
    unknown = sorted(columns.keys() - {p.key for p in mapper.column_attrs})
    if unknown:
        raise ValueError(f"{mapper.class_.__name__} has no attribute {unknown}")
    whole: dict[str, list[Any]] = {}
    for prop in mapper.column_attrs:
        cells = columns.get(prop.key)
        make = _default(prop.columns[0], actor)
        if cells is None or cells.count(None) == count:
            whole[prop.key] = make(count)
        elif None in cells and prop.key != "id":
            fresh = iter(make(cells.count(None)))
            whole[prop.key] = [next(fresh) if value is None else value for value in cells]
        else:
            whole[prop.key] = cells
    missing = whole["id"].count(None)
    if missing:
        taken = iter(take_ids(session, mapper.class_, missing))
        whole["id"] = [next(taken) if key is None else key for key in whole["id"]]
    return whole


def _default(column: Any, actor: Actor) -> Callable[[int], list[Any]]:
    """``n`` → what so many new rows get where nothing is given."""
    default = column.default
    if column.name == "uid":
        return lambda n: [new_uid() for _ in range(n)]
    if default is not None and default.is_callable and not isinstance(column.type, Instant):
        return lambda n: [default.arg(None) for _ in range(n)]
    if default is not None and default.is_callable:
        return lambda n: [default.arg(None)] * n  # one moment for the batch
    value = default.arg if default is not None and default.is_scalar else None
    return lambda n: [actor.user_id if column.name == "created_by" else value] * n
