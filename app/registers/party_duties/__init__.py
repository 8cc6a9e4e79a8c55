"""Duty posts of party members: who answers for what, by what each is good at (设岗定责, S4-73, S4-77, S4-78)."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Mapped, relationship

from app.registers.base import Entry, Interface, Register
from app.registers.columns import code, day, link, note, text
from app.registry.models import Person


class PartyDuty(Entry):
    """A member directly under the branch, working elsewhere, or old, and the post taken over in the grid."""

    __tablename__ = "party_duty"

    name: Mapped[str] = text(_("Name of the member"), 50)
    person_id: Mapped[int | None] = link("person.id", _("Resident"))
    member_kind: Mapped[str] = code("party_kind", _("Kind of member"))
    branch: Mapped[str | None] = text(_("Party branch"))
    speciality: Mapped[str | None] = text(_("Special skills"), 160)
    duty: Mapped[str] = code("party_duty_post", _("Duty post"))
    since: Mapped[date | None] = day(_("On duty since"))
    until: Mapped[date | None] = day(_("On duty until"))
    done: Mapped[str | None] = note(_("Work done"))
    person: Mapped[Person | None] = relationship()


class PartyDutyRegister(Register):
    """The page of figures counts the members on duty by kind."""

    datamodel = Interface(PartyDuty)
    list_title, show_title = _("Duty posts of members"), _("Duty post of a member")
    section, icon, figures = "party", "fa-user-check", "member_kind"
    list_columns = ["name", "member_kind", "duty", "speciality", "branch", "since", "area"]
    is_lasting, known_by = True, ("person_id", "duty")
