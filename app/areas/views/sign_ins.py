"""Who is signed in right now, and ending a session by force."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import current_app, flash, g, url_for
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.areas.accounts import administration, listing, standing
from app.areas.models import SignIn
from app.areas.roles import ROLES
from app.areas.security.confirm import recently_confirmed
from app.areas.views.user_admin import page_number
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import NotFound
from app.core.interface import checked_key
from app.core.session import unit_of_work
from app.core.views import BaseView, expose, has_access, permission_name


class SignInView(BaseView):
    """Open sessions of the accounts in one's own areas."""

    route_base = "/sign-ins"
    default_view = "list"

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        """Sessions used within the idle limit, the latest first."""
        now, page = clock.now(), page_number()
        since = now - timedelta(minutes=current_app.config["IDLE_MINUTES"])
        rows, more = listing.online(self.session, since, page=page)
        held = standing.holdings_of([staff.id for _s, staff, *_rest in rows], clock.today())
        may_end = {i for i, h in held.items() if self.can("edit") and standing.covers(current_actor(), h)}
        return self.render_template(
            "account/sign_ins.html",
            title=_("Signed in now"),
            rows=rows,
            more=more,
            page=page,
            roles=ROLES,
            own=g.sign_in.id,
            may_end=may_end,
        )

    @expose("/end/<uid>", methods=["POST"])
    @has_access
    @permission_name("edit")
    @recently_confirmed
    def end(self, uid: str) -> Any:
        """End a session of somebody below one's rank."""
        with unit_of_work(self.session) as db:
            row_id = db.scalar(select(SignIn.id).where(SignIn.uid == checked_key(uid, uid=True)))
            if row_id is None:
                raise NotFound()
            administration.force_out(db, current_actor(), row_id, clock.now())
        flash(_("The session was ended."), "success")
        return self.go(url_for("SignInView.list"))
