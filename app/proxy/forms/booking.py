"""Booking: one service for one person on a day, and what the service asks beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from app.areas.models import Staff
from app.core.views.fields import RecordForm
from app.core.widgets import CheckField, DayField, Needed, RemoteField, TextField
from app.registry.models import Person


class BookingForm(RecordForm):
    """One service for one person on a day; what the item asks beside it stands in ``condition-<n>``."""

    person = RemoteField(_("Resident"), [Needed()], model=Person)
    item = TextField(_("Service"), [Needed()], length=12)
    appointment = DayField(_("Day of the visit"), [Needed()])
    slot = TextField(_("Time of day"), length=11, description=_("e.g. 09:00-11:00"))
    staff = RemoteField(
        _("In charge"),
        model=Staff,
        description=_("The worker of the resident's grid; nobody chosen: yourself."),
    )
    applicant_name = TextField(_("Asked for by (if somebody else)"), length=50)
    applicant_phone = TextField(_("Phone of who asks"), length=30)
    relation = TextField(_("Relation to the resident"), length=40)
    note = TextField(_("Remark"), length=300)
    again = CheckField(_("Book a second case of the same service"))
    overbook = CheckField(_("Book all the same: the resident and the worker know"))

    @property
    def applicant(self) -> dict[str, Any] | None:
        """Who asks for somebody else."""
        found = {"name": self.applicant_name.data, "phone": self.applicant_phone.data}
        return {k: v for k, v in found.items() if v} or None


def conditions_of(version: Any) -> list[str]:
    """Conditions of an item's conditional papers, each once, in order."""
    found = [m.condition or m.name for m in version.materials if m.required == "conditional"]
    return list(dict.fromkeys(found))


def answers_of(version: Any, data: Mapping[str, Any]) -> dict[str, bool]:
    """Answers typed on the booking page: only yes and no; what nobody knows yet stays open."""
    answers = {}
    for n, text in enumerate(conditions_of(version)):
        answer = data.get(f"condition-{n}")
        if answer in {"yes", "no"}:
            answers[text] = answer == "yes"
    return answers
