"""What the page of one case shows: lights, next steps, papers, who did what when."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.core import masks, policy
from app.core.actor import Actor, current_actor
from app.core.clock import to_local
from app.core.errors import NotFound
from app.core.files import Attachment
from app.core.sla import Light, due_date
from app.core.workflow import Offer
from app.proxy.choices import (
    NAMES,
    PROMISE_CLOCKS,
    STEP_CLOCKS,
    Action,
    CallOutcome,
    ClockCode,
    Entry,
    PauseReason,
    State,
)
from app.proxy.models import CaseClock, CaseStep, ProxyCase
from app.proxy.queries.left import left_of
from app.proxy.queries.prints import PROXY_CASE
from app.proxy.rules.escalation import SUBJECTS, Told
from app.proxy.rules.fairness import Verified
from app.proxy.service import callbacks, fairness
from app.proxy.service.cases import WHOLE
from app.proxy.service.clocks import as_clock, newest
from app.proxy.service.custody import CARRIERS, held

OWNER = PROXY_CASE
# the way on, in the order in which a step is the obvious one; all others stand behind
MAIN = (
    Action.entrust,
    Action.collect,
    Action.submit,
    Action.request_supplement,
    Action.supply,
    Action.receive,
    Action.accept,
    Action.rework,
    Action.process,
    Action.approve,
    Action.resume,
    Action.fetch,
    Action.deliver,
    Action.pick_up,
    Action.set_out,
    Action.rate,
    Action.archive,
)
# asked for only where papers bar the obvious step
SECOND_BEST = frozenset({Action.request_supplement})
PAPERS_LACK = ("missing_materials", "unanswered_conditions")


@dataclass(frozen=True)
class Lamp:
    """One of the two lights: what is measured, how it stands, in words."""

    code: str
    label: Any
    level: str  # green yellow red grey
    words: str
    due_at: datetime | None
    provisional: bool = False
    left: str = ""


def load(session: Session, uid: str) -> ProxyCase:
    """A case with everything its page shows. NotFound outside the scope."""
    query = (
        select(ProxyCase)
        .where(ProxyCase.uid == uid)
        .options(
            *WHOLE,
            joinedload(ProxyCase.area),
            joinedload(ProxyCase.staff),
            joinedload(ProxyCase.department),
            selectinload(ProxyCase.deliveries),
        )
    )
    case = session.scalars(query).one_or_none()
    if case is None:
        raise NotFound()
    return case


def lamps(session: Session, case: ProxyCase, now: datetime) -> list[Lamp]:
    """The light of the step in hand and the light of the tighter promise; none of a clock that never began."""
    rows = newest(case)
    found = []
    for codes in (STEP_CLOCKS, PROMISE_CLOCKS):
        mine = [rows[code] for code in codes if code in rows and rows[code].stopped_at is None]
        if mine:
            found.append(lamp(session, case, min(mine, key=lambda row: row.due_at), now))
    return found


def lamp(session: Session, case: ProxyCase, row: CaseClock, now: datetime) -> Lamp:
    """One running or standing clock as a light, with what is left of it."""
    measured = as_clock(row)
    label = ClockCode.label_of(row.kind)
    if measured.is_paused:
        why = str(PauseReason.label_of(measured.pauses[-1].reason))
        since = to_local(measured.pauses[-1].start).strftime("%Y-%m-%d")
        words = gettext("stands since %(day)s: %(reason)s", day=since, reason=why)
        return Lamp(row.kind, label, "grey", words, None, row.provisional)
    light: Light = measured.light(now)
    words = gettext("%(light)s, until %(day)s", light=str(light.label), day=due_date(row.due_at).isoformat())
    left = left_of(session, case.area, row.due_at, now, row.unit)
    return Lamp(row.kind, label, light.value, words, row.due_at, row.provisional, left)


def split_offers(offers: list[Offer]) -> tuple[Offer | None, list[Offer]]:
    """(the one main step, the others): what is obvious and possible first, what is obvious but barred next."""
    obvious = [o for o in offers if o.action in MAIN]
    lacking = any(words is NAMES[bar] for o in obvious for words in o.missing for bar in PAPERS_LACK)

    def rank(offer: Offer) -> tuple[bool, bool, int]:
        second = offer.action in SECOND_BEST
        return not offer.ready or (second and not lacking), second, MAIN.index(offer.action)

    ranked = sorted(obvious, key=rank)
    main = ranked[0] if ranked else None
    return main, [o for o in offers if o is not main]


def hidden_from(actor: Actor, now: datetime, case: ProxyCase) -> frozenset[str]:
    """Entries of which somebody reads only that they are there: why a call-back about the own work was given on, and what
    was found about a relation, for who does not decide or handle the case or is related.
    """
    made = {step.action for step in case.steps}
    found = set()
    if Entry.callback in made and actor.staff_id in callbacks.rated_staff(case):
        found.add(Entry.callback.value)
    if Entry.verify in made and not fairness.reads_relations(actor, now, case):
        found.add(Entry.verify.value)
    return frozenset(found)


def timeline(
    case: ProxyCase, *, with_words: bool = True, hidden: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Who did what when, oldest first. The words of a step may name residents: only for roles that see them; ``hidden`` are
    the entries without their particulars (see `hidden_from`).
    """
    return [
        {
            "at": step.at,
            "by": step.by_label,
            "role": step.by_role,
            "words": action_label(step.action),
            "to": "" if step.from_state == step.to_state else str(State.label_of(step.to_state)),
            "reason": step.reason if with_words else None,
            "details": details(step, whole=step.action not in hidden) if with_words else [],
        }
        for step in case.steps
    ]


