"""How the life of a case goes on: which step comes next, and after how long. Days as a station knows them: most cases go
straight through, some lack a paper, some residents are not at home, some things lie about.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from app.core.clock import to_local
from app.core.sla import LOCAL_ZONE
from app.proxy.choices import Action, State
from bench.cases.book import CaseBook

A, S = Action, State
SLOTS = ("08:00-09:00", "09:00-10:00", "10:00-11:00", "14:00-15:00", "15:00-16:00", "16:00-17:00")
RATINGS = ("5", "4", "3", "2", "1")
RATING_WEIGHTS = (70, 20, 7, 2, 1)
LIES_ABOUT = 0.015  # share of steps that nobody takes for weeks
LONGEST = 400  # days: nothing of a year is later
Next = tuple[Action, float, dict[str, Any]]  # action, days until then, what is given


class Teller:
    """Tells cases until a moment. The same seed tells the same year."""

    def __init__(self, seed: int, until: datetime) -> None:
        self.random, self.until = Random(seed), until

    def tell(self, book: CaseBook, opened: datetime, serial: int, visit: Any = None) -> bool:
        """One case from its booking to now; ``visit`` gives the id of a round for a day. Returns whether it is open."""
        rnd = self.random
        day = to_local(opened).date() + timedelta(days=rnd.choice((1, 1, 2, 2, 3, 4, 5, 7)))
        slot = rnd.choice(SLOTS)
        book.open(opened, serial, day, slot, visit(day) if visit is not None else None)
        at, steps = opened, 0
        while steps < 60:
            found = self.next(book, at)
            if found is None:
                break
            action, days, given = found
            then = self._moment(book, at, action, days)
            if then >= self.until:
                break
            if action is A.process and self._is(0.04):
                book.accompany(then - timedelta(minutes=20))
            if action is A.archive and book.papers.callbacks:
                book.papers.call_back(then - timedelta(hours=1), "Talked it over.")
            book.take(action, then, self._dated(action, then, given))
            at, steps = then, steps + 1
        return book.values["closed_at"] is None

    # --- when -----------------------------------------------------------------------------------------------------

    def _moment(self, book: CaseBook, at: datetime, action: Action, days: float) -> datetime:
        """The next office hour after so many days; the visit is made when it was agreed."""
        if action is A.entrust:
            agreed = book.values["booked_for"]
            hour = int((book.values["booked_slot"] or "09")[:2])
            then = datetime.combine(agreed, time(hour, self.random.randrange(60)), LOCAL_ZONE)
            return max(then, at + timedelta(minutes=5))
        if days < 0.1:
            return at + timedelta(days=days)
        if self.random.random() < LIES_ABOUT:
            days += self.random.uniform(15, 60)
        then = at + timedelta(days=days)
        local = to_local(then)
        if not 8 <= local.hour < 17:
            then += timedelta(hours=(8 - local.hour) % 24 + self.random.random() * 8)
        day, calendar = to_local(then).date(), book.place.calendar
        for _n in range(10):
            if calendar.is_workday(day):
                break
            day, then = day + timedelta(days=1), then + timedelta(days=1)
        return then.replace(microsecond=0)

    @staticmethod
    def _dated(action: Action, then: datetime, given: dict[str, Any]) -> dict[str, Any]:
        """Days that count from the step, as text."""
        day = to_local(then).date()
        found = dict(given)
        for name in ("due_on", "appointment", "result_until"):
            if name in found:
                found[name] = (day + timedelta(days=found[name])).isoformat()
        if "from_until" in found:
            found["from_until"] = [day.isoformat(), (day + timedelta(days=found["from_until"])).isoformat()]
        if action is A.miss:
            found["attempted_at"] = then.isoformat()
        return found

    # --- what -----------------------------------------------------------------------------------------------------

    def next(self, book: CaseBook, at: datetime) -> Next | None:
        """The next step of a case in its present state; None at the end."""
        return getattr(self, f"_{book.state.value}")(book, at) if book.state is not S.archived else None

    def _u(self, low: float, high: float) -> float:
        return self.random.uniform(low, high)

    def _is(self, share: float) -> bool:
        return self.random.random() < share

    def _papers(self, book: CaseBook) -> list[dict[str, Any]]:
        return [
            {"seq": m["seq"], "state": "collected"}
            for m in book.papers.materials
            if m["applies"] is not False
        ]

    def _ask(self, book: CaseBook, days: float) -> Next:
        seq = next((m["seq"] for m in book.papers.materials if not m["is_authorization"]), 1)
        given = {
            "missing_list": [{"seq": seq, "note": "The copy cannot be read."}],
            "told_at_once": True,
            "due_on": 10,
        }
        return A.request_supplement, days, given

    def _gone(self, book: CaseBook, days: float) -> Next:
        given = {"reason": "No longer wanted.", "applicant": book.who.name}
        return A.withdraw, days, given | {"originals_returned": True, "signature": "paper"}

    def _booked(self, book: CaseBook, _at: datetime) -> Next:
        if self._is(0.025):
            return self._gone(book, self._u(0.2, 2))
        if self._is(0.006):
            return A.lapse, self._u(20, 40), {"reason": "Nobody came."}
        given = {"signature": "paper", "signed_by": book.who.name, "consent": "yes"}
        return A.entrust, 0.0, given

    def _entrusted(self, book: CaseBook, _at: datetime) -> Next:
        return A.collect, 0.01, {"materials": self._papers(book), "met": True}

    def _collected(self, book: CaseBook, _at: datetime) -> Next:
        if S.collected not in book.asked and self._is(0.05):
            return self._ask(book, self._u(0.01, 0.1))
        if self._is(0.004):
            return self._gone(book, self._u(0.2, 2))
        return A.submit, self._u(0.1, 1.6), {"window": "Window 3"}

    def _supplement(self, book: CaseBook, _at: datetime) -> Next:
        if self._is(0.03):
            return self._gone(book, self._u(1, 6))
        return A.supply, self._u(0.5, 7), {"materials": self._papers(book)}

    def _submitted(self, _book: CaseBook, _at: datetime) -> Next:
        return A.receive, self._u(0.1, 1.2), {}

    def _prechecking(self, book: CaseBook, _at: datetime) -> Next:
        if S.prechecking not in book.asked and self._is(0.05):
            return self._ask(book, self._u(0.1, 1))
        if self._is(0.02):
            return A.reject, self._u(0.2, 1), {"reason": "The form is an old one."}
        if self._is(0.01):
            return A.return_previous, self._u(0.2, 1), {"reason": "A page is missing."}
        return A.accept, self._u(0.1, 1), {}

    def _precheck_rejected(self, book: CaseBook, _at: datetime) -> Next:
        if self._is(0.1) and not book.papers.held():
            return A.archive, self._u(3, 9), {"reason": "The applicant gave up."}
        return A.rework, self._u(0.5, 3), {}

    def _accepted(self, _book: CaseBook, _at: datetime) -> Next:
        return A.process, self._u(0.05, 0.8), {}

    def _processing(self, book: CaseBook, _at: datetime) -> Next:
        if book.service.publicity and not book.publicised:
            days = int(book.service.publicity)
            return A.publish, self._u(0.5, 3), {"place": "Notice board", "from_until": days}
        if S.processing not in book.asked and self._is(0.02):
            return self._ask(book, self._u(0.3, 2))
        if self._is(0.01):
            return A.assess, self._u(0.3, 2), {"expert": "City hospital", "due_on": 15}
        limit = 1.4 * (book.service.promised or book.service.statutory or 10)
        days = max(0.1, limit * min(self.random.lognormvariate(-0.75, 0.45), 2.5))
        number = f"{book.service.code[:2]}-{book.id:08d}"
        if self._is(0.06):
            given = {"reason": "The conditions are not met.", "remedies": "Appeal within 60 days."}
            return A.refuse, days, given | {"result_no": number}
        given = {"decision": "approved", "result_no": number, "appeared": True}
        return A.approve, days, given | ({"result_until": 365} if self._is(0.2) else {})

    def _suspended(self, book: CaseBook, at: datetime) -> Next:
        left = (book.values["suspended_until"] - to_local(at).date()).days
        return A.resume, max(1, left) + self._u(0, 2), {"outcome": "No objection."}

    def _approved(self, book: CaseBook, _at: datetime) -> Next:
        if book.service.delivered or book.papers.held():
            return A.fetch, self._u(0.2, 2), {"result": book.service.result_name or "Result"}
        if not book.values["rating"] and self._is(0.4):
            return A.rate, self._u(0.5, 4), {"rating": self._rating()}
        return A.archive, self._u(2, 10), {}

    def _refused(self, book: CaseBook, _at: datetime) -> Next:
        return A.fetch, self._u(0.2, 2), {"result": book.service.result_name or "Result"}

    def _result_received(self, _book: CaseBook, _at: datetime) -> Next:
        if self._is(0.03):
            return A.deposit, self._u(0.2, 1), {"place": "Window 3", "reason": "Away for a month."}
        return A.set_out, self._u(0.1, 1.2), {"appointment": 0}

    def _delivering(self, book: CaseBook, _at: datetime) -> Next:
        if self._is(0.07):
            return A.miss, self._u(0.02, 0.09), {"reason": "Nobody at home."}
        if self._is(0.005):
            return A.decline, self._u(0.02, 0.09), {"reason": "Wants another one.", "witness": "A neighbour"}
        given: dict[str, Any] = {"recipient": book.who.name, "receipt": "paper"}
        return A.deliver, self._u(0.02, 0.09), given | ({"rating": self._rating()} if self._is(0.6) else {})

    def _delivery_failed(self, _book: CaseBook, _at: datetime) -> Next:
        if self._is(0.25):
            return A.deposit, self._u(0.2, 1), {"place": "Window 3", "notice_left": True}
        return A.set_out, self._u(0.5, 2), {"appointment": 0}

    def _deposited(self, book: CaseBook, _at: datetime) -> Next:
        return A.pick_up, self._u(1, 12), {"recipient": book.who.name, "receipt": "paper"}

    def _declined(self, _book: CaseBook, _at: datetime) -> Next:
        return A.deposit, self._u(0.5, 3), {"place": "Window 3"}

    def _delivered(self, book: CaseBook, _at: datetime) -> Next:
        if not book.values["rating"] and self._is(0.5):
            return A.rate, self._u(0.2, 5), {"rating": self._rating()}
        return A.archive, self._u(2, 12), {}

    def _evaluated(self, _book: CaseBook, _at: datetime) -> Next:
        return A.archive, self._u(2, 12), {}

    def _cancelled(self, _book: CaseBook, _at: datetime) -> Next:
        return A.archive, self._u(3, 10), {}

    def _rating(self) -> str:
        return self.random.choices(RATINGS, RATING_WEIGHTS)[0]


def office_moment(random: Random, day: date) -> datetime:
    """When a case is opened: in office hours for the most part, some in the evening."""
    hour = random.choice((8, 9, 9, 10, 10, 11, 14, 14, 15, 15, 16, 17, 19))
    return datetime.combine(day, time(hour, random.randrange(60), random.randrange(60)), LOCAL_ZONE)
