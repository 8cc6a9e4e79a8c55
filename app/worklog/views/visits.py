"""Visits and the worker's daily records as plain lists; rounds are made and logged on the phone page."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from app.core import clock
from app.core.actor import current_actor
from app.core.views import Interface, ModelView, RelatedList
from app.worklog import panels as _panels  # noqa: F401 - hangs the visits on the pages of the registry
from app.worklog.choices import Outcome, RecordResult, RecordWay, VisitState
from app.worklog.models import ServiceRecord, Visit, VisitStop
from app.worklog.service import records


class VisitStopView(ModelView):
    """The doors of a visit and what came of each."""

    route_base = "/visit-stops"
    datamodel = Interface(VisitStop)
    list_title = show_title = add_title = edit_title = _("Doors of a visit")
    label_columns = {
        "seq": _("Order"),
        "dwelling": _("Home"),
        "outcome": _("Outcome"),
        "revisit_on": _("Come again on"),
        "at": _("At"),
        "visit": _("Visit"),
    }
    choices_columns = {"outcome": Outcome}
    list_columns = ["seq", "person", "dwelling", "outcome", "at", "revisit_on", "note"]
    show_columns = ["visit", *list_columns]
    base_order = ("seq", "asc")
    base_permissions = ["can_list", "can_show"]
    eager = ("person", "dwelling", "visit")
    lookup_columns = ("note",)


class VisitView(ModelView):
    """Visits: one round, many doors and purposes (S3-64); planned, done, missed or called off."""

    route_base = "/visits"
    datamodel = Interface(Visit)
    list_title = _("Visits")
    show_title = _("Visit")
    add_title = edit_title = _("Visit")
    label_columns = {
        "title": _("Title"),
        "visit_type": _("Kind of visit"),
        "planned_on": _("Planned for"),
        "slot": _("Time of day"),
        "started_at": _("Begun at"),
        "ended_at": _("Ended at"),
    }
    choices_columns = {"state": VisitState}
    list_columns = ["planned_on", "slot", "title", "visit_type", "area", "state"]
    search_columns = ["planned_on", "state", "visit_type", "area", "title"]
    order_columns = ["planned_on"]
    base_order = ("planned_on", "desc")
    show_columns = [
        "title",
        "visit_type",
        "planned_on",
        "slot",
        "area",
        "state",
        "started_at",
        "ended_at",
        "note",
    ]
    base_permissions = ["can_list", "can_show", "can_lookup", "can_history"]
    eager = ("area",)
    lookup_columns = ("title",)
    related = [RelatedList(VisitStopView, "visit_id", _("Doors"))]


class ServiceRecordView(ModelView):
    """What a worker did for somebody on a day (S1-56): most lines come by themselves, free ones are added here."""

    route_base = "/service-records"
    datamodel = Interface(ServiceRecord)
    list_title = _("Daily service records")
    show_title = _("Service record")
    add_title = _("Add a service record")
    edit_title = _("Change the service record")
    label_columns = {
        "done_on": _("Served on"),
        "record_type": _("Kind of service"),
        "content": _("What was done"),
        "way": _("How"),
        "result": _("Outcome of the service"),
        "staff": _("Served by"),
        "household": _("For the household"),
        "visit": _("Visit"),
    }
    choices_columns = {"way": RecordWay, "result": RecordResult}
    list_columns = ["done_on", "staff", "record_type", "content", "way", "result", "area"]
    search_columns = ["done_on", "record_type", "way", "result", "area", "staff", "content"]
    order_columns = ["done_on"]
    base_order = ("done_on", "desc")
    show_columns = [*list_columns, "household", "created_at"]
    add_columns = ["area", "done_on", "record_type", "content", "way", "result", "household"]
    edit_columns = ["record_type", "content", "way", "result"]
    eager = ("staff", "area", "household", "household.head")
    lookup_columns = ("content",)

    def prefill(self, form: Any, item: Any) -> None:
        if item is None and not form.done_on.data:
            form.done_on.data = clock.today()

    def check(self, session: Any, item: ServiceRecord, form: Any, is_new: bool) -> None:
        records.claim(current_actor(), clock.today(), item, is_new=is_new)

    def is_editable(self, item: ServiceRecord) -> bool:
        return records.may_change(current_actor(), item)
