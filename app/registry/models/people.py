"""Person and what is dated about a person: documents, names, phones, areas, special groups, provenance."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Date, ForeignKey, Index, Integer, String, UniqueConstraint, event, false, select
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates
from sqlalchemy.sql import Select

from app.areas.models import Area
from app.core import reach, scope
from app.core.actor import Actor
from app.core.crypto import EncryptedJson, EncryptedText, blind
from app.core.extra.models import Extra
from app.core.models import (
    AreaBound,
    BigKey,
    Deletable,
    Instant,
    Period,
    Record,
    Table,
    Versioned,
    args,
    coded,
    live,
)
from app.core.pinyin import spell
from app.registry.models.closed import open_to


class Person(Extra, AreaBound, Record):
    """Anybody known to the registry: one row for life. ``area_id`` is the managing area; who may see the person
    is kept in ``PersonArea``. The name is stored as given. Fields follow GB/T 31000-2015, common person block.
    """

    __tablename__ = "person"
    __table_args__ = args(
        Index("ix_person_name", "name"),
        Index("ix_person_initials", "name_initials"),
        Index("ix_person_pinyin", "name_pinyin"),
        Index("ix_person_birth", "birth_date"),
        Index("ix_person_area_confirmed", "area_id", "confirmed_on"),
    )

    name: Mapped[str] = mapped_column(String(50))
    name_pinyin: Mapped[str | None] = mapped_column(String(200))
    name_initials: Mapped[str | None] = mapped_column(String(50))
    sex: Mapped[str | None] = coded(list_name="gender")
    birth_date: Mapped[date | None] = mapped_column(Date)
    birth_precision: Mapped[str] = mapped_column(String(5), default="day")  # day month year
    ethnic: Mapped[str | None] = coded(list_name="ethnic")
    nationality: Mapped[str | None] = mapped_column(String(3))
    native_place: Mapped[str | None] = mapped_column(String(60))
    marital: Mapped[str | None] = coded(list_name="marital")
    political_status: Mapped[str | None] = coded(list_name="political_status")
    education: Mapped[str | None] = coded(list_name="education")
    employment: Mapped[str | None] = coded(list_name="employment_status")
    occupation_class: Mapped[str | None] = coded(list_name="occupation_class")
    occupation: Mapped[str | None] = mapped_column(String(30))
    workplace: Mapped[str | None] = mapped_column(String(100))
    population_kind: Mapped[str | None] = coded(list_name="population_kind")
    consistency: Mapped[str | None] = coded(list_name="household_consistency")
    separation: Mapped[str | None] = coded(list_name="separation_kind")
    register_division: Mapped[str | None] = mapped_column(String(120))
    register_address: Mapped[str | None] = mapped_column(String(160))
    confirmed_on: Mapped[date | None] = mapped_column(Date)  # the oldest of the field groups in PersonSource
    merged_into_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("person.id"), index=True)
    died_on: Mapped[date | None] = mapped_column(Date)
    status: Mapped[str] = coded(list_name="record_status", default="effective", nullable=False)
    status_reason: Mapped[str | None] = coded(list_name="cancel_reason")
    note: Mapped[str | None] = mapped_column(String(300))

    found_as = ""  # said beside the name by the list that found the person by another one; never stored

    area: Mapped[Area] = relationship()
    documents: Mapped[list[PersonDocument]] = relationship(
        back_populates="person", order_by="PersonDocument.id"
    )
    names: Mapped[list[PersonName]] = relationship(back_populates="person", order_by="PersonName.id")
    phones: Mapped[list[PersonPhone]] = relationship(back_populates="person", order_by="PersonPhone.id")
    groups: Mapped[list[PersonGroup]] = relationship(back_populates="person", order_by="PersonGroup.id")
    areas: Mapped[list[PersonArea]] = relationship(back_populates="person", order_by="PersonArea.id")

    def __str__(self) -> str:
        return self.name


def visible_persons(actor: Actor) -> Select[Any]:
    """Sub-select of the persons who belong to one of the actor's areas today."""
    link = Model.metadata.tables["person_area"]
    return select(link.c.person_id).where(link.c.valid_to.is_(None), scope.in_scope(link.c.area_id, actor))


