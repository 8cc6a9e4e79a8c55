"""What a page of a life event is about: the person or household, who may go, which households need a new head."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.core.interface import Interface
from app.registry.choices import EventKind, HouseholdKind, Leaving
from app.registry.models import Dwelling, Household, HouseholdMember, Person
from app.registry.service import households
from app.registry.service.life import NEW, asks_head, households_of, living_in
from app.registry.service.life.heads import staying
from app.registry.service.life.leaving import GIVEN_UP
from app.registry.service.life.regroup import NEW_KEY
from app.registry.views.asking import Asking
from app.registry.views.life_forms import Ask
from app.registry.views.life_further import asked_at, row_of

PLACES: dict[str, type] = {"person": Person, "household": Household, "dwelling": Dwelling}


@dataclass
class Scene:
    """Read anew for each look and again inside the unit of work that enters the event."""

    kind: EventKind
    place: str
    item: Any
    who: list[Person] = field(default_factory=list)
    joins: list[Household] = field(default_factory=list)
    sent: list[Household] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    further: list[Asking] = field(default_factory=list)
    basis: str = ""

    @property
    def person(self) -> Person | None:
        return self.item if isinstance(self.item, Person) else None

    @property
    def household(self) -> Household | None:
        return self.item if isinstance(self.item, Household) else None

    @property
    def dwelling(self) -> Dwelling | None:
        return self.item if isinstance(self.item, Dwelling) else None


def scene(
    session: Session, kind: EventKind, place: str, uid: str, sent: Mapping[str, str] | None = None
) -> Scene:
    """The scene of an event; ``sent`` is what was typed so far (it decides who leaves). NotFound outside the scope."""
    model = PLACES.get(place)
    if model is None:
        raise NotFound()
    item = Interface(model).by_key(session, uid)
    found = Scene(kind, place, item)
    typed = sent or {}
    members = _members(session, found)
    if kind in (EventKind.move_out, EventKind.split):
        found.who = [m.person for m in members if m.person is not None and m.person.died_on is None]
        if found.person is not None and found.person not in found.who:
            found.who.insert(0, found.person)
    if kind is EventKind.birth:
        found.joins = _joins(session, found, typed)
    if kind is EventKind.home_split and found.dwelling is not None:
        found.sent = living_in(session, found.dwelling)
    found.asks = _asks(session, found, typed)
    found.further = asked_at(session, found, typed)
    found.basis = _basis(found, members)
    return found


def _members(session: Session, found: Scene) -> Sequence[HouseholdMember]:
    """Members of the household, or of the one in which the person lives."""
    household = found.household
    if found.person is not None:
        mine = households_of(session, [found.person], (HouseholdKind.living, HouseholdKind.collective))
        household = mine[0] if mine else None
    return households.members_of(session, household) if household is not None else []


def _joins(session: Session, found: Scene, typed: Mapping[str, str]) -> list[Household]:
    people = [p for p in (row_of(session, Person, typed.get(name)) for name in ("mother", "father")) if p]
    people += [found.person] if found.person is not None else []
    mine = households_of(session, people) if people else []
    if found.household is not None and found.household not in mine:
        mine.insert(0, found.household)
    return [h for h in mine if h.kind != HouseholdKind.collective]


def ticked(found: Scene, typed: Mapping[str, str]) -> set[int]:
    """Who is ticked to go; before anything was typed, the person of the page."""
    if not typed:
        return {found.person.id} if found.person is not None else set()
    return {p.id for p in found.who if typed.get(f"who_{p.uid}")}


def _asks(session: Session, found: Scene, typed: Mapping[str, str]) -> list[Ask]:
    kind, household = found.kind, found.household
    if kind is EventKind.death and found.person is not None:
        return _left(session, [found.person], tuple(HouseholdKind))
    if kind is EventKind.move_out:
        going = [p for p in found.who if p.id in ticked(found, typed)]
        given_up = Leaving(typed["gives_up"]) if typed.get("gives_up") in set(Leaving) else Leaving.living
        return _left(session, going, GIVEN_UP[given_up])
    if kind is EventKind.move_in:
        return _moving(session, found, typed)
    if household is None:
        return []
    members = households.members_of(session, household)
    if kind is EventKind.split:
        return _dividing(session, household, members, ticked(found, typed))
    if kind is EventKind.merge:
        other = row_of(session, Household, typed.get("other"))
        coming = households.members_of(session, other) if other and other.id != household.id else []
        return [_ask(household, [*members, *coming])] if coming else []
    if kind is EventKind.change_head:
        return [_ask(household, [m for m in members if m.person and m.person.died_on is None])]
    return []


def _left(session: Session, going: Sequence[Person], kinds: tuple[HouseholdKind, ...]) -> list[Ask]:
    ids = {p.id for p in going}
    found = [(h, asks_head(session, h, ids)) for h in households_of(session, going, kinds)] if ids else []
    return [_ask(household, rest) for household, rest in found if rest]


def _moving(session: Session, found: Scene, typed: Mapping[str, str]) -> list[Ask]:
    person = found.person or row_of(session, Person, typed.get("person"))
    kind = found.household.kind if found.household is not None else typed.get("kind") or "living"
    if person is None or kind not in set(HouseholdKind):
        return []
    left = _left(session, [person], (HouseholdKind(kind),))
    target = found.household or row_of(session, Household, typed.get("household"))
    return [ask for ask in left if target is None or ask.household_id != target.id]


def _dividing(
    session: Session, household: Household, members: Sequence[HouseholdMember], ids: Collection[int]
) -> list[Ask]:
    going = [m for m in staying(members, ()) if m.person_id in ids]
    if not going:
        return []
    rest = asks_head(session, household, ids)
    asked = [Ask(NEW_KEY, NEW, gettext("The new household"), going)]
    return asked + ([_ask(household, rest)] if rest else [])


def _ask(household: Household, members: Sequence[HouseholdMember]) -> Ask:
    title = gettext(
        "New head: %(kind)s of %(name)s", kind=HouseholdKind.label_of(household.kind), name=household
    )
    return Ask(household.uid, household.id, title, members)


def _basis(found: Scene, members: Sequence[HouseholdMember]) -> str:
    """A digest of the versions that the page shows: a change in between is told to the second writer."""
    item = found.item
    seen = [(type(item).__name__, item.id, item.version)]
    seen += [("m", m.id, m.version) for m in members]
    seen += [("h", h.id, h.version) for h in found.sent]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]
