"""Activities with residents: the four services (四民, S4-76) and self-government of residents (S1-55)."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped, relationship

from app.registers.base import Entry, Interface
from app.registers.columns import code, day, link, note, number, text
from app.registers.papers import PaperRegister
from app.registers.projects import Project


class Activity(Entry):
    """One event: what, when, where, by whom and with how many people."""

    __tablename__ = "activity"

    held_on: Mapped[date] = day(_("Held on"))
    title: Mapped[str] = text(_("What took place"))
    kind: Mapped[str] = code("activity_kind", _("Kind of activity"))
    place: Mapped[str | None] = text(_("Place"), 160)
    organiser: Mapped[str | None] = text(_("Organised by"))
    people: Mapped[int | None] = number(_("People who came"))
    volunteers: Mapped[int | None] = number(_("Volunteers among them"))
    project_id: Mapped[int | None] = link("project.id", _("Service project"))
    report: Mapped[str | None] = note(_("Account of the activity"))
    project: Mapped[Project | None] = relationship()


class ActivityRegister(PaperRegister):
    """With photos; the page of figures counts them by area and kind."""

    datamodel = Interface(Activity)
    list_title, show_title = _("Activities"), _("Activity")
    section, icon, figures = "service", "fa-people-group", "kind"
    base_order = ("held_on", "desc")
