"""What a household sheet (F06) says of a home: numbers and phones masked, no special groups, nothing about health."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from app.core import codes
from app.core.extra import ExtraColumn
from app.core.extra.paper import on_paper, printed
from app.core.masks import mask_id_number, mask_phone
from app.registry.choices import HouseholdKind
from app.registry.models import (
    Dwelling,
    Household,
    HouseholdDwelling,
    HouseholdMember,
    Person,
    PersonDocument,
    PersonPhone,
    SheetPack,
)

MOST_ASKED = 6  # custom fields of people that a sheet has room for
SHOWN = 20  # packs on the page of one's own
TENURE = {"H1": "own", "H3": "own", "H2": "rent"}
LET = {"H2", "H3"}
FLOATING, REGISTERED = "floating", "registered"
SAME = "01"


@dataclass(frozen=True)
class Place:
    """Where the first of some homes stands in the whole pack, counted from 1, and how many homes the pack has."""

    first: int
    of: int


def packs_of(session: Session, owner_id: int) -> list[SheetPack]:
    """The newest packs that an account asked for."""
    query = (
        select(SheetPack)
        .where(SheetPack.owner_id == owner_id)
        .options(joinedload(SheetPack.area), joinedload(SheetPack.building))
        .order_by(SheetPack.id.desc())
        .limit(SHOWN)
    )
    return list(session.scalars(query))


def sheets(
    session: Session, home_ids: Sequence[int], *, worker: str, is_blank: bool, place: Place
) -> list[dict[str, Any]]:
    """One sheet for each living household of these homes, in their order; a home without one has an empty sheet."""
    query = select(Dwelling).where(Dwelling.id.in_(home_ids)).options(joinedload(Dwelling.area))
    homes = {home.id: home for home in session.scalars(query)}
    households = {} if is_blank else _households(session, home_ids)
    members = _members(session, [h.id for found in households.values() for h in found])
    contacts = _contacts(session, [m.person_id for rows in members.values() for m in rows])
    asked = _Asked(session)
    found = []
    for no, key in enumerate(home_ids, place.first):
        if key not in homes:  # pulled down since the pack was asked for
            continue
        here = households.get(key, [])
        counted = {"no": no, "of": place.of, "households": len(here) or 1}
        home = homes[key]
        head = _home(session, home, worker, is_blank=is_blank) | counted
        head |= asked.of(home, None if is_blank else home)
        for nth, household in enumerate(here, 1):
            rows = [_member(session, m, contacts) | asked.of_person(home, m) for m in members[household.id]]
            more = {"nth": nth, "members": rows} | asked.of(home, home, household)
            found.append(head | _household(session, household, members[household.id]) | more)
        if not here:
            found.append(head | {"nth": 1})
    return found


class _Asked:
    """Custom fields of homes, households and people that the sheets of each area carry, found once for each area."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.columns: dict[tuple[type, int], list[ExtraColumn]] = {}

    def _columns(self, model: type, area_id: int) -> list[ExtraColumn]:
        if (model, area_id) not in self.columns:
            self.columns[model, area_id] = printed(self.session, model, area_id=area_id)
        return self.columns[model, area_id]

    def of(self, home: Dwelling, row: Dwelling | None, household: Household | None = None) -> dict[str, Any]:
        """What is asked of a home and its household, with what is known, and the heads of what is asked of people."""
        area = home.area_id
        asked = [
            *on_paper(self.session, self._columns(Dwelling, area), row),
            *on_paper(self.session, self._columns(Household, area), household),
        ]
        return {"extra": asked, "people": on_paper(self.session, self._columns(Person, area)[:MOST_ASKED])}

    def of_person(self, home: Dwelling, member: HouseholdMember) -> dict[str, Any]:
        """What is known of one of the people."""
        asked = self._columns(Person, home.area_id)[:MOST_ASKED]
        return {"extra": on_paper(self.session, asked, member.person)}


