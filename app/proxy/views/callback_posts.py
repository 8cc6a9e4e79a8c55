"""The card with call-backs after a bad rating on the page of a case; an attempt, and closing one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import flash, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import clock, codes
from app.core.actor import Actor, current_actor
from app.core.session import unit_of_work
from app.core.views import expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.widgets import ChoiceField, CodeField, LongTextField, Needed
from app.proxy.choices import CallOutcome, Entry
from app.proxy.models import ProxyCase
from app.proxy.queries import case_page
from app.proxy.queries.names import sees_names
from app.proxy.service import callbacks, open_case
from app.proxy.service.cases import write_entry
from app.proxy.views.form_pages import by_post, form_page, ready
from app.proxy.views.parts import part


def _shown(session: Session, case: ProxyCase, actor: Actor, now: datetime) -> dict[str, Any] | None:
    if not case.callbacks:
        return None
    return {
        "rows": case.callbacks,
        "outcomes": {o.value: o for o in CallOutcome},
        "levels": dict(codes.choices(session, callbacks.RATINGS)),
        "may_close": callbacks.may_handle(actor, case),
        # what was said of somebody's work is not shown to that somebody
        "sees": sees_names(actor) and actor.staff_id not in callbacks.rated_staff(case),
        "now": now,
    }


part("callbacks", "top", _shown)


class ClosingForm(RecordForm):
    """What came of the call-back."""

    outcome = ChoiceField(_("What came of it"), [Needed()], source=[(o.value, o.label) for o in CallOutcome])
    answer = LongTextField(_("What the resident said and what was done"), [Needed()], length=1000)
    new_rating = CodeField(
        _("How content the resident is now"),
        source=callbacks.RATINGS,
        description=_("Only what the resident says. The first rating stays as it was given."),
    )


class GivingForm(RecordForm):
    """Who calls back instead, and why."""

    to = ChoiceField(_("Who calls back"), [Needed()])
    reason = LongTextField(_("Why somebody else"), [Needed()], length=200)


class CallbacksMixin:
    """Call-backs of a case."""

    session: Any
    url_show: Any
    go: Any

    @expose("/<pk>/callback/<uid>/tried", methods=["POST"])
    @has_access
    @permission_name("use")
    def callback_tried(self, pk: str, uid: str) -> Any:
        """An attempt that reached nobody."""
        actor, now = current_actor(), clock.now()
        with unit_of_work(self.session) as session:
            case = open_case(session, pk, request.form.get("_version") or "0")
            row = callbacks.tried(actor, now, case, uid)
            write_entry(actor, now, case, Entry.callback, {"attempts": row.attempts})
            url = self.url_show(case)
        flash(gettext("The attempt is written down."), "success")
        return self.go(url)

    @expose("/<pk>/callback/<uid>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def callback_close(self, pk: str, uid: str) -> Any:
        """The call-back is closed; what is refused comes back with everything typed."""
        actor, now = current_actor(), clock.now()
        row = callbacks.need_handler(actor, case_page.load(self.session, pk), uid)

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            said = {name: form[name].data for name in ("outcome", "answer", "new_rating")}
            done = callbacks.close(session, actor, now, case, uid, **said)
            write_entry(actor, now, case, Entry.callback, {"closed": done.outcome})

        rated = codes.label(self.session, callbacks.RATINGS, row.rating)
        told = gettext("The resident was: %(rating)s.", rating=rated)
        return form_page(
            self,
            pk,
            lambda data: ready(ClosingForm(formdata=data)),
            take,
            title=gettext("Close the call-back"),
            press=gettext("Close the call-back"),
            told=f"{told} {row.words}" if row.words else told,
        )

    @expose("/<pk>/callback/<uid>/give", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def callback_give(self, pk: str, uid: str) -> Any:
        """The call-back is given to somebody else, who is told; nobody who was rated is offered."""
        actor, now = current_actor(), clock.now()
        case = case_page.load(self.session, pk)
        row = callbacks.need_handler(actor, case, uid)
        offered = [(c.uid, by_post(c)) for c in callbacks.receivers(case, now, row)]

        def make(data: Any) -> Any:
            form = GivingForm(formdata=data)
            form.to.source = offered
            return ready(form)

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            said = {"to": form.to.data or "", "reason": form.reason.data or ""}
            found = callbacks.hand_over(session, actor, now, case, uid, **said)
            write_entry(
                actor, now, case, Entry.callback, {"recipient": found.name, "outcome": said["reason"]}
            )

        title = gettext("Give the call-back to somebody else")
        return form_page(self, pk, make, take, title=title, press=gettext("Give it"))
