"""What is counted: under which kinds a row of a class stands, by the values it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Mapper

from app.core.models import AreaBound, Deletable

Deltas = Counter[tuple[str, int]]


@dataclass(frozen=True)
class Kind:
    """Live rows with the ``wanted`` values are counted under ``name``, or per value of the columns ``by``."""

    name: str
    wanted: dict[str, Any] = field(default_factory=dict)
    by: tuple[str, ...] = ()

    def of(self, values: Mapping[str, Any]) -> str | None:
        """The kind that a row with these values is counted under."""
        if any(values.get(key) != value for key, value in self.wanted.items()):
            return None
        tokens = [_token(values.get(key)) for key in self.by]
        return None if None in tokens else ".".join([self.name, *tokens])  # type: ignore[list-item]


_finer: dict[type, list[Kind]] = {}


def finer(model: type) -> tuple[Kind, ...]:
    """The kinds of a class beside the one of its table."""
    return tuple(_finer.get(model, ()))


def is_counted(model: type) -> bool:
    """Whether live rows of a mapped class are counted per area."""
    return issubclass(model, AreaBound) and (issubclass(model, Deletable) or model in _finer)


def refine(model: type, kinds: Mapping[str, Mapping[str, Any]]) -> None:
    """Count rows of a counted class under further kinds: ``{"household.living": {"kind": "living", "valid_to": None}}``.

    A kind begins with the name of its table and a dot.
    """
    for name, wanted in kinds.items():
        _add_kind(model, Kind(name, dict(wanted)))


def spread(model: type, name: str, by: tuple[str, ...], wanted: Mapping[str, Any] | None = None) -> None:
    """Count rows of a class bound to an area under a kind for each value of some columns: ``("campaign_id", "state")``
    counts ``name.7.todo``. A date counts by its month (``name.202611``); a row with None there is not counted.
    """
    _add_kind(model, Kind(name, dict(wanted or {}), by))


def month(name: str, day: date) -> str:
    """The kind under which ``spread`` counts rows with a date of this month."""
    return f"{name}.{_token(day)}"


def _token(value: Any) -> str | None:
    if isinstance(value, date):
        return str(value.year * 100 + value.month)
    return None if value is None else str(value)


def _add_kind(model: type, kind: Kind) -> None:
    kept = [one for one in _finer.get(model, []) if one.name != kind.name]
    _finer[model] = [*kept, kind]
    _keep_old_values(inspect(model), model)


@event.listens_for(Mapper, "mapper_configured")
def _keep_old_values(_mapper: Mapper[Any], model: type) -> None:
    """Setting an expired attribute must not lose its old value: the counter of the old place has to go down."""
    for key in keys_of(model) if is_counted(model) else ():
        impl = getattr(getattr(model, key), "impl", None)
        if impl is not None:
            impl.active_history = True


def places(model: type, values: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """The counters a row with these values stands in; none when it is deleted or has no area."""
    if values.get("area_id") is None or values.get("deleted_at") is not None:
        return
    yield model.__tablename__, values["area_id"]  # type: ignore[attr-defined]
    for finer in _finer.get(model, ()):
        kind = finer.of(values)
        if kind is not None:
            yield kind, values["area_id"]


def moved(model: type, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Deltas:
    """What one row's change does to the counters; None stands for “not there”."""
    deltas: Deltas = Counter()
    if old is not None:
        deltas.subtract(places(model, old))
    if new is not None:
        deltas.update(places(model, new))
    return deltas


def keys_of(model: type) -> set[str]:
    """Attributes on which the counters of a class depend."""
    own = {"area_id", "deleted_at"} if issubclass(model, Deletable) else {"area_id"}
    return own.union(*(set(kind.wanted) | set(kind.by) for kind in _finer.get(model, ())))
