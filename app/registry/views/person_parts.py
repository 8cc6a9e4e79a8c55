"""What is dated about a person: names, phones, consents."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import inspect

from app.core import clock
from app.core.errors import DomainError
from app.core.views import Interface, ModelView
from app.registry.choices import ConsentKind, NameKind, PhoneKind
from app.registry.models import ConsentTask, PersonName, PersonPhone
from app.registry.rules import check_name, normalise_phone
from app.registry.service import consents
from app.registry.views.common import NO_LOOKUP


class PersonNameView(ModelView):
    """Former names, names in another script, what people are called."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/personname"
    datamodel = Interface(PersonName)
    list_title = _("Names")
    show_title = _("Name")
    add_title = _("Add a name")
    edit_title = _("Change the name")
    label_columns = {
        "person_id": _("Resident"),
        "person": _("Resident"),
        "name": _("Full name"),
        "reason": _("Reason"),
    }
    choices_columns = {"kind": NameKind}
    list_columns = ["person", "name", "kind", "valid_from", "valid_to"]
    search_columns = ["name", "kind"]
    add_columns = ["person_id", "kind", "name", "reason", "valid_from", "valid_to"]
    edit_columns = ["kind", "name", "reason", "valid_from", "valid_to"]
    show_columns = ["person", "name", "kind", "reason", "valid_from", "valid_to"]
    eager = ("person",)

    def is_editable(self, item: PersonName) -> bool:
        """The present name is put right on the person, which searches follow."""
        return item.kind != NameKind.current

    def check(self, session: Any, item: PersonName, form: Any, is_new: bool) -> None:
        item.name = check_name(item.name)
        if item.kind == NameKind.current:
            raise DomainError(_("The present name is changed on the page of the resident."), field="kind")


class PersonPhoneView(ModelView):
    """Phone numbers, masked; the plain one by an audited reveal."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/personphone"
    keeps_viewers = True
    datamodel = Interface(PersonPhone)
    list_title = _("Phones")
    show_title = _("Phone")
    add_title = _("Add a phone")
    edit_title = _("Change the phone")
    label_columns = {
        "person_id": _("Resident"),
        "person": _("Resident"),
        "number": _("Phone"),
        "owner_note": _("Whose phone"),
    }
    choices_columns = {"kind": PhoneKind}
    list_columns = ["person", "number", "kind", "owner_note", "valid_from", "valid_to"]
    search_columns = ["kind"]
    add_columns = ["person_id", "number", "owner_note"]
    edit_columns = ["number", "owner_note", "valid_to"]
    show_columns = ["person", "number", "kind", "owner_note", "valid_from", "valid_to"]
    eager = ("person",)

    def check(self, session: Any, item: PersonPhone, form: Any, is_new: bool) -> None:
        phone = normalise_phone(item.number, field="number")
        if phone.number != item.number:
            item.number = phone.number
        item.kind = phone.kind
        item.valid_from = item.valid_from or clock.today()


class ConsentTaskView(ModelView):
    """Consents that are still to be brought in: a list by due day, never a wall before the census."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/consent"
    datamodel = Interface(ConsentTask)
    list_title = _("Consents to bring in")
    show_title = _("Consent")
    add_title = _("Add a consent task")
    edit_title = _("Note the consent")
    label_columns = {
        "person_id": _("Resident"),
        "person": _("Resident"),
        "due_on": _("Due on"),
        "done_on": _("Brought in on"),
        "notice_version": _("Version of the notice"),
    }
    choices_columns = {"kind": ConsentKind}
    list_columns = ["person", "kind", "due_on", "done_on"]
    order_columns = ["due_on", "done_on"]
    base_order = ("due_on", "asc")
    search_columns = ["kind", "due_on", "done_on"]
    eager = ("person",)
    add_columns = ["person_id", "kind", "due_on"]
    edit_columns = ["due_on", "done_on", "notice_version"]
    show_columns = ["person", "kind", "due_on", "done_on", "notice_version"]

    row_actions = [
        (
            _("Consent sheet"),
            lambda row: f"/consents/person/{row.person.uid}" if row.person and not row.done_on else None,
            "can_use:ConsentDesk",
        )
    ]

    def check(self, session: Any, item: ConsentTask, form: Any, is_new: bool) -> None:
        if item.done_on is None and (is_new or inspect(item).attrs.done_on.history.has_changes()):
            consents.settle_task(session, item, clock.today())
