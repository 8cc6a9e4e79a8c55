"""At the door: who was met, which papers changed hands, who signed; or when to come again (S3-49)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid
from app.proxy.choices import Action, PaperState, State
from app.proxy.models import ProxyCase
from app.proxy.rules import what_is_wrong
from app.proxy.rules.errands import TO_COLLECT
from app.proxy.rules.stages import TO_DELIVER
from app.proxy.service.cases import act
from app.proxy.service.records import PROXY_RECORD
from app.proxy.service.rounds import CASE, add_to_round, cases_of
from app.worklog import service as worklog
from app.worklog.choices import AT_THE_DOOR, Outcome, VisitState
from app.worklog.models import Visit, VisitStop, VisitWorker


@dataclass(frozen=True)
class CaseLog:
    """What was done with one case at the door.

    ``signed`` is what the authorization step needs (signature, signature_uid, cannot_sign, witness); ``papers`` the
    ticked ones ({seq, state, note}); ``answers`` the conditions (seq → needed); ``originals`` the numbers of those that
    stay (seq → {document_no}); ``supplement_until`` the day until which papers that are still missing may follow: then
    the one-time notice is written at once.
    """

    case_uid: str
    signed: Mapping[str, Any] = field(default_factory=dict)
    papers: Sequence[Mapping[str, Any]] = ()
    answers: Mapping[int, bool] = field(default_factory=dict)
    originals: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    due_back_on: str | None = None
    supplement_until: str | None = None


@dataclass(frozen=True)
class StopLog:
    """What came of one person at the door; ``again`` is a new day where nobody was met."""

    stop_uid: str
    outcome: str
    note: str = ""
    cases: Sequence[CaseLog] = ()
    again_on: date | None = None
    again_slot: str | None = None


def log_door(
    session: Session, actor: Actor, now: datetime, visit: Visit, logs: Sequence[StopLog]
) -> list[Visit]:
    """Write down one door: what came of each person there, papers and signatures of their cases (S3-49). Returns the
    rounds that got a case for another day: nobody asked whether there is room.

    Raises Invalid for a stop or case of another round, and whatever a step refuses; then nothing is written.
    """
    stops = {s.uid: s for s in visit.stops}
    cases = cases_of(session, visit)
    behind = {p.ref_uid: p.stop_id for p in visit.purposes if p.ref_kind == CASE}
    later: list[Visit] = []
    for log in logs:
        stop = stops.get(log.stop_uid)
        if stop is None or any(behind.get(c.case_uid) != stop.id for c in log.cases):
            raise Invalid(_("This door does not belong to the round."), field="stop")
        if stop.outcome is not None:
            raise Conflict(_("This door has been logged already."))
        worklog.log_stop(session, visit, stop, now, log.outcome, log.note)
        mine = [case for uid, case in cases.items() if behind[uid] == stop.id and case.visit_id == visit.id]
        if log.outcome in AT_THE_DOOR:
            by_uid = {c.uid: c for c in mine}
            for one in log.cases:
                take_papers(session, actor, now, by_uid[one.case_uid], one, met=log.outcome == Outcome.met)
        else:
            later += not_met(session, actor, now, stop, mine, log)
    return list(dict.fromkeys(later))


def not_met(
    session: Session, actor: Actor, now: datetime, stop: VisitStop, cases: Sequence[ProxyCase], log: StopLog
) -> list[Visit]:
    """Papers could not change hands: booked cases get the new day, a result that was brought has failed once more, and a
    door without a case is proposed again from that day on (S3-62). Returns the rounds of the new day.
    """
    later = []
    for case in cases:
        if case.state in TO_DELIVER and log.outcome == Outcome.absent:
            nobody_reached(session, actor, now, case, log.note or str(Outcome.absent.label))
        elif case.state == State.booked and log.again_on is not None:
            later.append(come_again(session, actor, now, case, stop, log))
    if not cases and log.again_on is not None:
        if log.again_on < to_local(now).date():
            raise Invalid(_("The day of the visit lies in the past."), field="again_on")
        stop.revisit_on = log.again_on
    return later


def settle_stop(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, outcome: Outcome, note: str = ""
) -> None:
    """A result was handed over, or nobody was reached: the door of the planned round that the case stands on is logged
    with it, unless papers of another case are still to be collected there.
    """
    query = select(Visit.uid).where(Visit.id == case.visit_id, Visit.state == VisitState.planned.value)
    uid = session.scalars(query).one_or_none()
    if uid is None:
        return
    visit = worklog.open_visit(session, uid)
    stops = {p.ref_uid: p.stop_id for p in visit.purposes if p.ref_kind == CASE}
    stop = next((s for s in visit.stops if s.id == stops.get(case.uid) and s.outcome is None), None)
    if stop is None:
        return
    others = [u for u, stop_id in stops.items() if stop_id == stop.id and u != case.uid]
    waiting = select(ProxyCase.id).where(ProxyCase.uid.in_(others), ProxyCase.state.in_(TO_COLLECT))
    if session.scalars(waiting.limit(1)).first() is not None:
        return
    worklog.log_stop(session, visit, stop, now, outcome.value, note)
    if all(s.outcome for s in visit.stops):
        worklog.finish_visit(session, actor, visit, now)


def take_papers(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, log: CaseLog, *, met: bool
) -> None:
    """Authorization, papers and, where something is missing, the one-time notice: the steps of one door in a row."""
    if case.state == State.booked:
        act(session, actor, now, case, Action.entrust, dict(log.signed))
    papers = list(log.papers)
    if not papers and log.supplement_until:
        # nothing but the authorization changed hands: the rest is asked for in writing
        letters = [m.seq for m in case.materials if m.is_authorization]
        papers = [{"seq": seq, "state": PaperState.collected.value} for seq in letters]
    if not papers:
        return
    given: dict[str, Any] = {"materials": papers, "answers": dict(log.answers), "met": met}
    given |= {"due_back_on": log.due_back_on, "originals": dict(log.originals)}
    if case.state == State.entrusted:
        act(session, actor, now, case, Action.collect, given)
    elif case.state == State.supplement:
        act(session, actor, now, case, Action.supply, given)
    lacking = [(m.seq, why) for m in case.materials if (why := what_is_wrong(m)) is not None]
    if case.state == State.collected and lacking and log.supplement_until:
        wanted = [{"seq": seq, "note": str(why)[:200]} for seq, why in lacking]
        told = {"missing_list": wanted, "told_at_once": True, "due_on": log.supplement_until}
        act(session, actor, now, case, Action.request_supplement, told)


def come_again(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, stop: VisitStop, log: StopLog
) -> Visit:
    """Nobody was met: the case gets a new day, on the worker's round of that day or on a new one."""
    day = log.again_on
    if day is None:
        raise Invalid(_("Choose the new day."), field="again_on")
    words = {
        "appointment": day.isoformat(),
        "slot": log.again_slot,
        "reason": str(Outcome.parse(log.outcome).label),
    }
    act(session, actor, now, case, Action.rebook, words)
    door = worklog.Door(stop.person_id, stop.household_id, stop.dwelling_id)
    other = round_on(session, actor, day, case.area_id, apart_from=stop.visit_id)
    if other is None:
        leader = actor.staff_id or case.staff_id
        other = worklog.plan_visit(
            session,
            actor,
            now,
            area_id=case.area_id,
            planned_on=day,
            doors=[door],
            workers=[leader] if leader else [],
            slot=log.again_slot,
        )
        worklog.add_purpose(session, other, PROXY_RECORD, CASE, case.uid, other.stops[0])
        case.visit_id = other.id
        session.flush()
    else:
        add_to_round(session, other, case, door)
    return other


