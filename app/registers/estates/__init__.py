"""Housing estates with the rules that their residents agreed on (小区管理规约, S1-73)."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped

from app.registers.base import Entry, Interface
from app.registers.columns import day, note, number, text
from app.registers.papers import PaperRegister


class Estate(Entry):
    """An estate or courtyard: who manages it, and its rules as text, as a scan, or both."""

    __tablename__ = "estate"

    name: Mapped[str] = text(_("Name of the estate"))
    address: Mapped[str | None] = text(_("Address"), 160)
    manager: Mapped[str | None] = text(_("Property management"))
    committee: Mapped[str | None] = text(_("Owners' committee"))
    homes: Mapped[int | None] = number(_("Number of homes"))
    rules_title: Mapped[str | None] = text(_("Rules of the estate"))
    adopted_on: Mapped[date | None] = day(_("Adopted on"))
    rules: Mapped[str | None] = note(_("Text of the rules"), 4000)

    def __str__(self) -> str:
        return self.name


class EstateRegister(PaperRegister):
    """Scans of the rules hang on the record."""

    datamodel = Interface(Estate)
    list_title, show_title = _("Estates and their rules"), _("Estate")
    section, icon = "units", "fa-city"
    is_lasting, known_by = True, ("area_id", "name")
