"""Papers and questions of a version of a service: they change only while the version is a draft."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from app.core import codes
from app.core.errors import Conflict, Invalid
from app.core.views import Interface, ModelView
from app.proxy.choices import Issuer, PaperForm
from app.proxy.models import ServiceField, ServiceItemVersion, ServiceMaterial, need_allowed
from app.proxy.rules import check_key
from app.proxy.views.item_words import ASKED_AT, ISSUER_HELP, QUESTION_KINDS, REQUIRED

FIXED = _("A published version stays as it is: make a draft of the next one.")


class PartView(ModelView):
    """A row of a version. Conflict for every change once the version is published."""

    base_order = ("seq", "asc")
    eager = ("version_of",)

    def check(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        version = item.version_of or session.get(ServiceItemVersion, item.item_version_id)
        if version is None or version.state != "draft":
            raise Conflict(FIXED)

    def is_editable(self, item: Any) -> bool:
        return bool(item.version_of.state == "draft")

    def check_delete(self, session: Any, item: Any, reason: str) -> None:
        if item.version_of.state != "draft":
            raise Conflict(FIXED)


class ServiceMaterialView(PartView):
    """The papers of a version; they change only while the version is a draft."""

    route_base = "/service-materials"
    datamodel = Interface(ServiceMaterial)
    list_title = show_title = _("Papers of a service")
    add_title = _("Add a paper")
    edit_title = _("Change a paper")
    label_columns = {
        "item_version_id": _("Service"),
        "seq": _("Order"),
        "name": _("Material"),
        "form": _("In which form"),
        "copies": _("Copies"),
        "required": _("Required"),
        "condition": _("Condition"),
        "share_exempt": _("Got by data sharing first"),
        "is_authorization": _("Is the letter of authorisation"),
        "issuer": _("Issued by"),
    }
    description_columns = {"issuer": ISSUER_HELP}
    choices_columns = {"form": PaperForm, "required": REQUIRED, "issuer": Issuer}
    list_columns = [
        "seq",
        "name",
        "form",
        "copies",
        "required",
        "condition",
        "share_exempt",
        "issuer",
        "note",
    ]
    show_columns = ["version_of", *list_columns]
    _FIELDS = [
        "seq",
        "name",
        "form",
        "copies",
        "required",
        "condition",
        "share_exempt",
        "is_authorization",
        "issuer",
        "note",
    ]
    add_columns = ["version_of", *_FIELDS]
    edit_columns = _FIELDS
    base_order = ("seq", "asc")
    eager = ("version_of",)

    def check(self, session: Any, item: ServiceMaterial, form: Any, is_new: bool) -> None:
        super().check(session, item, form, is_new)
        if item.required == "conditional" and not item.condition:
            raise Invalid(_("A conditional paper needs its condition."), field="condition")
        need_allowed(item.name, item.issuer or None, note=item.note)


class ServiceFieldView(PartView):
    """Questions that a service asks beside its papers; a case keeps the answers."""

    route_base = "/service-questions"
    datamodel = Interface(ServiceField)
    list_title = show_title = _("Questions of a service")
    add_title = _("Add a question")
    edit_title = _("Change a question")
    label_columns = {
        "item_version_id": _("Service"),
        "version_of": _("Service"),
        "seq": _("Order"),
        "key": _("Key"),
        "label": _("Question"),
        "kind": _("Kind of answer"),
        "code_list": _("Code list"),
        "is_required": _("Must be answered"),
        "at": _("Asked at"),
        "hint": _("Help"),
    }
    description_columns = {"key": _("Letters and digits, e.g. income; it stays when the words change.")}
    choices_columns = {"kind": QUESTION_KINDS, "at": ASKED_AT}
    list_columns = ["seq", "label", "kind", "is_required", "at"]
    show_columns = ["version_of", "seq", "key", "label", "kind", "code_list", "is_required", "at", "hint"]
    edit_columns = ["seq", "key", "label", "kind", "code_list", "is_required", "at", "hint"]
    add_columns = ["version_of", *edit_columns]
    lookup_columns = ("label",)

    def check(self, session: Any, item: ServiceField, form: Any, is_new: bool) -> None:
        super().check(session, item, form, is_new)
        check_key(item.key)
        if (item.kind == "code") != bool(item.code_list):
            raise Invalid(_("A choice needs its code list, and nothing else has one."), field="code_list")
        if item.code_list and not codes.choices(session, item.code_list):
            raise Invalid(_("There is no code list with this name, or it is empty."), field="code_list")
