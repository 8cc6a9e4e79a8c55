"""Documents of a person: masked, looked up before they are taken in, put right with a reason."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from sqlalchemy import inspect

from app.core import clock
from app.core.actor import current_actor
from app.core.views import Interface, ModelView, expose, has_access
from app.registry.models import Person, PersonDocument
from app.registry.service import documents
from app.registry.views.common import NO_LOOKUP, ByService, LooseText, look_before

REASONS = {
    "number_reason": LooseText(_("Reason, as the number stands on the document"), length=200),
    "dup_reason_text": LooseText(_("Why both records keep this number"), length=200),
}


class PersonDocumentView(ByService, ModelView):
    """ID cards, passports, birth certificates: dated rows, numbers masked, the plain one by an audited reveal."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/persondocument"
    bulk_columns = ()  # one at a time
    keeps_viewers = True
    datamodel = Interface(PersonDocument)
    list_title = _("Documents")
    show_title = _("Document")
    add_title = _("Add a document")
    edit_title = _("Put the document right")
    label_columns = {
        "warning_words": _("Hint about the number"),
        "person_id": _("Resident"),
        "person": _("Resident"),
        "kind": _("Kind of document"),
        "number": _("Document number"),
        "is_primary": _("Main document"),
        "warning": _("Doubt"),
        "warning_reason": _("Reason of the doubt"),
        "dup_no": _("Shared number"),
        "dup_reason": _("Why it is shared"),
    }
    list_columns = ["person", "kind", "number", "is_primary", "valid_from", "valid_to", "dup_no"]
    order_columns = ["kind", "valid_to", "dup_no"]
    search_columns = ["kind", "valid_to", "dup_no"]
    add_columns = ["person_id", "kind", "number", *REASONS, "valid_from", "valid_to"]
    edit_columns = ["number", *REASONS, "valid_from", "valid_to", "is_primary"]
    show_columns = [
        "person",
        "kind",
        "number",
        "is_primary",
        "valid_from",
        "valid_to",
        "warning_words",
        "warning_reason",
        "dup_no",
        "dup_reason",
    ]
    add_form_extra_fields = edit_form_extra_fields = REASONS
    formatters_columns = {"warning_words": lambda row: WARNINGS.get(row.warning, "")}
    eager = ("person",)

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """The number is looked up first, with throttle and log, outside the unit of work."""
        if request.method == "POST":
            look_before(self.session, request.form.get("kind"), request.form.get("number"))
        return super().add()

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: str) -> Any:
        """A number that is put right is looked up like a new one."""
        if request.method == "POST" and request.form.get("number"):
            item = self.datamodel.by_key(self.session, pk)
            look_before(self.session, item.kind, request.form.get("number"), item.person_id)
        return super().edit(pk)

    def heading(self, item: PersonDocument) -> str:
        return str(item.person or "")

    def check(self, session: Any, item: PersonDocument, form: Any, is_new: bool) -> None:
        """The form has put the bare number in; its index, its doubts and its other bearers are settled here."""
        if is_new:
            return
        person, day = session.get_one(Person, item.person_id), clock.today()
        if inspect(item).attrs.valid_to.history.has_changes():
            documents.refuse_second(person, item, day)
        if not form.number.data:
            return
        reason = form.number_reason.data or item.warning_reason
        findings = documents.doubts(item.kind, item.number, day, person=person, reason=reason)
        documents.set_number(item, item.kind, item.number)
        documents.settle_twins(session, item, person, form.dup_reason_text.data)
        documents.note_doubt(item, findings, reason)

    def restored(self, session: Any, item: PersonDocument) -> None:
        documents.refuse_second(session.get_one(Person, item.person_id), item, clock.today())

    def save(self, session: Any, item: PersonDocument, form: Any, is_new: bool) -> None:
        if not is_new:
            return
        form.made = documents.add_document(
            session,
            session.get_one(Person, item.person_id),
            kind=item.kind,
            number=item.number or "",
            warning_reason=form.number_reason.data,
            dup_reason=form.dup_reason_text.data,
            valid_from=item.valid_from,
            valid_to=item.valid_to,
            actor=current_actor(),
            now=clock.now(),
        )


WARNINGS = {
    "check_digit": _("The check character does not fit"),
    "number_birth": _("The birth date inside the number is not likely"),
    "birth_differs": _("The number says another birth date than the record"),
    "sex_differs": _("The number says another sex than the record"),
}
