"""Floating, left-behind and overseas people: dated stays beside the person (GB/T 31000-2015, 1.1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup

from app.audit.service import log_access
from app.core import clock
from app.core.errors import Invalid
from app.core.views import Interface, ModelView, badge, expose, has_access, permission_name
from app.registry.models import FloatingStay, LeftBehind, OverseasStay
from app.registry.rules.subforms import SubForm
from app.registry.service import subforms
from app.registry.service.checks import not_after
from app.registry.views.common import NO_LOOKUP, open_only
from app.registry.views.stays import StayPage
from app.registry.views.subforms import REFUSED_AT, DetailsMixin, shown_sections

EXPIRES_WITHIN = timedelta(days=30)
COMMON = {
    "person_id": _("Resident"),
    "person": _("Resident"),
    "person.area": _("Grid"),
    "attention": _("Degree of attention"),
    "valid_from": _("Began on"),
    "valid_to": _("Until"),
}


class FloatingStayView(StayPage, ModelView):
    """Stays away from the place of registration: why, which permit, until when."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/floatingstay"
    datamodel = Interface(FloatingStay)
    list_title = _("Floating residents")
    show_title = _("Stay of a floating resident")
    add_title = _("Add a stay")
    edit_title = _("Change the stay")
    label_columns = {
        **COMMON,
        "inflow_reason": _("Reason of moving in"),
        "permit_kind": _("Kind of permit"),
        "permit_no": _("Permit number"),
        "registered_on": _("Registered on"),
        "permit_ends_on": _("Permit ends on"),
        "dwelling_type": _("Kind of home"),
    }
    list_columns = ["person", "inflow_reason", "permit_kind", "permit_ends_on", "valid_from", "valid_to"]
    order_columns = ["permit_ends_on", "valid_from", "valid_to"]
    search_columns = [
        "person.area",
        "inflow_reason",
        "permit_kind",
        "permit_ends_on",
        "dwelling_type",
        "attention",
        "valid_to",
    ]
    eager = ("person",)
    _STAY = ["inflow_reason", "dwelling_type", "attention", "valid_from"]
    _PERMIT = ["permit_kind", "permit_no", "registered_on", "permit_ends_on", "note"]
    add_fieldsets = [(_("The stay"), {"fields": ["person_id", *_STAY]}), (_("Permit"), {"fields": _PERMIT})]
    edit_fieldsets = [(_("The stay"), {"fields": _STAY}), (_("Permit"), {"fields": _PERMIT})]
    show_fieldsets = [
        (_("The stay"), {"fields": ["person", *_STAY, "valid_to"]}),
        (_("Permit"), {"fields": _PERMIT}),
    ]
    row_actions = [(_("The stay has ended"), lambda row: open_only(row, "FloatingStayView.end"), "can_edit")]

    def check(self, session: Any, item: FloatingStay, form: Any, is_new: bool) -> None:
        self.check_stay(session, item, is_new)
        if item.registered_on and item.permit_ends_on and item.permit_ends_on < item.registered_on:
            raise Invalid(_("The end lies before the beginning."), field="permit_ends_on")


class PermitExpiryView(FloatingStayView):
    """Residence permits that have ended or end within thirty days."""

    is_main = False
    base_permissions = ["can_list", "can_show"]
    route_base = "/floatingstay/expiring"
    list_title = show_title = add_title = edit_title = _("Permits that end")
    label_columns = {**FloatingStayView.label_columns, "place": _("Grid"), "left": _("Days")}
    list_columns = ["person", "permit_kind", "permit_ends_on", "left", "place"]
    search_columns = ["person.area", "permit_ends_on"]
    order_columns = ["permit_ends_on"]
    base_order = ("permit_ends_on", "asc")
    eager = ("person.area",)
    empty_hint = _("No permit ends within thirty days.")
    row_actions: list[Any] = []
    formatters_columns = {
        "left": lambda row: _left(row),
        "place": lambda row: row.person.area if row.person else "",
    }

    def base_where(self) -> tuple[Any, ...]:
        return (
            FloatingStay.valid_to.is_(None),
            FloatingStay.permit_ends_on <= clock.today() + EXPIRES_WITHIN,
        )

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        """The stay's own page."""
        item = self.datamodel.by_key(self.session, pk)
        return self.go(url_for("FloatingStayView.show", pk=item.uid))


