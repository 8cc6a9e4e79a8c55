"""Associations that help the grids: peace, legal service, volunteers of the party, and others (S1-51…53)."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped

from app.core.views import RelatedList
from app.registers.base import Entry, Interface, Register
from app.registers.columns import code, day, note, text


class Association(Entry):
    """A body of residents or experts. Its area is the one that it works for; its members may live anywhere in it."""

    __tablename__ = "association"

    name: Mapped[str] = text(_("Name of the association"))
    kind: Mapped[str] = code("association_kind", _("Kind of association"))
    leader: Mapped[str | None] = text(_("Head of the association"), 50)
    place: Mapped[str | None] = text(_("Place of work"), 160)
    founded_on: Mapped[date | None] = day(_("Founded on"))
    ended_on: Mapped[date | None] = day(_("Dissolved on"))
    purpose: Mapped[str | None] = note(_("What it does"))

    def __str__(self) -> str:
        return self.name


class AssociationRegister(Register):
    """Its members stand on its page."""

    datamodel = Interface(Association)
    list_title, show_title = _("Associations"), _("Association")
    section, icon = "units", "fa-handshake"
    related = [RelatedList("AssociationMemberRegister", "association_id")]
    is_lasting, known_by = True, ("area_id", "name")
