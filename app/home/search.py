"""What the search box finds: people, homes, households, cases, venues, areas, staff (look: two keystrokes to a page).

A number is looked up by its blind index and the look-up is logged; words go to the character and pinyin indexes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask_babel import gettext
from sqlalchemy import Result, or_, select
from sqlalchemy.orm import Session, joinedload

from app.areas.models import Area, Staff
from app.core import hooks, reach
from app.core import search as index
from app.core.actor import Actor, current_actor
from app.core.criteria import steady
from app.core.crypto import blind
from app.core.errors import Invalid
from app.core.views.cells import name_of
from app.core.widgets import view_of
from app.home import search_fields
from app.proxy.models import ProxyCase, ServiceItemVersion
from app.proxy.queries.names import list_name, sees_names
from app.registry.models import Dwelling, Household, Person, PersonDocument, PersonPhone, Venue
from app.registry.queries import names
from app.registry.rules import document_key, has_right_check, normalise_phone

PER_KIND = 8
DOCUMENT_KINDS = ("111", "112", "414", "553", "Z10", "Z20")
NUMBER = re.compile(r"[0-9A-Za-z()\-+ ]{5,22}")
LONG_NUMBER = re.compile(r"[0-9]{8,}[0-9Xx]?")  # in no name and no address


@dataclass(frozen=True, slots=True)
class Hit:
    """One row that was found; ``by_other_name`` or ``by_field`` where the present name does not say why."""

    label: str
    hint: str
    url: str
    by_other_name: bool = False
    by_field: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """The hits of one kind; ``more`` says that there are others."""

    label: str
    icon: str
    hits: tuple[Hit, ...]
    more: bool
    model: type


def find(session: Session, actor: Actor, query: str, today: date) -> list[Kind]:
    """Everything the acting role may open that fits the query."""
    found: list[Kind | None] = []
    if _looks_like_number(query) and _sees(actor, Person):
        found = [_people_by_number(session, query)]
        if found[0] and found[0].hits and has_right_check(query.upper()):
            return found  # the number of somebody who was found: it is no other number as well
    wanted = [make for make in _SOURCES if make not in _NAMED or not LONG_NUMBER.fullmatch(query)]
    found += [make(session, query) for make in wanted if _may(actor, make)]
    return _with_fields(session, query, [kind for kind in found if kind is not None and kind.hits])


def _with_fields(session: Session, query: str, found: list[Kind]) -> list[Kind]:
    """The hits by custom fields behind those of the same kind by name."""
    for model, icon in search_fields.ICONS.items():
        rows = search_fields.rows(session, model, query, PER_KIND + 1)
        if not rows:
            continue
        view = view_of(model)
        at = next((n for n, kind in enumerate(found) if kind.model is model), len(found))
        known = found[at] if at < len(found) else Kind(str(view.list_title), icon, (), False, model)
        there = {hit.url for hit in known.hits}
        hits = [Hit(name_of(row), why, view.url_show(row), by_field=True) for row, why in rows]
        hits = [*known.hits, *(hit for hit in hits if hit.url not in there)]
        more = known.more or len(hits) > PER_KIND
        found[at : at + 1] = [replace(known, hits=tuple(hits[:PER_KIND]), more=more)]
    return found


def _looks_like_number(query: str) -> bool:
    return bool(NUMBER.fullmatch(query)) and sum(c.isdigit() for c in query) >= 5


def _may(actor: Actor, make: Callable[..., Any]) -> bool:
    return _sees(actor, _SOURCES[make])


def _sees(actor: Actor, model: type) -> bool:
    view = view_of(model)
    return view is not None and view.can("show")


def _kind(model: type, label: str, icon: str, rows: list[Any], hint: Callable[[Any], str]) -> Kind:
    view = view_of(model)
    hits = tuple(Hit(str(r), hint(r), view.url_show(r)) for r in rows[:PER_KIND])
    return Kind(label, icon, hits, len(rows) > PER_KIND, model)


# statements of kinds by builder, shape of the word, whether the areas narrow it, database
_kept: dict[tuple[Any, ...], Any] = {}


def _run(session: Session, query: str, make: Callable[..., Any], *how: Any) -> Result[Any]:
    """Run the statement of a kind. It is made once for all words without blanks: to put seven of them together took as
    long as to run them.
    """
    slot = index.Slot.of(query)
    if slot is None:
        return session.execute(make(session, query, *how))
    actor = current_actor()
    key = (make, slot, actor.is_system or actor.whole_site, session.get_bind().dialect.name, *how)
    statement = _kept.get(key)
    if statement is None:
        statement = _kept.setdefault(key, steady(make(session, slot, *how)))
    return session.execute(statement, slot.values(query))


def _rows(session: Session, query: str, make: Callable[..., Any], *how: Any) -> list[Any]:
    return list(_run(session, query, make, *how).unique().scalars())


def _sorted(session: Session, query: Any, model: type, *order: Any) -> Any:
    return reach.sorted_by(session, query, model, *order).limit(PER_KIND + 1)


def _person_hint(row: Person) -> str:
    born = str(row.birth_date.year) if row.birth_date else ""
    return " · ".join(part for part in (born, str(row.area or "")) if part)


def _people_by_number(session: Session, query: str) -> Kind:
    keys = {key for kind in DOCUMENT_KINDS if (key := document_key(kind, query)) is not None}
    indexes = {blind("document", number) for _kind_code, number in keys}
    documents = select(PersonDocument.person_id).where(PersonDocument.number_index.in_(indexes))
    where = [Person.id.in_(documents)] if indexes else []
    try:
        phone = blind("phone", normalise_phone(query).number)
    except Invalid:
        phone = None
    if phone:
        where.append(Person.id.in_(select(PersonPhone.person_id).where(PersonPhone.number_index == phone)))
    found = select(Person).options(joinedload(Person.area)).where(or_(*where)).execution_options(by_key=True)
    rows = list(session.scalars(_sorted(session, found, Person, Person.id)).unique()) if where else []
    hooks.record_access(hooks.Access("SEARCH", "person", detail="by number"))
    return _kind(Person, gettext("Residents"), "fa-user", rows, _person_hint)


def _people_called(session: Session, word: index.Word) -> Any:
    return names.calling(session, word, PER_KIND + 1).options(joinedload(Person.area))


def _people(session: Session, query: str) -> Kind:
    """By the present name, and by a former or another one, which the hit then says."""
    rows = names.each_once(_run(session, query, _people_called))
    view = view_of(Person)
    hits = tuple(
        Hit(
            str(found.person),
            " · ".join(part for part in (found.hint, _person_hint(found.person)) if part),
            view.url_show(found.person),
            bool(found.name),
        )
        for found in rows[:PER_KIND]
    )
    return Kind(gettext("Residents"), "fa-user", hits, len(rows) > PER_KIND, Person)


def _dwellings_named(session: Session, word: index.Word) -> Any:
    where = index.matching(Dwelling, ("address", "address_pinyin"), word)
    found = select(Dwelling).options(joinedload(Dwelling.area)).where(where)
    return _sorted(session, found, Dwelling, Dwelling.address)


def _dwellings(session: Session, query: str) -> Kind:
    rows = _rows(session, query, _dwellings_named)
    return _kind(Dwelling, gettext("Dwellings"), "fa-house", rows, lambda r: str(r.area))


def _households_numbered(session: Session, word: index.Word) -> Any:
    found = select(Household).where(index.starts_with(Household.household_no, word))
    return _sorted(session, found, Household, Household.household_no)


def _households(session: Session, query: str) -> Kind:
    rows = _rows(session, query, _households_numbered)
    return _kind(Household, gettext("Households"), "fa-people-roof", rows, lambda r: r.household_no or "")


def _cases_known(session: Session, word: index.Word, by_name: bool) -> Any:
    where = index.starts_with(ProxyCase.number, word)
    if by_name:
        where = or_(where, index.matching(ProxyCase, ("party_name",), word))
    version = joinedload(ProxyCase.item_version).load_only(
        ServiceItemVersion.name, ServiceItemVersion.sensitivity
    )
    return _sorted(session, select(ProxyCase).options(version).where(where), ProxyCase, -ProxyCase.id)


def _cases(session: Session, query: str) -> Kind:
    rows = _rows(session, query, _cases_known, sees_names(current_actor()))
    return _kind(
        ProxyCase,
        gettext("Proxy cases"),
        "fa-folder-open",
        rows,
        lambda r: f"{list_name(r, current_actor())} · {r.item_version}",
    )


def _venues_named(session: Session, word: index.Word) -> Any:
    found = select(Venue).where(index.matching(Venue, ("name", "name_initials"), word))
    return _sorted(session, found, Venue, Venue.name)


def _venues(session: Session, query: str) -> Kind:
    rows = _rows(session, query, _venues_named)
    return _kind(Venue, gettext("Venues"), "fa-store", rows, lambda r: r.address)


def _staff_named(session: Session, word: index.Word) -> Any:
    where = index.matching(Staff, ("name", "name_initials"), word)
    return _sorted(session, select(Staff).options(joinedload(Staff.area)).where(where), Staff, Staff.name)


def _staff(session: Session, query: str) -> Kind:
    rows = _rows(session, query, _staff_named)
    return _kind(Staff, gettext("Staff"), "fa-id-badge", rows, lambda r: str(r.area))


def _areas_named(session: Session, word: index.Word) -> Any:
    where = or_(index.matching(Area, ("name", "name_initials"), word), index.starts_with(Area.code, word))
    return _sorted(session, select(Area).where(where, Area.valid_to.is_(None)), Area, Area.path)


def _areas(session: Session, query: str) -> Kind:
    rows = _rows(session, query, _areas_named)
    return _kind(Area, gettext("Areas"), "fa-map", rows, lambda r: r.full_name or r.code)


_SOURCES: dict[Callable[[Session, str], Kind], type] = {
    _people: Person,
    _dwellings: Dwelling,
    _households: Household,
    _cases: ProxyCase,
    _venues: Venue,
    _staff: Staff,
    _areas: Area,
}
_NAMED = frozenset({_people, _dwellings, _venues, _staff})
