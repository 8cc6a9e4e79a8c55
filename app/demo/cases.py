"""Proxy cases in every state, green, yellow and overdue: each is booked and moved by the real services, on days past."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from sqlalchemy import select

from app.areas.models import OrgUnit
from app.core.clock import frozen, to_local
from app.core.sla import EVERY, WorkCalendar, deadline
from app.core.workflow import Resume
from app.demo.acting import Cast
from app.proxy.choices import PROMISE_CLOCKS, Action, Entry, State
from app.proxy.models import ProxyCase, ServiceItemVersion
from app.proxy.rules import MACHINE, clock_limits
from app.proxy.rules.fairness import declaration_due
from app.proxy.service import act, assist, book, fairness, notices, version_on
from app.proxy.service.cases import write_entry
from app.registry.models import Person

# ways out are taken only where the wanted state lies behind them
LAST_RESORT = {Action.withdraw, Action.lapse, Action.return_previous, Action.return_to_start, Action.correct}
# services whose result is handed over, so that a case of each can reach every state
ITEMS = ("WJ-02", "WJ-01", "CL-02", "RS-06", "CL-03", "CL-07")
ASSISTANCE = "MZ-01"  # asks for the declaration of relations
HELPER = "CL"  # the office whose opinion is asked there
LIGHTS = ("green", "yellow", "red")
PROMISED = (State.accepted, State.processing)
LOOK_BACK = timedelta(days=40)
WORKDAY = (9, 16)


@lru_cache(maxsize=64)
def path_to(state: State) -> tuple[Action, ...]:
    """The shortest list of actions that leads from nothing to a state."""
    queue: deque[tuple[State, tuple[Action, ...]]] = deque([(State.booked, (Action.book,))])
    seen = {State.booked}
    while queue:
        here, way = queue.popleft()
        if here is state:
            return way
        for source, action, to in sorted(MACHINE.rows(), key=lambda row: row[1] in LAST_RESORT):
            # a resumed step leads back to where it came from: nothing new lies behind it
            if source is here and not to.when and not isinstance(to.state, Resume):
                for target in to.targets:
                    if target not in seen:
                        seen.add(target)
                        queue.append((target, (*way, action)))
    raise LookupError(state)


def running_clocks(way: Sequence[Action]) -> dict[str, int]:
    """Clocks that run at the end of a way, each with the position of the action that started it. Step clocks, which
    are the tighter ones, where there are any; else the promises.
    """
    running: dict[str, int] = {}
    state: State | None = None
    for n, action in enumerate(way):
        to = MACHINE.table[(state, action)]
        for tick in to.clocks:
            for code in list(running) if tick.clock == EVERY else [tick.clock]:
                if tick.op == "start":
                    running[code] = n
                else:
                    running.pop(code, None)
        state = to.targets[0]
    steps = {code: n for code, n in running.items() if code not in PROMISE_CLOCKS}
    return steps or running


# what a step takes without naming it as a need
BESIDE = {"signed_by", "materials", "missing_list", "result_until", "appeared", "receipt"}


class CaseMaker:
    """Books cases for people and moves them to a wanted state, so that the clock at its end shows a wanted light."""

    def __init__(self, cast: Cast, spec: dict[str, Any], calendar: WorkCalendar, now: datetime) -> None:
        self.cast, self.spec, self.calendar, self.now = cast, spec, calendar, now
        self.random = Random(f"{spec['code']} cases")
        self._shifts: dict[tuple[float, str, str], timedelta | None] = {}
        self._versions: dict[str, ServiceItemVersion] = {}
        self.says = ""  # the relation that the next applicant declares

    def every_state(self, people: Sequence[Person]) -> Iterator[ProxyCase]:
        """A case in each light for every state, and a few more whose promise is about to run out."""
        turn = 0
        for state in State:
            for light in LIGHTS:
                item = self._item_for(state, light, turn)
                yield self.case(state, light, people[turn % len(people)], item)
                turn += 1
        for state in PROMISED * 2:
            item = self._item_for(state, "yellow", turn)
            yield self.case(state, "yellow", people[turn % len(people)], item)
            turn += 1

    def _item_for(self, state: State, light: str, turn: int) -> str:
        """The next service in turn that can show the light in this state today; the next one if none can."""
        in_turn = [ITEMS[(turn + n) % len(ITEMS)] for n in range(len(ITEMS))]
        return next((item for item in in_turn if self._back(path_to(state), light, item)), in_turn[0])

    def related(self, people: Sequence[Person]) -> Iterator[ProxyCase]:
        """Two applications for social assistance before the decision: one declares a relation and waits to be verified."""
        for person, says in zip(people, (self.spec["words"]["relation"], ""), strict=False):
            self.says = says
            case = self.case(State.processing, "green", person, ASSISTANCE)
            self._ask(case)
            yield case

    def _ask(self, case: ProxyCase) -> None:
        """The deciding office asks another one for its opinion (S0-51)."""
        session = self.cast.session
        unit = session.scalars(select(OrgUnit).where(OrgUnit.department_code == HELPER).limit(1)).first()
        with self.cast.playing(self.cast.by_post[case.item_version.department_code]) as (_session, actor):
            row = assist.ask(session, actor, self.now, case, unit, self.spec["words"]["opinion"])
            notices.tell_unit(session, self.now, case, row.org_unit_id, notices.ASKED)
            write_entry(actor, self.now, case, Entry.assist, {})

    def case(self, state: State, light: str, person: Person, item: str, worker: str = "worker") -> ProxyCase:
        """One case. A light that the clock of the state cannot show today is left to chance."""
        way = path_to(state)
        booked_at, *later = self._times(way, light, item)
        with frozen(booked_at):
            case = self.book(booked_at, person, item, worker)
        for action, at in zip(way[1:], later, strict=True):
            with frozen(at):
                self.move(case, action, at, worker)
        return case

    # --- times ----------------------------------------------------------------------------------------------------

    def _times(self, way: Sequence[Action], light: str, item: str) -> list[datetime]:
        """A moment for each action: the one that starts the deciding clock lies just so far back."""
        found = self._back(way, light, item)
        chance = timedelta(days=2 * len(way), hours=self.random.randint(1, 30))
        anchor, back = found if found else (0, timedelta(hours=3) if running_clocks(way) else chance)
        started = self.now - back
        before = [self._office_hour(started - timedelta(days=n)) for n in range(anchor, 0, -1)]
        after = len(way) - anchor - 1
        gap = back / (after + 2)
        times = [*before, started, *(started + gap * n for n in range(1, after + 1))]
        return [max(at, times[0]) for at in times]

    def _back(self, way: Sequence[Action], light: str, item: str) -> tuple[int, timedelta] | None:
        """(position of the action that starts the tightest clock, how long ago that was) for a light; None when no
        clock runs or none can show it today.
        """
        if item not in self._versions:
            self._versions[item] = version_on(self.cast.session, item, to_local(self.now).date())
        version = self._versions[item]
        limits = clock_limits(version.statutory_days, version.promised_days)
        running = {code: n for code, n in running_clocks(way).items() if code in limits}
        if not running:
            return None
        code = min(running, key=lambda c: limits[c][0])
        back = self._shift(*limits[code], light)
        return (running[code], back) if back else None

    def _office_hour(self, at: datetime) -> datetime:
        local = to_local(at).replace(hour=self.random.randint(*WORKDAY), minute=self.random.randint(0, 59))
        return min(local.astimezone(at.tzinfo), at)

    def _shift(self, amount: float, unit: str, light: str) -> timedelta | None:
        """How long ago a clock of this length was started that shows this light now; None when no moment does."""
        key = (amount, unit, light)
        if key not in self._shifts:
            self._shifts[key] = self._search(amount, unit, light)
        return self._shifts[key]

    def _search(self, amount: float, unit: str, light: str) -> timedelta | None:
        back = timedelta(hours=2)
        while back < LOOK_BACK:
            due = deadline(self.now - back, amount, unit, self.calendar)
            shown = "green" if self.now <= due.warn_at else "yellow" if self.now <= due.at else "red"
            if shown == light:
                # an overdue case is overdue by days, not by minutes
                return back + timedelta(days=3) if light == "red" else back
            back += timedelta(hours=3)
        return None

    # --- steps ----------------------------------------------------------------------------------------------------

    def book(self, at: datetime, person: Person, item: str, worker: str) -> ProxyCase:
        """Booked by a worker for the next day."""
        with self.cast.playing(worker) as (session, actor):
            day = to_local(at).date() + timedelta(days=1)
            asked = {"person": person, "item_code": item, "appointment": day, "slot": "09:00-10:00"}
            if item == ASSISTANCE:  # nobody of the family is disabled or ill
                asked["answers"] = {m.condition: False for m in self._versions[item].materials if m.condition}
            return book(session, actor, at, **asked, again=True)

    def move(self, case: ProxyCase, action: Action, at: datetime, worker: str, **more: Any) -> None:
        """One step with everything it may need; ``more`` says otherwise."""
        with self.cast.playing(self._role_for(case, action, worker)) as (session, actor):
            if action is Action.accept and declaration_due(case.item_version.more, case.relation_note):
                fairness.declare(actor, at, case, bool(self.says), self.says)
            act(session, actor, at, case, action, self._given(action, case, at) | more)

    def _role_for(self, case: ProxyCase, action: Action, worker: str) -> str:
        """Who of the cast takes a step: the department that decides, else the first role that may."""
        roles = MACHINE.table[(State(case.state), action)].role
        if self.cast.actors[worker].role in roles:
            return worker
        for role in roles:
            name = case.item_version.department_code if role == "department" else role
            if name in self.cast.by_post:
                return self.cast.by_post[name]
        raise LookupError(f"nobody in the demo may {action} a case that is {case.state}")

    def _given(self, action: Action, case: ProxyCase, at: datetime) -> dict[str, Any]:
        """What this step asks for, in words that fit it: what is written without need would stand in the history."""
        words = self.spec["words"]["reasons"]
        words = words | {"reason": self.spec["words"]["step_reasons"].get(action.value, words["reason"])}
        day = (to_local(at).date() + timedelta(days=3)).isoformat()
        given: dict[str, Any] = {
            **words,
            "signature": "paper",
            "signed_by": case.party_name,
            "applicant": case.party_name,
            "recipient": case.party_name,
            "receipt": "paper",
            "window": words["place"],
            "told_at_once": True,
            "due_on": day,
            "appointment": day,
            "attempted_at": at.isoformat(),
            "notice_left": True,
            "decision": "approved",
            "result": case.item_version.result_name,
            "result_no": f"R{case.id:06d}",
            "from_until": [day, day],
            "rating": self.random.choice("5554432"),
            "appeared": True,
        }
        if action in {Action.collect, Action.supply}:
            asked = [m for m in case.materials if m.applies is not False]
            given["materials"] = [{"seq": m.seq, "state": "collected"} for m in asked]
        if action is Action.approve and case.id % 3 == 0:  # a result that ends soon: its review is proposed
            given["result_until"] = (to_local(self.now).date() + timedelta(days=case.id % 40)).isoformat()
        if action is Action.request_supplement:
            given["missing_list"] = [{"seq": case.materials[0].seq, "note": words["missing"]}]
        row = MACHINE.table[(State(case.state), action)]
        asked_for = {name for need in row.needs for name in ([need] if isinstance(need, str) else need)}
        asked_for |= BESIDE | ({"result_no"} & set(row.writes))
        return {name: value for name, value in given.items() if name in asked_for}
