"""Volunteers of the communities and grids, members of the party among them (S1-53, S4-75)."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped, relationship

from app.registers.base import Entry, Interface, Register
from app.registers.columns import code, day, link, note, number, phone, text, yes_no
from app.registry.models import Person


class Volunteer(Entry):
    """Somebody who helps for nothing. A resident is chosen as such; others are entered by name and phone."""

    __tablename__ = "volunteer"

    name: Mapped[str] = text(_("Name of the volunteer"), 50)
    person_id: Mapped[int | None] = link("person.id", _("Resident"))
    phone: Mapped[str | None] = phone("volunteer.phone", _("Phone"))
    service: Mapped[str | None] = code("volunteer_service", _("Kind of service"))
    is_member: Mapped[bool] = yes_no(_("Member of the party"))
    skills: Mapped[str | None] = text(_("Special skills"), 160)
    joined_on: Mapped[date | None] = day(_("Registered on"))
    hours: Mapped[int | None] = number(_("Hours of service so far"))
    note: Mapped[str | None] = note(_("Note"))
    person: Mapped[Person | None] = relationship()


class VolunteerRegister(Register):
    """The page of figures counts them by grid and kind of service (S4-80)."""

    datamodel = Interface(Volunteer)
    list_title, show_title = _("Volunteers"), _("Volunteer")
    section, icon, figures = "party", "fa-hand-holding-hand", "service"
    list_columns = ["name", "service", "is_member", "skills", "joined_on", "hours", "area"]
    is_lasting, known_by = True, ("person_id",)
