"""Service projects of a community: school at half past four, green internet room and the like (S4-68, S4-69)."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped

from app.core.views import RelatedList
from app.registers.base import Entry, Interface, Register
from app.registers.columns import code, day, note, number, text


class Project(Entry):
    """Something that goes on for months, with a place, hours and somebody in charge; its events are activities."""

    __tablename__ = "project"

    name: Mapped[str] = text(_("Name of the project"))
    kind: Mapped[str] = code("project_kind", _("Kind of project"))
    place: Mapped[str | None] = text(_("Place"), 160)
    hours: Mapped[str | None] = text(_("When it is open"))
    leader: Mapped[str | None] = text(_("Head of the project"), 50)
    served: Mapped[int | None] = number(_("People served"))
    begun_on: Mapped[date | None] = day(_("Begun on"))
    ended_on: Mapped[date | None] = day(_("Ended on"))
    note: Mapped[str | None] = note(_("How it works"))

    def __str__(self) -> str:
        return self.name


class ProjectRegister(Register):
    """Its activities stand on its page."""

    datamodel = Interface(Project)
    list_title, show_title = _("Service projects"), _("Service project")
    section, icon, figures, known_by = "service", "fa-seedling", "kind", ("area_id", "kind", "name")
    related = [RelatedList("ActivityRegister", "project_id", blocks=False)]
