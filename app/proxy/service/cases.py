"""Moving a case: load, rule, write, tag. The machine decides; this module only carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.attributes import flag_modified

from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Invalid, NotAllowed, NotFound, StaleVersion
from app.core.workflow import Offer, Step
from app.proxy.choices import Action, Entry, SignedFor, State
from app.proxy.models import CaseAssist, CaseClock, CaseStep, ProxyCase, ServiceItemVersion
from app.proxy.rules import case_facts
from app.proxy.rules.fairness import declaration_due, verification_due
from app.proxy.rules.signing import REFUSED as CONSENT_REFUSED
from app.proxy.rules.signing import consent_of
from app.proxy.service import (
    assist,
    callbacks,
    custody,
    deciders,
    effects,
    figures,
    materials,
    notices,
    proposed,
    questions,
    signing,
)
from app.proxy.service.clocks import tick
from app.proxy.service.step_roles import machine_of

CLOSED = {State.archived.value, State.cancelled.value}
WHOLE = (
    joinedload(ProxyCase.item_version, innerjoin=True).selectinload(ServiceItemVersion.fields),
    selectinload(ProxyCase.materials),
    selectinload(ProxyCase.custody),
    selectinload(ProxyCase.callbacks),
    selectinload(ProxyCase.assists).joinedload(CaseAssist.org_unit),
    selectinload(ProxyCase.steps),
    selectinload(ProxyCase.clocks).selectinload(CaseClock.pauses),
)


def open_case(session: Session, uid: str, version: int | str | None = None) -> ProxyCase:
    """A case with everything a step looks at, locked for this unit of work.

    Two people may press a button at once: the second waits, reads the row anew, and is told by its ``version`` (what
    the page was opened with) that the case has moved on. Raises NotFound outside the scope, StaleVersion.
    """
    query = select(ProxyCase).where(ProxyCase.uid == uid).options(*WHOLE)
    case = session.scalars(
        query.with_for_update(of=ProxyCase).execution_options(populate_existing=True)
    ).one_or_none()
    if case is None:
        raise NotFound()
    if version is not None and str(case.version) != str(version):
        raise StaleVersion()
    return case


def act(
    session: Session,
    actor: Actor,
    now: datetime,
    case: ProxyCase,
    action: Action,
    given: Mapping[str, Any] | None = None,
) -> CaseStep:
    """Take one step. ``given`` holds what the step needs by name (``app.proxy.rules``); facts come from the rows.

    Raises Conflict, NotAllowed or Invalid as the machine says, and leaves the case as it was (the unit of work is
    rolled back). Load the case by `open_case` where two people may act at once.
    """
    given = dict(given or {})
    if actor.read_only:
        raise NotAllowed()
    known = {**given, **facts(case, given)}
    resume = State.parse(case.resume_to) if case.resume_to else None
    step = machine_of(case).apply(State.parse(case.state), action, [actor.role], known, resume=resume)
    need_decider(actor, now, case, action)
    questions.need(case, action, given)
    with session.no_autoflush:
        questions.write(case, given)
        effect = effects.EFFECTS.get(action)
        if effect is not None:
            effect(session, actor, now, case, given)
        row = write_step(actor, now, case, step, given)
        _move(case, step, now)
        tick(session, case, step.clocks, now)
        figures.count(session, case, step, now)
    session.flush()
    notices.tell(session, actor, now, case, action)
    proposed.tell_moved(session, actor, now, case)
    return row


def need_decider(actor: Actor, now: datetime, case: ProxyCase, action: Action) -> None:
    """Raises NotAllowed where another office decides: a department that only assists, the town where there is one."""
    row = machine_of(case).table[State.parse(case.state), action]
    if not deciders.may_step(actor, case, row.role, to_local(now).date()):
        raise NotAllowed(deciders.ELSEWHERE)


def _move(case: ProxyCase, step: Step, now: datetime) -> None:
    case.state = str(step.target.value)
    case.resume_to = str(step.resume.value) if step.resume else None
    case.closed_at = (case.closed_at or now) if case.state in CLOSED else None
    # a step that changes only papers must count as well: whoever opened the page before it is told
    flag_modified(case, "state")


def facts(case: ProxyCase, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the machine's bars and conditions ask, read from the rows and from what is about to be taken over."""
    version = case.item_version
    papers = materials.seen(case, given)
    taken = materials.taken_papers(case, given)
    return case_facts(
        papers=papers,
        custody=custody.held(case),
        kept=[(m.name, m.form) for m, entry in taken if materials.stays(m, entry)],
        asked_before=any(
            s.action == Action.request_supplement and s.from_state == case.state for s in case.steps
        ),
        unanswered=[p.condition or p.name for p in papers if p.applies is None],
        questions=questions.unanswered(case, given),
        publicity_needed=bool(version.publicity_days),
        publicity_held=any(s.action == Action.publish for s in case.steps),
        person_must_appear=version.person_must_appear,
        appeared=_appeared(case, given),
        delivery_needed=version.delivery_needed,
        outcome=case.outcome,
        opinions=assist.waiting(case),
        callbacks=[to_local(c.opened_at).date().isoformat() for c in callbacks.open_ones(case)],
        declaration_due=declaration_due(version.more, case.relation_note),
        verification_due=verification_due(version.more, case.relation_flag, case.relation_note),
        consent_refused=consent_of(case.steps) == CONSENT_REFUSED,
    )


