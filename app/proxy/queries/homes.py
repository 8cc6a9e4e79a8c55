"""A worker's households on the phone: buildings of the own grids, doors in walking order, who lives behind one (S3-61)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload, load_only

from app.areas.models import Area
from app.core.errors import NotFound
from app.proxy.choices import State
from app.proxy.models import ProxyCase, ServiceItem, ServiceItemVersion
from app.proxy.queries.names import SENSITIVE
from app.proxy.queries.planning import OFFERED
from app.registry.choices import HouseholdKind, ProposalState
from app.registry.models import (
    Building,
    Dwelling,
    Household,
    HouseholdDwelling,
    HouseholdMember,
    Person,
    PersonGroup,
    Proposal,
)
from app.registry.queries.cards import age
from app.registry.queries.walking import PLACE, stop_of, with_places
from app.registry.rules.addresses import walking_key
from app.registry.service.renewing import ALIVE
from app.worklog.models import Visit, VisitStop

PAGE = 60  # doors of a page
WALKED = 5000  # homes that are put in order; nobody walks more
BUTTONS = 6  # services on buttons, the others stand in the list
LEVELS_OF_BUTTONS = ("L1", "L2", "L3")


@dataclass
class Door:
    """A home in the list: who heads the households behind it, how many people they are."""

    uid: str
    name: str
    heads: list[str] = field(default_factory=list)
    people: int = 0


@dataclass
class Member:
    """Somebody of a household: relation and group are codes, ``cases`` the open ones."""

    person: Person
    relation: str
    age: int | None
    groups: list[PersonGroup] = field(default_factory=list)
    cases: list[ProxyCase] = field(default_factory=list)


@dataclass
class Living:
    """A household of a home with its members, the head first."""

    household: Household
    members: list[Member] = field(default_factory=list)


def doors(session: Session, place: Any, page: int) -> tuple[list[Door], bool]:
    """Doors of a building or group (a criterion on `Dwelling`) in walking order, and whether there are more. Three
    statements.
    """
    query = with_places(select(*PLACE).select_from(Dwelling)).where(place, Dwelling.valid_to.is_(None))
    stops = sorted((stop_of(tuple(row)) for row in session.execute(query.limit(WALKED))), key=walking_key)
    first = (page - 1) * PAGE
    keys = [stop.key for stop in stops[first : first + PAGE]]
    found = _doors(session, keys)
    return [found[key] for key in keys], len(stops) > first + PAGE


def named(session: Session, uids: Sequence[str]) -> list[Door]:
    """Homes that were found, in the order given, by address and who heads the households behind them. Three statements."""
    rows = session.execute(
        select(Dwelling.uid, Dwelling.id, Dwelling.address).where(Dwelling.uid.in_(uids))
    ).all()
    known = {uid: (key, address) for uid, key, address in rows}
    found = _doors(session, [key for key, _address in known.values()])
    doors = []
    for uid in (u for u in uids if u in known):
        key, address = known[uid]
        found[key].name = address
        doors.append(found[key])
    return doors


def _doors(session: Session, keys: Sequence[int]) -> dict[int, Door]:
    homes = session.scalars(
        select(Dwelling)
        .where(Dwelling.id.in_(keys))
        .options(
            joinedload(Dwelling.unit),
            load_only(Dwelling.uid, Dwelling.room_no, Dwelling.door_no, Dwelling.address),
        )
    )
    found = {home.id: Door(home.uid, short_name(home)) for home in homes}
    people = (
        select(HouseholdMember.household_id, func.count(HouseholdMember.id).label("people"))
        .where(HouseholdMember.valid_to.is_(None))
        .group_by(HouseholdMember.household_id)
        .subquery()
    )
    query = (
        select(HouseholdDwelling.dwelling_id, Household.name, people.c.people)
        .join(Household, Household.id == HouseholdDwelling.household_id)
        .outerjoin(people, people.c.household_id == Household.id)
        .where(HouseholdDwelling.dwelling_id.in_(keys), HouseholdDwelling.valid_to.is_(None))
        .where(Household.valid_to.is_(None), Household.kind != HouseholdKind.registered)
        .order_by(Household.id)
    )
    for key, name, count in session.execute(query):
        found[key].heads.append(name or "")
        found[key].people += count or 0
    return found


def short_name(home: Dwelling) -> str:
    """Staircase and room, or the number of the house; the whole address where there is neither."""
    if home.room_no:
        return f"{home.unit or ''} {home.room_no}".strip()
    return home.door_no or home.address


def in_building(building: Building) -> Any:
    """The homes of a building."""
    return Dwelling.building_id == building.id


def in_group(area: Area, group: str) -> Any:
    """The homes of a village group or road of a grid, outside buildings."""
    named = func.coalesce(Dwelling.village_group, Dwelling.road, "") == group
    return named & (Dwelling.area_id == area.id) & Dwelling.building_id.is_(None)


# --- one home ----------------------------------------------------------------------------------------------------


def home_of(session: Session, uid: str) -> Dwelling:
    """A home in use with building and grid. NotFound outside the scope."""
    query = (
        select(Dwelling)
        .where(Dwelling.uid == uid, Dwelling.valid_to.is_(None))
        .options(joinedload(Dwelling.building), joinedload(Dwelling.unit), joinedload(Dwelling.area))
    )
    home = session.scalars(query).one_or_none()
    if home is None:
        raise NotFound()
    return home


def living_in(session: Session, home: Dwelling, today: date) -> list[Living]:
    """Households behind a door with members, groups and open cases; four statements. Documents and phones stay unread."""
    query = (
        select(Household)
        .join(HouseholdDwelling, HouseholdDwelling.household_id == Household.id)
        .where(HouseholdDwelling.dwelling_id == home.id, HouseholdDwelling.valid_to.is_(None))
        .where(Household.valid_to.is_(None))
        .order_by(Household.kind != HouseholdKind.living, Household.id)
    )
    found = {h.id: Living(h) for h in session.scalars(query)}
    rows = session.execute(
        select(HouseholdMember, Person)
        .join(Person, Person.id == HouseholdMember.person_id)
        .where(HouseholdMember.household_id.in_(list(found)), HouseholdMember.valid_to.is_(None), *ALIVE)
        .options(load_only(Person.uid, Person.name, Person.sex, Person.birth_date, Person.birth_precision))
        .order_by(HouseholdMember.id)
    ).all()
    people: dict[int, list[Member]] = {}
    for link, person in rows:
        member = Member(person, link.relation, age(person, today))
        found[link.household_id].members.append(member)
        people.setdefault(person.id, []).append(member)
    _with_groups(session, people)
    _with_cases(session, {p.uid: people[p.id] for _link, p in rows})
    for living in found.values():
        living.members.sort(key=lambda m: m.person.id != living.household.head_person_id)
    return list(found.values())


def _with_groups(session: Session, people: dict[int, list[Member]]) -> None:
    query = select(PersonGroup).where(PersonGroup.person_id.in_(list(people)), PersonGroup.valid_to.is_(None))
    for group in session.scalars(query.order_by(PersonGroup.id)):
        for member in people[group.person_id]:
            member.groups.append(group)


def _with_cases(session: Session, people: dict[str, list[Member]]) -> None:
    query = (
        select(ProxyCase)
        .where(ProxyCase.person_uid.in_(list(people)), ProxyCase.closed_at.is_(None))
        .options(
            load_only(ProxyCase.uid, ProxyCase.number, ProxyCase.state, ProxyCase.person_uid),
            joinedload(ProxyCase.item_version, innerjoin=True).load_only(
                ServiceItemVersion.name, ServiceItemVersion.sensitivity
            ),
        )
        .order_by(ProxyCase.id)
    )
    for case in session.scalars(query):
        for member in people[case.person_uid]:
            member.cases.append(case)


def case_words(case: ProxyCase) -> str:
    """An open case beside a name: its service where a list may name it, else its number; and where it stands."""
    what = case.number if case.item_version.sensitivity in SENSITIVE else case.item_version.name
    return f"{what} · {State.label_of(case.state)}"


def last_calls(session: Session, home: Dwelling, most: int = 3) -> list[tuple[VisitStop, Visit]]:
    """The newest visits at a door, and when it is to be tried again."""
    query = (
        select(VisitStop, Visit)
        .join(Visit, Visit.id == VisitStop.visit_id)
        .where(
            VisitStop.dwelling_id == home.id, or_(VisitStop.outcome.is_not(None), Visit.state == "planned")
        )
        .order_by(Visit.planned_on.desc(), VisitStop.id.desc())
        .limit(most)
    )
    return [(stop, visit) for stop, visit in session.execute(query)]


# --- what a new case is about ------------------------------------------------------------------------------------


def person_of(session: Session, uid: str) -> Person:
    """Somebody of the scope who is alive. NotFound else."""
    person = session.scalars(select(Person).where(Person.uid == uid, *ALIVE)).one_or_none()
    if person is None:
        raise NotFound()
    return person


def services_for(
    session: Session, person: Person | None, items: Sequence[ServiceItemVersion]
) -> list[ServiceItemVersion]:
    """Services on buttons: those proposed to the person first, then those that are booked most in the scope of late. A
    service of level 4 or 5 is found in the list only: a button would tell of it to whoever looks over the shoulder.
    """
    open_items = {v.item.code: v for v in items if v.sensitivity in LEVELS_OF_BUTTONS}
    codes: list[str] = []
    if person is not None:
        query = select(Proposal.item_code).where(
            Proposal.person_id == person.id,
            Proposal.state == str(ProposalState.open),
            Proposal.item_code.is_not(None),
        )
        codes += [code for code in session.scalars(query.order_by(Proposal.due_on)) if code]
    latest = select(ProxyCase.item_version_id).order_by(ProxyCase.id.desc()).limit(200).subquery()
    often = (
        select(ServiceItem.code)
        .join(ServiceItemVersion, ServiceItemVersion.item_id == ServiceItem.id)
        .join(latest, latest.c.item_version_id == ServiceItemVersion.id)
        .group_by(ServiceItem.code)
        .order_by(func.count().desc(), ServiceItem.code)
        .limit(BUTTONS)
    )
    codes += [*session.scalars(often), OFFERED]
    codes += list(open_items)
    return [open_items[code] for code in dict.fromkeys(codes) if code in open_items][:BUTTONS]
