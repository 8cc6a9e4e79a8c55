"""Facilities of a community: the six that each should have (六有), halls and rooms beyond (S4-25…30, S4-66, S4-67)."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped

from app.registers.base import Entry, Interface, Register
from app.registers.columns import amount, code, day, note, number, text


class Facility(Entry):
    """A place that a community keeps for its residents. It counts for the community of its area."""

    __tablename__ = "facility"

    name: Mapped[str] = text(_("Name of the facility"))
    kind: Mapped[str] = code("facility_kind", _("Kind of facility"))
    address: Mapped[str | None] = text(_("Address"), 160)
    floor_area: Mapped[float | None] = amount(_("Floor area (m²)"), 1)
    hours: Mapped[str | None] = text(_("Opening hours"))
    keeper: Mapped[str | None] = text(_("Looked after by"), 50)
    condition: Mapped[str] = code("facility_state", _("State of the facility"), default="in_use")
    opened_on: Mapped[date | None] = day(_("Opened on"))
    seats: Mapped[int | None] = number(_("Number of seats"))
    note: Mapped[str | None] = note(_("Note"))


class FacilityRegister(Register):
    """The page of figures shows which community lacks which of the six."""

    datamodel = Interface(Facility)
    list_title, show_title = _("Facilities"), _("Facility")
    section, icon = "units", "fa-building-columns"
    figures, wanted = "kind", ("hall", "culture", "e_reading", "library", "display", "counselling")
    counted = (Facility.condition.in_(("in_use", "repair")),)
    is_lasting, known_by = True, ("area_id", "kind", "name")
