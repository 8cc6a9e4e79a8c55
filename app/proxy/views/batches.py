"""One step for many cases: chosen in the work list, looked at together, taken with one press."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import current_actor
from app.core.dates import parse_day
from app.core.errors import DomainError, Invalid
from app.core.session import unit_of_work
from app.core.views import expose, has_access, permission_name
from app.core.widgets import view_of
from app.proxy import forms
from app.proxy.choices import Action, State
from app.proxy.models import ProxyCase
from app.proxy.queries import desk
from app.proxy.queries.names import list_name
from app.proxy.service import facts, offers
from app.proxy.service.step_roles import machine_of, may_take
from app.proxy.service.together import BATCHED, MOST, Chosen, Outcome, take_together

REFUSED = 422
# what differs from case to case where a decision is written down: its number and until when it holds
OWN_FIELDS = {Action.approve: ("result_no", "result_until"), Action.refuse: ("result_no",)}
# what each case says by itself
FROM_ITEM = {Action.submit: ("window", "department_name"), Action.fetch: ("result", "result_name")}


def steps_of(session: Session, role: str) -> list[Action]:
    """The steps that a role takes for many cases at once, in the order of the way."""
    return [action for action in BATCHED if may_take(session, role, action)]


class BatchMixin:
    """Steps for many cases."""

    session: Any
    render_template: Any
    route_base: str

    @expose("/together", methods=["POST"])
    @has_access
    @permission_name("use")
    def together(self) -> Any:
        """First the cases and the fields of the step, then what came of it."""
        action = self.action_asked()
        keys = list(dict.fromkeys(request.form.getlist("case")))
        if not keys:
            raise Invalid(_("Choose at least one case."))
        if len(keys) > MOST:
            raise Invalid(_("Choose at most %(most)s cases at once.", most=MOST))
        cases = desk.chosen(self.session, keys)
        ready = self.ready(cases, action)
        if not ready or "_take" not in request.form:
            return self.together_page(action, cases, ready)
        form = self.form_of(action, ready, request.form)
        if not form.validate():
            return self.together_page(action, cases, ready, form, REFUSED)
        try:
            outcome = self.take_all(action, ready, form)
        except DomainError as refused:
            form.refuse(refused.field, refused.message)
            return self.together_page(action, cases, ready, form, refused.status, refused.field or "")
        return self.outcome_page(action, outcome)

    def action_asked(self) -> Action:
        action = Action.parse(request.form.get("action", ""), field="action")
        if action not in steps_of(self.session, current_actor().role):
            raise Invalid(_("This step is taken in one case at a time."), field="action")
        return action

    @staticmethod
    def ready(cases: Sequence[ProxyCase], action: Action) -> list[ProxyCase]:
        """Those that may take the step now, as far as can be seen before it is pressed."""
        actor, now = current_actor(), clock.now()
        return [c for c in cases if any(o.action is action and o.ready for o in offers(c, actor, now))]

    @staticmethod
    def form_of(action: Action, cases: Sequence[ProxyCase], data: Any = None) -> Any:
        """The fields that hold for all of them: what the step asks in any of them, without what differs."""
        actor, now, asked = current_actor(), clock.now(), []
        for case in cases:
            known, to = facts(case), machine_of(case).table[State.parse(case.state), action]
            bars = tuple(b for b in to.bars if known.get(b))
            asked.append(forms.Asked(action, to, case, actor.label, now, bars))
        without = (*OWN_FIELDS.get(action, ()), FROM_ITEM.get(action, ("",))[0])
        return forms.common_form(asked, without, data)

    def take_all(self, action: Action, ready: Sequence[ProxyCase], form: Any) -> Outcome:
        given = forms.common_given(form)
        chosen = [
            Chosen(c.uid, request.form.get(f"version-{c.uid}", "0"), self.own_of(action, c)) for c in ready
        ]
        with unit_of_work(self.session) as session:
            return take_together(session, current_actor(), clock.now(), chosen, action, given)

    @staticmethod
    def own_of(action: Action, case: ProxyCase) -> dict[str, Any]:
        """What was typed for one case, or follows from its service. Invalid, with the case, for what is no day."""
        own: dict[str, Any] = {}
        if action in FROM_ITEM:
            name, column = FROM_ITEM[action]
            own[name] = getattr(case.item_version, column) or gettext("result")
        for name in OWN_FIELDS.get(action, ()):
            typed = request.form.get(f"{name}-{case.uid}", "").strip()
            if typed:
                own[name] = day_of(case, name, typed) if name == "result_until" else typed[:60]
        return own

    def together_page(
        self,
        action: Action,
        cases: Sequence[ProxyCase],
        ready: Sequence[ProxyCase],
        form: Any = None,
        status: int = 200,
        wrong: str = "",
    ) -> Any:
        actor, now = current_actor(), clock.now()
        if form is None and ready:
            form = self.form_of(action, ready)
        keys = {c.uid for c in ready}
        page = self.render_template(
            "proxy/together.html",
            title=action.label,
            action=action,
            ready=ready,
            barred=[(c, why(c, action, offers(c, actor, now))) for c in cases if c.uid not in keys],
            form=form,
            own=OWN_FIELDS.get(action, ()),
            labels=forms.LABELS,
            typed=request.form,
            wrong=wrong,
            name=lambda case: list_name(case, actor),
            page=view_of(ProxyCase),
        )
        return page, status

    def outcome_page(self, action: Action, outcome: Outcome) -> Any:
        return self.render_template(
            "proxy/together_done.html", title=action.label, outcome=outcome, page=view_of(ProxyCase)
        )


def day_of(case: ProxyCase, name: str, typed: str) -> str:
    """A day that was typed at one of several cases, as it is kept. Invalid names the case and its field."""
    try:
        return parse_day(typed).isoformat()
    except Invalid as refused:
        told = gettext(
            "%(number)s, %(field)s: %(words)s",
            number=case.number,
            field=str(forms.LABELS[name]),
            words=str(refused),
        )
        raise Invalid(told, field=f"{name}-{case.uid}") from None


def why(case: ProxyCase, action: Action, offered: Sequence[Any]) -> str:
    """Why a case cannot take the step with the others."""
    mine = next((o for o in offered if o.action is action), None)
    if mine is None:
        return gettext("not in its present state")
    return gettext(", ").join(str(words) for words in mine.missing)
