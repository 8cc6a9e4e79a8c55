"""The second wall: PostgreSQL itself hides what stands encrypted about a person from a role that owns nothing (ADR 0008).

The session guard decides in every statement; this holds when somebody goes round it. Two settings of the transaction say
who asks; the policies read them. ``flask grants --role NAME --apply`` builds the wall. For the owner of the tables, who
migrates and never serves, it does not stand, and SQLite has none.
"""

from __future__ import annotations

from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import ORMExecuteState, Session

from app.core.actor import Actor
from app.core.crypto import EncryptedJson, EncryptedText
from app.core.scope import session_actor
from app.core.session import PlainGuardedSession
from app.registry.models import GroupVisit, PersonGroup
from app.registry.models.people import PersonChild

ALL = "everybody"
POLICY = "geban_wall"
# for a backup, which takes every row
EVERYTHING = ("geban.persons=everybody", "geban.grants=everybody")
_TELL = text("SELECT set_config('geban.persons', :persons, true), set_config('geban.grants', :grants, true)")
_IS_UP = text("SELECT row_security_active(to_regclass('person_document'))")
_TIED = """(current_setting('geban.persons', true) = 'everybody' OR EXISTS (
  SELECT 1 FROM person_area tie JOIN area ON area.id = tie.area_id
  JOIN unnest(string_to_array(current_setting('geban.persons', true), ',')) AS reach
    ON area.path BETWEEN split_part(reach, ':', 1) AND split_part(reach, ':', 2)
  WHERE tie.person_id = {table}.person_id AND tie.valid_to IS NULL
) OR NOT EXISTS (SELECT 1 FROM person_area tie WHERE tie.person_id = {table}.person_id))"""
_GRANTED = """ AND (level <> 'L5' OR current_setting('geban.grants', true) = 'everybody'
  OR group_code = ANY (string_to_array(current_setting('geban.grants', true), ',')))"""
_WITH_GROUP = "EXISTS (SELECT 1 FROM person_group WHERE person_group.id = group_visit.group_id)"


def walled() -> dict[str, str]:
    """Table → the condition under which its rows are seen: every table with an encrypted column that hangs on a person.

    A person of whom nothing says yet where they belong (in the middle of being entered) is seen; the tie comes with the
    same transaction.
    """
    found = {}
    for mapper in Model.registry.mappers:
        cls, table = mapper.class_, mapper.local_table
        if issubclass(cls, PersonChild) and any(
            isinstance(column.type, EncryptedText | EncryptedJson) for column in table.columns
        ):
            condition = _TIED.format(table=mapper.class_.__tablename__)
            found[cls.__tablename__] = condition + (_GRANTED if issubclass(cls, PersonGroup) else "")
    # the policy of the group is asked again there: its person, its level
    found[GroupVisit.__tablename__] = _WITH_GROUP
    return dict(sorted(found.items()))


def statements() -> list[str]:
    """DDL that builds the wall, the same however often it is run. It names no role, so a backup restores anywhere."""
    found = []
    for table, condition in walled().items():
        found += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"DROP POLICY IF EXISTS {POLICY} ON {table}",
            f"CREATE POLICY {POLICY} ON {table} USING ({condition})",
        ]
    return found


def said_of(actor: Actor) -> dict[str, str]:
    """The settings for an actor: ranges of area paths or ``everybody`` (empty: no person); the level 5 groups granted."""
    if actor.is_system:
        return {"persons": ALL, "grants": ALL}
    ranges = ALL if actor.whole_site else ",".join(f"{lo}:{hi}" for lo, hi in actor.ranges)
    return {"persons": ranges if actor.sees_persons else "", "grants": ",".join(sorted(actor.named_groups))}


_up: dict[int, bool] = {}


def is_up(session: Session) -> bool:
    """Whether the role of this process stands before the wall; asked once a process."""
    bind: Any = session.get_bind()
    engine: Engine = bind.engine
    if engine.dialect.name != "postgresql":
        return False
    if id(engine) not in _up:
        with engine.connect() as connection:
            found = connection.execute(_IS_UP).scalar()
        if found is None:  # before the first migration there is no table yet
            return False
        _up[id(engine)] = found
    return _up[id(engine)]


def tell(session: Session, connection: Connection | None = None) -> None:
    """Tell the server who asks, once a transaction and again when the actor of the session changes in it."""
    if not is_up(session):
        return
    said = said_of(session_actor(session))
    if session.info.get("wall") != said:
        (connection or session.connection()).execute(_TELL, said)
        session.info["wall"] = said


@event.listens_for(PlainGuardedSession, "after_begin")
def _at_begin(session: Session, _transaction: Any, connection: Connection) -> None:
    tell(session, connection)


@event.listens_for(PlainGuardedSession, "do_orm_execute")
def _before_statement(state: ORMExecuteState) -> None:
    tell(state.session)


@event.listens_for(PlainGuardedSession, "before_flush")
def _before_flush(session: Session, _context: Any, _instances: Any) -> None:
    tell(session)


@event.listens_for(PlainGuardedSession, "after_transaction_end")
def _forget(session: Session, _transaction: Any) -> None:
    """The settings end with the transaction, and go back with a savepoint."""
    session.info.pop("wall", None)
