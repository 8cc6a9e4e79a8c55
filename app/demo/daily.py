"""The demo workers' days: rounds planned for today and tomorrow, calls made in the last weeks, move-ins in hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.clock import frozen
from app.core.sla import LOCAL_ZONE
from app.demo.acting import Cast
from app.proxy.service.calls import call_now
from app.proxy.service.rounds import plan_round
from app.registry.choices import MoveInAction
from app.registry.models import Dwelling, Person, Residence
from app.registry.service import move_in
from app.worklog import service as worklog
from app.worklog.choices import Outcome

ROUND_ITEM = "WJ-02"
ROUND_SIZE = 5
SLOTS = ("09:00-10:00", "15:00-16:00")
PATROLS, CARE_CALLS = 6, 3
OUTCOMES = (("met", 70), ("family", 12), ("absent", 12), ("phone", 6))


class Diary:
    """Writes the worker's visits through the services, each on its day."""

    def __init__(self, cast: Cast, spec: dict[str, Any], now: datetime, today: date) -> None:
        self.cast, self.words, self.now, self.today = cast, spec["words"], now, today
        self.random = Random(f"{spec['code']} diary")

    def rounds(self, worker: str, elders: Sequence[Person]) -> int:
        """Five elders wait today, five tomorrow (S3-65): booked two days ago."""
        made = 0
        for n, slot in enumerate(SLOTS):
            people = elders[n * ROUND_SIZE : (n + 1) * ROUND_SIZE]
            if not people:
                break
            booked_at = self.now - timedelta(days=2, hours=n)
            with frozen(booked_at), self.cast.playing(worker) as (session, actor):
                plan_round(
                    session,
                    actor,
                    booked_at,
                    people=people,
                    item_code=ROUND_ITEM,
                    planned_on=self.today + timedelta(days=n),
                    slot=slot,
                    title=self.words["round_title"].format(n=len(people)),
                )
            made += 1
        return made

    def left_open(self, worker: str, people: Sequence[Person]) -> int:
        """What a day leaves behind: a walk of the day before yesterday that nobody finished, and two doors where nobody was
        home, to be tried again today and in three days.
        """
        homes = self._homes(people)
        lived_in = [p for p in people if p.id in homes]
        doors = [worklog.Door(person_id=p.id, dwelling_id=homes[p.id]) for p in lived_in[:2]]
        if not doors:
            return 0
        at = self.now - timedelta(days=2)
        with frozen(at), self.cast.playing(worker) as (session, actor):
            worklog.plan_visit(
                session,
                actor,
                at,
                area_id=lived_in[0].area_id,
                planned_on=clock.to_local(at).date(),
                doors=doors,
                workers=[actor.staff_id or 0],
                visit_type="V1",
                slot=SLOTS[1],
                title=self.words["patrol_title"],
            )
            for n, person in enumerate(lived_in[2:4]):
                home = session.get_one(Dwelling, homes[person.id])
                again = self.today + timedelta(days=3 * n)
                call_now(session, actor, at, home, Outcome.absent, again_on=again)
        return len(doors)

    def past(self, worker: str, people: Sequence[Person]) -> int:
        """Rounds through the grid and calls on people who live alone, over the last weeks."""
        made = 0
        for n in range(PATROLS + CARE_CALLS):
            day = self.today - timedelta(days=2 + 3 * n)
            doors = self.random.sample(list(people), min(4, len(people)))
            care = n % 3 == 2
            self._call(worker, day, doors, "V2" if care else "V1", "care_title" if care else "patrol_title")
            made += 1
        return made

    def _call(self, worker: str, day: date, people: Sequence[Person], visit_type: str, title: str) -> None:
        at = datetime.combine(day, time(9, self.random.randint(0, 50)), LOCAL_ZONE)
        with frozen(at), self.cast.playing(worker) as (session, actor):
            homes = self._homes(people)
            visit = worklog.plan_visit(
                session,
                actor,
                at,
                area_id=people[0].area_id,
                planned_on=day,
                doors=[worklog.Door(person_id=p.id, dwelling_id=homes.get(p.id)) for p in people],
                workers=[actor.staff_id or 0],
                visit_type=visit_type,
                title=self.words[title],
            )
            codes, weights = zip(*OUTCOMES, strict=True)
            for n, stop in enumerate(list(visit.stops)):
                note = self.random.choice(self.words["visit_notes"])
                outcome = self.random.choices(codes, weights)[0]
                worklog.log_stop(session, visit, stop, at + timedelta(minutes=12 * n), outcome, note)
            worklog.finish_visit(session, actor, visit, at + timedelta(minutes=70))
            worklog.write_record(
                session,
                actor,
                at + timedelta(minutes=70),
                area_id=visit.area_id,
                record_type="SR6" if visit_type == "V2" else "SR2",
                content=self.words[title],
                visit_id=visit.id,
            )

    def _homes(self, people: Sequence[Person]) -> dict[int, int]:
        query = select(Residence.person_id, Residence.dwelling_id).where(
            Residence.person_id.in_([p.id for p in people]),
            Residence.kind == "living",
            Residence.valid_to.is_(None),
            Residence.dwelling_id.is_not(None),
        )
        return {person: dwelling for person, dwelling in self.cast.session.execute(query) if dwelling}

    def move_ins(self, asker: str, holder: str, persons: Sequence[Person], homes: Sequence[Dwelling]) -> int:
        """Somebody of the holder's area is asked for; one request waits, one was declined."""
        made = 0
        for n, (person, home) in enumerate(zip(persons, homes, strict=False)):
            at = self.now - timedelta(days=n + 1, hours=2)
            with frozen(at), self.cast.playing(asker) as (session, actor):
                request = move_in.ask(
                    session,
                    person.id,
                    home,
                    entered_name=person.name,
                    actor=actor,
                    now=at,
                    relation="97",
                    reason=self.words["move_in_reasons"][n % 2],
                )
            if n % 2:
                with self.cast.playing(holder) as (session, actor):
                    move_in.decide(
                        session,
                        request.uid,
                        MoveInAction.decline,
                        actor=actor,
                        now=at + timedelta(hours=5),
                        reason=self.words["move_in_declined"],
                    )
            made += 1
        return made
