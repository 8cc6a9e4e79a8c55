"""The case machine: booking to archive, with a way out of every state.

Source: `workflow` of the default catalogue (S3-49 collection at the door, S3-50 pre-check, S3-51 delivery); added
are the ways out: withdrawal, lapse, the previous step, the start, a result that is wrong or not taken, and the
window when nobody is reached. A supplement leads back to the step it was asked in. What was withdrawn by a slip,
and a closed file in which a mistake is found, are reopened: the clocks run on from where they stood. Missing
papers are told at once and once per step (Administrative Licensing Law art. 32); a refusal states reasons and ways
to object (art. 38); nobody's original stays behind in an archived case. Acceptance is a legal act: going back
before it gives no time back, and neither promise ever starts twice.
"""

from app.core.sla import EVERY, Tick
from app.core.workflow import Machine, To, one_of, resume_to
from app.proxy.choices import NAMES, PROMISE_CLOCKS, Action, ClockCode, PauseReason, State
from app.proxy.rules.roles import (
    BOOKERS,
    DECIDERS,
    DESK,
    FIELD,
    KEEPERS,
    OVERSEERS,
    RATERS,
    REBOOKERS,
    REOPENERS,
    ROLES,
    WITHDRAWERS,
)
from app.proxy.rules.stages import UNDECIDED

S, A, C, P = State, Action, ClockCode, PauseReason


def _start(clock: str) -> Tick:
    return Tick("start", clock, anew=clock not in PROMISE_CLOCKS)


def _stop(clock: str) -> Tick:
    return Tick("stop", clock)


def _pause(reason: str) -> tuple[Tick, ...]:
    return tuple(Tick("pause", clock, reason) for clock in PROMISE_CLOCKS)


# a visit that was agreed for a later day is not late before: the clock waits for the day (S3-49)
_AGREED = Tick("wait", C.collect)
_TO_VISIT = (_start(C.collect), _AGREED)
_GO_ON = tuple(Tick("resume", clock) for clock in PROMISE_CLOCKS)
_STOP_ALL = (Tick("stop", EVERY),)
_DECIDED = (*(_stop(clock) for clock in PROMISE_CLOCKS), _stop(C.correct))
_MATERIAL_BARS = ("missing_materials", "unanswered_conditions", "unanswered_questions")
_RECEIPT = one_of("signature", "receipt")
# nobody's original stays behind in a closed file, and no bad rating unanswered
_FILED = ("originals_out", "callbacks_open")

_BEFORE = {
    (None, A.book): To(S.booked, role=BOOKERS, needs=("applicant", "item", "appointment"), clocks=_TO_VISIT),
    (S.booked, A.rebook): To(S.booked, role=REBOOKERS, needs=("appointment", "reason"), clocks=(_AGREED,)),
    (S.booked, A.entrust): To(
        S.entrusted,
        role=DESK,
        needs=(one_of("authorization_letter", "signature"),),
        writes=("witness",),
        paper=("F10",),
    ),
    (S.entrusted, A.collect): To(
        S.collected,
        role=DESK,
        needs=("materials",),
        bars=("kept_cards",),
        paper=("F11", "F13"),
        clocks=(_stop(C.collect), _start(C.submit)),
    ),
    (S.entrusted, A.return_previous): To(S.booked, role=DESK, needs=("reason",)),
    (S.collected, A.request_supplement): To(
        S.supplement,
        role=DESK,
        needs=("missing_list", "told_at_once", "due_on"),
        bars=("asked_before",),
        paper=("F11",),
        clocks=(Tick("pause", C.submit, P.supplement),),
        remembers=True,
    ),
    (S.collected, A.submit): To(
        S.submitted,
        role=DESK,
        needs=("window",),
        bars=(*_MATERIAL_BARS, "consent_refused"),
        clocks=(_stop(C.submit), _start(C.precheck)),
    ),
    (S.collected, A.return_previous): To(
        S.entrusted, role=DESK, needs=("reason",), clocks=(_stop(C.submit), *_TO_VISIT)
    ),
    (S.collected, A.return_to_start): To(
        S.booked, role=DESK, needs=("reason",), clocks=(_stop(C.submit), *_TO_VISIT)
    ),
    (S.supplement, A.supply): To(
        resume_to(S.collected, S.prechecking, S.processing),
        role=DESK,
        needs=("materials",),
        bars=("missing_materials", "kept_cards"),
        paper=("F11",),
        clocks=(Tick("resume", EVERY),),
    ),
}

