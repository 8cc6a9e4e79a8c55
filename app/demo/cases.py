"""Proxy cases in every state: each is booked and moved by the real services, step by step, on a clock set back."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from app.core.actor import Actor
from app.core.clock import frozen, to_local
from app.core.scope import acting_as
from app.core.session import unit_of_work
from app.core.workflow import Resume
from app.proxy.choices import Action, State
from app.proxy.models import ProxyCase
from app.proxy.rules import MACHINE
from app.proxy.service import act, book
from app.registry.models import Person

# ways out are taken only where the wanted state lies behind them
LAST_RESORT = {Action.withdraw, Action.lapse, Action.return_previous, Action.return_to_start, Action.correct}
ITEMS_DELIVERED = ("WJ-02", "WJ-01", "CL-02", "RS-06", "MZ-09", "CL-07")


def path_to(state: State) -> list[Action]:
    """The shortest list of actions that leads from nothing to a state."""
    queue: deque[tuple[State, list[Action]]] = deque([(State.booked, [Action.book])])
    seen = {State.booked}
    while queue:
        here, way = queue.popleft()
        if here is state:
            return way
        steps = sorted(MACHINE.rows(), key=lambda row: row[1] in LAST_RESORT)
        for source, action, to in steps:
            # a resumed step leads back to where it came from: nothing new lies behind it
            if source is here and not to.when and not isinstance(to.state, Resume):
                for target in to.targets:
                    if target not in seen:
                        seen.add(target)
                        queue.append((target, [*way, action]))
    raise LookupError(state)


class CaseMaker:
    """Books cases for people of the filled grids and moves them to a wanted state."""

    def __init__(self, spec: dict[str, Any], actors: Mapping[str, Actor], now: datetime) -> None:
        self.spec, self.actors, self.now, self.random = spec, actors, now, Random(spec["code"] + "cases")

    def make(self, per_state: int) -> int:
        """``per_state`` cases for every state; returns how many were made."""
        made = 0
        with acting_as(self.actors["grid_worker"]) as session:
            people = list(session.scalars(select(Person.uid).order_by(Person.birth_date).limit(400)))
        for state in State:
            for _n in range(per_state):
                self._case(state, people[(made * 7) % len(people)])
                made += 1
        return made

    def _case(self, state: State, person_uid: str) -> None:
        way = path_to(state)
        start = self.now - timedelta(
            days=self.random.randint(1, 6) + 2 * len(way), hours=self.random.randint(0, 5)
        )
        uid = ""
        for n, action in enumerate(way):
            at = min(start + timedelta(days=2 * n, minutes=n), self.now)
            with frozen(at):
                uid = self._step(action, uid, person_uid, at)

    def _step(self, action: Action, uid: str, person_uid: str, at: datetime) -> str:
        if action is Action.book:
            worker = self.actors["grid_worker"]
            with acting_as(worker) as session, unit_of_work(session):
                person = session.scalars(select(Person).where(Person.uid == person_uid)).one()
                day = to_local(at).date() + timedelta(days=1)
                code = self.random.choice(ITEMS_DELIVERED)
                case = book(
                    session, worker, at, person=person, item_code=code, appointment=day, slot="09:00-10:00"
                )
                return case.uid
        with acting_as(self._actor(action, uid)) as session, unit_of_work(session):
            case = session.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()
            act(session, self._actor(action, uid), at, case, action, self._given(action, case, at))
        return uid

    def _actor(self, action: Action, uid: str) -> Actor:
        with acting_as(self.actors["workstation"]) as session:
            case = session.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()
            to = MACHINE.table[(State(case.state), action)]
            code = case.item_version.department_code
        for role in to.role:
            actor = self.actors.get(f"department_{code}" if role == "department" else role)
            if actor is not None:
                return actor
        raise LookupError(action)

    def _given(self, action: Action, case: ProxyCase, at: datetime) -> dict[str, Any]:
        """Everything any step may need; the machine takes what it asks for."""
        words = self.spec["words"]["reasons"]
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
            "witness": words["witness"],
            "second_witness": words["second_witness"],
            "outcome": words["outcome"],
            "expert": words["expert"],
            "from_until": [day, day],
            "rating": self.random.choice("5554432"),
            "appeared": True,
        }
        if action in {Action.collect, Action.supply}:
            asked = [m for m in case.materials if m.applies is not False]
            given["materials"] = [{"seq": m.seq, "state": "collected"} for m in asked]
        if action is Action.request_supplement:
            given["missing_list"] = [{"seq": case.materials[0].seq, "note": words["missing"]}]
        return given
