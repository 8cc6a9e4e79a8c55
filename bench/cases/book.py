"""One case as rows: each step by the real machine, clocks by the real rules, the rest as the services write it.

The services take some ten milliseconds a step, a year of cases half a million steps. What they write besides the state
is written here once more, in plain rows; ``tests/integration/test_bench_proxy.py`` walks the same way through both
and compares every column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from app.core.clock import to_local
from app.core.serials import format_serial
from app.core.sla import Clock, apply_ticks, elapsed_days
from app.proxy.choices import PROMISE_CLOCKS, STEP_CLOCKS, Action, ClockCode, State
from app.proxy.rules import MACHINE, agreed_until
from app.proxy.service import cases, clocks, figures
from bench.cases.facts import Applicant, Hand, Service
from bench.cases.papers import Papers

COLUMNS: dict[str, tuple[str, ...]] = {
    "proxy_case": (
        "id", "uid", "area_id", "number", "item_version_id", "person_uid", "party", "party_name", "staff_id",
        "department_id", "visit_id", "state", "resume_to", "booked_for", "booked_slot", "submitted_to_department",
        "step_due_at", "step_warn_at", "step_provisional", "promise_due_at", "promise_warn_at",
        "promise_provisional", "result_no", "result_until", "outcome", "rating", "hand_overs", "returns",
        "resident_trips", "worker_trips", "supplement_until", "suspended_until", "accepted_at", "decided_at",
        "delivered_at", "used_days", "was_on_time", "opened_at", "closed_at", "is_accompanied",
    ),
    "case_step": (
        "id", "uid", "case_id", "at", "by_user", "by_label", "by_role", "action", "from_state", "to_state", "reason",
        "data",
    ),
    "case_clock": (
        "id", "uid", "case_id", "kind", "started_at", "amount", "unit", "due_at", "warn_at", "provisional",
        "calendar_version", "stopped_at",
    ),
    "clock_pause": ("id", "uid", "case_id", "clock_id", "reason", "from_at", "to_at"),
}  # fmt: skip


class Stated(dict[str, Any]):
    """Facts for the machine: what is not said stands in nobody's way."""

    def __missing__(self, _name: str) -> list[Any]:
        return []


