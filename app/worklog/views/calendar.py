"""Times for visits and absences, as lists that the station keeps; a worker writes the own absence (S3-63)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement

from app.areas.models import Area, Staff
from app.areas.views.common import at_form, may_write
from app.core import clock, hooks
from app.core.actor import current_actor
from app.core.jinja import WEEKDAYS
from app.core.views import Interface, ModelView
from app.core.views.filters import Own
from app.core.widgets import ChoiceField, Needed, RemoteField
from app.worklog.models import StaffAbsence, WorkSlot
from app.worklog.service import absences, slots

EVERY = "all"
TO_CALENDAR = (_("Appointments"), lambda _row: url_for("CalendarDesk.index"), "can_use:CalendarDesk")


class WeekdayField(ChoiceField):
    """A day of the week; when times are first kept, Monday to Friday at once."""

    def __init__(self, *args: Any, every: bool = False, **kw: Any) -> None:
        self.every = every
        super().__init__(*args, **kw)

    def pairs(self) -> list[tuple[str, Any]]:
        days = [(str(n), word) for n, word in enumerate(WEEKDAYS)]
        return [(EVERY, _("Mon to Fri")), *days] if self.every else days

    def process_data(self, value: Any) -> None:
        super().process_data(None if value is None else str(value))
        self.object_data = self.data

    def populate_obj(self, obj: Any, name: str) -> None:
        setattr(obj, name, int(self.data) if self.data and self.data != EVERY else 0)


class WorkSlotView(ModelView):
    """When residents may be visited: for everybody of an area, or for one worker."""

    route_base = "/visit-times"
    datamodel = Interface(WorkSlot)
    list_title = _("Times for visits")
    show_title = _("Time for visits")
    add_title = _("Add times for visits")
    edit_title = _("Change the time for visits")
    label_columns = {
        "weekday": _("Day of the week"),
        "slot": _("Time of day"),
        "places": _("Visits at most"),
        "staff": _("Worker"),
        "staff_id": _("Worker"),
        "area_id": _("Area"),
    }
    description_columns = {
        "slot": _("e.g. 09:00-11:00"),
        "staff_id": _("Empty: everybody of the area who has no times of their own."),
        "area_id": _("With a worker: left empty."),
        "places": _("How many homes can be visited in this time."),
    }
    _TYPED = ["staff_id", "area_id", "weekday", "slot", "places"]
    list_columns = ["area", "staff", "weekday", "slot", "places"]
    show_columns = ["area", "staff", "weekday", "slot", "places"]
    search_columns = ["area", "staff"]
    order_columns = ["weekday", "slot"]
    add_columns, edit_columns = _TYPED, ["weekday", "slot", "places"]
    add_form_extra_fields = {
        "area_id": RemoteField(_("Area"), model=Area, as_id=True, description=description_columns["area_id"]),
        "weekday": WeekdayField(_("Day of the week"), [Needed()], every=True, default=EVERY),
    }
    edit_form_extra_fields = {"weekday": WeekdayField(_("Day of the week"), [Needed()])}
    formatters_columns = {
        "weekday": lambda row: str(WEEKDAYS[row.weekday]),
        "staff": lambda row: row.staff or _("Everybody"),
    }
    base_order = ("weekday", "asc")
    base_permissions = ["can_list", "can_show", "can_add", "can_edit", "can_delete", "can_history"]
    exclude_route_methods = frozenset({"lookup", "deleted", "restore", "reveal", "related_list"})
    eager = ("area", "staff")
    list_links = [TO_CALENDAR]
    empty_hint = _("No times are kept: appointments are made freely.")

    def heading(self, item: WorkSlot) -> str:
        return f"{WEEKDAYS[item.weekday]} {item.slot}"

    def is_editable(self, item: WorkSlot) -> bool:
        return may_write(item.area.path)

    def save(self, session: Any, item: WorkSlot, form: Any, is_new: bool) -> None:
        with at_form(form):
            if is_new and form.weekday.data == EVERY:
                form.made = slots.save_week(session, current_actor(), item)[0]
            else:
                slots.save_slot(session, current_actor(), item)

    def after_save_url(self, item: WorkSlot, form: Any, is_new: bool) -> str:
        """Back to the list: several times were kept at once."""
        return super().after_save_url(getattr(form, "made", item), form, is_new)


def _pairs() -> Sequence[tuple[str, Any]]:
    return [("now", _("now and to come")), ("over", _("over"))]


def _where(value: str) -> ColumnElement[bool]:
    still = StaffAbsence.to_day >= clock.today()
    return still if value == "now" else ~still


class StaffAbsenceView(ModelView):
    """Who is away when, and who stands in."""

    route_base = "/absences"
    datamodel = Interface(StaffAbsence)
    list_title = _("Absences")
    show_title = _("Absence")
    add_title = _("Add an absence")
    edit_title = _("Change the absence")
    label_columns = {
        "staff": _("Worker"),
        "staff_id": _("Worker"),
        "from_day": _("First day away"),
        "to_day": _("Last day away"),
        "reason": _("Reason"),
        "substitute": _("Stands in"),
        "substitute_id": _("Stands in"),
        "whose": _("Which ones"),
    }
    description_columns = {
        "substitute_id": _("Gets the reminders and sees the appointments of these days."),
    }
    _TYPED = ["staff_id", "from_day", "to_day", "substitute_id", "reason"]
    list_columns = ["staff", "from_day", "to_day", "substitute", "reason", "area"]
    show_columns = list_columns
    search_columns = ["staff", "area", "from_day", "to_day"]
    order_columns = ["from_day", "to_day"]
    own_filters = {"whose": Own(_("Which ones"), _pairs, _where)}
    add_columns, edit_columns = _TYPED, ["from_day", "to_day", "substitute_id", "reason"]
    base_order = ("from_day", "desc")
    base_permissions = ["can_list", "can_show", "can_add", "can_edit", "can_delete", "can_history"]
    exclude_route_methods = frozenset({"lookup", "deleted", "restore", "reveal", "related_list"})
    formatters_columns = {
        "reason": lambda row: (row.reason or "") if absences.may_know_why(current_actor(), row) else "",
    }
    eager = ("area", "staff", "substitute")
    bulk_columns = ()
    list_links = [TO_CALENDAR]
    empty_hint = _("Nobody is away.")

    def heading(self, item: StaffAbsence) -> str:
        return f"{item.staff} {item.from_day.isoformat()}"

    def prefill(self, form: Any, item: Any) -> None:
        actor = current_actor()
        if item is None and actor.role == absences.WORKER and not form.staff_id.data:
            form.staff_id.data = self.session.get(Staff, actor.staff_id or 0)

    def rows_about(self, item: StaffAbsence, verb: str) -> list[tuple[Any, hooks.Rows]]:
        """The history tells the reason as well: it is for those who may know it."""
        return super().rows_about(item, verb) if absences.may_know_why(current_actor(), item) else []

    def is_editable(self, item: StaffAbsence) -> bool:
        return absences.may_write(current_actor(), item)

    def save(self, session: Any, item: StaffAbsence, form: Any, is_new: bool) -> None:
        actor, now = current_actor(), clock.now()
        with at_form(form):
            before = None if is_new else absences.cover_before(item)
            if before is not None and before != absences.cover_of(item):
                absences.close_to(session, actor, before, now)
            absences.save_absence(session, actor, item, now)

    def remove(self, session: Any, item: StaffAbsence, reason: str) -> None:
        hooks.give_reason(session, reason)
        absences.drop_absence(session, current_actor(), item, clock.now())
