"""Row scope: one guard at the session, not one per view (guards, section 1).

Reads: every ORM select, update and delete gets the criterion of each guarded class that it touches.
Writes: every new, changed and deleted guarded row must be inside the scope before *and* after the flush.
No actor means nothing is visible and nothing can be written. ``unscoped(reason)`` is the one way around; an
architecture test holds the list of its callers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import bindparam, event, false, or_, select
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.attributes import get_history
from sqlalchemy.sql import ColumnElement, Select

from app.core.actor import Actor, as_actor, current_actor
from app.core.criteria import Criteria, by_key, guarded, steady
from app.core.errors import NotAllowed, NotFound
from app.core.models import Deletable, Scoped, SharedBelow, Stamped, StepBase
from app.core.proofs import is_as_parent, judged_by_area, parents, proofs
from app.core.session import PlainGuardedSession

Criterion = Callable[[Actor], Any]


@dataclass(frozen=True, slots=True)
class Guard:
    """How rows of a class (or mixin) are scoped: ``build(actor)`` gives a criterion or a lambda over the class."""

    target: type
    build: Criterion
    whole_site: bool = False
    readers: bool = False


_guards: list[Guard] = []


def guard(target: type, build: Criterion, **how: bool) -> None:
    """Register the criterion of a guarded class that is not scoped by its own ``area_id``.

    ``build(actor)`` returns ``lambda cls: …`` for a mixin (closure values must be plain values or SQL expressions), an
    expression on the class itself, or None for “no restriction”. ``whole_site`` guards bind even an actor of the whole
    site (named grants …). ``readers``: own things such as saved views, which a role that only reads keeps as well.
    """
    _guards.append(Guard(target, build, **how))
    _options.cache_clear()


# the areas of the criteria that are being built together: one sub-select, so that its values are bound once, not with
# each of forty criteria; never shared with anything outside of them
_together: ContextVar[dict[Actor, Select[Any]] | None] = ContextVar("geban_areas_together", default=None)


def visible_areas(actor: Actor) -> Select[Any]:
    """Sub-select of the area ids in the actor's subtrees (path is compared in collation C)."""
    together = _together.get()
    made = _visible_areas(actor)
    return made if together is None else together.setdefault(actor, made)


def _visible_areas(actor: Actor) -> Select[Any]:
    area = Model.metadata.tables["area"]
    if not actor.ranges:
        return select(area.c.id).where(false())
    return select(area.c.id).where(or_(*(area.c.path.between(lo, hi) for lo, hi in actor.ranges)))


def _by_area(actor: Actor) -> Any:
    areas = visible_areas(actor)
    return lambda cls: cls.area_id.in_(areas)


_guards.append(Guard(Scoped, _by_area))


def guarded_by(cls: type) -> list[Guard]:
    """The guards that apply to a mapped class."""
    return [g for g in _guards if issubclass(cls, g.target)]


def is_guarded(cls: type) -> bool:
    """Whether rows of a mapped class are hidden from actors outside their scope."""
    return bool(guarded_by(cls))


def session_actor(session: Session) -> Actor:
    """The actor of a session: fixed for sessions opened by acting_as/unscoped, the context's otherwise."""
    return session.info.get("actor") or current_actor()


@lru_cache(maxsize=512)
def _options(actor: Actor, keyed: bool, with_deleted: bool) -> Criteria | None:
    """The criteria of an actor. Actors are values and criteria depend on nothing else, so they are built once: made
    anew for each statement they cost about 3 ms of CPU, more than the statement.
    """
    if actor.is_system:
        return None if with_deleted else not_deleted()
    token = _together.set({})
    try:
        options = _criteria(actor, keyed, with_deleted)
    finally:
        _together.reset(token)
    return Criteria(options) if options else None


def _criteria(actor: Actor, keyed: bool, with_deleted: bool) -> list[Any]:
    options: list[Any] = [] if with_deleted else [_hide_deleted()]
    for g in _guards:
        if actor.whole_site and not g.whole_site:
            continue
        criterion = g.build(actor)
        if criterion is None:
            continue
        if keyed:
            criterion = by_key(criterion)
        options.append(with_loader_criteria(g.target, criterion, include_aliases=True))
    return options


@lru_cache(maxsize=1)
def not_deleted() -> Criteria:
    """What every statement gets that runs without row scope; one that is built once may carry it from the start."""
    return Criteria([_hide_deleted()])


@lru_cache(maxsize=1)
def _hide_deleted() -> Any:
    return with_loader_criteria(Deletable, lambda cls: cls.deleted_at.is_(None), include_aliases=True)


@event.listens_for(PlainGuardedSession, "do_orm_execute")
def _scope_reads(state: ORMExecuteState) -> None:
    if state.is_column_load:
        return
    asked = state.execution_options
    keyed, with_deleted = bool(asked.get("by_key")), bool(asked.get("with_deleted"))
    criteria = _options(session_actor(state.session), keyed, with_deleted)
    statement: Any = state.statement
    # the statements of relationship loaders bring the options of their parent along
    if criteria is not None and criteria not in statement._with_options:
        state.statement = guarded(statement, criteria)


# --- writes ---------------------------------------------------------------------------------------------------


def _area_path(session: Session, area_id: int) -> str:
    """Path of an area, remembered for the transaction (areas move only by planned jobs)."""
    paths: dict[int, str] = session.info.setdefault("area_paths", {})
    if area_id not in paths:
        area = Model.metadata.tables["area"]
        found = session.connection().execute(select(area.c.path).where(area.c.id == area_id)).scalar()
        if found is None:
            raise NotFound()
        paths[area_id] = found
    return paths[area_id]


