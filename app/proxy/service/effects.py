"""What each step writes besides the state: papers taken over, custody, deliveries, results, work records, notices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Invalid
from app.inbox.service import notify_staff, notify_unit
from app.proxy.choices import Action, PaperForm, PaperState, State
from app.proxy.models import CaseDelivery, CaseMaterial, Custody, ProxyCase
from app.worklog.service import write_record

CLOSED = {State.archived.value, State.cancelled.value}
TO_UNIT = {Action.submit, Action.supply, Action.correct}
TO_STAFF = {
    Action.request_supplement,
    Action.reject,
    Action.accept,
    Action.approve,
    Action.refuse,
    Action.return_previous,
    Action.return_to_start,
}
PROXY_RECORD = "SR7"

Given = Mapping[str, Any]
Taken = list[tuple[CaseMaterial, Mapping[str, Any]]]


def taken_papers(case: ProxyCase, entries: Iterable[Mapping[str, Any]] | None) -> Taken:
    """Pair what the worker ticked ({seq, state, note}) with the papers of the case. Invalid for an unknown paper."""
    by_seq = {m.seq: m for m in case.materials}
    taken: Taken = []
    for entry in entries or ():
        material = by_seq.get(int(entry["seq"]))
        if material is None:
            raise Invalid(_("This paper does not belong to the case."), field="materials")
        PaperState.parse(entry.get("state", "collected"), field="materials")
        taken.append((material, entry))
    return taken


@contextmanager
def as_if_taken(taken: Taken) -> Iterator[None]:
    """Judge the papers as they will stand after the step, without writing anything yet."""
    before = [(m, m.state, m.mark) for m, _entry in taken]
    for material, entry in taken:
        material.state, material.mark = entry.get("state", "collected"), None
    try:
        yield
    finally:
        for material, state, mark in before:
            material.state, material.mark = state, mark


def stays(material: CaseMaterial, entry: Mapping[str, Any]) -> bool:
    """Whether an original leaves its owner's hands: the authorization letter is ours to keep and is no such thing."""
    collected = entry.get("state", "collected") == PaperState.collected.value
    return collected and material.form == PaperForm.original.value and not material.is_authorization


def take_over(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """Collected papers change state; originals that stay out get a custody row."""
    for material, entry in taken_papers(case, given.get("materials")):
        material.state = entry.get("state", "collected")
        material.mark, material.mark_note = None, None
        material.collected_at = now
        material.note = entry.get("note") or material.note
        if stays(material, entry):
            due = given.get("due_back_on")
            case.custody.append(
                Custody(
                    case_id=case.id,
                    material_id=material.id,
                    name=material.name,
                    holder_staff_id=actor.staff_id,
                    taken_at=now,
                    due_back_on=date.fromisoformat(due) if due else None,
                )
            )
    _record(session, actor, now, case, result="ongoing")


def hand_in(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """From here on the department sees the case; originals go along."""
    case.submitted_to_department = True
    for custody in case.custody:
        if custody.returned_at is None and case.department_id:
            custody.holder_staff_id, custody.holder_unit_id = None, case.department_id


def ask_for_more(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """Mark the papers of the one-time list as bad or missing, with what is wrong."""
    by_seq = {m.seq: m for m in case.materials}
    for entry in given["missing_list"]:
        material = by_seq.get(int(entry["seq"]))
        if material is None:
            raise Invalid(_("This paper does not belong to the case."), field="missing_list")
        material.mark, material.mark_note, material.applies = "bad", entry.get("note"), True


def decide(outcome: str) -> Callable[..., None]:
    """Write the decision with its number and expiry."""

    def _decide(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
        case.outcome, case.result_no = outcome, given.get("result_no") or None
        until = given.get("result_until")
        case.result_until = date.fromisoformat(until) if until else None

    return _decide


def hand_over(way: str) -> Callable[..., None]:
    """A successful delivery: who took it, where; originals go home with it."""

    def _hand_over(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
        relation = given.get("relation") or None
        case.deliveries.append(
            CaseDelivery(
                case_id=case.id,
                at=now,
                way="proxy" if relation and way == "hand" else way,
                success=True,
                recipient=given.get("recipient") or case.party_name,
                recipient_relation=relation,
                place=given.get("place"),
                signature_uid=given.get("signature_uid"),
            )
        )
        return_originals(now, case, given.get("recipient") or case.party_name)
        case.rating = str(given["rating"]) if given.get("rating") else case.rating
        _record(session, actor, now, case)

    return _hand_over


def return_originals(now: datetime, case: ProxyCase, to: str) -> None:
    """Every original of the case that is out goes back and is signed for by name."""
    for custody in case.custody:
        if custody.returned_at is None:
            custody.returned_at, custody.returned_to = now, to


def not_delivered(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """A failed attempt, with its reason."""
    case.deliveries.append(
        CaseDelivery(case_id=case.id, at=now, way="hand", success=False, reason=given.get("reason"))
    )
    _record(session, actor, now, case, result="ongoing")


def keep_at_window(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """Nobody was reached: the result waits at the window, named."""
    case.deliveries.append(
        CaseDelivery(
            case_id=case.id,
            at=now,
            way="window",
            success=False,
            place=given["place"],
            reason=given.get("reason"),
        )
    )


def rate(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """Five levels (code list satisfaction)."""
    case.rating = str(given["rating"])


def move_appointment(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """A new day for the visit."""
    case.booked_for = date.fromisoformat(given["appointment"])
    case.booked_slot = given.get("slot")


def withdraw(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """The applicant takes the case back; originals that are handed back now are signed for."""
    case.outcome = "withdrawn"
    if given.get("originals_returned"):
        return_originals(now, case, given.get("applicant") or case.party_name)


EFFECTS: dict[Action, Callable[..., None]] = {
    Action.rebook: move_appointment,
    Action.collect: take_over,
    Action.supply: take_over,
    Action.submit: hand_in,
    Action.request_supplement: ask_for_more,
    Action.reject: decide("rejected"),
    Action.approve: decide("approved"),
    Action.refuse: decide("refused"),
    Action.deliver: hand_over("hand"),
    Action.pick_up: hand_over("window"),
    Action.leave: hand_over("left"),
    Action.miss: not_delivered,
    Action.decline: not_delivered,
    Action.deposit: keep_at_window,
    Action.rate: rate,
    Action.withdraw: withdraw,
}


def tell(session: Session, actor: Actor, now: datetime, case: ProxyCase, action: Action) -> None:
    """Put a line into the inbox of whoever is to act next. No personal data stands in it."""
    params = {"number": case.number, "item": case.item_version.name}
    link = f"/cases/show/{case.uid}"
    if action in TO_UNIT and case.department_id:
        notify_unit(
            session,
            now,
            case.department_id,
            "proxy",
            "Case %(number)s (%(item)s) has come in.",
            params,
            link=link,
        )
    elif action in TO_STAFF and case.staff_id and case.staff_id != actor.staff_id:
        notify_staff(
            session, now, case.staff_id, "proxy", "News of case %(number)s (%(item)s).", params, link=link
        )


def _record(session: Session, actor: Actor, now: datetime, case: ProxyCase, result: str = "done") -> None:
    write_record(
        session,
        actor,
        now,
        area_id=case.area_id,
        record_type=PROXY_RECORD,
        content=case.item_version.name,
        way="proxy",
        result=result,
        visit_id=case.visit_id,
        ref_kind="case",
        ref_uid=case.uid,
    )