_WINDOW_BACK = (_stop(C.precheck), _start(C.submit))
_WINDOW = {
    (S.submitted, A.receive): To(S.prechecking, role=DECIDERS, writes=("handler",)),
    (S.submitted, A.take_back): To(S.collected, role=DESK, needs=("reason",), clocks=_WINDOW_BACK),
    (S.submitted, A.return_previous): To(S.collected, role=DECIDERS, needs=("reason",), clocks=_WINDOW_BACK),
    (S.submitted, A.return_to_start): To(
        S.booked, role=DECIDERS, needs=("reason",), clocks=(_stop(C.precheck), *_TO_VISIT)
    ),
    (S.prechecking, A.accept): To(
        S.accepted,
        role=DECIDERS,
        bars=(*_MATERIAL_BARS, "declaration_due"),
        writes=("handler", "note"),
        paper=("F11",),
        clocks=(_stop(C.precheck), _start(C.statutory), _start(C.promise)),
    ),
    (S.prechecking, A.request_supplement): To(
        S.supplement,
        role=DECIDERS,
        needs=("missing_list", "told_at_once", "due_on"),
        bars=("asked_before",),
        paper=("F11",),
        # after a revoked acceptance the promises run here too: they stand as well
        clocks=(Tick("pause", EVERY, P.supplement),),
        remembers=True,
    ),
    (S.prechecking, A.reject): To(
        S.precheck_rejected, role=DECIDERS, needs=("reason",), paper=("F32",), clocks=(_stop(C.precheck),)
    ),
    (S.prechecking, A.return_previous): To(
        S.collected, role=DECIDERS, needs=("reason",), clocks=_WINDOW_BACK
    ),
    (S.prechecking, A.return_to_start): To(
        S.booked, role=DECIDERS, needs=("reason",), clocks=(_stop(C.precheck), *_TO_VISIT)
    ),
    (S.precheck_rejected, A.rework): To(S.collected, role=DESK, clocks=(_start(C.submit),)),
    (S.precheck_rejected, A.return_previous): To(
        S.prechecking, role=DECIDERS, needs=("reason",), clocks=(_start(C.precheck),)
    ),
    # promises run here when an acceptance was revoked before; a worker may still mend the papers, so the end says why
    (S.precheck_rejected, A.archive): To(
        S.archived, role=KEEPERS, needs=("reason",), bars=_FILED, clocks=_STOP_ALL
    ),
}

_DECISION = {
    (S.accepted, A.process): To(S.processing, role=DECIDERS, writes=("handler",)),
    (S.accepted, A.return_previous): To(
        S.prechecking, role=DECIDERS, needs=("reason",), clocks=(_start(C.precheck),)
    ),
    (S.processing, A.request_supplement): To(
        S.supplement,
        role=DECIDERS,
        needs=("missing_list", "told_at_once", "due_on"),
        bars=("asked_before",),
        paper=("F11",),
        clocks=(*_pause(P.supplement), Tick("pause", C.correct, P.supplement)),
        remembers=True,
    ),
    (S.processing, A.publish): To(
        S.suspended, role=DECIDERS, needs=("place", "from_until"), clocks=_pause(P.publicity), remembers=True
    ),
    (S.processing, A.assess): To(
        S.suspended, role=DECIDERS, needs=("expert", "due_on"), clocks=_pause(P.assessment), remembers=True
    ),
    (S.processing, A.suspend): To(
        S.suspended, role=DECIDERS, needs=("reason", "due_on"), clocks=_pause(P.suspension), remembers=True
    ),
    (S.suspended, A.resume): To(resume_to(S.processing), role=DECIDERS, needs=("outcome",), clocks=_GO_ON),
    (S.processing, A.approve): To(
        S.approved,
        role=DECIDERS,
        needs=("decision",),
        bars=("publicity_due", "appearance_due", "opinions_open", "verification_due"),
        writes=("result_no", "result_until"),
        clocks=_DECIDED,
    ),
    (S.processing, A.refuse): To(
        S.refused,
        role=DECIDERS,
        needs=("reason", "remedies"),
        writes=("result_no",),
        paper=("F32",),
        clocks=_DECIDED,
    ),
    (S.processing, A.return_previous): To(S.accepted, role=DECIDERS, needs=("reason",)),
    (S.approved, A.return_previous): To(
        S.processing, role=DECIDERS, needs=("reason",), clocks=(_start(C.correct),)
    ),
    (S.refused, A.return_previous): To(
        S.processing, role=DECIDERS, needs=("reason",), clocks=(_start(C.correct),)
    ),
}

