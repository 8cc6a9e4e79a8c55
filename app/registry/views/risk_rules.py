"""Rules of the risk colour and thresholds of the small places: data that an administrator keeps."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import SelectMultipleField

from app.core import clock, codes, jobs
from app.core.errors import Invalid
from app.core.views import Interface, ModelView, badge
from app.core.widgets import CheckField, ChoiceField, NumberField, WholeField, Wire
from app.registry.choices import Measure
from app.registry.jobs import RISK
from app.registry.models import RiskRule, VenueThreshold
from app.registry.rules import risk as rules
from app.registry.service import risk
from app.registry.views.common import NO_LOOKUP
from app.registry.views.wording import colour_badge

MATCH = [("any", _("any of these is met")), ("all", _("all of these are met"))]
MOST = 100_000


class CodesField(Wire, SelectMultipleField):
    """Several codes of a list."""

    def __init__(self, label: Any = None, validators: Any = None, *, source: str = "", **kw: Any) -> None:
        self.source = source
        super().__init__(label, validators, choices=[], validate_choice=False, **kw)
        self.type = "SelectMultipleField"  # drawn as one

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([value for value in valuelist if value])

    def load(self) -> None:
        """The codes of today, and those the rule holds."""
        found = codes.codes(current_app.appbuilder.session(), self.source)  # type: ignore[attr-defined]
        held = self.data or []
        self.choices = [(c.code, c.label) for c in found.values() if c.current or c.code in held]

    def wire(self) -> str:
        return " ".join(self.data or [])

    def words(self) -> str:
        return gettext(", ").join(label for code, label in self.choices or () if code in (self.data or []))

    def populate_obj(self, obj: Any, name: str) -> None:
        """Part of the condition, which the view puts together."""


class _Loose:
    def populate_obj(self, obj: Any, name: str) -> None:
        """Part of the condition, which the view puts together."""


class _Choice(_Loose, ChoiceField):
    pass


class _Whole(_Loose, WholeField):
    pass


class _Number(_Loose, NumberField):
    pass


class _Check(_Loose, CheckField):
    pass


L = rules.LABELS
CONDITION = {
    "match": lambda: _Choice(_("The rule holds if"), source=MATCH, default="any"),
    "failed": lambda: CodesField(L["failed"], source=risk.HOME_ITEMS),
    "failed_count": lambda: _Whole(L["failed_count"]),
    "below_m2": lambda: _Number(L["below_m2"], precision=5, scale=1),
    "rental_kind": lambda: CodesField(L["rental_kind"], source="rental_kind"),
    "housing_use": lambda: CodesField(L["housing_use"], source="housing_use"),
    "open_hazards": lambda: _Whole(L["open_hazards"]),
    "unregistered": lambda: _Check(L["unregistered"]),
    "no_pledge": lambda: _Check(L["no_pledge"]),
}


class RiskRuleView(ModelView):
    """When a rented home gets which colour: tried from the top, the first that holds."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/riskrule"
    datamodel = Interface(RiskRule)
    list_title = _("Rules of the risk colour")
    show_title = _("Rule of the risk colour")
    add_title = _("Add a rule")
    edit_title = _("Change the rule")
    base_order = ("seq", "asc")
    label_columns = {
        "seq": _("Order"),
        "colour": _("Colour"),
        "condition": _("The rule holds if"),
        "check_days": _("Days to the next check"),
        "source": _("Source"),
        "is_on": _("In use"),
    }
    description_columns = {
        "seq": _("Small numbers are tried first: the worst colour."),
        "check_days": _("Empty: as the colour says."),
    }
    list_columns = ["name", "colour", "condition", "check_days", "seq", "is_on"]
    order_columns = ["seq"]
    search_columns = ["colour", "is_on"]
    _FIELDS = ["seq", "colour", "name", "check_days", "source", "is_on"]
    add_fieldsets = [
        (_("Rule of the risk colour"), {"fields": _FIELDS}),
        (_("Condition"), {"fields": list(CONDITION), "note": _("Leave empty what does not matter.")}),
    ]
    edit_fieldsets = add_fieldsets
    show_columns = ["seq", "colour", "name", "condition", "check_days", "source", "is_on"]
    formatters_columns = {
        "colour": lambda row: colour_badge(row.colour),
        "condition": lambda row: condition_words(row.condition),
        "is_on": lambda row: badge(_("In use"), "green") if row.is_on else badge(_("Not in use"), "grey"),
    }

    @property
    def add_form_extra_fields(self) -> dict[str, Any]:
        return {name: make() for name, make in CONDITION.items()}

    @add_form_extra_fields.setter
    def add_form_extra_fields(self, _value: Any) -> None:
        """FAB sets an empty one; ours is fixed."""

    edit_form_extra_fields = add_form_extra_fields

    def make_form(self, **kw: Any) -> Any:
        form = super().make_form(**kw)
        for field in form:
            if isinstance(field, CodesField):
                field.load()
        return form

    def prefill(self, form: Any, item: RiskRule | None) -> None:
        for name, value in (item.condition if item is not None else {}).items():
            if name in form:
                form[name].data = value
                if isinstance(form[name], CodesField):
                    form[name].load()

    def check(self, session: Any, item: RiskRule, form: Any, is_new: bool) -> None:
        if item.colour not in rules.COLOURS:
            raise Invalid(_("This choice does not exist."), field="colour")
        low, high = rules.DAYS
        if item.check_days is not None and not low <= item.check_days <= high:
            raise Invalid(_("Between %(low)s and %(high)s days.", low=low, high=high), field="check_days")
        item.condition = rules.check_condition(condition_of(form), risk.words(session))

    def save(self, session: Any, item: RiskRule, form: Any, is_new: bool) -> None:
        """A changed rule reaches every home: a job goes through them."""
        session.add(item)
        jobs.enqueue(session, RISK, now=clock.now())

    def remove(self, session: Any, item: RiskRule, reason: str) -> None:
        super().remove(session, item, reason)
        jobs.enqueue(session, RISK, now=clock.now())


