"""Many options that cost a statement as much as one (speed.md).

SQLAlchemy asks each option of each statement for its cache key, and thirty of them took longer to say theirs than the
statement to run. What they would say never changes, so it is asked once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm.interfaces import CompileStateOption, CriteriaOption
from sqlalchemy.sql import Select
from sqlalchemy.sql.cache_key import CacheKey
from sqlalchemy.sql.operators import in_op

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
    What the inner lambda closes over therefore stands in the outer closure too, where it is part of the key.
    """
    if not callable(build):
        return _by_key(build)
    closed_over = tuple(cell.cell_contents for cell in build.__closure__ or ())
    return lambda cls: _by_key((build(cls), closed_over)[0])


def _by_key(criterion: Any) -> Any:
    """``EXISTS`` in place of ``IN``, for statements that name their rows by key: a look-up for each of them, where
    SQLite would first gather everything that the actor may see.
    """
    chosen = getattr(getattr(criterion, "right", None), "element", None)
    if getattr(criterion, "operator", None) is not in_op or not isinstance(chosen, Select):
        return criterion
    froms = chosen.get_final_froms()
    mine = getattr(criterion.left.table, "name", None)  # None only while SQLAlchemy looks a lambda over
    if mine in {getattr(f, "name", "") for f in froms}:  # the two would be taken for one another
        return criterion
    (column,) = chosen.selected_columns
    found = chosen.where(column == criterion.left).with_only_columns(column).correlate_except(*froms)
    return found.exists()
