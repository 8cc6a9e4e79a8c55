"""Pages of the working calendar: days and office hours of areas, and the year as it comes out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm.attributes import get_history

from app.areas import queries
from app.areas.models import Area, CalendarDay, OfficeHours
from app.areas.service import calendars
from app.areas.service.calendars import Effect
from app.areas.views.common import AreaInterface, PlacedInterface, at_form, may_write
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import NotFound
from app.core.numbers import whole_number
from app.core.views import ModelView, badge, expose, has_access, permission_name

WEEKDAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))


def tell(effect: Effect) -> None:
    """Say what a change did to open deadlines."""
    for label, looked_at, moved in effect.rows:
        if looked_at:
            words = gettext(
                "%(what)s: %(n)s counted anew, %(moved)s deadlines moved.",
                what=str(label),
                n=looked_at,
                moved=moved,
            )
            flash(words, "info")


class PlacedView(ModelView):
    """Rows of an area, of the areas above, or of everywhere."""

    base_order = ("id", "desc")

    def base_where(self) -> tuple[Any, ...]:
        actor, model = current_actor(), self.datamodel.obj
        if actor.whole_site or actor.is_system:
            return ()
        above = [lo[:end] for lo, _hi in actor.ranges for end in range(4, len(lo), 4)]
        inside = or_(Area.path.in_(above), *(Area.path.between(lo, hi) for lo, hi in actor.ranges))
        return (or_(model.area_id.is_(None), model.area_id.in_(select(Area.id).where(inside))),)

    def is_editable(self, item: Any) -> bool:
        return may_write(item.area.path) if item.area is not None else current_actor().whole_site


class CalendarDayView(PlacedView):
    """Days that differ from the national calendar in an area and everything below it."""

    route_base = "/calendar"
    datamodel = PlacedInterface(CalendarDay)
    list_title = _("Working days of areas")
    show_title = _("Calendar day")
    add_title = _("Add a day")
    edit_title = _("Change the day")
    base_order = ("day", "desc")
    label_columns = {
        "name": _("Designation"),
        "day": _("Date"),
        "is_workday": _("Working day"),
        "area_id": _("Area"),
        "area": _("Area"),
        "kind_words": _("Counts as"),
    }
    description_columns = {
        "area_id": _("Empty: everywhere. The nearest area wins."),
        "is_workday": _("Ticked: worked on this day. Not ticked: free."),
        "name": _("Local festival, flood, exchange of days …"),
        "source": _("The notice that orders it."),
    }
    list_columns = ["day", "kind_words", "name", "area", "source"]
    search_columns = ["day", "is_workday", "area", "name"]
    formatters_columns = {
        "kind_words": lambda row: (
            badge(_("Working day"), "blue") if row.is_workday else badge(_("Free day"), "green")
        ),
        "area": lambda row: row.area or _("Everywhere"),
    }
    add_fieldsets = [(_("Facts"), {"fields": ["day", "is_workday", "name", "area_id", "source"]})]
    edit_fieldsets = add_fieldsets
    show_fieldsets = [(_("Facts"), {"fields": ["day", "kind_words", "name", "area", "source"]})]
    lookup_columns = ("name",)
    list_links = [(_("The year"), lambda _row: url_for("CalendarDayView.year"), "can_list")]

    def heading(self, item: Any) -> str:
        return f"{item.day.isoformat()} · {item.name}"

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        old = get_history(item, "day").deleted
        with at_form(form):
            was = old[0] if old else None
            tell(calendars.save_day(session, item, current_actor(), clock.now(), was=was))

    def remove(self, session: Any, item: Any, reason: str) -> None:
        tell(calendars.drop_day(session, item, current_actor(), clock.now()))

    @expose("/year/")
    @has_access
    @permission_name("list")
    def year(self) -> Any:
        """Twelve months as they count for deadlines in an area; years without data are marked as provisional."""
        number = self._year(request.args.get("year", ""))
        area = self._area(request.args.get("area", ""))
        calendar = calendars.calendar_for(self.session, area.id)
        own = {
            row.day: row.name for row in self.session.scalars(select(CalendarDay).where(*self.base_where()))
        }
        months = [[_cell(calendar, day, own) for day in _days(number, month)] for month in range(1, 13)]
        return self.render_template(
            "areas/year.html",
            title=gettext("Calendar %(year)s", year=number),
            area=area,
            number=number,
            months=months,
            weekdays=[str(word) for word in WEEKDAYS],
            provisional=not calendar.has_data(date(number, 12, 31)),
            hours=calendar.office_hours(clock.today()),
            working=sum(1 for month in months for cell in month if cell["work"]),
        )

    def _year(self, text: str) -> int:
        if not text:
            return clock.today().year
        return whole_number(text, 2004, 2100, field="year", message=_("A year lies between 2004 and 2100."))

    def _area(self, key: str) -> Area:
        if key:
            return AreaInterface(Area).by_key(self.session, key)
        found = queries.tops(self.session, current_actor(), clock.today())
        if not found:
            raise NotFound()
        return found[0]


def _days(year: int, month: int) -> list[date]:
    first = date(year, month, 1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return [first + timedelta(days=offset) for offset in range(last.day)]


def _cell(calendar: Any, day: date, own: dict[date, str]) -> dict[str, Any]:
    work = calendar.is_workday(day)
    usual = day.weekday() < 5
    # only what differs from an ordinary week gets a colour
    mark = "" if work == usual else ("worked" if work else "free")
    return {"day": day, "work": work, "mark": mark, "name": own.get(day, "")}


class OfficeHoursView(PlacedView):
    """Office hours by season; the nearest area wins."""

    route_base = "/office-hours"
    datamodel = PlacedInterface(OfficeHours)
    list_title = _("Office hours")
    show_title = _("Office hours")
    add_title = _("Add office hours")
    edit_title = _("Change the office hours")
    label_columns = {
        "area_id": _("Area"),
        "area": _("Area"),
        "from_day": _("From (month-day)"),
        "to_day": _("To (month-day)"),
        "morning_from": _("Morning from"),
        "morning_to": _("Morning to"),
        "afternoon_from": _("Afternoon from"),
        "afternoon_to": _("Afternoon to"),
        "hours": _("Hours"),
        "season": _("Season"),
    }
    description_columns = {
        "area_id": _("Empty: everywhere. The nearest area wins."),
        "from_day": _("Such as 05-01; both days belong to the season."),
    }
    list_columns = ["season", "hours", "area"]
    order_columns: list[str] = []
    search_columns = ["area"]
    formatters_columns = {
        "area": lambda row: row.area or _("Everywhere"),
        "season": lambda row: f"{row.from_day} – {row.to_day}",
        "hours": lambda row: f"{row.morning_from}–{row.morning_to}, {row.afternoon_from}–{row.afternoon_to}",
    }
    add_fieldsets = [
        (_("Season"), {"fields": ["from_day", "to_day", "area_id"]}),
        (_("Hours"), {"fields": ["morning_from", "morning_to", "afternoon_from", "afternoon_to"]}),
    ]
    edit_fieldsets = add_fieldsets
    show_fieldsets = [(_("Office hours"), {"fields": ["season", "hours", "area"]})]
    lookup_columns = ("from_day",)

    def heading(self, item: Any) -> str:
        return f"{item.from_day} – {item.to_day}"

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        with at_form(form):
            tell(calendars.save_hours(session, item, current_actor(), clock.now()))

    def remove(self, session: Any, item: Any, reason: str) -> None:
        tell(calendars.drop_hours(session, item, current_actor(), clock.now()))