def _touched_areas(row: Any, *, new: bool) -> set[int]:
    """Area ids that a write concerns: old and new one of a row of an area, only a newly given one of the others."""
    history = get_history(row, "area_id")
    touched = set(history.added)
    if isinstance(row, Scoped | SharedBelow):
        touched |= {*history.unchanged, *history.deleted}
    if new and row.area_id is None:
        touched.add(getattr(getattr(row, "area", None), "id", None))
    return {a for a in touched if a is not None}


def _must_see(session: Session, wanted: Iterable[tuple[type, int]]) -> None:
    """Each (class, key) must satisfy the guard in the database as it is now: one SELECT per class."""
    by_class: dict[type, set[int]] = {}
    for cls, key in wanted:
        by_class.setdefault(cls, set()).add(key)
    with session.no_autoflush:
        for cls, ids in by_class.items():
            if ids - set(session.scalars(_seeing(cls), {"ids": list(ids)})):
                raise NotAllowed()


@lru_cache(maxsize=1024)
def _seeing(cls: Any) -> Any:
    query = select(cls.id).where(cls.id.in_(bindparam("ids", expanding=True)))
    return steady(query.execution_options(with_deleted=True, by_key=True))


@lru_cache(maxsize=2048)
def _kind(cls: type, _guards_known: int) -> tuple[bool, bool, bool]:
    found = guarded_by(cls)
    return bool(found), is_as_parent(cls, [g.target for g in found]), any(g.readers for g in found)


def stands_with_parent(cls: type) -> bool:
    """Whether rows of a guarded class are seen exactly when their parent is (core/proofs.py)."""
    return _kind(cls, len(_guards))[1]


def _kind_of(row: Any) -> tuple[bool, bool, bool]:
    """Guarded? Seen as its parent is? Somebody's own thing? Remembered while no guard is added: asked in every flush."""
    cls: type = type(row)
    return _kind(cls, len(_guards))


@event.listens_for(PlainGuardedSession, "before_flush")
def _scope_writes(session: Session, _context: Any, _instances: Any) -> None:
    actor = session_actor(session)
    changed = [r for r in session.dirty if session.is_modified(r)] + list(session.deleted)
    _stamp(session, actor, changed)
    new = [r for r in session.new if _kind_of(r)[0]]
    old = [r for r in changed if _kind_of(r)[0]]
    if actor.is_system or not (new or old):
        return
    if actor.read_only and not all(_kind_of(r)[2] for r in (*new, *old)):
        raise NotAllowed()
    for row in () if actor.whole_site else (*new, *old):
        if judged_by_area(row, actor):
            for area_id in _touched_areas(row, new=row in session.new):
                if not actor.covers(_area_path(session, area_id)):
                    raise NotAllowed()
    touched = ((type(r), r.id) for r in old if not isinstance(r, Scoped))
    _must_see(session, (*touched, *parents(new)))
    session.info.setdefault("recheck", []).extend(r for r in new if not isinstance(r, Scoped))


@event.listens_for(PlainGuardedSession, "after_flush_postexec")
def _scope_written(session: Session, _context: Any) -> None:
    """New rows that are scoped by something else than their own area must have landed inside the scope."""
    rows = session.info.pop("recheck", [])
    _must_see(session, proofs((r for r in rows if r in session), stands_with_parent))


def _stamp(session: Session, actor: Actor, changed: Iterable[Any]) -> None:
    for row in session.new:
        if isinstance(row, Stamped) and row.created_by is None:
            row.created_by = actor.user_id
        if isinstance(row, StepBase) and row.by_user is None:
            row.by_user, row.by_label, row.by_role = actor.user_id, row.by_label or actor.label, actor.role
    for row in changed:
        if isinstance(row, Stamped):
            row.updated_by = actor.user_id


@event.listens_for(PlainGuardedSession, "after_rollback")
def _forget(session: Session) -> None:
    for name in ("recheck", "area_paths"):
        session.info.pop(name, None)


# --- other scopes ---------------------------------------------------------------------------------------------

_factory: list[Callable[[], Session]] = []


def use_sessions(factory: Callable[[], Session]) -> None:
    """Install the session factory of this process (create_app)."""
    _factory[:] = [factory]


@contextmanager
def acting_as(actor: Actor) -> Iterator[Session]:
    """A new session on behalf of ``actor``: the identity map of another scope must not leak into it."""
    session = _factory[0]()
    session.info["actor"] = actor
    try:
        with as_actor(actor):
            yield session
    finally:
        session.close()


@contextmanager
def unscoped(reason: str) -> Iterator[Session]:
    """A new session without row scope; ``reason`` is greppable and stands in the audit, as does the human behind it."""
    human = current_actor()
    system = Actor(
        user_id=human.user_id,
        staff_id=human.staff_id,
        label=human.label or "system",
        role=human.role,
        origin=human.origin,
        address=human.address,
        read_only=False,
        system_reason=reason,
    )
    with acting_as(system) as session:
        yield session


def in_scope(column: ColumnElement[Any], actor: Actor) -> ColumnElement[bool]:
    """``column`` (an area id) lies in the actor's areas: for queries on Core tables in allow-listed places."""
    return column.in_(visible_areas(actor))
