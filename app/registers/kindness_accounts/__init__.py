"""Bank of kindness: who keeps an account of good deeds, and what is left on it (爱心银行, S4-70)."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped, relationship

from app.core.views import RelatedList
from app.registers.base import Entry, Interface, Register
from app.registers.columns import day, link, text
from app.registry.models import Person


class KindnessAccount(Entry):
    """Somebody who gives time. Its entries are a register of their own, with the relation ``entries``."""

    __tablename__ = "kindness_account"

    name: Mapped[str] = text(_("Name of the holder"), 50)
    person_id: Mapped[int | None] = link("person.id", _("Resident"))
    opened_on: Mapped[date | None] = day(_("Account opened on"))
    person: Mapped[Person | None] = relationship()
    hours = property(lambda self: sum(entry.hours or 0 for entry in self.entries))
    points = property(lambda self: sum(entry.points for entry in self.entries))
    __str__ = lambda self: self.name  # noqa: E731


class KindnessAccountRegister(Register):
    """Hours and points are the sums of the entries, never typed."""

    datamodel = Interface(KindnessAccount)
    list_title, show_title, is_lasting = _("Bank of kindness"), _("Account of kindness"), True
    section, icon, related = "service", "fa-piggy-bank", [RelatedList("KindnessEntryRegister", "account_id")]
    label_columns = {"hours": _("Hours given"), "points": _("Points left")}
    list_columns = show_columns = ["name", "person", "opened_on", "hours", "points", "area"]
    eager, known_by = ("entries",), ("person_id",)
