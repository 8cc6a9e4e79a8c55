"""What comes behind a case: call-backs after bad ratings, originals between colleagues, one that was lost and one found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from app.core.clock import frozen
from app.demo.cases import CaseMaker
from app.proxy.choices import Action, Entry, State
from app.proxy.models import ProxyCase
from app.proxy.service import act, callbacks, custody, handing
from app.proxy.service.cases import write_entry
from app.registry.models import Person

ITEM = "WJ-02"  # its old card is an original that stays out
LONG_AGO = timedelta(days=30)  # fifteen working days are over by now


def after_the_case(maker: CaseMaker, people: Sequence[Person], words: dict[str, Any]) -> None:
    """``people`` are seven, old enough for the service; ``words`` are what residents and workers say."""
    open_, closed, late, *owners = people
    _called_back(maker, open_, words["bad"][0], "1")
    _called_back(maker, closed, words["bad"][1], "2", settled=words["settled"])
    old = CaseMaker(maker.cast, maker.spec, maker.calendar, maker.now - LONG_AGO)
    _called_back(old, late, words["bad"][2], "2", tries=2)
    _originals(maker, owners, words)


def _called_back(
    maker: CaseMaker, person: Person, said: str, rating: str, *, tries: int = 0, settled: str = ""
) -> None:
    """A delivered case that was rated badly; the clerk of the community tries, or closes the call-back."""
    case, now = maker.case(State.delivered, "green", person, ITEM), maker.now
    given = {"rating": rating, "rated_by": "slip", "words": said}
    with frozen(now), maker.cast.playing("worker") as (session, actor):
        act(session, actor, now, case, Action.rate, given)
    row = case.callbacks[0]
    with frozen(now), maker.cast.playing("clerk") as (session, actor):
        for _try in range(tries):
            done = callbacks.tried(actor, now, case, row.uid)
            write_entry(actor, now, case, Entry.callback, {"attempts": done.attempts})
        if settled:
            callbacks.close(
                session, actor, now, case, row.uid, outcome="apologised", answer=settled, new_rating="4"
            )
            write_entry(actor, now, case, Entry.callback, {"closed": "apologised"})


def _originals(maker: CaseMaker, people: Sequence[Person], words: dict[str, Any]) -> None:
    """One is to be taken over by the clerk, one was taken over, one was lost, one was lost and turned up."""
    now, clerk = maker.now, maker.cast.actors["clerk"]
    cases = [maker.case(State.collected, "green", person, ITEM) for person in people[:4]]
    with maker.cast.playing("worker") as (session, actor):
        to = custody.Hand(custody.STAFF, clerk.staff_id or 0, clerk.label)
        for case in cases[:2]:
            entry = handing.hand_on(session, actor, now, case, case.custody[0], to=to, note=words["leave"])
            write_entry(actor, now, case, entry, _told(case, recipient=clerk.label, note=words["leave"]))
        for case in cases[2:]:
            custody.lose(session, now, case.custody[0], note=words["lost"], done=words["done"])
            told = _told(case, note=words["lost"], outcome=words["done"])
            write_entry(actor, now, case, Entry.lose, told)
        found = cases[-1]
        handing.find(session, actor, now, found, found.custody[0], note=words["found"])
        write_entry(actor, now, found, Entry.found, _told(found, outcome=words["found"]))
    with maker.cast.playing("clerk") as (session, actor):
        taken = cases[1]
        handing.receive(session, actor, now, taken, taken.custody[0])
        write_entry(actor, now, taken, Entry.taken, _told(taken, recipient=actor.label))


def _told(case: ProxyCase, **words: str) -> dict[str, Any]:
    return {"originals": [case.custody[0].name], **words}
