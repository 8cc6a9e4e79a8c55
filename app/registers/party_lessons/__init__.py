"""Education of party members: lessons held, and those taken by television or network (S4-52, S4-74)."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped

from app.registers.base import Entry, Interface, Register
from app.registers.columns import amount, code, day, note, number, text


class PartyLesson(Entry):
    """One lesson of a branch: what it was about, how it was held, who came."""

    __tablename__ = "party_lesson"

    held_on: Mapped[date] = day(_("Held on"))
    subject: Mapped[str] = text(_("Subject"), 160)
    form: Mapped[str] = code("lesson_form", _("Form of the lesson"))
    branch: Mapped[str | None] = text(_("Party branch"))
    teacher: Mapped[str | None] = text(_("Held by"), 50)
    hours: Mapped[float | None] = amount(_("Hours of the lesson"), 1)
    attended: Mapped[int | None] = number(_("Members who came"))
    missed: Mapped[str | None] = text(_("Who was absent"), 300)
    content: Mapped[str | None] = note(_("What was taught"), 2000)


class PartyLessonRegister(Register):
    """The newest lessons first."""

    datamodel = Interface(PartyLesson)
    list_title, show_title = _("Party education"), _("Lesson")
    section, icon, base_order = "party", "fa-chalkboard-user", ("held_on", "desc")
    list_columns = ["held_on", "subject", "form", "branch", "hours", "attended", "area"]
