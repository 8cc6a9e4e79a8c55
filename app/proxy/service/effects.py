"""What each step writes besides the state: papers taken over, custody, deliveries, results, work records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Invalid
from app.proxy.choices import Action, PaperForm, PaperState, SignedFor
from app.proxy.models import ProxyCase
from app.proxy.rules import check_appointment, parse_slot
from app.proxy.rules.fairness import asks_declaration
from app.proxy.service import assist, custody, delivery, materials, notices, others, relations, signing
from app.proxy.service.materials import Given
from app.proxy.service.records import write_line

Effect = Callable[[Session, Actor, datetime, ProxyCase, Given], None]


def day_given(given: Given, name: str) -> date | None:
    """A day as ISO text; Invalid for anything else."""
    text = given.get(name)
    try:
        return date.fromisoformat(text) if text else None
    except (TypeError, ValueError):
        raise Invalid(_("This is not a date."), field=name) from None


def entrust(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """The signed authorization is there: the paper of that name is collected."""
    signing.authorize(session, actor, now, case, given)
    for material in case.materials:
        if material.is_authorization:
            material.state, material.collected_at = PaperState.collected.value, now


def take_over(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """Papers change state, conditions are answered, originals that stay out get a custody row."""
    materials.write_answers(case, given)
    taken = materials.write_taken(case, given, now)
    custody.take(session, actor, now, case, taken, given)
    write_line(session, actor, now, case, result="ongoing")


def hand_in(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """From here on the department sees the case; originals go along."""
    case.submitted_to_department = True
    custody.to_department(session, actor, now, case)


def supply(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """Missing papers are here; where the department asked for them, originals go on to it."""
    take_over(session, actor, now, case, given)
    case.supplement_until = None
    if case.resume_to != "collected":
        custody.to_department(session, actor, now, case)


def take_on(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """Somebody else has the case in hand: whether they are related to the applicant is looked at again, and said once."""
    known = (case.relation_note or {}).get("handlers", ())
    if relations.look(session, case, now, handler=actor.staff_id) and actor.staff_id not in known:
        relations.tell_handler(session, now, case, actor.staff_id)


def accept(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """Departments that the item names are asked along (S0-51)."""
    take_on(session, actor, now, case, given)
    for row in assist.ask_along(session, actor, now, case):
        notices.tell_unit(session, now, case, row.org_unit_id, notices.ASKED)


def ask_for_more(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """One list of everything that is missing, with the day until which it has time."""
    due = day_given(given, "due_on")
    if due is None or due <= to_local(now).date():
        raise Invalid(_("Give the resident at least until tomorrow."), field="due_on")
    materials.ask_for(case, given["missing_list"])
    case.supplement_until = due


def stand_still(name: str) -> Effect:
    """The clocks stand until a day, which the lists and the reminder go by: a notice has a first and a last one."""

    def _stand(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
        if name == "from_until":
            first, last = (day_given({name: text}, name) for text in _span(given[name]))
            if first is None or last is None:
                raise Invalid(_("A notice has a first and a last day."), field=name)
            if last < first:
                raise Invalid(_("The last day lies before the first."), field="until")
        else:
            last = day_given(given, name)
            if last is not None and last < to_local(now).date():
                raise Invalid(_("This day is over already."), field=name)
        case.suspended_until = last  # of a notice that is written down late the last day may be over

    return _stand


def _span(given: Any) -> tuple[Any, Any]:
    two = list(given) if isinstance(given, list | tuple) else []
    return (two[0], two[1]) if len(two) == 2 else (None, None)


def go_on(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """What the clocks stood for is over."""
    case.suspended_until = None


def back_to_worker(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """The papers come back from the department, originals with them."""
    custody.to_worker(session, actor, now, case)


def undecided(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """A decision is taken back or to be corrected: it stands in the steps only. The result goes to the office."""
    case.outcome = case.result_no = case.result_until = None
    custody.to_department(session, actor, now, case)


def step_back(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """One step back: from the window the papers return to the worker, after a decision it is no longer one."""
    if case.state in {"submitted", "prechecking"}:
        custody.to_worker(session, actor, now, case)
    if case.state in {"approved", "refused", "precheck_rejected"}:
        undecided(session, actor, now, case, given)


def rework(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """The worker prepares a case again that did not pass the pre-check."""
    case.outcome = None
    custody.to_worker(session, actor, now, case)


def decide(outcome: str) -> Effect:
    """Write the decision with its number and expiry."""

    def _decide(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
        if outcome == "approved" and asks_declaration(case.item_version.more):
            relations.need_unrelated(case, actor.staff_id)
        until = day_given(given, "result_until")
        if until and until < to_local(now).date():
            raise Invalid(_("The result would have expired already."), field="result_until")
        case.outcome, case.result_until = outcome, until
        case.result_no = str(given.get("result_no") or "").strip()[:60] or None

    return _decide


def move_appointment(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """A new day for the visit or for the delivery, not in the past and not far ahead."""
    day = day_given(given, "appointment")
    if day is None:
        return
    check_appointment(day, to_local(now).date())
    case.booked_for, case.booked_slot = day, parse_slot(str(given.get("slot") or ""))


def withdraw(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """The applicant takes the case back; originals that are handed back now are signed for."""
    case.outcome = "withdrawn"
    case.suspended_until = case.supplement_until = None
    custody.to_worker(session, actor, now, case)
    who = str(given.get("applicant") or case.party_name)
    signed = signing.sign(session, actor, now, case, SignedFor.withdrawal, given, signer=who)
    if given.get("originals_returned"):
        custody.give_back(session, now, case, who, signed)


def lapse(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """The case ends because nobody went on with it."""
    case.outcome = "lapsed"
    case.suspended_until = case.supplement_until = None
    custody.to_worker(session, actor, now, case)


def reopen(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """A closed case goes on. After a withdrawal: the clocks run on, papers that went home are asked for again. After the
    archive: a mistake in the result came to light, the decision is open again. Conflict while the same service is open
    for the person in another case.
    """
    others.need_none(session, case.person_uid, case.party_name, case.item_version.item_id, apart_from=case.id)
    if case.state == "archived":
        undecided(session, actor, now, case, given)
        return
    case.outcome = None
    home = {c.material_id for c in case.custody if c.returned_at is not None}
    for material in case.materials:
        if material.id in home and material.form == PaperForm.original.value:
            material.state, material.collected_at = PaperState.asked.value, None


def close_file(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """A file with a lost original is closed with a word on how that was settled."""
    custody.need_word_on_loss(case, given.get("reason"))


EFFECTS: dict[Any, Effect] = {
    Action.rebook: move_appointment,
    Action.entrust: entrust,
    Action.collect: take_over,
    Action.supply: supply,
    Action.submit: hand_in,
    Action.take_back: back_to_worker,
    Action.return_previous: step_back,
    Action.return_to_start: back_to_worker,
    Action.request_supplement: ask_for_more,
    Action.reject: decide("rejected"),
    Action.publish: stand_still("from_until"),
    Action.assess: stand_still("due_on"),
    Action.suspend: stand_still("due_on"),
    Action.resume: go_on,
    Action.rework: rework,
    Action.receive: take_on,
    Action.accept: accept,
    Action.process: take_on,
    Action.approve: decide("approved"),
    Action.refuse: decide("refused"),
    Action.fetch: back_to_worker,
    Action.set_out: move_appointment,
    Action.deliver: delivery.hand_over("hand"),
    Action.pick_up: delivery.hand_over("window"),
    Action.leave: delivery.hand_over("left"),
    Action.miss: delivery.not_delivered,
    Action.decline: delivery.not_delivered,
    Action.deposit: delivery.keep_at_window,
    Action.correct: undecided,
    Action.rate: delivery.rate,
    Action.withdraw: withdraw,
    Action.lapse: lapse,
    Action.reopen: reopen,
    Action.archive: close_file,
}
