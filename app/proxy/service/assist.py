"""The department that decides asks others for their opinion; the case stays with it (S0-51)."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.areas.models import OrgUnit
from app.areas.service.calendars import calendar_for
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.sla import Unit, deadline
from app.proxy.choices import Opinion
from app.proxy.models import CaseAssist, ProxyCase
from app.proxy.rules.stages import MARKING_STATES
from app.proxy.service import deciders

DAYS, MOST_DAYS = 3, 30  # working days within which an opinion is asked for
ANSWERS = (Opinion.agree, Opinion.disagree, Opinion.note)


def open_ones(case: ProxyCase) -> list[CaseAssist]:
    """Opinions that were asked for and have not come."""
    return [a for a in case.assists if a.answered_at is None]


def waiting(case: ProxyCase) -> list[str]:
    """Names of the offices whose opinion is awaited."""
    return [str(a.org_unit) for a in open_ones(case)]


def need_asker(actor: Actor, now: datetime, case: ProxyCase) -> None:
    """Raises NotAllowed for who does not decide the case, Conflict where nothing is being decided."""
    if not deciders.decides(actor, case, to_local(now).date()):
        raise NotAllowed()
    if case.state not in MARKING_STATES:
        raise Conflict(_("Another department is asked while the case is being checked."))


def ask(
    session: Session,
    actor: Actor,
    now: datetime,
    case: ProxyCase,
    unit: OrgUnit | None,
    question: str,
    days: int | None = None,
) -> CaseAssist:
    """Ask an office within so many working days (1 to 30). Invalid for the deciding office itself, for one that was
    asked and has not answered, without a question; NotAllowed, Conflict: see `need_asker`.
    """
    need_asker(actor, now, case)
    days = DAYS if days is None else days
    if unit is None or unit.department_code is None:
        raise Invalid(_("Choose the department to ask."), field="unit")
    if unit.id == case.department_id:
        raise Invalid(_("The department that decides does not assist itself."), field="unit")
    if any(a.org_unit_id == unit.id for a in open_ones(case)):
        raise Invalid(_("This department was asked already and has not answered."), field="unit")
    if not question.strip():
        raise Invalid(_("Say what is asked."), field="question")
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(_("Give between 1 and %(most)s working days.", most=MOST_DAYS), field="days")
    return _asked(session, actor, now, case, unit, question.strip()[:300], days)


def ask_along(session: Session, actor: Actor, now: datetime, case: ProxyCase) -> list[CaseAssist]:
    """At the acceptance every department that the item names is asked once; one without an office here is left out."""
    known = {a.org_unit_id for a in case.assists}
    found = []
    for code in case.item_version.assisting or ():
        unit_id = deciders.nearest_unit(session, code, case.area, to_local(now).date())
        if unit_id is not None and unit_id not in known and unit_id != case.department_id:
            unit = session.get_one(OrgUnit, unit_id)
            found.append(_asked(session, actor, now, case, unit, case.item_version.name, DAYS))
    return found


def _asked(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, unit: OrgUnit, question: str, days: int
) -> CaseAssist:
    due = deadline(now, days, Unit.work_day, calendar_for(session, case.area_id))
    row = CaseAssist(
        case_id=case.id,
        org_unit_id=unit.id,
        org_unit=unit,
        question=question,
        asked_at=now,
        asked_by=actor.label,
        due_at=due.at,
    )
    case.assists.append(row)
    return row


def need_answerer(actor: Actor, now: datetime, row: CaseAssist) -> None:
    """Raises NotAllowed for another office, Conflict once the question is answered or recalled."""
    if not _answers(actor, now, row):
        raise NotAllowed()
    if row.answered_at is not None:
        raise Conflict(_("This question has been answered already."))


def answer(actor: Actor, now: datetime, case: ProxyCase, uid: str, opinion: str, words: str) -> CaseAssist:
    """The opinion of the office that was asked. NotFound for a question of another case, NotAllowed for another office,
    Conflict once it is answered or recalled, Invalid without words where it does not agree.
    """
    row = row_of(case, uid)
    need_answerer(actor, now, row)
    chosen = Opinion.parse(opinion, field="opinion")
    if chosen not in ANSWERS:
        raise Invalid(_("Choose what the department says."), field="opinion")
    if chosen is not Opinion.agree and not words.strip():
        raise Invalid(_("Say why, or what is to be kept in mind."), field="answer")
    row.opinion, row.answer = chosen.value, words.strip()[:1000] or None
    row.answered_at, row.answered_by = now, actor.label
    return row


def recall(actor: Actor, now: datetime, case: ProxyCase, uid: str, reason: str) -> CaseAssist:
    """The deciding office no longer waits; the reason stands with the question."""
    need_asker(actor, now, case)
    row = row_of(case, uid)
    if row.answered_at is not None:
        raise Conflict(_("This question has been answered already."))
    if not reason.strip():
        raise Invalid(_("Say why it is no longer asked."), field="answer")
    row.opinion, row.answer = Opinion.recalled.value, reason.strip()[:1000]
    row.answered_at, row.answered_by = now, actor.label
    return row


def may_answer(actor: Actor, now: datetime, row: CaseAssist) -> bool:
    """Whether the acting post may answer this question now."""
    return row.answered_at is None and _answers(actor, now, row)


def _answers(actor: Actor, now: datetime, row: CaseAssist) -> bool:
    if actor.read_only:
        return False
    if actor.role == deciders.DEPARTMENT:
        return row.org_unit_id in actor.org_unit_ids
    # the window of the town answers for an office without accounts
    return actor.role == deciders.TOWN and not deciders.is_staffed(row, row.org_unit_id, to_local(now).date())


def row_of(case: ProxyCase, uid: str) -> CaseAssist:
    """A question of the case. NotFound for one of another case."""
    row = next((a for a in case.assists if a.uid == uid), None)
    if row is None:
        raise NotFound()
    return row
