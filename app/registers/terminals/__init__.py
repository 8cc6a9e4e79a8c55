"""Terminals and devices of the grid service: where, with whom, in which state (S1-05)."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped

from app.registers.base import Entry, Interface, Register
from app.registers.columns import code, day, note, text


class Terminal(Entry):
    """A computer, telephone or camera that was handed out. When it was last seen is noted by hand."""

    __tablename__ = "terminal"

    asset_no: Mapped[str] = text(_("Number of the device"), 40)
    kind: Mapped[str] = code("terminal_kind", _("Kind of device"))
    model: Mapped[str | None] = text(_("Make and model"))
    place: Mapped[str | None] = text(_("Where it stands"), 160)
    holder: Mapped[str | None] = text(_("Used by"), 50)
    condition: Mapped[str] = code("terminal_state", _("State of the device"), default="in_use")
    seen_on: Mapped[date | None] = day(_("Last seen on"))
    issued_on: Mapped[date | None] = day(_("Handed out on"))
    note: Mapped[str | None] = note(_("Note"))


class TerminalRegister(Register):
    """The page of figures counts them by town."""

    datamodel = Interface(Terminal)
    list_title, show_title = _("Terminals and devices"), _("Device")
    section, icon = "units", "fa-mobile-screen"
    list_columns = ["asset_no", "kind", "place", "holder", "condition", "seen_on", "area"]
    search_columns = ["asset_no", "kind", "condition", "holder", "seen_on", "area"]
    figures = "kind"
    is_lasting, known_by = True, ("asset_no",)
