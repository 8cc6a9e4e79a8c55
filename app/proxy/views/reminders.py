"""Reminders: what was told about cases and is not done, the longest over first."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.core import clock
from app.core.actor import current_actor
from app.core.errors import Invalid
from app.core.sla import Unit, due_date
from app.core.views import BaseView, expose, has_access, permission_name
from app.core.widgets import view_of
from app.proxy.choices import ClockCode, State
from app.proxy.models import CaseAlarm, ProxyCase
from app.proxy.queries import alarms
from app.proxy.queries.left import left_of
from app.proxy.rules.escalation import Told, Watched
from app.proxy.views.cases import shown_name


class ReminderDesk(BaseView):
    """What was escalated to one's level, what one has in hand oneself, all of one's area."""

    route_base = "/reminders"
    default_view = "index"
    title = _("Reminders")

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """Open reminders by the time that is left."""
        actor, now = current_actor(), clock.now()
        tabs = self.tabs(actor.role)
        tab = request.args.get("tab", "") or tabs[0][0]
        if tab not in alarms.TABS:
            raise Invalid(_("This list does not exist."), field="tab")
        found, more = alarms.open_alarms(self.session, actor, tab)
        clocks = alarms.clocks_of(self.session, [one.about for one in found])
        return self.render_template(
            "proxy/reminders.html",
            tabs=tabs,
            tab=tab,
            rows=[self.row(one, clocks, now) for one in found],
            more=more,
            page=view_of(ProxyCase),
            name=shown_name,
        )

    @staticmethod
    def tabs(role: str) -> list[tuple[str, Any]]:
        level = alarms.LEVELS.get(role)
        mine = ("mine", _("My cases"))
        if level is None:
            return [mine, ("all", _("All of my area"))]
        return [
            ("level", gettext("Told to %(level)s", level=level.label)),
            mine,
            ("all", _("All of my area")),
        ]

    def row(self, alarm: CaseAlarm, clocks: dict[str, alarms.ClockOf], now: Any) -> dict[str, Any]:
        """One line of the list."""
        kind, _colon, uid = alarm.about.partition(":")
        measured = clocks.get(uid)
        return {
            "case": alarm.case,
            "state": State.parse(alarm.case.state),
            "about": ClockCode.label_of(measured.kind) if measured else Watched.label_of(kind),
            "told": Told.parse(alarm.told),
            "at": alarm.at,
            "due": due_date(alarm.due_at),
            "over": alarm.due_at < now,
            "left": left_of(
                self.session,
                alarm.case.area,
                alarm.due_at,
                now,
                measured.unit if measured else Unit.work_day.value,
            ),
        }
