"""The service catalogue for administrators: an edit is a draft of the next version; what is published stays."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy.orm import joinedload

from app.core import clock
from app.core.dates import parse_day
from app.core.errors import Conflict, Invalid
from app.core.session import unit_of_work
from app.core.views import Interface, ModelView, RelatedList, badge, expose, has_access, permission_name
from app.core.widgets import WholeField
from app.proxy.choices import PaperForm
from app.proxy.models import ServiceItem, ServiceItemVersion, ServiceMaterial
from app.proxy.queries.versions import newest_version
from app.proxy.rules import age_limits
from app.proxy.service import catalogue
from app.proxy.views.item_words import (
    APPEAR,
    COLOURS,
    DEFAULT_NOTE,
    DELIVERY,
    KINDS,
    PROTECTION,
    REQUIRED,
    RESULTS,
    STATES,
)

AGES = ["age_from", "age_to"]
AGE_HELP = _("Full years; empty for no limit. Whoever is outside is booked with a warning.")

WITH_ITEM = (joinedload(ServiceItemVersion.item),)


class ServiceMaterialView(ModelView):
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
    }
    choices_columns = {"form": PaperForm, "required": REQUIRED}
    list_columns = ["seq", "name", "form", "copies", "required", "condition", "share_exempt", "note"]
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
        "note",
    ]
    add_columns = ["version_of", *_FIELDS]
    edit_columns = _FIELDS
    base_order = ("seq", "asc")
    eager = ("version_of",)

    def check(self, session: Any, item: ServiceMaterial, form: Any, is_new: bool) -> None:
        version = item.version_of or session.get(ServiceItemVersion, item.item_version_id)
        if version is None or version.state != "draft":
            raise Conflict(_("A published version stays as it is: make a draft of the next one."))
        if item.required == "conditional" and not item.condition:
            raise Invalid(_("A conditional paper needs its condition."), field="condition")

    def is_editable(self, item: ServiceMaterial) -> bool:
        return item.version_of.state == "draft"

    def check_delete(self, session: Any, item: ServiceMaterial, reason: str) -> None:
        if item.version_of.state != "draft":
            raise Conflict(_("A published version stays as it is: make a draft of the next one."))


class ServiceItemVersionView(ModelView):
    """Versions of the services: what each demands from a day on. A case keeps the version it began with."""

    route_base = "/service-versions"
    datamodel = Interface(ServiceItemVersion)
    list_title = _("Service catalogue")
    show_title = _("Service")
    add_title = edit_title = _("Change the draft")
    label_columns = {
        "item": _("Item code"),
        "name": _("Service"),
        "name_en": _("English name"),
        "number": _("Version"),
        "department_name": _("Department"),
        "department_code": _("Department code"),
        "kind": _("Kind of service"),
        "audience": _("For whom"),
        "ages": _("Age"),
        "age_from": _("From the age of"),
        "age_to": _("Up to the age of"),
        "statutory_days": _("Statutory limit (working days)"),
        "statutory_text": _("Words of the limit"),
        "statutory_placeholder": _("The limit is a placeholder"),
        "promised_days": _("Promised (working days)"),
        "publicity_days": _("Public notice (days)"),
        "person_must_appear": _("Steps only the person can do"),
        "result_name": _("Result"),
        "result_type": _("Kind of result"),
        "delivery_needed": _("Is delivered"),
        "delivery_mode": _("How it is delivered"),
        "sensitivity": _("Level of protection"),
        "confidence": _("Confidence"),
        "source": _("Source"),
    }
    choices_columns = {
        "state": STATES,
        "kind": KINDS,
        "person_must_appear": APPEAR,
        "delivery_mode": DELIVERY,
        "result_type": RESULTS,
        "sensitivity": PROTECTION,
    }
    # the notes of the default catalogue's compilers are no source that a clerk could cite
    formatters_columns = {
        "ages": lambda row: ages_in_words(row),
        "source": lambda row: _("Default catalogue") if "[" in (row.source or "") else row.source,
    }
    list_columns = [
        "item",
        "name",
        "department_name",
        "kind",
        "promised_days",
        "statutory_days",
        "state",
        "valid_from",
    ]
    search_columns = ["name", "department_name", "kind", "state", "item"]
    order_columns = ["name", "department_name", "promised_days", "valid_from"]
    order_keys = {"name": "name_pinyin"}
    base_order = ("id", "asc")
    eager = ("item",)
    _MAIN = ["name", "name_en", "kind", "audience", "department_code", "department_name"]
    _LIMITS = ["statutory_days", "statutory_text", "statutory_placeholder", "promised_days", "publicity_days"]
    _RESULT = [
        "person_must_appear",
        "result_name",
        "result_type",
        "delivery_needed",
        "delivery_mode",
        "sensitivity",
    ]
    show_fieldsets = [
        (_("Service"), {"fields": ["item", "number", "state", "valid_from", "valid_to", *_MAIN, "ages"]}),
        (_("Limits"), {"fields": _LIMITS}),
        (_("Result"), {"fields": [*_RESULT, "source"]}),
    ]
    edit_fieldsets = [
        (_("Service"), {"fields": [*_MAIN, *AGES]}),
        (_("Limits"), {"fields": _LIMITS}),
        (_("Result"), {"fields": [*_RESULT, "source"]}),
    ]
    base_permissions = ["can_list", "can_show", "can_edit", "can_lookup", "can_history"]
    edit_form_extra_fields = {
        "age_from": WholeField(_("From the age of"), description=AGE_HELP),
        "age_to": WholeField(_("Up to the age of"), description=AGE_HELP),
    }
    lookup_columns = ("name", "name_initials", "name_pinyin")
    lookup_eager = ("item",)
    related = [RelatedList(ServiceMaterialView, "item_version_id", _("Materials"))]
    show_template = "proxy/version.html"

    def lookup_text(self, row: ServiceItemVersion) -> str:
        return f"{row.item.code} {row.name}"

    def is_editable(self, item: ServiceItemVersion) -> bool:
        return item.state == "draft"

    def prefill(self, form: Any, item: ServiceItemVersion) -> None:
        limits = (item.more or {}).get("age") or {}
        form["age_from"].data, form["age_to"].data = limits.get("from"), limits.get("to")

    def check(self, session: Any, item: ServiceItemVersion, form: Any, is_new: bool) -> None:
        """The ages stand with the version, as everything that a booking goes by."""
        limits = age_limits(form["age_from"].data, form["age_to"].data)
        others = {key: value for key, value in (item.more or {}).items() if key != "age"}
        item.more = others | ({"age": limits} if limits else {})

    def save(self, session: Any, item: ServiceItemVersion, form: Any, is_new: bool) -> None:
        item.name_pinyin, item.name_initials = catalogue.pinyin_of(item.name).values()

    def show_context(self, item: ServiceItemVersion) -> dict[str, Any]:
        more = item.more or {}
        return super().show_context(item) | {
            "note": DEFAULT_NOTE,
            "state_badge": badge(STATES[item.state], COLOURS[item.state]),
            "steps": more.get("grid_worker_steps", []),
            "basis": more.get("legal_basis", []),
            "applicants": more.get("who_may_apply", []),
            "may_change": self.can("edit"),
        }

    def _one(self, session: Any, pk: str) -> ServiceItemVersion:
        return self.datamodel.by_key(session, pk, options=WITH_ITEM)

    @expose("/draft/<pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def draft(self, pk: str) -> Any:
        """Begin the next version as a copy of the newest one."""
        with unit_of_work(self.session) as session:
            version = self._one(session, pk)
            url = self.url_show(catalogue.new_draft(session, version.item, clock.now()))
        return self.go(url)

    @expose("/publish/<pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def publish(self, pk: str) -> Any:
        """Put the draft in force from a day on."""
        day = parse_day(request.form.get("valid_from", ""), field="valid_from")
        with unit_of_work(self.session) as session:
            version = self._one(session, pk)
            catalogue.publish(session, version, day, clock.now())
            url = self.url_show(version)
        return self.go(url)

    @expose("/drop/<pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def drop(self, pk: str) -> Any:
        """Give up the draft."""
        with unit_of_work(self.session) as session:
            version = self._one(session, pk)
            item = version.item
            catalogue.drop_draft(session, version)
            left = newest_version(session, item)
            url = self.url_show(left) if left else self.home_url()
        return self.go(url)


class ServiceItemView(ModelView):
    """The lasting identity of a service: code, order, whether it is offered."""

    route_base = "/service-items"
    datamodel = Interface(ServiceItem)
    list_title = _("Service items")
    show_title = _("Service item")
    add_title = edit_title = _("Change the service item")
    label_columns = {
        "code": _("Item code"),
        "seq": _("Order"),
        "active": _("Is offered"),
        "title": _("Service"),
    }
    list_columns = ["code", "title", "seq", "active"]
    show_columns = ["code", "title", "seq", "active"]
    search_columns = ["code", "active"]
    edit_columns = ["seq", "active"]
    base_order = ("seq", "asc")
    eager = ("versions",)
    base_permissions = ["can_list", "can_show", "can_edit", "can_lookup", "can_history"]
    formatters_columns = {"title": lambda row: _title(row)}
    lookup_columns = ("code",)
    related = [RelatedList(ServiceItemVersionView, "item_id", _("Versions"))]


def ages_in_words(row: ServiceItemVersion) -> str:
    """For which ages the service is meant."""
    limits = (row.more or {}).get("age") or {}
    low, high = limits.get("from"), limits.get("to")
    if low is not None and high is not None:
        return gettext("%(low)s to %(high)s years", low=low, high=high)
    if low is not None:
        return gettext("%(low)s years and older", low=low)
    return gettext("up to %(high)s years", high=high) if high is not None else gettext("any age")


def _title(row: ServiceItem) -> str | Markup:
    return row.versions[-1].name if row.versions else ""