class PersonChild:
    """Something dated about a person; visible and writable with the person."""

    __scope_as_parent__ = True
    person_id: Mapped[int] = mapped_column(BigKey, ForeignKey("person.id"), index=True, sort_order=-9)

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "person_id", Person


def _persons(actor: Actor) -> Any:
    if not actor.sees_persons:
        return Person.id.in_(select(Person.__table__.c.id).where(false()))
    return None if actor.whole_site else Person.id.in_(visible_persons(actor))


def _person_children(actor: Actor) -> Any:
    if actor.whole_site and actor.sees_persons:
        return None
    ids = visible_persons(actor)
    if not actor.sees_persons:
        ids = ids.where(false())
    return lambda cls: cls.person_id.in_(ids)


def ids_of_seen(table: str, actor: Actor) -> Select[Any]:
    """Sub-select of the keys of a table's rows (with ``person_id``) whose person the actor sees: for grandchildren."""
    rows = Model.metadata.tables[table]
    keys = select(rows.c.id)
    if not actor.sees_persons:
        return keys.where(false())
    return keys if actor.whole_site else keys.where(rows.c.person_id.in_(visible_persons(actor)))


scope.guard(Person, _persons, whole_site=True)
scope.guard(PersonChild, _person_children, whole_site=True)


def _link() -> reach.Link:
    table = Model.metadata.tables["person_area"]
    return reach.Link(table.c.person_id, table.c.area_id, (table.c.valid_to.is_(None),))


reach.link(Person, _link)


class PersonArea(PersonChild, AreaBound, Period, Table):
    """Where a person belongs: managing, registered, residence, tenant, applicant. An open row (``valid_to``
    NULL) lets the area see the person; the guard reads this table.
    """

    __tablename__ = "person_area"
    __table_args__ = args(
        live("person_id", "area_id", "kind", name="uq_person_area_open", where="valid_to IS NULL"),
        live("area_id", "person_id", name="ix_person_area_open", unique=False, where="valid_to IS NULL"),
    )

    kind: Mapped[str] = mapped_column(String(12))
    person: Mapped[Person] = relationship(back_populates="areas")
    area: Mapped[Area] = relationship()


class PersonDocument(PersonChild, Period, Versioned, Deletable, Table):
    """A dated document of a person (ID card, passport, birth certificate …). None for a newborn is fine.

    The number is encrypted; ``number_index`` is the blind index of its normalised form. Legacy duplicates exist:
    ``dup_no`` > 0 needs a reason and opens a duplicate to settle.
    """

    __tablename__ = "person_document"
    __table_args__ = args(
        live("kind", "number_index", "dup_no", name="uq_person_document_live"),
        Index("ix_person_document_number", "number_index"),
    )

    kind: Mapped[str] = coded(list_name="id_document", nullable=False)
    number: Mapped[str] = mapped_column(EncryptedText("person_document.number"))
    number_index: Mapped[str] = mapped_column(String(32))
    dup_no: Mapped[int] = mapped_column(Integer, default=0)
    dup_reason: Mapped[str | None] = mapped_column(String(200))
    warning: Mapped[str | None] = mapped_column(
        String(40)
    )  # code of an accepted finding, such as check_digit
    warning_reason: Mapped[str | None] = mapped_column(String(200))
    is_primary: Mapped[bool] = mapped_column(default=True)
    person: Mapped[Person] = relationship(back_populates="documents")

    @validates("number")
    def _index_number(self, _key: str, value: str) -> str:
        self.number_index = blind("document", value) or ""
        return value


