"""Legal advice given by the association of legal service (S1-52). Only those who work with it see it."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped, relationship

from app.registers.base import Entry, Interface, Register
from app.registers.columns import code, day, link, note, text
from app.registry.models import Person


class LegalAdvice(Entry):
    """One advice. Question and answer stand on the page of the record and in no list."""

    __tablename__ = "legal_advice"

    asked_on: Mapped[date] = day(_("Advice asked on"))
    name: Mapped[str | None] = text(_("Who asked"), 50)
    person_id: Mapped[int | None] = link("person.id", _("Resident"))
    topic: Mapped[str] = code("legal_topic", _("Field of law"))
    adviser: Mapped[str | None] = text(_("Advice given by"), 50)
    outcome: Mapped[str | None] = code("legal_outcome", _("Result of the advice"))
    question: Mapped[str] = note(_("Question"), 2000)
    answer: Mapped[str | None] = note(_("Answer"), 2000)
    person: Mapped[Person | None] = relationship()


class LegalAdviceRegister(Register):
    """Granted by name in app/areas/roles.py, apart from the other registers."""

    datamodel = Interface(LegalAdvice)
    list_title, show_title = _("Legal advice"), _("Advice on law")
    section, icon, base_order = "service", "fa-scale-balanced", ("asked_on", "desc")
