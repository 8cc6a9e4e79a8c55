"""The week of a worker, or of all workers of an area: appointments, visits, free places, absences (S3-63)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import request, url_for
from flask_babel import lazy_gettext as _

from app.areas.models import Area, Staff
from app.core import clock
from app.core.actor import current_actor
from app.core.dates import parse_day
from app.core.errors import Invalid
from app.core.jinja import WEEKDAYS
from app.core.views import BaseView, Interface, expose, has_access, permission_name
from app.core.widgets import view_of
from app.proxy.models import ProxyCase
from app.proxy.queries import calendar
from app.proxy.queries.names import together_name
from app.proxy.views.cases import may_book
from app.worklog.choices import VisitState
from app.worklog.models import StaffAbsence, WorkSlot

WORKER = "grid_worker"
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Row:
    """A worker with the seven days of the week."""

    staff: Staff
    days: list[calendar.Day]


class CalendarDesk(BaseView):
    """One page: the week of a worker with every appointment, or the weeks of all workers of an area in numbers."""

    route_base = "/appointments"
    default_view = "index"
    title = _("Appointments")

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """A worker opens the own week, a desk the workers of its area; ``who`` names one of them."""
        actor, monday = current_actor(), self.monday()
        last = monday + timedelta(days=6)
        one = self.one(actor)
        area, more = None, False
        if one is not None:
            workers = [one]
        else:
            key = request.args.get("area", "")
            area = Interface(Area).by_key(self.session, key) if key else None
            workers, more = calendar.workers(self.session, actor, clock.today(), area)
        found = calendar.calendars(self.session, workers, monday, last)
        return self.render_template(
            "proxy/calendar.html",
            rows=[Row(worker, found[worker.id]) for worker in workers],
            one=one,
            area=area,
            more=more,
            monday=monday,
            last=last,
            week=WEEK,
            weekdays=[str(word) for word in WEEKDAYS],
            this_week=monday <= clock.today() <= last,
            here=self.here,
            is_worker=actor.role == WORKER,
            may_book=may_book(actor),
            name=lambda cases: together_name(cases, actor),
            link=self.link,
            VisitState=VisitState,
            slots_page=view_of(WorkSlot),
            absences_page=view_of(StaffAbsence),
            case_page=view_of(ProxyCase),
        )

    def one(self, actor: Any) -> Staff | None:
        """The worker whose week it is; None for all of an area. NotFound outside the scope."""
        key = request.args.get("who", "")
        if key:
            worker = Interface(Staff).by_key(self.session, key)
            return calendar.with_area(self.session, worker.id)
        if actor.role == WORKER and actor.staff_id and "area" not in request.args:
            return calendar.with_area(self.session, actor.staff_id)
        return None

    @staticmethod
    def monday() -> date:
        """The first day of the week asked for; Invalid for what is no day."""
        text = request.args.get("week", "").strip()
        day = parse_day(text, field="week") if text else clock.today()
        if not 2000 <= day.year <= 2100:
            raise Invalid(_("This is not a date."), field="week")
        return day - timedelta(days=day.weekday())

    def here(self, **changed: Any) -> str:
        """The address of this page with another week, worker or area."""
        values = {k: v for k in ("who", "area", "week") if (v := request.args.get(k, ""))} | changed
        asked: dict[str, Any] = {k: str(v) for k, v in values.items() if v}
        return url_for("CalendarDesk.index", **asked)

    def link(self, expected: calendar.Expected) -> str | None:
        """Where an appointment is handled: the round on the phone, the visit, or the case."""
        actor = current_actor()
        if expected.visit is not None:
            if actor.may("can_use", "FieldDesk"):
                return url_for("FieldDesk.round", uid=expected.visit.uid)
            page = view_of(type(expected.visit))
        else:
            page = view_of(ProxyCase)
        row = expected.visit if expected.visit is not None else expected.cases[0]
        return page.url_show(row) if page is not None and page.can("show") else None
