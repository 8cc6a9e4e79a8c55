"""Entitled and not yet applied, reviews that are due: lists by grid, worked off one by one or together (S0-61)."""

from __future__ import annotations

from typing import Any

from flask import flash, request, url_for
from flask_babel import lazy_gettext as _
from flask_babel import ngettext

from app.areas.models import Area
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import DomainError, Invalid, NotAllowed
from app.core.session import unit_of_work
from app.core.views import BaseView, Interface, expose, has_access, permission_name
from app.proxy.queries import benefits as lists
from app.proxy.service import benefits, renewals  # noqa: F401 - renewals hang in their job
from app.proxy.views import field_forms as forms
from app.proxy.views.cases import may_book
from app.registry.choices import ProposalAction
from app.registry.models import Proposal
from app.registry.views.common import born
from app.registry.views.proposals import booking_url, proposed, sure

KINDS = {
    "all": _("All"),
    "benefit": _("Entitled, not yet applied for"),
    "renewal": _("Annual review or expiry"),
    "maybe": _("Please ask the grid worker"),
    "late": _("Overdue"),
}
BOOK, MOST_REASON, SAID_APART = "book", 200, (403, 404)


class BenefitDesk(BaseView):
    """Open proposals of the own grids, the longest overdue first."""

    route_base = "/benefits"
    default_view = "index"
    title = _("Entitled, not yet applied")

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> Any:
        """Counts by grid, and the list of one grid or of all."""
        return self.page()

    @expose("/settle", methods=["POST"])
    @has_access
    @permission_name("use")
    def settle(self) -> Any:
        """Book the ticked ones as one round, or note that they do not want it or are not entitled."""
        actor = current_actor()
        do = request.form.get("do", "")
        if not (may_book(actor) if do == BOOK else actor.may("can_edit", "ProposalView")):
            raise NotAllowed()
        try:
            with unit_of_work(self.session) as session:
                rows = lists.chosen(session, forms.uids(request, "pick"))
                url, said = self.take(session, rows, do)
        except DomainError as refused:
            if refused.status in SAID_APART:
                raise
            self.session.rollback()
            return self.page(refused), 422
        flash(said, "success")
        return self.go(url)

    def take(self, session: Any, rows: list[Proposal], do: str) -> tuple[str, str]:
        """(where to go, what to say)."""
        actor, now = current_actor(), clock.now()
        if do == BOOK:
            day, slot = forms.day(request, "planned_on"), forms.slot(request)
            visit = benefits.book_several(session, actor, now, rows, planned_on=day, slot=slot)
            said = ngettext("%(num)s case was booked.", "%(num)s cases were booked.", len(rows))
            if actor.may("can_use", "FieldDesk"):
                return url_for("FieldDesk.round", uid=visit.uid), said
            return self.here(), said
        reason = forms.text(request, "reason", MOST_REASON)
        action = ProposalAction.parse(do, field="do")
        count = benefits.settle_several(session, actor, now, rows, action, reason)
        return self.here(), ngettext(
            "%(num)s proposal was settled.", "%(num)s proposals were settled.", count
        )

    def here(self) -> str:
        """The list as it was."""
        asked = request.values
        return url_for("BenefitDesk.index", kind=asked.get("kind") or None, area=asked.get("area") or None)

    def page(self, refused: DomainError | None = None) -> str:
        """The page; what was ticked and typed stays where something was refused."""
        today, actor = clock.today(), current_actor()
        kind = request.values.get("kind", "") or "all"
        if kind not in KINDS:
            raise Invalid(_("This list does not exist."), field="kind")
        area_uid, after_uid = request.values.get("area", ""), request.args.get("after", "")
        area = Interface(Area).by_key(self.session, area_uid) if area_uid else None
        after = Interface(Proposal).by_key(self.session, after_uid) if after_uid else None
        rows, more = lists.listed(self.session, today, kind=kind, area=area, after=after)
        return self.render_template(
            "proxy/benefits.html",
            kinds=KINDS,
            kind=kind,
            area=area,
            grids=lists.by_grid(self.session, today),
            rows=rows,
            more=rows[-1].uid if more else "",
            refused=refused,
            typed=request.form,
            ticked=set(request.form.getlist("pick")),
            slots=forms.SLOTS,
            may_book=may_book(actor),
            may_settle=actor.may("can_edit", "ProposalView") and not actor.read_only,
            proposed=proposed,
            sure=sure,
            born=born,
            booking_url=booking_url if may_book(actor) else lambda _row: None,
        )