def round_on(session: Session, actor: Actor, day: date, area_id: int, *, apart_from: int) -> Visit | None:
    """The actor's planned round in an area on a day, or None."""
    query = (
        select(Visit)
        .join(VisitWorker, VisitWorker.visit_id == Visit.id)
        .where(VisitWorker.staff_id == actor.staff_id, Visit.planned_on == day, Visit.area_id == area_id)
        .where(Visit.state == VisitState.planned.value, Visit.id != apart_from)
        .order_by(Visit.id)
    )
    return session.scalars(query).first()


# --- bringing the result home -----------------------------------------------------------------------------------------


def need_deliverable(case: ProxyCase) -> None:
    """Raises Conflict when there is no result of the case to hand over."""
    if case.state not in TO_DELIVER:
        raise Conflict(_("This result has been handed over already, or is not here yet."))


def set_out_with(session: Session, actor: Actor, now: datetime, case: ProxyCase) -> None:
    """Who stands at the door with a result has set out, written down or not."""
    need_deliverable(case)
    if case.state != State.delivering:
        act(session, actor, now, case, Action.set_out, {"appointment": to_local(now).date().isoformat()})


def hand_over_here(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Mapping[str, Any]
) -> None:
    """The result changes hands at the door (S3-51)."""
    set_out_with(session, actor, now, case)
    act(session, actor, now, case, Action.deliver, given)


def nobody_reached(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, reason: str, photo_uid: str | None = None
) -> None:
    """An attempt that failed counts with its minute and reason, and with a photo of the door where one was taken."""
    set_out_with(session, actor, now, case)
    at = to_local(now).strftime("%Y-%m-%d %H:%M")
    given = {"reason": reason, "attempted_at": at, "photo_uid": photo_uid}
    act(session, actor, now, case, Action.miss, given)
