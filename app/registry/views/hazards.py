"""Hazards with their steps, and the sheets of checks to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup

from app.areas.models import OrgUnit
from app.core import clock, codes, files
from app.core.actor import current_actor
from app.core.errors import Conflict, DomainError
from app.core.session import unit_of_work
from app.core.views import Interface, ModelView, RelatedList, expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.widgets import ChoiceField, DayField, LongTextField, Needed, view_of
from app.core.workflow.table import flat_names
from app.registry.choices import CheckResult, HazardAction, HazardState
from app.registry.models import Hazard, SafetyCheck
from app.registry.rules.hazards import NAMES
from app.registry.service import hazards, risk
from app.registry.views.common import NO_LOOKUP
from app.registry.views.wording import colour_badge

FIELDS = {
    "fix_by": lambda: DayField(NAMES["fix_by"], [Needed()]),
    "department": lambda: ChoiceField(NAMES["department"], [Needed()]),
    "note": lambda: LongTextField(NAMES["note"], [Needed()], length=300),
}
OWNER = "safety_check"


class HazardView(ModelView):
    """What was found not in order, until it is gone."""

    exclude_route_methods = NO_LOOKUP | {"add", "edit", "delete", "deleted", "restore"}
    route_base = "/hazard"
    datamodel = Interface(Hazard)
    list_title = _("Hazards")
    show_title = add_title = edit_title = _("Hazard at a place")
    label_columns = {
        "text": _("What is not in order"),
        "place": _("Place"),
        "found_on": _("Found on"),
        "fix_by": _("To be put right by"),
        "kind": _("Kind of hazard"),
        "reported_unit": _("Passed on to"),
        "reported_unit_id": _("Passed on to"),
    }
    choices_columns = {"state": HazardState}
    list_columns = ["text", "place", "state", "found_on", "fix_by", "area"]
    order_columns = ["found_on", "fix_by", "state"]
    search_columns = ["state", "kind", "found_on", "fix_by", "area"]
    show_columns = ["text", "place", "state", "kind", "found_on", "fix_by", "reported_unit", "area"]
    eager = ("area", "rental_home.dwelling", "venue")
    formatters_columns = {"place": lambda row: place_link(row)}
    show_template = "registry/hazard.html"
    empty_hint = _("No hazards: every place that was checked is in order.")
    row_actions = [
        (action.label, lambda row, action=action: _step_url(row, action), "can_use")
        for action in HazardAction
        if action is not HazardAction.find
    ]

    def heading(self, item: Hazard) -> str:
        return item.text

    def is_editable(self, item: Hazard) -> bool:
        """A hazard moves by its steps only."""
        return False

    def show_context(self, item: Hazard) -> dict[str, Any]:
        steps = [
            {
                "at": step.at,
                "by": step.by_label,
                "role": step.by_role,
                "words": HazardAction.label_of(step.action),
                "reason": " · ".join(
                    str(part)
                    for part in (
                        step.reason,
                        step.fix_by and gettext("to be put right by %(day)s", day=step.fix_by),
                    )
                    if part
                ),
            }
            for step in item.steps
        ]
        return super().show_context(item) | {"steps": steps}

    @expose("/step/<pk>/<action>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def step(self, pk: str, action: str) -> Any:
        """One step: GET asks what the table asks for, POST takes it."""
        wanted = HazardAction.parse(action, field="action")
        item = self.datamodel.by_key(self.session, pk)
        offered = next((o for o in hazards.offers(item, current_actor()) if o.action is wanted), None)
        if offered is None:
            raise Conflict(_("This step is not possible in the present state."))
        asked = "department" in flat_names(offered.to.needs)
        units = hazards.competent(self.session, item, clock.today()) if asked else []
        form, status = step_form(offered.to.needs, units), 200
        if request.method == "POST":
            status = 422
            if form.validate():
                try:
                    with unit_of_work(self.session) as session:
                        mine = self.datamodel.by_key(session, pk)
                        given = {name: form[name].data for name in flat_names(offered.to.needs)}
                        if units:
                            given["department"] = Interface(OrgUnit).by_key(session, given["department"])
                        hazards.act(session, current_actor(), mine, wanted, given, now=clock.now())
                    flash(gettext("Saved."), "success")
                    return self.go(self.url_show(item))
                except DomainError as refusal:
                    form.refuse(refusal.field, refusal.message)
        elif "fix_by" in form:
            form["fix_by"].data = item.fix_by if item.fix_by and item.fix_by >= clock.today() else None
        item = self.datamodel.by_key(self.session, pk)
        page = self.render_template(
            "appbuilder/general/end.html",
            title=wanted.label,
            note=item.text,
            form=form,
            item=item,
            back=self.url_show(item),
        )
        return page, status


def step_form(needs: Any, units: Sequence[OrgUnit] = ()) -> Any:
    """The form of a step, from the words of the table; ``units`` are the offices it may be passed on to."""
    form = type("HazardStepForm", (RecordForm,), {name: FIELDS[name]() for name in flat_names(needs)})()
    if "department" in form:
        form["department"].source = [(unit.uid, unit.name) for unit in units]
    form.prepare(current_actor(), Hazard)
    return form


def _step_url(row: Hazard, action: HazardAction) -> str | None:
    if all(offer.action is not action for offer in hazards.offers(row, current_actor())):
        return None
    return url_for("HazardView.step", pk=row.uid, action=action.value)


def place_link(row: Any) -> Any:
    """The home or venue, as a link for whoever may open it."""
    place = row.rental_home or row.venue
    view = view_of(type(place)) if place is not None else None
    if view is None or not view.can("show"):
        return str(place or "")
    return Markup('<a href="{}">{}</a>').format(view.url_show(place), place)


class SafetyCheckView(ModelView):
    """Sheets of checks: written once, read here."""

    exclude_route_methods = NO_LOOKUP | {"add", "edit", "delete", "deleted", "restore"}
    route_base = "/safetycheck"
    datamodel = Interface(SafetyCheck)
    list_title = _("Checks made")
    show_title = _("Check")
    add_title = _("Check")
    edit_title = _("Check")
    label_columns = {
        "place": _("Place"),
        "checked_on": _("Checked on"),
        "inspectors": _("Checked by"),
        "people_found": _("People found"),
        "summary": _("Remarks"),
        "risk": _("Risk"),
        "next_check_on": _("Next check"),
    }
    list_columns = ["checked_on", "place", "risk", "inspectors", "people_found", "next_check_on", "area"]
    order_columns = ["checked_on"]
    search_columns = ["checked_on", "risk", "area"]
    show_columns = [
        "place",
        "checked_on",
        "inspectors",
        "people_found",
        "risk",
        "next_check_on",
        "summary",
        "area",
    ]
    eager = ("area", "rental_home.dwelling", "venue")
    formatters_columns = {"place": lambda row: place_link(row), "risk": lambda row: colour_badge(row.risk)}
    show_template = "registry/safety_check.html"
    related = [RelatedList("HazardView", "check_id")]
    empty_hint = _("No check was written down yet.")

    def heading(self, item: SafetyCheck) -> str:
        return str(item)

    def is_editable(self, item: SafetyCheck) -> bool:
        """A sheet is written once."""
        return False

    def show_context(self, item: SafetyCheck) -> dict[str, Any]:
        name = risk.HOME_ITEMS if item.rental_home_id else risk.VENUE_ITEMS
        labels = codes.codes(self.session, name)
        lines = [
            (labels[i.item].label if i.item in labels else i.item, CheckResult.parse(i.result), i.note)
            for i in item.items
        ]
        photos = files.of_owner(self.session, OWNER, item.uid)
        return super().show_context(item) | {"lines": lines, "photos": photos}
