"""Move-in requests: the side that asks, the side that decides."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import select

from app.audit.service import reason
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import DomainError, NotAllowed
from app.core.views import Interface, ModelView, expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.widgets import DayField, LongTextField, Needed
from app.registry.choices import MoveInAction, MoveInState
from app.registry.models import Dwelling, MoveInRequest, MoveInStep, Person
from app.registry.service import move_in
from app.registry.views.common import NO_LOOKUP
from app.registry.views.wording import timeline


class AgreeForm(RecordForm):
    """The day of the move."""

    moved_on = DayField(_("Day of the move"), [Needed()])


class DeclineForm(RecordForm):
    """Why not; the side that asked reads it."""

    reason = LongTextField(_("Reason"), [Needed()], length=200)


class WithdrawForm(RecordForm):
    """Nothing more is needed."""

    reason = LongTextField(_("Reason"), length=200)


FORMS = {
    MoveInAction.agree: (
        AgreeForm,
        _("The person, the membership and the home go over to the other area in one step."),
    ),
    MoveInAction.decline: (DeclineForm, _("The other side is told that the move-in was declined.")),
    MoveInAction.withdraw: (
        WithdrawForm,
        _("The other side is told that the move-in is no longer asked for."),
    ),
}


class MoveInView(ModelView):
    """“Registered elsewhere: ask for a move-in.” Who asks sees only what was typed; who holds the person decides."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/movein"
    datamodel = Interface(MoveInRequest)
    list_title = _("Move-ins between areas")
    show_title = _("Move-in")
    add_title = _("Ask for a move-in")
    edit_title = _("Move-in")
    label_columns = {
        "entered_name": _("Name as typed"),
        "to_area": _("Moves to"),
        "from_side": _("Comes from"),
        "side": _("Your side"),
        "known": _("In your register"),
        "home": _("Home"),
        "relation": _("Relation to head"),
        "moved_on": _("Day of the move"),
        "steps": _("What happened"),
        "reason": _("Reason of the request"),
    }
    choices_columns = {"state": MoveInState}
    list_columns = ["entered_name", "to_area", "side", "state", "created_at"]
    order_columns = ["created_at"]
    search_columns = ["state"]
    eager = ("to_area", "from_area")
    show_columns = [
        "entered_name",
        "known",
        "from_side",
        "to_area",
        "home",
        "relation",
        "reason",
        "state",
        "moved_on",
        "steps",
    ]
    empty_hint = _("Nobody has asked for a move-in.")
    formatters_columns = {
        "side": lambda row: _side(row),
        "from_side": lambda row: _from(row),
        "known": lambda row: _known(row),
        "home": lambda row: _home(row),
        "steps": lambda row: _steps(row),
    }
    row_actions = [
        (MoveInAction.agree.label, lambda row: _url(row, MoveInAction.agree), "can_edit"),
        (MoveInAction.decline.label, lambda row: _url(row, MoveInAction.decline), "can_edit"),
        (MoveInAction.withdraw.label, lambda row: _url(row, MoveInAction.withdraw), "can_use"),
    ]

    def heading(self, item: MoveInRequest) -> str:
        return item.entered_name

    def is_editable(self, item: MoveInRequest) -> bool:
        """A request changes by its steps only."""
        return False

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """Requests begin at the census desk, where the number was looked up: there is no form for them."""
        raise NotAllowed(_("A move-in is asked for at the census desk, at the row of the person."))

    @expose("/agree/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def agree(self, pk: str) -> Any:
        """The side that holds the person lets them go."""
        return self._step(pk, MoveInAction.agree)

    @expose("/decline/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def decline(self, pk: str) -> Any:
        """The side that holds the person keeps them, and says why."""
        return self._step(pk, MoveInAction.decline)

    @expose("/withdraw/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def withdraw(self, pk: str) -> Any:
        """The side that asked takes the request back."""
        return self._step(pk, MoveInAction.withdraw)

    def _step(self, pk: str, action: MoveInAction) -> Any:
        item = self.datamodel.by_key(self.session, pk)
        form_class, note = FORMS[action]
        form, status = form_class(), 200
        form.prepare(current_actor(), MoveInRequest)
        if request.method == "POST":
            status = 422
            if form.validate():
                try:
                    return self._decide(item.uid, action, form)
                except DomainError as refusal:
                    if refusal.field not in form and refusal.status != 400:
                        raise
                    form.refuse(refusal.field, refusal.message)
        elif "moved_on" in form:
            form.moved_on.data = clock.today()
        back = self.url_show(item)
        page = self.render_template(
            "appbuilder/general/end.html", title=action.label, note=note, form=form, item=item, back=back
        )
        return page, status

    def _decide(self, uid: str, action: MoveInAction, form: Any) -> Any:
        why = form.reason.data if "reason" in form else None
        actor = current_actor()
        self.session.rollback()  # the unit of work on both sides is another session
        with move_in.both_sides() as wide, reason(why, tag=f"move_in.{action}"):
            move_in.decide(
                wide,
                uid,
                action,
                actor=actor,
                now=clock.now(),
                reason=why,
                moved_on=form.moved_on.data if "moved_on" in form else None,
            )
        flash(gettext("Saved."), "success")
        return self.go(f"{self.route_base}/show/{uid}")


def _session() -> Any:
    return current_app.appbuilder.session()  # type: ignore[attr-defined]


def _url(row: MoveInRequest, action: MoveInAction) -> str | None:
    if action not in move_in.offers(row, current_actor()):
        return None
    return url_for(f"MoveInView.{action}", pk=row.uid)


def _side(row: MoveInRequest) -> str:
    here = move_in.sides(row, current_actor())
    words = [_("holds the person")] if here["holds"] else []
    words += [_("asks")] if here["asks"] else []
    return gettext(", ").join(str(word) for word in words)


def _from(row: MoveInRequest) -> str:
    """Where the person is registered is nobody's business on the side that asks."""
    holds = move_in.sides(row, current_actor())["holds"]
    return (row.from_area.full_name or row.from_area.name) if holds else gettext("another area")


def _known(row: MoveInRequest) -> Any:
    """The person, for whoever may see them; the guard decides."""
    person = _session().get(Person, row.person_id)
    if person is None:
        return "—"
    return Markup('<a href="{}">{}</a>').format(url_for("PersonView.show", pk=person.uid), person)


def _home(row: MoveInRequest) -> str:
    home = _session().get(Dwelling, row.dwelling_id) if row.dwelling_id else None
    return home.address if home else ""


def _steps(row: MoveInRequest) -> Any:
    """Who asked and decided, as a timeline."""
    query = select(MoveInStep).where(MoveInStep.request_id == row.id).order_by(MoveInStep.id)
    return timeline(_session().scalars(query), MoveInAction)
