"""A year of cases: so many a day, for people of all grids, of services that suit their age."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from app.core.clock import to_local
from bench.cases.book import COLUMNS, CaseBook
from bench.cases.facts import Applicant, Place, Service
from bench.cases.papers import PAPER_COLUMNS
from bench.cases.tale import Teller, office_moment

VISIT_COLUMNS: dict[str, tuple[str, ...]] = {
    "visit": (
        "id", "uid", "area_id", "title", "visit_type", "planned_on", "slot", "state", "started_at", "ended_at",
    ),
    "visit_worker": ("id", "uid", "visit_id", "staff_id"),
    "visit_stop": ("id", "uid", "visit_id", "seq", "household_id", "dwelling_id", "person_id", "outcome", "at"),
    "visit_purpose": ("id", "uid", "visit_id", "stop_id", "record_type", "ref_kind", "ref_uid"),
    "visit_step": (
        "id", "uid", "visit_id", "at", "by_user", "by_label", "by_role", "action", "from_state", "to_state",
    ),
}  # fmt: skip
ALL_COLUMNS = COLUMNS | PAPER_COLUMNS | VISIT_COLUMNS
IN_ROUNDS = 0.45  # share of bookings that are doors of a round
DOORS = 8
OLD = 60
# what is asked for often (S3-54): the others once in a while
OFTEN = {
    "WJ-01": 12,
    "WJ-02": 14,
    "RS-03": 16,
    "MZ-06": 10,
    "MZ-07": 8,
    "CL-02": 4,
    "RS-06": 6,
    "MZ-01": 4,
    "MZ-02": 4,
}


@dataclass
class Round:
    """One walk of a worker: a day and its doors."""

    id: int
    place: Place
    day: date
    planned_at: datetime
    doors: list[tuple[CaseBook, datetime | None]] = field(default_factory=list)


class Year:
    """Deals out the cases of a time. ``put(table, row)`` takes tuples in the order of ``ALL_COLUMNS``; keys come
    from ``ids``.
    """

    def __init__(
        self,
        put: Callable[[str, tuple[Any, ...]], None],
        ids: dict[str, Iterator[int]],
        uid: Callable[[], str],
        services: Sequence[Service],
        people: Sequence[Applicant],
        *,
        until: datetime,
        seed: int = 20261122,
    ) -> None:
        self.put, self.ids, self.uid, self.until = put, ids, uid, until
        self.random, self.teller = Random(seed), Teller(seed, until)
        self.services, self.people = list(services), list(people)
        self.weights = [OFTEN.get(service.code, 1) for service in self.services]
        self.serials: Counter[tuple[str, int]] = Counter()
        self.busy: dict[tuple[int, str], datetime | None] = {}
        self.rounds: dict[tuple[int, date], list[Round]] = defaultdict(list)
        self.made = self.open = 0

    def tell(self, days: int, a_day: int) -> None:
        """Cases of the days before ``until``: so many a day on average, fewer on days on which nobody works."""
        first = to_local(self.until).date() - timedelta(days=days)
        calendar = self.people[0].place.calendar
        worked = sum(calendar.is_workday(first + timedelta(days=n)) for n in range(days))
        usual = days * a_day / (worked + 0.1 * (days - worked))
        due = 0.0
        for n in range(days):
            day = first + timedelta(days=n)
            due += usual if calendar.is_workday(day) else 0.1 * usual
            while due >= 1:
                due -= 1
                self.one(office_moment(self.random, day))
        self.close_rounds()

    def one(self, opened: datetime) -> None:
        """One case that is opened at a moment."""
        if opened >= self.until:
            return
        who, service = self._whom(opened)
        key = (next(self.ids["proxy_case"]), self.uid())
        book = CaseBook(self.row, key, service, who)
        year = to_local(opened).year
        self.serials[who.place.office, year] += 1
        serial, found = self.serials[who.place.office, year], []

        def visit(day: date) -> int | None:
            if self.random.random() > IN_ROUNDS:
                return None
            found.append(self._round(who.place, day, opened))
            return int(found[0].id)

        self.open += self.teller.tell(book, opened, serial, visit)
        row = tuple(book.finish())
        self.put("proxy_case", row)
        self.busy[who.id, service.code] = book.values["closed_at"]
        if found:
            found[0].doors.append((book, book.collected_at))
        self.made += 1

    def _whom(self, opened: datetime) -> tuple[Applicant, Service]:
        """Somebody old for three of four cases, and a service that suits the age and is not under way for them."""
        for _n in range(200):
            who = self.random.choice(self.people)
            age = opened.year - who.born.year
            if age < OLD and self.random.random() < 0.75:
                continue
            service = self.random.choices(self.services, self.weights)[0]
            closed = self.busy.get((who.id, service.code), opened)
            if service.suits(age) and closed is not None and closed <= opened:
                return who, service
        raise LookupError("too few people for so many cases")

    def row(self, table: str, *values: Any) -> int:
        key = next(self.ids[table])
        self.put(table, (key, self.uid(), *values))
        return key

    # --- rounds ---------------------------------------------------------------------------------------------------

    def _round(self, place: Place, day: date, opened: datetime) -> Round:
        """A round of the worker on a day that has a door left."""
        mine = self.rounds[place.area_id, day]
        if not mine or len(mine[-1].doors) >= DOORS:
            mine.append(Round(next(self.ids["visit"]), place, day, opened))
        return mine[-1]

    def close_rounds(self) -> None:
        """Write the rounds as they stand now: one that lies behind is walked."""
        today = to_local(self.until).date()
        for rounds in self.rounds.values():
            for one in rounds:
                self._write_round(one, is_over=one.day < today)
        self.rounds.clear()

    def _write_round(self, one: Round, *, is_over: bool) -> None:
        met = [at for _book, at in one.doors if at is not None]
        begun, ended = min(met, default=None), max(met, default=None) if is_over else None
        state = "planned" if not is_over else "done" if met else "missed"
        slot = one.doors[0][0].first_slot if one.doors else None
        worker = one.place.worker
        self.put(
            "visit", (one.id, self.uid(), one.place.area_id, None, "V3", one.day, slot, state, begun, ended)
        )
        self.row("visit_worker", one.id, worker.staff_id)
        for seq, (book, at) in enumerate(one.doors, 1):
            who = book.who
            home = (who.household_id, who.dwelling_id, who.id)
            outcome = "met" if at is not None else "absent" if is_over else None
            stop = self.row("visit_stop", one.id, seq, *home, outcome, at)
            self.row("visit_purpose", one.id, stop, "SR7", "case", book.uid)
        hand = (worker.user_id, worker.label, worker.role)
        self.row("visit_step", one.id, one.planned_at, *hand, "plan", None, "planned")
        if is_over:
            self.row("visit_step", one.id, ended or one.planned_at, *hand, "finish", "planned", state)
