"""Resident organisations: public bodies, companies, social organisations, each with its own fields."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import lazy_gettext as _

from app.core.actor import current_actor
from app.core.views import Interface, ModelView
from app.core.views.fields import RecordForm
from app.registry.choices import UnitKind
from app.registry.models import ResidentUnit
from app.registry.rules.units import COLUMNS_OF, OWN_COLUMNS
from app.registry.service import units
from app.registry.views.common import FieldsByChoice

LEGAL = ["legal_name", "legal_document_kind", "legal_document", "legal_phone"]
ORGANISED = [
    "has_party",
    "party_members",
    "has_union",
    "union_members",
    "has_league",
    "league_members",
    "has_women",
    "women_members",
]
OWN_SECTIONS: list[tuple[Any, list[str]]] = [
    (_("Registration"), ["category", "registered_kind", "holding", "business"]),
    (
        _("Social organisation"),
        ["social_kind", "licence_no", "authority", "approved_on", "funding", "is_foreign"],
    ),
    (_("Who stands for it"), LEGAL),
    (_("Order and safety"), ["guard_name", "guard_phone", "is_hazardous", "hazard", "attention"]),
    (_("Party, union, league, women"), ORGANISED),
]
BASE = ["name", "credit_code", "area_id", "building_id", "address", "phone", "staff_count", "note"]


class UnitForm(RecordForm):
    """The form of a resident organisation: base fields, and those of its kind as sections of their own."""

    kind_chosen: str | None = None

    def sections(self) -> list[tuple[Any, list[Any], dict[str, Any]]]:
        """The sections of the chosen kind."""
        own = COLUMNS_OF.get(self.kind_chosen or "", frozenset())
        found = [(label, [self[n] for n in names if n in own and n in self]) for label, names in OWN_SECTIONS]
        return [(label, fields, {}) for label, fields in found if fields]

    def carried(self) -> list[tuple[str, str]]:
        """What was typed for another kind."""
        shown = {f.name for _label, fields, _o in self.sections() for f in fields}
        items = request.form.items(multi=True)
        return [(k, v) for k, v in items if k in OWN_COLUMNS and k not in shown]


class ResidentUnitView(FieldsByChoice, ModelView):
    """Public bodies, companies and social organisations that sit in the area (S4-57)."""

    route_base = "/residentunit"
    # the particulars of a kind of organisation are asked for on its own form
    bulk_columns = ("area_id", "building_id", "staff_count", "status", "note")
    datamodel = Interface(ResidentUnit)
    list_title = _("Resident organisations")
    show_title = _("Resident organisation")
    add_title = _("Add an organisation")
    edit_title = _("Change the organisation")
    choice_column = "kind"
    add_template = edit_template = "registry/subform_edit.html"
    label_columns = {
        "kind": _("Kind of organisation"),
        "credit_code": _("Unified credit code"),
        "building_id": _("Building"),
        "building": _("Building"),
        "staff_count": _("Number of staff"),
        "category": _("Class"),
        "registered_kind": _("Kind of registration"),
        "holding": _("Who holds it"),
        "business": _("Business"),
        "legal_name": _("Legal representative"),
        "legal_document_kind": _("Kind of document"),
        "legal_document": _("Number of the document"),
        "legal_phone": _("Representative's phone"),
        "guard_name": _("Responsible for order"),
        "guard_phone": _("Phone of the responsible"),
        "is_hazardous": _("Handles dangerous goods"),
        "hazard": _("Hazard"),
        "attention": _("Degree of attention"),
        "has_party": _("Party branch"),
        "party_members": _("Party members"),
        "has_union": _("Trade union"),
        "union_members": _("Union members"),
        "has_league": _("Youth League"),
        "league_members": _("League members"),
        "has_women": _("Women's federation"),
        "women_members": _("Women members"),
        "licence_no": _("Registration number"),
        "authority": _("Authority"),
        "approved_on": _("Approved on"),
        "social_kind": _("Kind of social organisation"),
        "funding": _("Funding"),
        "is_foreign": _("Has ties abroad"),
        "source": _("Source"),
        "confirmed_on": _("Confirmed on"),
    }
    description_columns = {"address": _("Empty: the address of the building.")}
    choices_columns = {"kind": UnitKind}
    list_columns = ["name", "kind", "credit_code", "address", "staff_count", "is_hazardous", "area"]
    order_columns = ["name", "staff_count"]
    search_columns = [
        "name",
        "kind",
        "credit_code",
        "address",
        "is_hazardous",
        "hazard",
        "attention",
        "social_kind",
        "status",
        "area",
    ]
    eager = ("area",)
    validators_columns = {"address": []}
    _OWN = [name for _label, names in OWN_SECTIONS for name in names]
    add_fieldsets = [
        (_("The organisation"), {"fields": ["kind", *BASE]}),
        ("", {"fields": _OWN, "apart": True}),
    ]
    edit_fieldsets = [
        (_("The organisation"), {"fields": [*BASE, "status"]}),
        ("", {"fields": _OWN, "apart": True}),
    ]
    show_fieldsets = [
        (
            _("The organisation"),
            {
                "fields": [
                    "name",
                    "kind",
                    "credit_code",
                    "area",
                    "building",
                    "address",
                    "phone",
                    "staff_count",
                    "status",
                    "source",
                    "confirmed_on",
                    "note",
                ]
            },
        ),
        *((label, {"fields": names}) for label, names in OWN_SECTIONS),
    ]
    lookup_columns = ("name", "name_initials")
    lookup_eager = ("area",)

    def lookup_text(self, row: ResidentUnit) -> str:
        return f"{row.name} · {row.address}"

    def make_form(self, *, is_new: bool, item: Any = None, data: Any = None) -> UnitForm:
        base = self.add_form if is_new else self.edit_form
        made = type(f"{base.__name__}ByKind", (UnitForm, base), {})
        form: UnitForm = made(formdata=data, obj=item)
        form.prepare(current_actor(), self.datamodel.obj)
        if "address" in form:
            form.address.validators = ()
            form.address.flags.required = False
        form.kind_chosen = item.kind if item else (data if data is not None else request.args).get("kind")
        if is_new and data is None:
            form.kind.data = form.kind_chosen
        own = COLUMNS_OF.get(form.kind_chosen or "", frozenset())
        for name in OWN_COLUMNS - own:
            if name in form:
                del form[name]
        return form

    def show_context(self, item: ResidentUnit) -> dict[str, Any]:
        context = super().show_context(item)
        own = COLUMNS_OF.get(item.kind, frozenset())
        sections = []
        for label, values, options in context["sections"]:
            shown = [v for v in values if v["name"] not in OWN_COLUMNS or v["name"] in own]
            if shown:
                sections.append((label, shown, options))
        return context | {"sections": sections}

    def check(self, session: Any, item: ResidentUnit, form: Any, is_new: bool) -> None:
        units.settle_unit(session, item)
