"""Points of video surveillance: where they are and whose; the picture itself stays in its own system (S4-49)."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped

from app.registers.base import Entry, Interface, Register
from app.registers.columns import code, note, text, web


class VideoPoint(Entry):
    """A camera or a group of cameras at one place. Only its address is kept: nothing is streamed or recorded here."""

    __tablename__ = "video_point"

    name: Mapped[str] = text(_("Name of the point"))
    place: Mapped[str] = text(_("Where it stands"), 160)
    kind: Mapped[str | None] = code("video_kind", _("Kind of point"))
    owner: Mapped[str | None] = text(_("Kept by"))
    condition: Mapped[str] = code("terminal_state", _("State of the device"), default="in_use")
    address: Mapped[str | None] = web(_("Address in its own system"), help=_("https://… is shown as a link."))
    view_of: Mapped[str | None] = note(_("What it looks at"), 300)


class VideoPointRegister(Register):
    """Opens the other system in a window of its own, where one signs in there."""

    datamodel = Interface(VideoPoint)
    list_title, show_title = _("Video points"), _("Video point")
    section, icon = "units", "fa-video"
    is_lasting, known_by = True, ("area_id", "name", "place")
