"""What has happened in the demo city: cases, rounds, calls, move-ins, papers. All of it through the services, in one
unit of work, so that it is there as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.areas.service.calendars import calendar_for
from app.core.actor import Actor
from app.core.clock import to_local
from app.demo.acting import Cast
from app.demo.afterwards import after_the_case
from app.demo.cases import ITEMS, CaseMaker
from app.demo.daily import ROUND_SIZE, SLOTS, Diary
from app.demo.duplicates import entered_twice
from app.demo.ledgers import put_together
from app.demo.life import happened
from app.demo.papers import issue_letters, issue_sheets
from app.demo.photos import photograph
from app.demo.registers import fill_registers
from app.demo.safety import check_places, run_campaign
from app.demo.times import keep_times
from app.demo.weeks import finished
from app.documents.drawing import Press
from app.proxy.choices import State
from app.registry.models import Dwelling, Person

Step = Callable[[str], None]
OLD = 70
AFTER = 7  # people whose cases have a word behind them
CALLED = 8  # elders who asked for a visit by phone
WORKERS = ("worker", "worker2", "outsider")
FEW = (State.booked, State.entrusted, State.collected, State.submitted)


class Story:
    """Tells it. ``press`` is None where papers cannot be drawn: they are left out then."""

    def __init__(self, session: Session, spec: dict[str, Any], now: datetime, press: Press | None) -> None:
        self.session, self.spec, self.now, self.press = session, spec, now, press
        self.today = to_local(now).date()
        self.cast = Cast(session, self.today)

    def tell(self, step: Step) -> None:
        """Everything, saying what is being done."""
        mine = self.people("worker")
        elders = [p for p in mine if p.birth_date and self.today.year - p.birth_date.year >= OLD]
        waiting = elders[: ROUND_SIZE * len(SLOTS)]
        others = [p for p in mine if p not in waiting]
        diary = Diary(self.cast, self.spec, self.now, self.today)
        maker = CaseMaker(self.cast, self.spec, calendar_for(self.session, mine[0].area_id), self.now)
        step("cases")
        cases = [*maker.every_state(others), *maker.related(others[-2:])]
        photograph(self.cast, self.now, cases)
        if len(elders) > len(waiting) + AFTER:
            after_the_case(maker, elders[-AFTER:], self.spec["afterwards"])
        for name in ("worker2", "outsider"):
            people = self.people(name)
            for n, state in enumerate(FEW if people else ()):
                maker.case(state, "green", people[n % len(people)], "WJ-02", name)
        for name in WORKERS:
            if people := self.people(name):
                list(finished(maker, name, people[20:60] or people, ITEMS))
        step("visits")
        diary.rounds("worker", waiting)
        diary.past("worker", others)
        diary.left_open("worker", others[5:25])
        if people := self.people("worker2"):
            diary.past("worker2", people)
        called = elders[ROUND_SIZE * len(SLOTS) :][:CALLED]
        calendar = calendar_for(self.session, mine[0].area_id)
        keep_times(self.cast, self.spec["words"], called or mine[:CALLED], calendar, self.now, self.today)
        self._move_ins(diary)
        entered_twice(
            self.cast, self.people("clerk"), self.people("outsider"), self.spec["duplicates"], self.now
        )
        check_places(self.cast, self.now, self.spec["safety"])
        run_campaign(self.cast, self.now, self.spec["safety"])
        happened(self.cast, self.people("worker"), self.now, self.spec["life"])
        fill_registers(self.cast, self.people("clerk"), self.today)
        put_together(self.cast, self.now)
        step("papers")
        if self.press is not None:
            issue_letters(self.cast, self.press, self.now, cases)
            issue_sheets(self.cast, self.press, self.now, self.people("clerk"))

    def people(self, username: str) -> Sequence[Person]:
        """People of the account's area, the eldest first."""
        query = select(Person).where(self._inside(self.cast.actors[username]))
        return self.session.scalars(query.order_by(Person.birth_date, Person.id).limit(400)).all()

    def _inside(self, actor: Actor) -> Any:
        low, high = actor.ranges[0]
        return Person.area_id.in_(select(Area.id).where(Area.path.between(low, high)))

    def _move_ins(self, diary: Diary) -> None:
        """The outsider's community asks for people of the clerk's, and the other way round."""
        for asker, holder in (("outsider", "clerk"), ("clerk", "outsider")):
            low, high = self.cast.actors[asker].ranges[0]
            inside = select(Area.id).where(Area.path.between(low, high))
            homes = self.session.scalars(
                select(Dwelling).where(Dwelling.area_id.in_(inside)).order_by(Dwelling.id).limit(2)
            ).all()
            grown_up = [p for p in self.people(holder) if p.birth_date and p.birth_date.year % 7 == 3]
            diary.move_ins(asker, holder, grown_up[:2], homes)