def _home(session: Session, home: Dwelling, worker: str, *, is_blank: bool) -> dict[str, Any]:
    """What stands above and below the people; on an empty sheet the address, the grid and the worker only."""
    use = home.housing_use or ""
    known = {
        "tenure": TENURE.get(use, "other" if use else ""),
        "is_let": use in LET,
        "owner": home.owner_name or "",
        "owner_phone": mask_phone(home.owner_phone) if home.owner_phone else "",
        "source": codes.label(session, "data_source", home.source) if home.source else "",
        "updated_on": home.confirmed_on.isoformat() if home.confirmed_on else "",
    }
    return {
        "address": home.address,
        "grid": home.area.name,
        "household_no": "",
        "kind": "",
        "worker": worker,
        "members": [],
        **(dict.fromkeys(known, "") | {"is_let": False} if is_blank else known),
    }


def _households(session: Session, home_ids: Sequence[int]) -> dict[int, list[Household]]:
    query = (
        select(HouseholdDwelling.dwelling_id, Household)
        .join(Household, Household.id == HouseholdDwelling.household_id)
        .where(
            HouseholdDwelling.dwelling_id.in_(home_ids),
            HouseholdDwelling.valid_to.is_(None),
            Household.valid_to.is_(None),
            or_(Household.kind == HouseholdKind.living, Household.kind == HouseholdKind.collective),
        )
        .order_by(Household.id)
    )
    found: dict[int, list[Household]] = defaultdict(list)
    for home_id, household in session.execute(query):
        found[home_id].append(household)
    return found


def _members(session: Session, household_ids: Sequence[int]) -> dict[int, list[HouseholdMember]]:
    query = (
        select(HouseholdMember)
        .join(Person, Person.id == HouseholdMember.person_id)
        .where(HouseholdMember.household_id.in_(household_ids), HouseholdMember.valid_to.is_(None))
        .options(joinedload(HouseholdMember.person))
        .order_by(HouseholdMember.relation, HouseholdMember.id)
    )
    found: dict[int, list[HouseholdMember]] = defaultdict(list)
    for member in session.scalars(query):
        found[member.household_id].append(member)
    return found


def _contacts(session: Session, person_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """(document number, phone) of people, both masked."""
    numbers = select(PersonDocument.person_id, PersonDocument.number).where(
        PersonDocument.person_id.in_(person_ids), PersonDocument.valid_to.is_(None)
    )
    phones = select(PersonPhone.person_id, PersonPhone.number).where(
        PersonPhone.person_id.in_(person_ids), PersonPhone.valid_to.is_(None)
    )
    by_number: dict[int, str] = {}
    for person_id, number in session.execute(
        numbers.order_by(PersonDocument.is_primary.desc(), PersonDocument.id)
    ):
        by_number.setdefault(person_id, mask_id_number(number) if number else "")
    by_phone = {
        p: mask_phone(number) if number else ""
        for p, number in session.execute(phones.order_by(PersonPhone.id))
    }
    return {p: (by_number.get(p, ""), by_phone.get(p, "")) for p in {*by_number, *by_phone}}


def _household(session: Session, household: Household, members: Sequence[HouseholdMember]) -> dict[str, Any]:
    kinds = {m.person.population_kind for m in members if m.person is not None}
    kind = REGISTERED if REGISTERED in kinds else FLOATING if FLOATING in kinds else ""
    return {"household_no": household.household_no or "", "kind": kind}


def _member(
    session: Session, member: HouseholdMember, contacts: dict[int, tuple[str, str]]
) -> dict[str, str]:
    person = member.person
    number, phone = contacts.get(member.person_id, ("", ""))

    def label(name: str, code: str | None) -> str:
        return codes.label(session, name, code)

    return {
        "name": person.name,
        "relation": label("household_relation", member.relation),
        "sex": label("gender", person.sex),
        "number": number,
        "ethnic": label("ethnic", person.ethnic),
        "political": label("political_status", person.political_status),
        "education": label("education", person.education),
        "marital": label("marital", person.marital),
        "employment": label("employment_status", person.employment),
        "phone": phone,
        "register": person.register_address or "",
        "same": label("household_consistency", person.consistency).split("(")[0],  # the column is narrow
    }
