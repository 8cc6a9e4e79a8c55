"""Who belongs to an association, in which office (S1-51…53)."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped, relationship

from app.registers.associations import Association
from app.registers.base import Entry, Interface, Register
from app.registers.columns import code, day, link, text
from app.registry.models import Person


class AssociationMember(Entry):
    """A membership. Who is registered here is chosen as a resident; the name is kept as it was typed."""

    __tablename__ = "association_member"

    association_id: Mapped[int] = link("association.id", _("Association"))
    name: Mapped[str] = text(_("Name of the member"), 50)
    person_id: Mapped[int | None] = link("person.id", _("Resident"))
    office: Mapped[str | None] = code("association_office", _("Office held"))
    skills: Mapped[str | None] = text(_("Special skills"), 160)
    joined_on: Mapped[date | None] = day(_("Joined on"))
    left_on: Mapped[date | None] = day(_("Left on"))
    association: Mapped[Association] = relationship()
    person: Mapped[Person | None] = relationship()


class AssociationMemberRegister(Register):
    """Opened from the page of the association."""

    datamodel = Interface(AssociationMember)
    list_title, show_title = _("Members of associations"), _("Member of an association")
    in_menu = False
    is_lasting, known_by = True, ("association_id", "person_id")