class CaseBook:
    """One case while it is written. ``row(table, *values)`` takes a row without its keys and returns its id."""

    def __init__(
        self,
        row: Callable[..., int],
        key: tuple[int, str],
        service: Service,
        who: Applicant,
    ) -> None:
        self.row, self.service, self.who, self.place = row, service, who, who.place
        self.id, self.uid = key
        self.state: State | None = None
        self.resume: State | None = None
        self.clocks: list[list[Any]] = []  # [code, clock] in the order in which they began
        self.ended: datetime | None = None
        self.asked: set[State] = set()
        self.publicised = False
        self.first_slot: str | None = None
        self.collected_at: datetime | None = None
        self.values: dict[str, Any] = dict.fromkeys(COLUMNS["proxy_case"][10:]) | {
            "submitted_to_department": False,
            "is_accompanied": False,
            "step_provisional": False,
            "promise_provisional": False,
            "hand_overs": 0,
            "returns": 0,
            "resident_trips": 0,
            "worker_trips": 0,
        }
        self.papers = Papers(self)

    # --- who ------------------------------------------------------------------------------------------------------

    def hand(self, action: Action) -> Hand:
        """Who takes a step: the worker of the grid where the post may, the department, else the station."""
        roles = MACHINE.table[self.state, action].role
        if self.place.worker.role in roles:
            return self.place.worker
        return self.service.office if self.service.office.role in roles else self.place.clerk

    # --- steps ----------------------------------------------------------------------------------------------------

    def open(self, at: datetime, serial: int, day: date, slot: str | None, visit_id: int | None) -> None:
        """Booked by the worker of the grid."""
        year = to_local(at).year
        self.number = format_serial("DB", self.place.office, year, serial)
        self.first_slot = slot
        self.values |= {"opened_at": at, "booked_for": day, "booked_slot": slot, "visit_id": visit_id}
        given = {
            "applicant": self.who.name,
            "item": self.service.code,
            "appointment": day.isoformat(),
            "slot": slot,
        }
        self.papers.begin()
        self._step(Action.book, at, given, self.place.worker)

    def take(self, action: Action, at: datetime, given: dict[str, Any] | None = None) -> None:
        """One step, as `service.cases.act` takes it."""
        given = dict(given or {})
        if action is Action.request_supplement and self.state is not None:
            self.asked.add(self.state)
        self.publicised = self.publicised or action is Action.publish
        hand = self.hand(action)
        self.papers.effect(action, at, given, hand)
        self._step(action, at, given, hand)

    def accompany(self, at: datetime) -> None:
        """The worker goes along for what only the resident may do (`service.fairness.accompany`)."""
        worker, here = self.place.worker, self.state.value if self.state else ""
        data = {"day": to_local(at).date().isoformat(), "place": "City hospital", "what": "Assessment"}
        hand = (worker.user_id, worker.label, worker.role)
        self.row("case_step", self.id, at, *hand, "accompany", here, here, None, data)
        self.values["is_accompanied"] = True
        self.values["resident_trips"] += 1
        self.values["worker_trips"] += 1

    def _step(self, action: Action, at: datetime, given: dict[str, Any], hand: Hand) -> None:
        known = Stated(given, no_delivery=not self.service.delivered, decided=bool(self.values["decided_at"]))
        known["originals_out"] = self.papers.held()
        step = MACHINE.apply(self.state, action, [hand.role], known, resume=self.resume)
        kept = cases._kept(step, given)
        if action is Action.collect:
            self.collected_at = at
        self.row(
            "case_step",
            self.id,
            at,
            hand.user_id,
            hand.label,
            hand.role,
            action.value,
            step.source.value if step.source else None,
            step.target.value,
            given.get("reason"),
            kept or None,
        )
        self.state, self.resume = step.target, step.resume
        self.values["state"] = step.target.value
        self.values["resume_to"] = step.resume.value if step.resume else None
        closed = step.target.value in cases.CLOSED
        self.values["closed_at"] = (self.values["closed_at"] or at) if closed else None
        self._tick(step.clocks, at)
        self._count(action, at)
        if step.target is State.cancelled:
            self.ended = at

    # --- clocks and figures ---------------------------------------------------------------------------------------

    def newest(self) -> dict[str, Clock]:
        """The newest clock of each code."""
        return dict(map(tuple, self.clocks))

    def _tick(self, ticks: Any, at: datetime) -> None:
        if not ticks:
            return
        before = self.newest()
        agreed = {
            str(ClockCode.collect): lambda c: agreed_until(
                self.values["booked_for"], self.values["booked_slot"], c.limit, c.unit
            )
        }
        after = apply_ticks(
            before, ticks, at, self.place.calendar, self.service.limits, since=self.ended, agreed=agreed
        )
        for code, clock in after.items():
            old = before.get(code)
            if old is None or (clock is not old and clocks._began_anew(old, clock)):
                self.clocks.append([code, clock])
            elif clock is not old:
                next(one for one in reversed(self.clocks) if one[0] == code)[1] = clock
        for name, codes in (("step", STEP_CLOCKS), ("promise", PROMISE_CLOCKS)):
            clock = clocks._tightest(after, codes)
            self.values[f"{name}_due_at"] = clock.due_at if clock else None
            self.values[f"{name}_warn_at"] = clock.warn_at if clock else None
            self.values[f"{name}_provisional"] = bool(clock and clock.provisional)

    def _count(self, action: Action, at: datetime) -> None:
        values = self.values
        values["returns"] += action in figures.RETURNS
        values["hand_overs"] += action in figures.HAND_OVERS
        if action is Action.accept and values["accepted_at"] is None:
            values["accepted_at"] = at
        if action in figures.DECISIONS:
            values["decided_at"] = at
            values["used_days"], values["was_on_time"] = self._measured()
        if action in {Action.deliver, Action.pick_up, Action.leave}:
            values["delivered_at"] = at

    def _measured(self) -> tuple[int | None, bool | None]:
        found = [clock for code, clock in self.newest().items() if code in PROMISE_CLOCKS]
        if not found:
            return None, None
        clock = min(found, key=lambda one: one.due_at)
        end = clock.stopped or clock.due_at
        used = elapsed_days(clock.started, end, clock.unit, self.place.calendar, clock.pauses)
        return used, end <= clock.due_at

    # --- the end --------------------------------------------------------------------------------------------------

    def finish(self) -> Iterator[Any]:
        """Write what stands at the end; yields the row of the case itself."""
        for code, clock in self.clocks:
            key = self.row(
                "case_clock",
                self.id,
                str(code),
                clock.started,
                int(clock.limit),
                str(clock.unit),
                clock.due_at,
                clock.warn_at,
                clock.provisional,
                clock.version,
                clock.stopped,
            )
            for pause in clock.pauses:
                self.row("clock_pause", self.id, key, pause.reason, pause.start, pause.end)
        self.papers.finish()
        yield self.id
        yield self.uid
        yield self.place.area_id
        yield self.number
        yield self.service.version_id
        yield self.who.uid
        yield dict(self.who.party)
        yield self.who.name
        yield self.place.worker.staff_id
        yield self.service.department_id
        yield from (self.values[name] for name in COLUMNS["proxy_case"][10:])
