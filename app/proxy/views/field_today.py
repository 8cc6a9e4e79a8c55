"""A worker's day on the phone: visits of today, own cases by light, originals, quick entries (S3-61, S3-62)."""

from __future__ import annotations

import re
from typing import Any

from flask import request, url_for
from flask_babel import lazy_gettext as _

from app.core import clock
from app.core.actor import current_actor
from app.core.errors import Invalid
from app.core.views import expose, has_access, permission_name
from app.core.widgets import view_of
from app.proxy.choices import Action, State
from app.proxy.models import ProxyCase
from app.proxy.queries import field as pages
from app.proxy.queries import mine
from app.proxy.queries import today as day
from app.proxy.queries.names import list_name
from app.proxy.rules.stages import TO_DELIVER
from app.worklog.choices import Outcome

CHIPS = {
    "mine": _("All"),
    "red": _("Overdue"),
    "yellow": _("Soon due"),
    "green": _("In time"),
    "fetch": _("To fetch"),
    "deliver": _("To hand over"),
    "held": _("Originals"),
}


def step_url(line: mine.CaseLine) -> str | None:
    """Where the next step of an own case is taken: at the door of a planned round, at the hand-over, on the case."""
    case, page = line.case, view_of(ProxyCase)
    if case.state in TO_DELIVER:
        return url_for("FieldDesk.deliver", case_uid=case.uid)
    if line.action is None:
        return None
    if line.door is not None:
        return url_for("FieldDesk.door", visit_uid=line.door[0], stop_uid=line.door[1])
    if line.action is Action.rate and case.state == State.delivered:
        return url_for("FieldDesk.rate", case_uid=case.uid)
    if page is None or not page.can("use"):
        return None
    return f"{page.route_base}/{case.uid}/act/{line.action}"


def step_words(line: mine.CaseLine) -> Any:
    """The button's words."""
    if line.case.state in TO_DELIVER:
        return _("Hand over")
    if line.door is not None:
        return _("Log this door")
    return line.action.label if line.action is not None else ""


class TodayMixin:
    """Today's page, and all rounds."""

    session: Any
    render_template: Any

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """Doors of today in walking order, then own cases: one list, chosen by a tap on its count."""
        actor, now, session = current_actor(), clock.now(), self.session
        show = request.args.get("show", "mine")
        if show not in mine.SHOWN:
            raise Invalid(_("This list does not exist."), field="show")
        page = page_asked(mine.FARTHEST)
        visits, more_visits = day.visits_until(session, actor, clock.today())
        is_held = show == "held"
        held, more_held = mine.originals(session, actor, page) if is_held else ([], False)
        lines, more = ([], more_held) if is_held else mine.cases_of(session, actor, now, show, page)
        return self.render_template(
            "proxy/field_today.html",
            visits=visits,
            more_visits=more_visits,
            counts=mine.counts(session, actor, now),
            chips=CHIPS,
            show=show,
            page=page,
            more=more,
            lines=lines,
            held=held,
            case_page=view_of(ProxyCase),
            name=list_name,
            acting_as=actor,
            step_url=step_url,
            step_words=step_words,
            may_scan=actor.may("can_use", "DoorCodeDesk"),
            Outcome=Outcome,
            State=State,
        )

    @expose("/rounds")
    @has_access
    @permission_name("use")
    def rounds(self) -> str:
        """Late rounds, today's, those to come, and walked ones whose cases are under way."""
        found = pages.my_rounds(self.session, current_actor(), clock.today())
        return self.render_template("proxy/field_rounds.html", title=_("My rounds"), rounds=found)


def page_asked(farthest: int) -> int:
    """The page of a list, from 1. Invalid for what is no page, or lies too far."""
    text = request.args.get("page", "1")
    if not re.fullmatch(r"[1-9]\d{0,3}", text) or int(text) > farthest:
        raise Invalid(_("The list is not that long: narrow it down."), field="page")
    return int(text)
