"""The work list of proposals: what somebody is entitled to, what a death ends; booked, carried out or declined."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import or_, select

from app.audit.service import log_access
from app.core import codes
from app.core.actor import current_actor
from app.core.errors import NotAllowed, NotFound
from app.core.views import ModelView, badge, expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.widgets import LongTextField, Needed
from app.registry.choices import ProposalAction, ProposalState, ProposalTopic
from app.registry.models import Person, Proposal, ProposalStep
from app.registry.service import proposals
from app.registry.views.common import NO_LOOKUP, born
from app.registry.views.groups import LOGGED_AS, OfPerson
from app.registry.views.step_page import Step, StepPage
from app.registry.views.wording import timeline

SENSITIVE = "L4"
MAYBE = _("Please ask the grid worker")
BOOKING = "ProxyDesk.book"


class AcceptForm(RecordForm):
    """Nothing more is needed."""


class DeclineForm(RecordForm):
    """Why it is not taken up."""

    reason = LongTextField(_("Reason"), [Needed()], length=200)


ACTS: dict[ProposalAction, tuple[type[RecordForm], Any]] = {
    ProposalAction.accept: (
        AcceptForm,
        _("Marks the proposal as carried out. A special group that is to be closed is closed by this."),
    ),
    ProposalAction.decline: (DeclineForm, _("The proposal is not made again; it can be taken back here.")),
    ProposalAction.unfit: (
        DeclineForm,
        _("Not entitled, because … The reason stays with the proposal; it can be taken back here."),
    ),
    ProposalAction.reopen: (AcceptForm, _("The proposal stands open again.")),
}


class ProposalView(StepPage, ModelView):
    """Proposals by due day (S0-61: eligible but not enrolled). What tells of health shows its words on its page only."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/proposal"
    bulk_columns = ()  # one at a time
    page_only = ("event",)
    datamodel = OfPerson(Proposal)
    list_title = _("Proposals")
    show_title = _("Proposal")
    add_title = edit_title = _("Proposal")
    label_columns = {
        "what": _("What is proposed"),
        "what_all": _("What is proposed"),
        "topic": _("Topic"),
        "due_on": _("Due on"),
        "certainty": _("Certain"),
        "asked": _("To be asked"),
        "person.area": _("Area"),
        "born": _("Born"),
        "source": _("Basis"),
        "steps": _("What happened"),
        "group": _("Special group"),
        "event": _("Life event"),
    }
    choices_columns = {"state": ProposalState, "topic": ProposalTopic}
    base_permissions = ["can_list", "can_show", "can_edit", "can_history"]
    list_columns = ["due_on", "person", "born", "what", "certainty", "topic", "state", "person.area"]
    order_columns = ["due_on"]
    base_order = ("due_on", "asc")
    opens_with = {"_flt_0_state": str(ProposalState.open)}
    search_columns = ["state", "topic", "due_on", "person.area"]
    show_columns = [
        "person",
        "born",
        "what_all",
        "certainty",
        "asked",
        "topic",
        "group",
        "due_on",
        "state",
        "event",
        "source",
        "steps",
    ]
    edit_columns = ["due_on"]
    eager = ("person.area",)
    empty_hint = _("Nothing is proposed here.")
    formatters_columns = {
        "what": lambda row: proposed(row),
        "what_all": lambda row: proposals.said(_session(), row),
        "certainty": lambda row: sure(row),
        "asked": lambda row: proposals.asked_of(row),
        "born": born,
        "group": lambda row: _group(row),
        "source": lambda row: _source(row),
        "steps": lambda row: _steps(row),
    }
    row_actions = [
        (_("Book it"), lambda row: booking_url(row), "can_use:ProxyDesk"),
        (ProposalAction.accept.label, lambda row: _url(row, ProposalAction.accept), "can_edit"),
        (ProposalAction.decline.label, lambda row: _url(row, ProposalAction.decline), "can_edit"),
        (ProposalAction.unfit.label, lambda row: _url(row, ProposalAction.unfit), "can_edit"),
        (ProposalAction.reopen.label, lambda row: _url(row, ProposalAction.reopen), "can_edit"),
    ]

    def base_where(self) -> tuple[Any, ...]:
        """What no longer applies is read at its event. Who died or left is entitled to nothing, but what follows from the
        death or the birth itself stays to be done.
        """
        here = Proposal.person.has(Person.status == "effective")
        event = Proposal.event_id.is_not(None) & Proposal.person.has()
        return Proposal.state != str(ProposalState.dropped), or_(event, here)

    def heading(self, item: Proposal) -> str:
        return str(item.person or "")

    def is_editable(self, item: Proposal) -> bool:
        """A proposal changes by its steps only."""
        return False

    def reading(self, item: Proposal) -> None:
        if is_sensitive(item):
            log_access("READ", "proposal", item.id, item.person.area_id, detail=LOGGED_AS)

    @expose("/act/<pk>/<action>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def act(self, pk: str, action: str) -> Any:
        """Carry out, decline with a reason, take back."""
        if action not in {a.value for a in ACTS}:
            raise NotFound()
        step = ProposalAction(action)
        item = self.datamodel.by_key(self.session, pk)
        if step not in proposals.offers(item, current_actor()):
            raise NotAllowed()
        self.reading(item)
        form, note = ACTS[step]

        def take(session: Any, row: Proposal, why: str | None, **hands: Any) -> None:
            proposals.act(session, row, step, reason=why, **hands)

        page = Step(title=step.label, note=note, form=form, tag=f"proposal.{step}", take=take)
        return self.step_page(pk, page, what=proposals.words_of(item.rule))


def is_sensitive(row: Proposal) -> bool:
    """Whether the words of a proposal tell of health or disability."""
    rule = proposals.rule_of(row.rule)
    return row.topic == ProposalTopic.group or (rule is not None and rule.level == SENSITIVE)


def proposed(row: Proposal) -> str:
    """What is proposed, as it may stand in a list."""
    if is_sensitive(row) and row.topic != ProposalTopic.group:
        return gettext("Confidential: open it to read")
    return proposals.said(_session(), row)


def sure(row: Proposal) -> Any:
    """Whether the data say everything, or somebody has to ask."""
    return badge(MAYBE, "yellow") if row.certainty else ""


def booking_url(row: Proposal) -> str | None:
    """The booking page of the proxy services with person and service filled in."""
    if not row.item_code or row.state != ProposalState.open or row.person is None:
        return None
    if BOOKING not in current_app.view_functions:
        return None
    return url_for(BOOKING, proposal=row.uid)


def _url(row: Proposal, action: ProposalAction) -> str | None:
    if row.state not in set(ProposalState) or action not in proposals.offers(row, current_actor()):
        return None
    return url_for("ProposalView.act", pk=row.uid, action=action)


def _group(row: Proposal) -> Any:
    """The group to be closed, for those who may see it."""
    session = _session()
    group = proposals.group_of(session, row)
    if group is None:
        return ""
    words = codes.label(session, "special_group", group.group_code)
    state = gettext("In force") if group.valid_to is None else gettext("Closed")
    return Markup("{} {}").format(words, badge(state))


def _source(row: Proposal) -> str:
    rule = proposals.rule_of(row.rule)
    return rule.source if rule else ""


def _steps(row: Proposal) -> Markup:
    query = select(ProposalStep).where(ProposalStep.proposal_id == row.id).order_by(ProposalStep.id)
    return timeline(_session().scalars(query), ProposalAction)


def _session() -> Any:
    return current_app.appbuilder.session()  # type: ignore[attr-defined]