class PersonName(PersonChild, Period, Deletable, Table):
    """A former, foreign or other name; the current one stands on the person as well.

    Only the others are spelled for the search: everybody's present name is looked for on the person.
    """

    __tablename__ = "person_name"
    __table_args__ = args(
        live("name_initials", name="ix_person_name_initials", unique=False, where="kind <> 'current'"),
        live("name_pinyin", name="ix_person_name_pinyin", unique=False, where="kind <> 'current'"),
    )

    kind: Mapped[str] = mapped_column(String(12))  # current former foreign alias
    name: Mapped[str] = mapped_column(String(80), index=True)
    name_pinyin: Mapped[str | None] = mapped_column(String(200))
    name_initials: Mapped[str | None] = mapped_column(String(80))
    reason: Mapped[str | None] = mapped_column(String(120))
    person: Mapped[Person] = relationship(back_populates="names")


@event.listens_for(PersonName, "before_insert")
@event.listens_for(PersonName, "before_update")
def _spelled(_mapper: Any, _connection: Any, row: PersonName) -> None:
    """Whoever gives a name, or makes the present one a former one: it is spelled as it is written."""
    full, initials = ("", "") if row.kind == "current" else spell(row.name, name=True)
    row.name_pinyin, row.name_initials = full[:200] or None, initials[:80] or None


class PersonPhone(PersonChild, Period, Deletable, Table):
    """A phone number, encrypted, with a blind index for exact search."""

    __tablename__ = "person_phone"

    kind: Mapped[str] = mapped_column(String(12), default="mobile")  # mobile fixed foreign
    number: Mapped[str] = mapped_column(EncryptedText("person_phone.number"))
    number_index: Mapped[str] = mapped_column(String(32), index=True)
    owner_note: Mapped[str | None] = mapped_column(String(40))
    person: Mapped[Person] = relationship(back_populates="phones")

    @validates("number")
    def _index_number(self, _key: str, value: str) -> str:
        self.number_index = blind("phone", value) or ""
        return value


class PersonGroup(PersonChild, Period, Versioned, Deletable, Table):
    """A special group a person belongs to for a time. ``level`` is the sensitivity of the group; L5 rows are
    visible by named grant only, and their details are encrypted. Visits are rows of the registry work.
    """

    __tablename__ = "person_group"

    group_code: Mapped[str] = coded(list_name="special_group", nullable=False)
    level: Mapped[str] = mapped_column(String(2))
    evidence: Mapped[str | None] = mapped_column(String(120))
    details: Mapped[Any | None] = mapped_column(EncryptedJson("person_group.details"))
    visit_days: Mapped[int | None] = mapped_column(Integer)  # own interval; else the group's
    last_visit_on: Mapped[date | None] = mapped_column(Date)
    next_visit_on: Mapped[date | None] = mapped_column(Date, index=True)
    end_reason: Mapped[str | None] = mapped_column(String(120))
    person: Mapped[Person] = relationship(back_populates="groups")


scope.guard(PersonGroup, lambda actor: open_to(PersonGroup, actor), whole_site=True)


class PersonSource(PersonChild, Table):
    """Where a field group of a person comes from and who confirmed it last (一数一源, S4-54)."""

    __tablename__ = "person_source"
    __table_args__ = args(UniqueConstraint("person_id", "field_group"))

    field_group: Mapped[str] = mapped_column(String(12))  # identity residence contact status
    source: Mapped[str] = coded(list_name="data_source", nullable=False)
    confirmed_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_by: Mapped[int | None] = mapped_column(Integer)
    person: Mapped[Person] = relationship()


class ConsentTask(PersonChild, Table):
    """A consent to be brought in (F29 for a child under 14): it never stops a census (PIPL art. 31)."""

    __tablename__ = "consent_task"

    kind: Mapped[str] = mapped_column(String(24), default="child_under_14")
    due_on: Mapped[date] = mapped_column(Date)
    done_on: Mapped[date | None] = mapped_column(Date)
    notice_version: Mapped[str | None] = mapped_column(String(24))
    document_uid: Mapped[str | None] = mapped_column(String(36))
    guardian_uid: Mapped[str | None] = mapped_column(String(36))
    person: Mapped[Person] = relationship()
