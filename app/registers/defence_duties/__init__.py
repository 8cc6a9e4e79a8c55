"""Roster of the joint defence of a community: who is on watch, when and where (平安联防, S4-50)."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped

from app.registers.base import Entry, Interface, Register
from app.registers.columns import code, day, note, number, text


class DefenceDuty(Entry):
    """One watch: planned beforehand, its result noted afterwards."""

    __tablename__ = "defence_duty"

    held_on: Mapped[date] = day(_("Day of the watch"))
    shift: Mapped[str] = code("duty_shift", _("Shift"))
    place: Mapped[str] = text(_("Ground or route"), 160)
    leader: Mapped[str] = text(_("Led by"), 50)
    members: Mapped[str | None] = text(_("Who is with it"), 300)
    people: Mapped[int | None] = number(_("People on watch"))
    outcome: Mapped[str | None] = code("duty_outcome", _("Outcome of the watch"))
    found: Mapped[str | None] = note(_("What was found"))


class DefenceDutyRegister(Register):
    """The newest watch first."""

    datamodel = Interface(DefenceDuty)
    list_title, show_title = _("Joint defence roster"), _("Watch of the joint defence")
    section, icon, base_order = "party", "fa-person-military-pointing", ("held_on", "desc")