def _left(row: FloatingStay) -> str | Markup:
    days = (row.permit_ends_on - clock.today()).days if row.permit_ends_on else 0
    if days < 0:
        return badge(gettext("ended %(n)s days ago", n=-days), "red")
    return badge(gettext("in %(n)s days", n=days), "yellow")


class OverseasStayView(StayPage, ModelView):
    """People from abroad, Hong Kong, Macao and Taiwan."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/overseasstay"
    bulk_columns = ("purpose", "leaves_on", "attention", "note")
    datamodel = Interface(OverseasStay)
    list_title = _("Overseas residents")
    show_title = _("Stay of an overseas resident")
    add_title = _("Add a stay")
    edit_title = _("Change the stay")
    label_columns = {
        **COMMON,
        "surname": _("Surname in the passport"),
        "given_name": _("Given name in the passport"),
        "chinese_name": _("Chinese name"),
        "purpose": _("Purpose of the stay"),
        "arrived_on": _("Arrived on"),
        "leaves_on": _("Is to leave on"),
    }
    list_columns = ["person", "surname", "given_name", "purpose", "arrived_on", "leaves_on", "valid_to"]
    order_columns = ["surname", "arrived_on", "leaves_on", "valid_to"]
    search_columns = ["person.area", "surname", "purpose", "leaves_on", "attention", "valid_to"]
    eager = ("person",)
    _NAMES = ["surname", "given_name", "chinese_name"]
    _STAY = ["purpose", "arrived_on", "leaves_on", "attention", "valid_from", "note"]
    add_fieldsets = [(_("Who"), {"fields": ["person_id", *_NAMES]}), (_("The stay"), {"fields": _STAY})]
    edit_fieldsets = [(_("Who"), {"fields": _NAMES}), (_("The stay"), {"fields": _STAY})]
    show_fieldsets = [
        (_("Who"), {"fields": ["person", *_NAMES]}),
        (_("The stay"), {"fields": [*_STAY, "valid_to"]}),
    ]
    row_actions = [(_("The stay has ended"), lambda row: open_only(row, "OverseasStayView.end"), "can_edit")]

    def check(self, session: Any, item: OverseasStay, form: Any, is_new: bool) -> None:
        self.check_stay(session, item, is_new)
        if item.arrived_on:
            not_after(item.arrived_on, clock.today(), field="arrived_on")
            if item.leaves_on and item.leaves_on < item.arrived_on:
                raise Invalid(_("The end lies before the beginning."), field="leaves_on")


class LeftBehindView(DetailsMixin, StayPage, ModelView):
    """Children, elders and women whose family works elsewhere; health, means and family stand in an own form."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/leftbehind"
    keeps_viewers = True
    datamodel = Interface(LeftBehind)
    list_title = _("Left-behind residents")
    show_title = _("Left-behind resident")
    add_title = _("Add a left-behind resident")
    edit_title = _("Change the entry")
    label_columns = {**COMMON, "kind": _("Who is left behind"), "details": _("Particulars")}
    list_columns = ["person", "kind", "valid_from", "valid_to"]
    order_columns = ["valid_from", "valid_to"]
    search_columns = ["person.area", "valid_to"]
    eager = ("person",)
    add_columns = ["person_id", "kind", "valid_from"]
    edit_columns = ["kind", "valid_from"]
    show_columns = ["person", "kind", "valid_from", "valid_to"]
    show_template = "registry/details.html"
    row_actions = [(_("No longer left behind"), lambda row: open_only(row, "LeftBehindView.end"), "can_edit")]

    def own_form(self, item: Any, data: Any) -> SubForm | None:
        return subforms.population_forms()["left_behind"]

    def reading(self, item: LeftBehind) -> None:
        log_access("READ", "left_behind", item.id, item.person.area_id, detail="L4")

    def check(self, session: Any, item: LeftBehind, form: Any, is_new: bool) -> None:
        self.check_stay(session, item, is_new)
        values = form.values()
        if values is not None:
            item.details = subforms.settle(session, self.own_form(item, None), values)

    def show_context(self, item: LeftBehind) -> dict[str, Any]:
        context = super().show_context(item)
        form = self.own_form(item, None) if self.may_see_details() else None
        return context | {"details": shown_sections(self.session, form, item.details)}

    @expose("/reveal/<pk>/<column>", methods=["POST"])
    @has_access
    @permission_name("reveal")
    def reveal(self, pk: str, column: str) -> Any:
        """A masked column, or a masked number of the own form."""
        return self.reveal_detail(pk, column) if column.startswith(REFUSED_AT) else super().reveal(pk, column)
