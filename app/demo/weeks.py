"""Cases of the last three months that came to their end: for the figures of workers, services and departments,
and for the lists of what is closed. Each goes through the real services, on the days on which it went on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from app.core.clock import frozen, to_local
from app.core.sla import LOCAL_ZONE
from app.demo.cases import CaseMaker
from app.proxy.choices import Action
from app.proxy.models import ProxyCase
from app.registry.models import Person

WEEKS = 10
STRAIGHT = (
    Action.entrust,
    Action.collect,
    Action.submit,
    Action.receive,
    Action.accept,
    Action.process,
    Action.approve,
    Action.fetch,
    Action.set_out,
    Action.deliver,
    Action.rate,
    Action.archive,
)
# days between the steps of a case that goes well
GAPS = (1, 0, 1, 0, 1, 0, 2, 1, 0, 0, 1, 2)
SLOW = {Action.approve: 9, Action.fetch: 2}


RATINGS = "5545554354"


def finished(
    maker: CaseMaker, worker: str, people: Sequence[Person], items: Sequence[str]
) -> Iterator[ProxyCase]:
    """One case a week, the oldest first; those of the last weeks are not finished yet, and are told elsewhere."""
    today = to_local(maker.now).date()
    for week in range(WEEKS, 2, -1):
        person, item = people[week % len(people)], items[week % len(items)]
        yield _one(maker, worker, person, item, today - timedelta(days=7 * week), week)


def _one(maker: CaseMaker, worker: str, person: Person, item: str, day: date, nth: int) -> ProxyCase:
    at = _in_office(maker, day, nth)
    with frozen(at):
        case = maker.book(at, person, item, worker)
    for action, gap in _way(nth):
        later = _in_office(maker, to_local(at).date() + timedelta(days=gap), nth) if gap else at
        at = max(later, at + timedelta(minutes=7))
        with frozen(at):
            maker.move(case, action, at, worker, rating=RATINGS[nth % len(RATINGS)])
    return case


def _way(nth: int) -> list[tuple[Action, int]]:
    """Steps with the days before each: one case in five takes longer than was promised, one door in four stays shut."""
    slow = SLOW if nth % 5 == 2 else {}
    way = [(action, gap + slow.get(action, 0)) for action, gap in zip(STRAIGHT, GAPS, strict=True)]
    return [*way[:9], (Action.miss, 0), (Action.set_out, 1), *way[9:]] if nth % 4 == 1 else way


def _in_office(maker: CaseMaker, day: date, nth: int) -> datetime:
    """The morning of the first working day from a day on."""
    while not maker.calendar.is_workday(day):
        day += timedelta(days=1)
    return datetime.combine(day, time(9, 5 * nth % 60), LOCAL_ZONE)
