"""Reminders and escalation: a job of every quarter of an hour tells who has a case in hand, then station, town, county.

What was told is a row (`CaseAlarm`): once for a thing, a rule and a due time. A worker that is killed has told what is
committed and goes on with the rest; of two workers one waits for the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.areas.service.calendars import calendar_for
from app.core import jobs
from app.core.clock import to_local
from app.core.scope import session_actor
from app.core.sla import due_date
from app.inbox.service import notify
from app.proxy.choices import ClockCode, Entry
from app.proxy.models import CaseAlarm, CaseStep, EscalationRule
from app.proxy.queries.alarms import is_open
from app.proxy.rules.escalation import ABOVE, Moment, Told, Watched, speaks_at
from app.proxy.service.notices import N_, link_to
from app.proxy.service.tellers import Tellers
from app.proxy.service.watching import CHUNK, Due, due_ones

KIND = "proxy.alarms"
MINUTES = 15
LOCK = 0x4762416C  # any constant of ours: a lock on PostgreSQL is per database; SQLite has one writer anyway
FEW = 3  # more lines than these to one person at once become one line
PAGE = "/reminders/"


LINES: dict[tuple[str, str], str] = {
    ("clock", "warn"): N_("Case %(number)s: “%(clock)s” is due on %(day)s."),
    ("clock", "late"): N_("Case %(number)s: “%(clock)s” was due on %(day)s and is overdue."),
    ("pause", "warn"): N_("Case %(number)s: what its clock stands for ends on %(day)s."),
    ("pause", "late"): N_("Case %(number)s: what its clock stood for ended on %(day)s. Please go on."),
    ("supplement", "warn"): N_("Case %(number)s: missing papers have time until %(day)s."),
    ("supplement", "late"): N_(
        "Case %(number)s: missing papers had time until %(day)s. Bring them, or have the case closed as lapsed."
    ),
    ("custody", "warn"): N_("Case %(number)s: originals go home on %(day)s."),
    ("custody", "late"): N_("Case %(number)s: originals should have gone home by %(day)s."),
    ("opinion", "warn"): N_("Case %(number)s: an opinion is due on %(day)s."),
    ("opinion", "late"): N_("Case %(number)s: an opinion was due on %(day)s and has not come."),
    ("callback", "warn"): N_("Case %(number)s: the call-back is due on %(day)s."),
    ("callback", "late"): N_("Case %(number)s: the call-back was due on %(day)s and is overdue."),
}
MANY = N_("%(count)s cases need a look: time is short or over.")


@jobs.handler(KIND, label=_("Reminders of proxy cases"), system=True, lease=timedelta(minutes=10))
def remind(work: jobs.Work) -> dict[str, Any]:
    """Tell what is to be told now; note what has been settled since. Runs again without telling anything twice."""
    tellers, told = Tellers(work.session, to_local(work.now).date()), 0
    for rule in rules_in_force(work.session):
        for found in due_ones(work.session, rule, work.now):
            fresh = untold(work.session, rule, found, work.now)
            if fresh:
                with work.step(rule.code) as session:
                    told += tell(session, tellers, rule, fresh, work.now)
    return {"told": told, "settled": settle(work)}


jobs.often(KIND, MINUTES)


def rules_in_force(session: Session) -> list[EscalationRule]:
    """The rules that are on; detached, for the session commits between two of them."""
    query = select(EscalationRule).where(EscalationRule.is_on).order_by(EscalationRule.id)
    rules = list(session.scalars(query))
    for rule in rules:
        session.expunge(rule)
    return rules


def untold(session: Session, rule: EscalationRule, found: Sequence[Due], now: datetime) -> list[Due]:
    """Those of a chunk about which this rule has not spoken, and whose time to speak has come."""
    query = select(CaseAlarm.about, CaseAlarm.case_id, CaseAlarm.due_at).where(
        CaseAlarm.case_id.in_({one.case_id for one in found}), CaseAlarm.rule == rule.code
    )
    known = {tuple(row) for row in session.execute(query)}
    fresh = [one for one in found if (one.about, one.case_id, one.due_at) not in known]
    if not rule.after:
        return fresh
    return [
        one
        for one in fresh
        if speaks_at(one.due_at, rule.after, rule.unit, calendar_for(session, one.area_id)) <= now
    ]


def tell(
    session: Session, tellers: Tellers, rule: EscalationRule, found: Sequence[Due], now: datetime
) -> int:
    """Write down and tell, in one transaction; returns how many rows are new."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    # another worker may have been here between the reading and the lock; a case may have been settled
    fresh = untold(session, rule, _still_due(session, rule, found, now), now)
    for one in fresh:
        _write(session, rule, one, now)
    session.flush()
    _send(session, tellers, rule, fresh, now)
    return len(fresh)


