"""What the session guard has to see of rows that are written: the row itself, or what it hangs on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from app.core.actor import Actor
from app.core.models import AreaBound, Scoped

Proof = tuple[type, int]
_own_things: list[Callable[[Any], bool]] = []


def own_things(test: Callable[[Any], bool]) -> None:
    """Rows that a department, which has no areas, writes as its own although they lie in some area; called while modules
    load. Their guard alone judges them, after the flush as everywhere.
    """
    _own_things.append(test)


def judged_by_area(row: Any, actor: Actor) -> bool:
    """Whether the area of a row has to be one of the actor's."""
    if not isinstance(row, AreaBound) or isinstance(row, Scoped):
        return isinstance(row, AreaBound)
    is_department = bool(actor.org_unit_ids) and not actor.ranges
    return not (is_department and any(test(row) for test in _own_things))


def parents(rows: Iterable[Any]) -> Iterator[Proof]:
    """Existing parents of new rows: hanging a child on a row is a write on that row."""
    for row in rows:
        if hasattr(row, "__scope_parent__"):
            column, parent = row.__scope_parent__()
            if getattr(row, column) is not None:
                yield parent, getattr(row, column)


def is_as_parent(cls: type, mixins: Iterable[type]) -> bool:
    """Whether rows of a class are seen exactly when their parent is: nothing guards them but one mixin that says so.

    Such a mixin has ``__scope_as_parent__ = True``, and its criterion is the one of its parent over the foreign key.
    """
    own: Any = cls
    said = [vars(mixin) for mixin in mixins]
    if len(said) != 1 or not said[0].get("__scope_as_parent__"):
        return False
    return bool(own.__scope_parent__.__func__ is said[0]["__scope_parent__"].__func__)


def proofs(rows: Iterable[Any], as_parent: Callable[[type], bool]) -> Iterator[Proof]:
    """What has to be seen of new rows: the parent, once for all its children, where that says the same."""
    for row in rows:
        cls: type = type(row)
        if as_parent(cls):
            column, parent = row.__scope_parent__()
            yield parent, getattr(row, column)
        else:
            yield cls, row.id
