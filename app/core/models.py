"""Column types and mixins that every table of ours is made of (house, section 3: Keys, Time, History)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Self

import uuid_utils
from flask_appbuilder import Model
from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Index, Integer, String, Text, event, text
from sqlalchemy.orm import Mapped, Mapper, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from app.core import clock
from app.core.actor import Actor

Model.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

BigKey = BigInteger().with_variant(Integer, "sqlite")


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. A naive datetime is refused: nobody could say which clock it was read from."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime refused: give it a time zone (core.clock.now())")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_uid() -> str:
    """A UUIDv7: public address of a row in URLs, API, sheets and offline packs."""
    return str(uuid_utils.uuid7())


def coded(*, list_name: str | None = None, nullable: bool = True, **kw: Any) -> Any:
    """A column that holds a code of the code list ``list_name`` (data, validated by the form, never renumbered)."""
    return mapped_column(
        String(24), nullable=nullable, info={"code_list": list_name} if list_name else {}, **kw
    )


class Keyed:
    """Surrogate key of 64 bits plus a public uid. SQLite never reuses a key (audit and QR point at rows)."""

    __table_args__: Any = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, sort_order=-20)
    # many new rows go in by one statement: the uid tells which of the keys that come back is whose (SQLite)
    uid: Mapped[str] = mapped_column(
        String(36), default=new_uid, unique=True, insert_sentinel=True, sort_order=-19
    )


class Stamped:
    """Who made the row and who changed it last; filled by the session guard, not by views."""

    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now, sort_order=90)
    created_by: Mapped[int | None] = mapped_column(Integer, sort_order=91)
    updated_at: Mapped[datetime] = mapped_column(
        Instant, default=clock.now, onupdate=clock.now, sort_order=92
    )
    updated_by: Mapped[int | None] = mapped_column(Integer, sort_order=93)


class Versioned:
    """Optimistic lock: the form carries the version it was opened with, the second writer is told."""

    version: Mapped[int] = mapped_column(Integer, default=1, sort_order=94)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


class Deletable:
    """Deleting is a reasoned step that can be undone; the guard hides such rows (guards, section 1).

    ``deleted_step`` names the step that took the row away (core.removal); empty where somebody deleted it.
    """

    deleted_at: Mapped[datetime | None] = mapped_column(Instant, active_history=True, sort_order=95)
    deleted_by: Mapped[int | None] = mapped_column(Integer, sort_order=96)
    delete_reason: Mapped[str | None] = mapped_column(String(200), sort_order=97)
    deleted_step: Mapped[str | None] = mapped_column(String(12), sort_order=98)


class Period:
    """Valid from/to as local days; ``valid_to`` is the last day, open when NULL."""

    valid_from: Mapped[date | None] = mapped_column(Date, sort_order=80)
    valid_to: Mapped[date | None] = mapped_column(Date, sort_order=81)

    def is_valid_on(self, day: date) -> bool:
        """Whether the row is in force on a local day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


class AreaBound:
    """Belongs to an area. A plain annotated column, not a declared_attr: the guard's lambda reads it on the mixin."""

    area_id: Mapped[int] = mapped_column(BigKey, ForeignKey("area.id"), active_history=True, sort_order=-10)


class Scoped(AreaBound):
    """Visible and writable only inside the actor's areas (core/scope.py adds the criterion to every statement)."""


class SharedBelow(AreaBound):
    """Read in its area and in everything below it, too; written only inside the actor's areas (app/areas/shared.py)."""


class Table(Keyed, Stamped, Model):
    """What nearly every table of ours starts from."""

    __abstract__ = True


class Record(Versioned, Deletable, Table):
    """A table that people edit: optimistic lock and recycle bin."""

    __abstract__ = True


@event.listens_for(Mapper, "after_mapper_constructed")
def _index_area(mapper: Mapper[Any], cls: type) -> None:
    """Every area-bound table is read by area in key order: give it the index (area_id, id)."""
    if issubclass(cls, AreaBound) and "area_id" in mapper.columns and cls.__name__ not in {"Table", "Record"}:
        table: Any = mapper.local_table  # typed as any selectable; here it is a table
        name = f"ix_{table.name}_area_id_id"
        if not any(i.name == name for i in table.indexes):
            Index(name, table.c.area_id, table.c.id)


def args(*items: Any) -> tuple[Any, ...]:
    """``__table_args__`` with the constraints given and the key rule of ``Keyed``."""
    return (*items, Keyed.__table_args__)


def live(*columns: str, name: str, unique: bool = True, where: str = "deleted_at IS NULL") -> Index:
    """A (unique) index over rows that are not deleted, on both databases."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


class Confirmed:
    """Where the record comes from and who confirmed it last on which day (一数一源, S4-54; S3-18)."""

    source: Mapped[str | None] = coded(list_name="data_source", sort_order=85)
    confirmed_on: Mapped[date | None] = mapped_column(Date, sort_order=86)
    confirmed_by: Mapped[int | None] = mapped_column(Integer, sort_order=87)


class AppendOnly:
    """Rows that are written once: the database itself refuses to change or delete them (app/audit/triggers.py)."""


class StepBase(AppendOnly, Keyed, Model):
    """One transition of a state machine: who, when, from, to, why. Append-only (house: History is rows)."""

    __abstract__ = True

    at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    by_user: Mapped[int | None] = mapped_column(Integer)
    by_label: Mapped[str] = mapped_column(String(80), default="")
    by_role: Mapped[str] = mapped_column(String(40), default="")
    action: Mapped[str] = mapped_column(String(40))
    from_state: Mapped[str | None] = mapped_column(String(40))
    to_state: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(Text)

    @classmethod
    def of(
        cls,
        action: str,
        before: str | None,
        after: str,
        *,
        actor: Actor,
        now: datetime,
        reason: str | None = None,
        **own: Any,
    ) -> Self:
        """A row for a step that was taken; ``own`` names the record and what this kind of row says beside."""
        return cls(
            at=now,
            by_user=actor.user_id,
            by_label=actor.label,
            by_role=actor.role,
            action=str(action),
            from_state=str(before) if before else None,
            to_state=str(after),
            reason=(reason or "").strip() or None,
            **own,
        )
