"""What residents ask for, and what became of it (S4-87)."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped, relationship

from app.areas.models import OrgUnit
from app.registers.base import Entry, Interface, Register
from app.registers.columns import code, day, link, note, text
from app.registry.models import Person


class Need(Entry):
    """A wish or a want: who said it, what, who was told, what was answered. Grievances and dangers are events."""

    __tablename__ = "need"

    said_on: Mapped[date] = day(_("Said on"))
    name: Mapped[str | None] = text(_("Who said it"), 50)
    person_id: Mapped[int | None] = link("person.id", _("Resident"))
    kind: Mapped[str] = code("need_kind", _("Kind of need"))
    what: Mapped[str] = note(_("What is needed"), 500)
    passed_to_id: Mapped[int | None] = link("org_unit.id", _("Handed on to"))
    answer: Mapped[str | None] = note(_("Answer"), 500)
    done_on: Mapped[date | None] = day(_("Settled on"))
    person: Mapped[Person | None] = relationship()
    passed_to: Mapped[OrgUnit | None] = relationship()


class NeedRegister(Register):
    """Opens with what is not yet settled."""

    datamodel = Interface(Need)
    list_title, show_title = _("Needs of residents"), _("Need of a resident")
    section, icon, figures, settled = "service", "fa-comment-dots", "kind", "done_on"
    list_columns = ["said_on", "name", "kind", "what", "passed_to", "done_on", "area"]