def _still_due(session: Session, rule: EscalationRule, found: Sequence[Due], now: datetime) -> list[Due]:
    """What of a chunk is due as it was read, under the lock: the same chunk is read again."""
    first = found[0].key - 1
    again = next(iter(due_ones(session, rule, now, after=first)), [])
    there = {(one.about, one.case_id, one.due_at) for one in found}
    return [one for one in again if (one.about, one.case_id, one.due_at) in there]


def _write(session: Session, rule: EscalationRule, one: Due, now: datetime) -> None:
    alarm = CaseAlarm(about=one.about, rule=rule.code, due_at=one.due_at, at=now, told=rule.tells)
    alarm.case_id = one.case_id
    session.add(alarm)
    if Told(rule.tells) in ABOVE:
        # a row beside the case: whoever has its page open may go on
        data = {"told": rule.tells, "about": one.subject, "due": due_date(one.due_at).isoformat()}
        session.add(
            CaseStep.of(
                Entry.alarm,
                one.state,
                one.state,
                actor=session_actor(session),
                now=now,
                case_id=one.case_id,
                data=data,
            )
        )


def _send(
    session: Session, tellers: Tellers, rule: EscalationRule, found: Iterable[Due], now: datetime
) -> None:
    """Lines into inboxes. Two promises of a case with one due time are one line."""
    once = list({(one.case_id, one.due_at, one.about.split(":")[0]): one for one in found}.values())
    if not once:
        return
    hands, lines = tellers.hands(once), defaultdict(list)
    for one in once:
        for user in sorted(tellers.reach(one, Told(rule.tells), hands)):
            lines[user].append(one)
    level = "warn" if rule.moment == Moment.warn else "alarm"
    for user, mine in lines.items():
        if len(mine) > FEW:
            notify(session, now, [user], "proxy", MANY, {"count": len(mine)}, link=PAGE, level=level)
            continue
        for one in mine:
            words, params = line_of(one, rule.moment)
            link = link_to(one.case_uid)
            notify(session, now, [user], "proxy", words, params, link=link, level=level, due_at=one.due_at)


def line_of(one: Due, moment: str) -> tuple[str, dict[str, Any]]:
    """The sentence and its values: number, clock and day, nothing about anybody."""
    clock = one.subject in ClockCode.__members__
    params: dict[str, Any] = {"number": one.number, "day": due_date(one.due_at).isoformat()}
    if clock:
        params["clock"] = {"msgid": ClockCode(one.subject).label._args[0]}
    return LINES["clock" if clock else Watched(one.subject).value, moment], params


def settle(work: jobs.Work) -> int:
    """Note the alarms whose matter is done, so that no list need look at them again."""
    done, after = 0, 0
    while True:
        query = (
            select(CaseAlarm.id)
            .where(CaseAlarm.settled_at.is_(None), CaseAlarm.id > after, ~is_open())
            .order_by(CaseAlarm.id)
            .limit(CHUNK)
        )
        ids = list(work.session.scalars(query))
        if not ids:
            return done
        after = ids[-1]
        with work.step() as session:
            for alarm in session.scalars(select(CaseAlarm).where(CaseAlarm.id.in_(ids))):
                alarm.settled_at = work.now
        done += len(ids)