def _appeared(case: ProxyCase, given: Mapping[str, Any] | None) -> bool:
    """A home meeting is the visit at which the papers were collected; other appearances are said explicitly."""
    if (given or {}).get("appeared"):
        return True
    if case.item_version.person_must_appear == "home_meeting":
        # papers handed over by the family alone are no meeting
        return any(s.action == Action.collect and (s.data or {}).get("met", True) for s in case.steps)
    return any((s.data or {}).get("appeared") for s in case.steps)


def offers(case: ProxyCase, actor: Actor, now: datetime) -> list[Offer]:
    """What the acting role may do with the case now, with what still stands in the way."""
    if actor.read_only:
        return []
    today = to_local(now).date()
    open_to_role = machine_of(case).actions(State.parse(case.state), [actor.role], facts(case))
    return [o for o in open_to_role if deciders.may_step(actor, case, o.to.role, today)]


def give_back(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Mapping[str, Any]
) -> CaseStep:
    """Originals go home apart from the result; signed for by name. The case stays where it is.

    Raises NotAllowed for other roles than those who carry papers, Conflict when none is in our hands.
    """
    if actor.read_only or actor.role not in custody.CARRIERS | {"town_staff"}:
        raise NotAllowed()
    going = custody.need_held(case)
    to = str(given.get("recipient") or "").strip()
    if not to:
        raise Invalid(_("Say who took the originals back."), field="recipient")
    signed = signing.sign(session, actor, now, case, SignedFor.custody, given, signer=to)
    names = [c.name for c in going]
    custody.give_back(session, now, case, to, signed)
    row = write_entry(actor, now, case, Entry.give_back, {**given, "originals": names})
    session.flush()
    return row


def mark(
    session: Session,
    actor: Actor,
    now: datetime,
    case: ProxyCase,
    marks: Mapping[int, tuple[str | None, str | None]],
) -> CaseStep | None:
    """The department's marks on single papers, kept with who and when; None when nothing changed."""
    if not deciders.decides(actor, case, to_local(now).date()):
        raise NotAllowed()
    changed = materials.mark_papers(case, marks)
    if not changed:
        return None
    row = write_entry(actor, now, case, Entry.mark, {"marks": changed})
    session.flush()
    return row


def write_step(
    actor: Actor, now: datetime, case: ProxyCase, step: Step, given: Mapping[str, Any]
) -> CaseStep:
    """One row of history: who did what when, from where to where, with everything that was given."""
    row = CaseStep.of(
        step.action,
        step.source,
        step.target,
        actor=actor,
        now=now,
        reason=given.get("reason"),
        case_id=case.id,
        data=_kept(step, given) or None,
    )
    case.steps.append(row)
    return row


# what may come with a step beside the needs of its row
EXTRAS = (
    "slot",
    "overbook",
    "signed_by",
    "signature_uid",
    "cannot_sign",
    "consent",
    "witness",
    "powers",
    "valid_to",
    "answers",
    "met",
    "due_back_on",
    "appeared",
    "originals_returned",
    "rated_by",
    "words",
)


def _kept(step: Step, given: Mapping[str, Any]) -> dict[str, Any]:
    names = (*step.given, *(name for name in EXTRAS if name in given))
    return {n: given[n] for n in names if n != "reason" and given[n] not in (None, "", [], {})}


def write_entry(
    actor: Actor, now: datetime, case: ProxyCase, entry: Entry, data: Mapping[str, Any]
) -> CaseStep:
    """A row of history that moves nothing: originals given back, papers marked, a deadline counted anew."""
    row = CaseStep.of(entry, case.state, case.state, actor=actor, now=now, case_id=case.id, data=dict(data))
    case.steps.append(row)
    flag_modified(case, "state")
    return row