def action_label(code: str) -> str:
    """A step or an entry of the history in words."""
    return str(Action.label_of(code) if code in Action.__members__ else Entry.label_of(code))


TOLD = (
    "remedies",
    "outcome",
    "window",
    "place",
    "expert",
    "paper",
    "result",
    "result_no",
    "due_on",
    "witness",
    "recipient",
)


def details(step: CaseStep, *, whole: bool = True) -> list[str]:
    """What of a step's data is worth a line: no personal data but names that stand on the page anyway. Not ``whole``: only
    what came of a verification.
    """
    data = step.data or {}
    if not whole:
        return [str(Verified.label_of(data["result"]))] if step.action == Entry.verify else []
    if step.action == Entry.alarm:
        return [told_words(data)]
    if step.action == Entry.callback and not data.get("recipient"):
        made = data.get("attempts") or 0
        tried = [ngettext("%(num)s attempt", "%(num)s attempts", made)] if made else []
        return [str(CallOutcome.label_of(data["closed"]))] if data.get("closed") else tried
    lines = [str(data[name]) for name in TOLD if data.get(name)]
    if step.action == Entry.give:
        return [f"{data.get('from', '')} → {data.get('to', '')}", str(data.get("why", ""))]
    if step.action == Entry.verify:
        return [str(Verified.label_of(data.get("result"))), str(data.get("words", ""))]
    for name in ("missing_list",):
        lines += [str(entry["note"]) for entry in data.get(name) or () if entry.get("note")]
    return lines


def told_words(data: Mapping[str, Any]) -> str:
    """Which level was told about what: “the town: Pre-check, due on 2026-11-25”."""
    about = str(dict(SUBJECTS).get(str(data.get("about")), ""))
    level = str(Told.label_of(str(data.get("told"))))
    return gettext("%(level)s: %(about)s, due on %(day)s", level=level, about=about, day=data.get("due"))


def party_lines(case: ProxyCase, *, plain: bool) -> dict[str, str]:
    """The party as the page shows it: number and phone behind their masks; all but the first character for others."""
    party = case.party or {}
    if not plain:
        return {
            "name": masks.mask_name(party.get("name")),
            "born": "",
            "number": "",
            "phone": "",
            "address": "",
        }
    return {
        "name": str(party.get("name") or ""),
        "born": str(party.get("birth_date") or "")[:4],
        "number": masks.mask_id_number(party.get("document_number")),
        "phone": masks.mask_phone(party.get("phone")),
        "address": str(party.get("address") or ""),
    }


def pictures_of(session: Session, case: ProxyCase) -> list[Attachment]:
    """Signatures and photos kept with a case that the actor may open."""
    query = (
        select(Attachment)
        .where(Attachment.owner_kind == OWNER, Attachment.owner_uid == case.uid)
        .order_by(Attachment.id)
    )
    actor = current_actor()
    return [kept for kept in session.scalars(query) if policy.may_open(actor, kept.level)]


def may_carry(actor: Actor, case: ProxyCase) -> bool:
    """Whether originals of the case could be given back here and now by the acting role."""
    out = held(case)
    mine = not actor.read_only and actor.role in CARRIERS | {"town_staff"}
    return bool(mine and out and not any(c.holder_unit_id for c in out))
