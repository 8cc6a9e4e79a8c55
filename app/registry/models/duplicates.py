"""Two records of one person: found by rules that are data, settled in a queue, merged with a way back (S4-61)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text, and_, select, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.areas.models import Area
from app.core import scope
from app.core.actor import Actor
from app.core.crypto import EncryptedJson
from app.core.models import BigKey, Instant, Record, StepBase, Table, Versioned, args
from app.registry.models.people import Person, visible_persons


class DuplicateRule(Record):
    """What makes two records suspicious: same document, same name and birth date, same pinyin and birth date,
    same phone. Strong ones are asked about at entry, all of them fill the queue.

    ``conditions`` are names of rules/duplicates.py with a comma between; all of them must hold. ``weight`` is 1–100.
    """

    __tablename__ = "duplicate_rule"

    code: Mapped[str] = mapped_column(String(24), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    conditions: Mapped[str] = mapped_column(String(160))
    weight: Mapped[int] = mapped_column(Integer)
    at_entry: Mapped[bool] = mapped_column(Boolean, default=False)
    is_on: Mapped[bool] = mapped_column(Boolean, default=True)

    def __str__(self) -> str:
        return self.name


class DuplicatePair(Versioned, Table):
    """Two records that may be one person. ``first_id`` < ``second_id``; seen by whoever sees both.

    ``common_area_id`` is the lowest area above both records: who works there settles the pair. ``basis`` holds, for
    each rule that fired, a keyed digest of what the rule looked at: a pair found different comes back only when a
    rule fires that did not, or looks at something else than it did.
    """

    __tablename__ = "duplicate_pair"
    __table_args__ = args(
        Index("uq_duplicate_pair", "first_id", "second_id", unique=True),
        Index("ix_duplicate_pair_state", "state", "weight", "id"),
    )

    first_id: Mapped[int] = mapped_column(BigKey, ForeignKey("person.id"))
    second_id: Mapped[int] = mapped_column(BigKey, ForeignKey("person.id"), index=True)
    rules: Mapped[str] = mapped_column(String(120))  # codes of the rules that fired, with a comma between
    weight: Mapped[int] = mapped_column(Integer, default=0)
    basis: Mapped[str] = mapped_column(Text, default="")
    found_by: Mapped[str] = mapped_column(String(12))  # entry import scan hand
    common_area_id: Mapped[int] = mapped_column(BigKey, ForeignKey("area.id"), index=True)
    is_across: Mapped[bool] = mapped_column(Boolean, default=False)  # nobody in the communities sees both
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(12), default="open")  # open different merged
    first: Mapped[Person] = relationship(foreign_keys=[first_id])
    second: Mapped[Person] = relationship(foreign_keys=[second_id])
    common_area: Mapped[Area] = relationship()


def _both_seen(actor: Actor, *columns: Any) -> Any:
    if not actor.sees_persons:
        return ~true()
    if actor.whole_site:
        return true()
    return and_(*(column.in_(visible_persons(actor)) for column in columns))


scope.guard(
    DuplicatePair,
    lambda actor: _both_seen(actor, DuplicatePair.first_id, DuplicatePair.second_id),
    whole_site=True,
)


class DuplicateStep(StepBase):
    """Found, found different, merged, taken apart again; visible with the pair."""

    __tablename__ = "duplicate_step"

    pair_id: Mapped[int] = mapped_column(BigKey, ForeignKey("duplicate_pair.id"), index=True)

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "pair_id", DuplicatePair


def _pair_steps(actor: Actor) -> Any:
    pair = Model.metadata.tables["duplicate_pair"]
    seen = _both_seen(actor, pair.c.first_id, pair.c.second_id)
    return DuplicateStep.pair_id.in_(select(pair.c.id).where(seen))


scope.guard(DuplicateStep, _pair_steps, whole_site=True)


class PersonMerge(Table):
    """Two records made one: which stays, which goes, and every row that was moved, so that it can be undone."""

    __tablename__ = "person_merge"

    pair_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("duplicate_pair.id"), index=True)
    kept_id: Mapped[int] = mapped_column(BigKey, ForeignKey("person.id"), index=True)
    gone_id: Mapped[int] = mapped_column(BigKey, ForeignKey("person.id"), index=True)
    gone_name: Mapped[str] = mapped_column(String(50))
    reason: Mapped[str] = mapped_column(String(200))
    moved: Mapped[Any] = mapped_column(EncryptedJson("person_merge.moved"))
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_by: Mapped[int | None] = mapped_column(Integer)
    undo_reason: Mapped[str | None] = mapped_column(String(200))
    kept: Mapped[Person] = relationship(foreign_keys=[kept_id])

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "kept_id", Person


scope.guard(PersonMerge, lambda actor: _both_seen(actor, PersonMerge.kept_id), whole_site=True)
