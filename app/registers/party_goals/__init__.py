"""Goals that a party organisation sets itself for a grid, and how far it has come (S4-93)."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped

from app.registers.base import Entry, Interface, Register
from app.registers.columns import day, note, number, text


class PartyGoal(Entry):
    """One goal of one organisation for one grid: what, how much, until when, how much so far."""

    __tablename__ = "party_goal"

    body: Mapped[str] = text(_("Party organisation"))
    goal: Mapped[str] = text(_("Goal"), 160)
    wanted: Mapped[int | None] = number(_("To be reached"))
    reached: Mapped[int | None] = number(_("Reached so far"))
    set_on: Mapped[date | None] = day(_("Set on"))
    due_on: Mapped[date] = day(_("Due on"))
    done_on: Mapped[date | None] = day(_("Reached on"))
    note: Mapped[str | None] = note(_("How it goes"))


class PartyGoalRegister(Register):
    """What is due first stands first."""

    datamodel = Interface(PartyGoal)
    list_title, show_title = _("Goals of party organisations"), _("Goal of a party organisation")
    section, icon, base_order, settled = "party", "fa-bullseye", ("due_on", "asc"), "done_on"
    known_by = ("area_id", "body", "goal", "due_on")
    list_columns = ["body", "goal", "wanted", "reached", "due_on", "done_on", "area"]
