"""Venues: shops, schools, workshops; which of the nine small places each is, its licence and its checks."""

from __future__ import annotations

from typing import Any

from flask import flash, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.core import codes
from app.core.errors import Conflict
from app.core.session import unit_of_work
from app.core.views import Interface, ModelView, RelatedList, expose, has_access, permission_name
from app.registry.choices import Measure
from app.registry.models import Venue
from app.registry.queries import safety
from app.registry.service import venues

CLASSES = "venue_nine_small"


class VenueView(ModelView):
    """Shops, workshops, schools, the nine small places."""

    route_base = "/venue"
    datamodel = Interface(Venue)
    list_title = _("Venues")
    show_title = _("Venue")
    add_title = _("Add a venue")
    edit_title = _("Change the venue")
    label_columns = {
        "name": _("Designation"),
        "venue_key": _("Kind of venue"),
        "nine_small": _("Nine small places"),
        "credit_code": _("Unified credit code"),
        "building_id": _("Building"),
        "dwelling_id": _("Home"),
        "dwelling": _("Home"),
        "operator_name": _("Operator"),
        "operator_phone": _("Operator's phone"),
        "area_m2": _("Floor area (m²)"),
        "staff_count": _("Number of staff"),
        "seats": _("Seats or places"),
        "beds": _("Beds"),
        "safety_owner": _("Responsible for safety"),
        "hazard": _("Hazard"),
        "attention": _("Degree of attention"),
        "last_check_on": _("Last check"),
        "next_check_on": _("Next check"),
        "licence_no": _("Licence number"),
        "licence_until": _("Licence until"),
        "area_id": _("Grid"),
        "area": _("Grid"),
    }
    description_columns = {"address": _("Empty: the address of the home or building.")}
    list_columns = ["name", "venue_key", "nine_small", "address", "licence_until", "next_check_on", "area"]
    order_columns = ["name", "licence_until", "next_check_on"]
    search_columns = [
        "name",
        "venue_key",
        "nine_small",
        "credit_code",
        "address",
        "licence_until",
        "next_check_on",
        "area",
    ]
    eager = ("area",)
    _WHAT = ["name", "venue_key", "nine_small", "credit_code"]
    _RUN = [
        "operator_name",
        "operator_phone",
        "area_m2",
        "staff_count",
        "seats",
        "beds",
        "licence_no",
        "licence_until",
        "safety_owner",
        "attention",
        "note",
    ]
    _SAFE = ["hazard", "last_check_on", "next_check_on"]
    add_fieldsets = [
        (_("Venue"), {"fields": [*_WHAT, "area_id", "building_id", "dwelling_id", "address"]}),
        (_("Operation"), {"fields": _RUN}),
    ]
    edit_fieldsets = add_fieldsets
    show_fieldsets = [
        (_("Venue"), {"fields": [*_WHAT, "area", "building", "dwelling", "address"]}),
        (_("Operation"), {"fields": _RUN}),
        (_("Safety"), {"fields": _SAFE}),
    ]
    show_template = "registry/venue.html"
    related = [
        RelatedList("SchoolView", "venue_id"),
        RelatedList("SafetyCheckView", "venue_id"),
        RelatedList("HazardView", "venue_id"),
    ]
    row_actions = [
        (
            _("Check now"),
            lambda row: url_for("CheckDesk.check", kind="venue", uid=row.uid),
            "can_use:CheckDesk",
        )
    ]
    bulk_columns = (
        *("venue_key", "nine_small", "area_id", "building_id", "licence_until", "safety_owner"),
        *("attention", "note"),
    )
    lookup_columns = ("name", "name_initials")

    def lookup_text(self, row: Venue) -> str:
        return f"{row.name} · {row.address}"

    def save(self, session: Any, item: Venue, form: Any, is_new: bool) -> None:
        venues.settle_venue(session, item)
        session.add(item)

    def show_context(self, item: Venue) -> dict[str, Any]:
        found = venues.suggestion(self.session, item)
        more = {
            "found": found,
            "fits": codes.label(self.session, CLASSES, found.nine_small),
            "unknown": [Measure.label_of(name) for name in found.unknown],
            "open_hazards": safety.open_hazards(self.session, item),
        }
        return super().show_context(item) | more

    @expose("/classify/<pk>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def classify(self, pk: str) -> Any:
        """Take over the class that the thresholds give."""
        with unit_of_work(self.session) as session:
            item = self.datamodel.by_key(session, pk)
            found = venues.suggestion(session, item)
            if found.why == () and found.nine_small is None:
                raise Conflict(_("Too little is known of this venue to say which class it is."))
            item.nine_small = found.nine_small
        flash(gettext("Saved."), "success")
        return self.go(self.url_show(item))
