"""What GB/T 31000-2015 asks about floating, left-behind and overseas people beyond the common person block.

Each is a dated row that overlays the person: a child may be registered here and left behind at the same time.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Date, String
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from app.core.crypto import EncryptedJson, EncryptedText, blind
from app.core.models import Period, Record, coded
from app.registry.models.people import Person, PersonChild


class FloatingStay(PersonChild, Period, Record):
    """A stay away from the place of registration: why the person came, which permit, until when (流动人口)."""

    __tablename__ = "floating_stay"

    inflow_reason: Mapped[str | None] = coded(list_name="inflow_reason")
    permit_kind: Mapped[str | None] = coded(list_name="residence_permit")
    permit_no: Mapped[str | None] = mapped_column(EncryptedText("floating_stay.permit_no"))
    permit_no_index: Mapped[str | None] = mapped_column(String(32), index=True)
    registered_on: Mapped[date | None] = mapped_column(Date)
    permit_ends_on: Mapped[date | None] = mapped_column(Date, index=True)
    dwelling_type: Mapped[str | None] = coded(list_name="dwelling_type")
    attention: Mapped[str | None] = coded(list_name="attention_level")
    note: Mapped[str | None] = mapped_column(String(300))
    person: Mapped[Person] = relationship()

    @validates("permit_no")
    def _index_number(self, _key: str, value: str | None) -> str | None:
        self.permit_no_index = blind("document", value)
        return value


class LeftBehind(PersonChild, Period, Record):
    """A child, elder or woman whose family works elsewhere (留守人员). Health, incomes, the family member to turn to
    and what help was given are sensitive and stand encrypted in ``details`` (seeds/population_forms.yaml).
    """

    __tablename__ = "left_behind"

    kind: Mapped[str] = coded(list_name="left_behind_type", nullable=False)
    details: Mapped[Any | None] = mapped_column(EncryptedJson("left_behind.details"))
    person: Mapped[Person] = relationship()


class OverseasStay(PersonChild, Period, Record):
    """A stay of somebody from abroad, Hong Kong, Macao or Taiwan (境外人员). The travel document is a document of
    the person; the nationality stands on the person.
    """

    __tablename__ = "overseas_stay"

    surname: Mapped[str | None] = mapped_column(String(40))
    given_name: Mapped[str | None] = mapped_column(String(40))
    chinese_name: Mapped[str | None] = mapped_column(String(50))
    purpose: Mapped[str | None] = coded(list_name="overseas_purpose")
    arrived_on: Mapped[date | None] = mapped_column(Date)
    leaves_on: Mapped[date | None] = mapped_column(Date, index=True)
    attention: Mapped[str | None] = coded(list_name="attention_level")
    note: Mapped[str | None] = mapped_column(String(300))
    person: Mapped[Person] = relationship()