_BACK_TO_OFFICE = (_stop(C.deliver), _start(C.correct))
_DELIVERY = {
    (S.approved, A.fetch): To(S.result_received, role=DESK, needs=("result",), clocks=(_start(C.deliver),)),
    (S.approved, A.archive): To(S.archived, role=KEEPERS, bars=_FILED, when=("no_delivery",)),
    (S.approved, A.rate): To(S.evaluated, role=RATERS, needs=("rating",), when=("no_delivery",)),
    (S.refused, A.fetch): To(S.result_received, role=DESK, needs=("result",), clocks=(_start(C.deliver),)),
    (S.result_received, A.set_out): To(S.delivering, role=FIELD, writes=("appointment",), paper=("F12",)),
    (S.result_received, A.deposit): To(
        S.deposited, role=DESK, needs=("place", "reason"), clocks=(_stop(C.deliver),)
    ),
    (S.result_received, A.correct): To(S.processing, role=DESK, needs=("reason",), clocks=_BACK_TO_OFFICE),
    (S.delivering, A.deliver): To(
        S.delivered,
        role=FIELD,
        needs=("recipient", _RECEIPT),
        writes=("relation", "rating"),
        paper=("F12",),
        clocks=(_stop(C.deliver),),
    ),
    (S.delivering, A.miss): To(S.delivery_failed, role=FIELD, needs=("reason", "attempted_at")),
    (S.delivering, A.decline): To(
        S.declined, role=FIELD, needs=("reason", "witness"), paper=("F12",), clocks=(_stop(C.deliver),)
    ),
    (S.delivery_failed, A.set_out): To(S.delivering, role=FIELD, needs=("appointment",)),
    (S.delivery_failed, A.deposit): To(
        S.deposited, role=DESK, needs=("place", "notice_left"), clocks=(_stop(C.deliver),)
    ),
    (S.deposited, A.pick_up): To(
        S.delivered, role=DESK, needs=("recipient", _RECEIPT), writes=("relation", "rating"), paper=("F12",)
    ),
    (S.deposited, A.set_out): To(
        S.delivering, role=FIELD, needs=("appointment",), clocks=(_start(C.deliver),)
    ),
    (S.deposited, A.decline): To(S.declined, role=DESK, needs=("reason", "witness"), paper=("F12",)),
    (S.deposited, A.archive): To(S.archived, role=KEEPERS, needs=("reason",), bars=_FILED),
    (S.declined, A.correct): To(S.processing, role=DESK, needs=("reason",), clocks=_BACK_TO_OFFICE),
    (S.declined, A.leave): To(
        S.delivered, role=FIELD, needs=("witness", "second_witness", "place"), paper=("F12",)
    ),
    (S.declined, A.deposit): To(S.deposited, role=DESK, needs=("place",)),
    (S.declined, A.set_out): To(
        S.delivering, role=FIELD, needs=("appointment",), clocks=(_start(C.deliver),)
    ),
    (S.declined, A.archive): To(S.archived, role=KEEPERS, needs=("reason",), bars=_FILED),
    (S.delivered, A.rate): To(S.evaluated, role=RATERS, needs=("rating",)),
    (S.delivered, A.correct): To(S.processing, role=DESK, needs=("reason",), clocks=_BACK_TO_OFFICE),
    (S.delivered, A.archive): To(S.archived, role=KEEPERS, bars=_FILED),
    (S.evaluated, A.archive): To(S.archived, role=KEEPERS, bars=_FILED),
    (S.cancelled, A.archive): To(S.archived, role=KEEPERS, bars=_FILED),
}

# before the decision the applicant may withdraw at any time; afterwards the result is declined
_INSIDE = (S.supplement, S.suspended)  # they remember already where they lead back to


def _end(state: State, role: tuple[str, ...], *needs: str) -> To:
    inside = state in _INSIDE
    clocks, paper = _STOP_ALL, ("F33",)
    return To(S.cancelled, role, needs, paper=paper, clocks=clocks, remembers=not inside, keeps=inside)


_ENDS = {(state, A.withdraw): _end(state, WITHDRAWERS, "reason", "applicant") for state in UNDECIDED} | {
    (state, A.lapse): _end(state, OVERSEERS, "reason")
    for state in (S.booked, S.entrusted, S.collected, S.supplement, S.precheck_rejected)
}
_AGAIN = {
    # what the end stopped runs on; the time between does not count
    (S.cancelled, A.reopen): To(
        resume_to(*(s for s in UNDECIDED if s not in _INSIDE)),
        role=REOPENERS,
        needs=("reason",),
        clocks=(Tick("reopen", EVERY, P.withdrawn), _AGREED),
    ),
    # a mistake in a result comes to light after the file was closed; what was withdrawn is applied for anew
    (S.archived, A.reopen): To(
        S.processing,
        role=REOPENERS,
        needs=("reason",),
        when=("decided",),
        clocks=(_start(C.correct),),
        reopens=True,
    ),
}

MACHINE = Machine(
    {**_BEFORE, **_WINDOW, **_DECISION, **_DELIVERY, **_ENDS, **_AGAIN},
    finals=(S.archived,),
    names=NAMES,
    roles=ROLES,
)
OPEN_STATES = tuple(state for state in State if state not in (S.archived, S.cancelled))
