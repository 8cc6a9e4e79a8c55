"""Many options that cost a statement as much as one (speed.md).

SQLAlchemy asks each option of each statement for its cache key, and thirty of them took longer to say theirs than the
statement to run. What they would say never changes, so it is asked once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.orm.interfaces import CompileStateOption, CriteriaOption
from sqlalchemy.sql import Select
from sqlalchemy.sql.cache_key import CacheKey
from sqlalchemy.sql.operators import in_op
from sqlalchemy.sql.visitors import replacement_traverse

# the shape of all criteria of an actor → its number; a number is never given twice, whatever threads do
_shapes: dict[tuple[Any, ...], int] = {}
_numbers = itertools.count()
KEY = "_generate_cache_key"


class _Bundle:
    """``token`` stands for the shape of all options, ``binds`` are their values, which the statement cache takes out of
    the key as from any other statement.
    """

    def __init__(self, options: Iterable[Any]) -> None:
        self.options = tuple(options)
        keys = [option._generate_cache_key() for option in self.options]
        if None in keys:
            raise TypeError("an option that cannot be cached would be compiled for each statement anew")
        binds = [bind for key in keys for bind in key.bindparams]
        once = {bind: at for at, bind in enumerate(dict.fromkeys(binds))}
        # which of them are the same value is part of the shape: the statement cache goes by their places
        shape = (*(key.key for key in keys), *(once[bind] for bind in binds))
        self.token = _shapes.setdefault(shape, next(_numbers))
        self.binds = list(once)

    def _gen_cache_key(self, anon_map: Any, bindparams: list[Any]) -> tuple[Any, ...]:
        bindparams.extend(self.binds)
        return (type(self), self.token)


class Loads(_Bundle, CompileStateOption):
    """What a list reads and what it leaves out: the options of one view, the same for every request."""

    propagate_to_loaders = True

    def process_compile_state(self, compile_state: Any) -> None:
        for option in self.options:
            option.process_compile_state(compile_state)

    def process_compile_state_replaced_entities(self, compile_state: Any, mapper_entities: Any) -> None:
        for option in self.options:
            option.process_compile_state_replaced_entities(compile_state, mapper_entities)


class Criteria(_Bundle, CriteriaOption):
    """Many loader criteria as one option of a statement."""

    def process_compile_state(self, compile_state: Any) -> None:
        self.get_global_criteria(compile_state.global_attributes)

    def process_compile_state_replaced_entities(self, compile_state: Any, mapper_entities: Any) -> None:
        self.process_compile_state(compile_state)

    def get_global_criteria(self, attributes: dict[Any, Any]) -> None:
        """Hand each class its criteria; what the statement of a loader brings along already is not doubled."""
        for option in self.options:
            for mapper in option._all_mappers():
                criteria = attributes.setdefault(("additional_entity_criteria", mapper), [])
                if option not in criteria:
                    criteria.append(option)


def steady(statement: Any) -> Any:
    """A statement that is built once and runs with each request: its cache key is asked for once.

    A statement made from it (with options, with filters) forgets the key, as SQLAlchemy's own memos do; with the
    criteria of an actor it gets a new one (``guarded``).
    """
    return _keyed(statement, statement._generate_cache_key())


def _keyed(statement: Any, key: CacheKey) -> Any:
    statement.__dict__[KEY] = lambda: key
    statement._memoized_keys = statement._memoized_keys | {KEY}
    return statement


def guarded(statement: Any, criteria: Criteria) -> Any:
    """The statement with the criteria of an actor. The key of a steady one is put together out of the two keys."""
    found = statement.options(criteria)
    if KEY not in statement.__dict__:
        return found
    known = statement.__dict__[KEY]()
    key = (steady, known.key, criteria.token)
    return _keyed(found, CacheKey(key, [*known.bindparams, *criteria.binds], known.params))


def by_key(build: Any) -> Any:
    """A criterion, or a lambda that makes one, for statements that name their rows by key (execution option
    ``by_key``).

    SQLAlchemy keys a lambda in a closure by its code alone, so the criterion of one actor would serve the next.
    What the inner lambda closes over therefore stands in the outer closure too, where it is part of the key. It must be
    used as it is: SQLAlchemy would not find the values of a copy again.
    """
    if not callable(build):
        return _by_key(build, _inside_too)
    closed_over = tuple(cell.cell_contents for cell in build.__closure__ or ())
    return lambda cls: _by_key((build(cls), closed_over)[0], lambda chosen: chosen)


def _by_key(criterion: Any, prepared: Callable[[Any], Any]) -> Any:
    """``EXISTS`` in place of ``IN``, for statements that name their rows by key: a look-up for each of them, where
    SQLite would first gather everything that the actor may see. ``prepared`` does what is to be done inside.
    """
    chosen = _chosen(criterion)
    if chosen is None:
        return criterion
    froms = chosen.get_final_froms()
    mine = getattr(criterion.left.table, "name", None)  # None only while SQLAlchemy looks a lambda over
    if mine in {getattr(f, "name", "") for f in froms}:
        # “the key is one of the rows of this table that …” is “…” itself; else the two would be taken for one another
        is_itself = prepared is _inside_too and len(froms) == 1 and chosen.whereclause is not None
        return prepared(chosen.whereclause) if is_itself else criterion
    return _looked_up(criterion.left, prepared(chosen))


def _chosen(criterion: Any) -> Select[Any] | None:
    """The sub-select of an ``IN``; None for any other criterion."""
    chosen = getattr(getattr(criterion, "right", None), "element", None)
    is_in = getattr(criterion, "operator", None) is in_op
    return chosen if is_in and isinstance(chosen, Select) else None


def _looked_up(left: Any, chosen: Select[Any]) -> Any:
    """``EXISTS`` for “this column is among those chosen”."""
    (column,) = chosen.selected_columns
    froms = chosen.get_final_froms()
    return chosen.where(column == left).with_only_columns(column).correlate_except(*froms).exists()


def _inside_too(chosen: Any) -> Any:
    """The same for each ``IN`` inside: the events of somebody are looked up, and so are the people in them."""
    return replacement_traverse(chosen, {}, _inside)


def _inside(element: Any, **_how: Any) -> Any:
    """What stands in the place of an element; None leaves it. The few areas of an actor are gathered more quickly."""
    chosen = _chosen(element)
    if chosen is None:
        return None
    names = {getattr(f, "name", "") for f in chosen.get_final_froms()}
    if names == {"area"} or getattr(element.left.table, "name", "") in names:
        return None
    return _looked_up(element.left, _inside_too(chosen))


def tell_values_once(dialect: Dialect) -> None:
    """A value of the criteria stands in a statement as often as they do, and SQLAlchemy asks in each run which of its copies
    are the same: each question makes an expression. What the first compilation found is told apart once.
    """

    class Once(dialect.statement_compiler):  # type: ignore[name-defined]
        def __init__(self, *args: Any, **how: Any) -> None:
            super().__init__(*args, **how)
            for bind, copies in (self._cache_key_bind_match or ({},))[0].items():
                copies[:] = dict.fromkeys([bind, *copies])

    dialect.statement_compiler = Once