def condition_of(form: Any) -> dict[str, Any]:
    """The condition that the form's fields make; empty ones are left out."""
    found: dict[str, Any] = {"match": form["match"].data or "any"}
    for name in rules.TESTS:
        value = form[name].data
        if value not in (None, "", [], False):
            found[name] = float(value) if name == "below_m2" else value
    return found


def condition_words(condition: dict[str, Any]) -> str:
    """A condition as a sentence for people."""
    session: Any = current_app.appbuilder.session()  # type: ignore[attr-defined]
    known = risk.words(session)
    lists = {"failed": known.items, "rental_kind": known.rental_kinds, "housing_use": known.housing_uses}
    parts = []
    for name in (key for key in rules.TESTS if key in condition):
        value = condition[name]
        if name in lists:
            value = gettext(", ").join(lists[name].get(code, code) for code in value)
        parts.append(str(L[name]) if value is True else f"{L[name]} {value}")
    joint = gettext("; and ") if condition.get("match") == "all" else gettext("; or ")
    return joint.join(parts)


class VenueThresholdView(ModelView):
    """Up to which size a venue of a kind is one of the nine small places."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/venuethreshold"
    datamodel = Interface(VenueThreshold)
    list_title = _("Thresholds of the nine small places")
    show_title = _("Threshold")
    add_title = _("Add a threshold")
    edit_title = _("Change the threshold")
    base_order = ("id", "asc")
    label_columns = {
        "nine_small": _("Nine small places"),
        "venue_key": _("Kind of venue"),
        "measure": _("Measured in"),
        "most": _("At most"),
        "source": _("Source"),
    }
    choices_columns = {"measure": Measure}
    list_columns = ["nine_small", "venue_key", "measure", "most", "source"]
    search_columns = ["nine_small", "venue_key"]
    add_columns = ["nine_small", "venue_key", "measure", "most", "source"]
    show_columns = ["nine_small", "venue_key", "measure", "most", "source"]

    def heading(self, item: VenueThreshold) -> str:
        return codes.label(self.session, "venue_nine_small", item.nine_small)

    def check(self, session: Any, item: VenueThreshold, form: Any, is_new: bool) -> None:
        if item.most is None or not 1 <= item.most <= MOST:
            raise Invalid(_("Between 1 and %(most)s.", most=MOST), field="most")
