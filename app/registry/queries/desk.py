"""The clerk's page: one home with all its households and everybody in them, as plain data for the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.core import clock, codes
from app.core.actor import Actor
from app.core.pinyin import spell
from app.registry.choices import HouseholdKind, MoveInState, ResidenceKind
from app.registry.models import (
    Dwelling,
    Household,
    HouseholdDwelling,
    HouseholdMember,
    MoveInRequest,
    Person,
    PersonGroup,
    Residence,
)
from app.registry.queries import cards
from app.registry.queries.walking import PLACE, stop_of, with_places
from app.registry.rules.addresses import neighbours
from app.registry.service import awaited, groups, subforms
from app.registry.service.homes import dwelling_address

LISTS = {
    "relation": "household_relation",
    "doc_kind": "id_document",
    "sex": "gender",
    "ethnic": "ethnic",
    "marital": "marital",
    "political_status": "political_status",
    "education": "education",
    "employment": "employment_status",
    "population_kind": "population_kind",
    "consistency": "household_consistency",
    "dwelling_type": "dwelling_type",
    "inflow_reason": "inflow_reason",
    "leave": "cancel_reason",
    "source": "data_source",
    "housing_use": "housing_use",
}
# offered in empty rows and taken over by Enter, never filled in by themselves
OFFERS = {"doc_kind": "111", "ethnic": "01", "consistency": "01", "relation_first": "02"}

# what is said of somebody's home, by person and kind of residence
Homes = dict[tuple[int, str], dict[str, str]]


def open_home(session: Session, uid: str) -> Dwelling | None:
    """The home with what its head line shows, inside the scope."""
    query = (
        select(Dwelling)
        .where(Dwelling.uid == uid)
        .options(joinedload(Dwelling.area), joinedload(Dwelling.building), joinedload(Dwelling.unit))
    )
    return session.scalars(query).one_or_none()


Extra = Callable[[Any], dict[str, Any]]


def state(
    session: Session,
    dwelling: Dwelling,
    today: date,
    rows: list[Household] | None = None,
    extra: Extra = lambda _person: {"extra": {}},
    own: Extra = lambda _household: {},
) -> dict[str, Any]:
    """Everything in the home as it stands in the database; ``rows`` are its households where they are loaded already,
    ``extra`` gives the custom fields of somebody, ``own`` those of a household.
    """
    rows = households_of(session, dwelling) if rows is None else rows
    homes = _residences(session, rows)
    return {
        "dwelling": _dwelling(session, dwelling),
        "households": [_household(row, today, homes, extra, own) for row in rows],
        "requests": [_request(row) for row in open_requests(session, dwelling)],
    }


def households_of(session: Session, dwelling: Dwelling) -> list[Household]:
    """Open households linked to the home and those that wait for somebody asked for: living ones first, then
    registered, in the order of entry.
    """
    query = (
        select(Household)
        .join(HouseholdDwelling, HouseholdDwelling.household_id == Household.id)
        .where(
            HouseholdDwelling.dwelling_id == dwelling.id,
            HouseholdDwelling.valid_to.is_(None),
            or_(Household.valid_to.is_(None), awaited.in_home(dwelling.id)),
        )
        .options(
            selectinload(Household.members).joinedload(HouseholdMember.person).options(*cards.WITH_PARTS)
        )
        .order_by(Household.id)
        .execution_options(populate_existing=True)
    )
    order = list(HouseholdKind)
    return sorted(session.scalars(query).unique(), key=lambda h: order.index(HouseholdKind(h.kind)))


def open_requests(session: Session, dwelling: Dwelling) -> list[MoveInRequest]:
    """Move-ins into this home that wait for an answer."""
    query = select(MoveInRequest).where(
        MoveInRequest.dwelling_id == dwelling.id, MoveInRequest.state == str(MoveInState.asked)
    )
    return list(session.scalars(query.order_by(MoveInRequest.id)))


def without_particulars(rows: Iterable[Household]) -> list[tuple[PersonGroup, Person]]:
    """Groups of the people of these households whose own form nobody has filled in yet."""
    people = {m.person_id: m.person for h in rows for m in _open_members(h)}
    found = [(g, p) for p in people.values() for g in p.groups if g.valid_to is None and g.deleted_at is None]
    empty = [(g, p) for g, p in found if g.details is None and subforms.group_form(g.group_code)]
    return sorted(empty, key=lambda pair: pair[0].id)


def lists(session: Session, actor: Actor) -> dict[str, list[list[str]]]:
    """Code lists of the page: [code, label, initials, "1" when common]."""
    found = {
        field: [
            [
                item.code,
                item.label,
                _initials(item.label),
                "1" if '"common": true' in (item.extra or "") else "",
            ]
            for item in codes.codes(session, name).values()
            if item.current
        ]
        for field, name in LISTS.items()
    }
    found["groups"] = [[code, text, _initials(text), ""] for code, text in groups.open_to(session, actor)]
    return found


@lru_cache(maxsize=4096)
def _initials(text: str) -> str:
    return spell(text)[1]


def _dwelling(session: Session, dwelling: Dwelling) -> dict[str, Any]:
    near = walk(session, dwelling)
    return {
        "uid": dwelling.uid,
        "address": dwelling.address,
        "short": dwelling_address(session, dwelling, division=False) or dwelling.address,
        "area": dwelling.area.full_name or dwelling.area.name,
        "housing_use": dwelling.housing_use or "",
        "previous": near["previous"],
        "next": near["next"],
    }


def _household(household: Household, today: date, homes: Homes, extra: Extra, own: Extra) -> dict[str, Any]:
    kind = _residence_kind(household)
    return {
        "ref": f"h-{household.uid}",
        "uid": household.uid,
        "version": household.version,
        "kind": household.kind,
        "household_no": household.household_no or "",
        "note": household.note or "",
        **own(household),
        "members": [
            {
                "ref": f"m-{m.uid}",
                "uid": m.uid,
                "version": m.version,
                "relation": m.relation,
                "person": cards.person_fields(m.person, today),
                "residence": homes.get((m.person_id, kind), {}),
                **extra(m.person),
            }
            for m in _open_members(household)
        ],
    }


def _open_members(household: Household) -> list[HouseholdMember]:
    return [m for m in household.members if m.valid_to is None and m.deleted_at is None and m.person]


def _residence_kind(household: Household) -> str:
    kind = ResidenceKind.registered if household.kind == HouseholdKind.registered else ResidenceKind.living
    return str(kind)


def _residences(session: Session, rows: Iterable[Household]) -> Homes:
    """How the people of some households live, and are registered, by person and kind."""
    query = select(Residence).where(
        Residence.person_id.in_({m.person_id for h in rows for m in _open_members(h)}),
        Residence.valid_to.is_(None),
    )
    return {
        (r.person_id, r.kind): {
            "dwelling_type": r.dwelling_type or "",
            "inflow_reason": r.inflow_reason or "",
            "came_from": r.came_from or "",
        }
        for r in session.scalars(query)
    }


def _request(row: MoveInRequest) -> dict[str, Any]:
    return {
        "uid": row.uid,
        "name": row.entered_name,
        "relation": row.relation or "",
        "on": clock.to_local(row.created_at).date().isoformat(),
    }


# --- walking order ----------------------------------------------------------------------------------------------


def walk(session: Session, dwelling: Dwelling) -> dict[str, str | None]:
    """Uids of the home before and after this one on the walk through its grid."""
    query = with_places(select(Dwelling.uid, *PLACE).select_from(Dwelling)).where(
        Dwelling.area_id == dwelling.area_id, Dwelling.valid_to.is_(None)
    )
    found = [(stop_of(tuple(place)), uid) for uid, *place in session.execute(query)]
    uids = {stop.key: uid for stop, uid in found}
    near = neighbours((stop for stop, _uid in found), dwelling.id)
    return {name: uids.get(key) if key is not None else None for name, key in near.items()}
