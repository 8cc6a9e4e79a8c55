"""Numbers of the proxy service by worker, service, area and department."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _

from app.areas.models import Area
from app.core import clock
from app.core.actor import Actor, current_actor
from app.core.dates import parse_day
from app.core.errors import Invalid
from app.core.views import BaseView, Interface, expose, has_access, permission_name
from app.proxy.queries import figures

LONGEST = 3 * 366
LABELS = {
    "worker": _("By worker"),
    "service": _("By service"),
    "area": _("By grid"),
    "department": _("By department"),
}
HEADS = {
    "worker": _("Grid worker"),
    "service": _("Service"),
    "area": _("Grid"),
    "department": _("Department"),
}


def offered(actor: Actor) -> list[str]:
    """By what the acting role may count: a department does not see who the workers are."""
    return [by for by in figures.BY if by != "worker" or not actor.org_unit_ids]


class ProxyFigures(BaseView):
    """One page: who did how much, how quickly, how often it came back, and what residents think."""

    route_base = "/proxy-figures"
    default_view = "index"
    title = _("Figures of proxy services")

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """Decisions of a period, by one of four views; what is open now beside them."""
        actor = current_actor()
        by = request.args.get("by") or offered(actor)[0]
        if by not in offered(actor):
            raise Invalid(_("This list does not exist."), field="by")
        first, last = self.period()
        key = request.args.get("area", "")
        area = Interface(Area).by_key(self.session, key) if key else None
        lines, whole = figures.lines(self.session, by, first, last, area)
        figures.add_open(self.session, by, clock.now(), lines, whole, area)
        return self.render_template(
            "proxy/figures.html",
            by=by,
            head=HEADS[by],
            choices=[(b, LABELS[b]) for b in offered(actor)],
            first=first,
            last=last,
            area=area,
            lines=lines,
            whole=whole,
        )

    @staticmethod
    def period() -> tuple[date, date]:
        """The days asked for; by default the present month. Invalid for a period that ends before it begins."""
        today = clock.today()
        typed: dict[str, Any] = {name: request.args.get(name, "").strip() for name in ("first", "last")}
        first = parse_day(typed["first"], field="first") if typed["first"] else today.replace(day=1)
        last = parse_day(typed["last"], field="last") if typed["last"] else today
        if last < first:
            raise Invalid(_("The period ends before it begins."), field="last")
        if last - first > timedelta(days=LONGEST):
            raise Invalid(_("Choose at most three years."), field="first")
        return first, last
