"""Rounds proposed by building and route, chosen by ticks (S3-62, S3-64)."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor, current_actor
from app.core.errors import Invalid
from app.core.models import new_uid
from app.core.views import expose, has_access, permission_name
from app.proxy.queries import errands as proposals
from app.proxy.queries import planning
from app.proxy.rules.errands import AHEAD, MOST_ERRANDS
from app.proxy.service import errands
from app.proxy.views import field_forms as forms
from app.proxy.views import kept
from app.proxy.views.booking_asks import warn_full
from app.proxy.views.field_saving import once


class ErrandsMixin:
    """One page: who is to be visited, by building; ticked ones become a round."""

    session: Any
    render_template: Any
    _done: Any
    _round_url: Any

    @expose("/proposed", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def proposed(self) -> Any:
        """Open cases, doors to try again, yearly stamps and care visits of the next days, in walking order."""
        actor, session = current_actor(), self.session
        if request.method == "POST":
            return self._done(once(session, actor, self._proposed, kept.PROPOSED))
        days = request.args.get("days", "7")
        if days not in {str(n) for n in AHEAD}:
            raise Invalid(_("This list does not exist."), field="days")
        blocks, more = proposals.proposed(session, actor, clock.today(), int(days))
        return self.render_template(
            "proxy/field_proposed.html",
            title=_("Proposed rounds"),
            blocks=blocks,
            more=more,
            most=MOST_ERRANDS,
            ahead=AHEAD,
            days=int(days),
            staff=planning.colleagues(session, actor),
            slots=forms.SLOTS,
            kept=kept.kept(session, kept.PROPOSED),
            client_uid=new_uid(),
        )

    def _proposed(self, session: Session, actor: Actor) -> str:
        others = planning.staff_by_uid(session, forms.uids(request, "staff"))
        visit = errands.plan_errands(
            session,
            actor,
            clock.now(),
            keys=forms.errand_keys(request),
            planned_on=forms.day(request, "planned_on"),
            slot=forms.slot(request),
            workers=[w for w in (actor.staff_id, *others) if w],
            title=forms.text(request, "title", 120) or None,
        )
        warn_full(session, visit)
        return str(self._round_url(visit.uid))
