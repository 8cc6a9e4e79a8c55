"""The service catalogue for administrators: an edit is a draft of the next version; what is published stays."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy.orm import joinedload

from app.core import clock
from app.core.dates import parse_day
from app.core.session import unit_of_work
from app.core.views import Interface, ModelView, RelatedList, badge, expose, has_access, permission_name
from app.proxy.models import ServiceItem, ServiceItemVersion
from app.proxy.queries.versions import newest_version
from app.proxy.service import catalogue
from app.proxy.service.items import begin_item
from app.proxy.views import item_more, item_renewal
from app.proxy.views.criteria_posts import CriteriaMixin, criteria_in_words
from app.proxy.views.item_parts import ServiceFieldView, ServiceMaterialView
from app.proxy.views.item_words import (
    APPEAR,
    CHECKERS,
    COLOURS,
    DEFAULT_NOTE,
    DELIVERY,
    KINDS,
    PROTECTION,
    RESULTS,
    STATES,
)

WITH_ITEM = (joinedload(ServiceItemVersion.item),)


class ServiceItemVersionView(CriteriaMixin, ModelView):
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
        "checked_by": _("Checked and decided by"),
        "helpers": _("Assisting departments"),
        "declares": _("Asks for a declaration of relations"),
        "steps": _("Limits of the steps (working days)"),
        "renewal": _("Review"),
    }
    choices_columns = {
        "state": STATES,
        "kind": KINDS,
        "person_must_appear": APPEAR,
        "delivery_mode": DELIVERY,
        "result_type": RESULTS,
        "sensitivity": PROTECTION,
        "checked_by": CHECKERS,
    }
    # the notes of the default catalogue's compilers are no source that a clerk could cite
    formatters_columns = {
        "ages": item_more.ages_in_words,
        "steps": item_more.steps_in_words,
        "declares": item_more.declares_in_words,
        "helpers": item_more.helpers_in_words,
        "renewal": item_renewal.in_words,
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
        (_("Limits"), {"fields": [*_LIMITS, "steps"]}),
        (_("Who checks"), {"fields": ["checked_by", "helpers", "declares"]}),
        (_("Result"), {"fields": [*_RESULT, "renewal", "source"]}),
    ]
    edit_fieldsets = [
        (_("Service"), {"fields": [*_MAIN, *item_more.AGES]}),
        (_("Limits"), {"fields": _LIMITS}),
        (_("Limits of the steps (working days)"), {"fields": item_more.STEPS}),
        (_("Who checks"), {"fields": ["checked_by", item_more.ASSISTING, item_more.DECLARES]}),
        (_("Result"), {"fields": [*_RESULT, "source"]}),
        (_("Review"), {"fields": item_renewal.NAMES}),
    ]
    base_permissions = ["can_list", "can_show", "can_edit", "can_lookup", "can_history"]
    edit_form_extra_fields = item_more.FIELDS | item_renewal.FIELDS
    lookup_columns = ("name", "name_initials", "name_pinyin")
    lookup_eager = ("item",)
    related = [
        RelatedList(ServiceMaterialView, "item_version_id", _("Materials")),
        RelatedList(ServiceFieldView, "item_version_id", _("Questions of the service")),
    ]
    show_template = "proxy/version.html"

    def lookup_text(self, row: ServiceItemVersion) -> str:
        return f"{row.item.code} {row.name}"

    def is_editable(self, item: ServiceItemVersion) -> bool:
        return item.state == "draft"

    def prefill(self, form: Any, item: ServiceItemVersion) -> None:
        item_more.prefill(form, item)
        item_renewal.prefill(form, item)

    def check(self, session: Any, item: ServiceItemVersion, form: Any, is_new: bool) -> None:
        item_more.check(session, item, form)
        item_renewal.check(session, item, form)

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
            "criteria": criteria_in_words(self.session, item),
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
    add_title = _("Add a service")
    edit_title = _("Change the service item")
    label_columns = {
        "code": _("Item code"),
        "seq": _("Order"),
        "active": _("Is offered"),
        "title": _("Service"),
    }
    list_columns = ["code", "title", "seq", "active"]
    show_columns = ["code", "title", "seq", "active"]
    search_columns = ["code", "active"]
    add_columns = ["code", "name", "department", "kind"]
    edit_columns = ["seq", "active"]
    add_form_extra_fields = item_more.NEW_ITEM
    base_order = ("seq", "asc")
    eager = ("versions",)
    base_permissions = ["can_list", "can_show", "can_add", "can_edit", "can_lookup", "can_history"]
    formatters_columns = {"title": lambda row: _title(row)}
    lookup_columns = ("code",)
    related = [RelatedList(ServiceItemVersionView, "item_id", _("Versions"))]

    def check(self, session: Any, item: ServiceItem, form: Any, is_new: bool) -> None:
        if is_new:
            begin_item(
                session,
                item,
                clock.now(),
                name=form["name"].data or "",
                department_code=form["department"].data or "",
                kind=form["kind"].data or "apply",
            )


def _title(row: ServiceItem) -> str | Markup:
    return row.versions[-1].name if row.versions else ""
