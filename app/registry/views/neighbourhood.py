"""Schools, conveniences of the neighbourhood, help given to households."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from app.core import clock
from app.core.views import Interface, ModelView
from app.registry.models import HelpRecord, School, ServiceResource
from app.registry.service import units
from app.registry.views.common import NO_LOOKUP


class SchoolView(ModelView):
    """What is asked about a school beyond a venue (standards 1.8)."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/school"
    datamodel = Interface(School)
    list_title = _("Schools")
    show_title = _("School")
    add_title = _("Add a school")
    edit_title = _("Change the school")
    label_columns = {
        "venue_id": _("Venue"),
        "venue": _("Venue"),
        "venue.area": _("Grid"),
        "school_kind": _("Kind of school"),
        "students": _("Students"),
        "authority": _("Authority"),
        "head_name": _("Head"),
        "safety_lead": _("Head of safety"),
        "safety_owner": _("Responsible for safety"),
        "order_owner": _("Responsible for order"),
        "guards": _("Guards"),
    }
    list_columns = ["venue", "school_kind", "students", "authority", "head_name", "guards"]
    order_columns = ["students", "guards"]
    search_columns = ["venue.area", "school_kind", "authority", "students"]
    eager = ("venue",)
    _OWN = [
        "school_kind",
        "students",
        "authority",
        "head_name",
        "safety_lead",
        "safety_owner",
        "order_owner",
        "guards",
        "note",
    ]
    add_columns = ["venue_id", *_OWN]
    edit_columns = _OWN
    show_columns = ["venue", *_OWN]

    def heading(self, item: School) -> str:
        return str(item.venue or "")

    def check(self, session: Any, item: School, form: Any, is_new: bool) -> None:
        units.settle_school(session, item)


class ServiceResourceView(ModelView):
    """Conveniences of the neighbourhood with hours and phone (S4-58)."""

    route_base = "/serviceresource"
    datamodel = Interface(ServiceResource)
    list_title = _("Conveniences")
    show_title = _("Convenience")
    add_title = _("Add a convenience")
    edit_title = _("Change the convenience")
    label_columns = {
        "kind": _("Kind of convenience"),
        "hours": _("Opening hours"),
        "services": _("What it offers"),
        "is_public": _("Shown to residents"),
    }
    list_columns = ["name", "kind", "address", "phone", "hours", "area"]
    order_columns = ["name"]
    search_columns = ["name", "kind", "address", "is_public", "area"]
    eager = ("area",)
    add_columns = ["kind", "name", "area_id", "address", "phone", "hours", "services", "is_public"]
    edit_columns = add_columns
    show_columns = ["name", "kind", "area", "address", "phone", "hours", "services", "is_public"]
    lookup_columns = ("name",)


class HelpRecordView(ModelView):
    """Help given to a household: what, by whom, worth how much, with which result (S1-38)."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/helprecord"
    datamodel = Interface(HelpRecord)
    list_title = _("Help given")
    show_title = _("Help given")
    add_title = _("Note help given")
    edit_title = _("Change the entry")
    label_columns = {
        "household_id": _("Household"),
        "person_id": _("Given to"),
        "person": _("Given to"),
        "given_on": _("Given on"),
        "source": _("Source of the help"),
        "what": _("What was given"),
        "given_by": _("Given by"),
        "amount": _("Worth (yuan)"),
        "result": _("Result"),
    }
    description_columns = {"person_id": _("Empty: the whole household.")}
    list_columns = ["household", "given_on", "source", "what", "given_by", "amount"]
    order_columns = ["given_on", "amount"]
    base_order = ("given_on", "desc")
    search_columns = ["given_on", "source", "given_by"]
    eager = ("household",)
    _OWN = ["given_on", "source", "what", "given_by", "amount", "person_id", "result"]
    add_columns = ["household_id", *_OWN]
    edit_columns = _OWN
    show_columns = ["household", *_OWN]

    def check(self, session: Any, item: HelpRecord, form: Any, is_new: bool) -> None:
        units.settle_help(session, item, now=clock.now())
