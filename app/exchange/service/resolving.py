"""Records that a cell names: an area by code or name, a person by ID number, a home by its address.

Everything is looked up inside the scope of whoever imports: a record elsewhere is answered like one that does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, inspect, or_, select
from sqlalchemy.orm import Session, load_only

from app.areas import queries
from app.areas.models import Area, OrgUnit, Post, Staff
from app.areas.rules import SEGMENT
from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.interface import facts_of
from app.exchange.service.lookups import Lookups
from app.registry.importing import areas
from app.registry.models import (
    Building,
    Dwelling,
    DwellingAlias,
    Household,
    Person,
    PersonDocument,
    Venue,
)
from app.registry.rules import parse_birth
from app.registry.service import homes, matching

NONE = _("“%(what)s” is not in the register, or lies outside your areas.")
SEVERAL = _(
    "Several records fit “%(what)s”: write what tells them apart, such as the whole address or a number."
)
NO_PERSON = _("Nobody with this document number is in the register, or the person belongs to another area.")
PEOPLE = _("Several people are called “%(what)s”: write the ID number.")
BY_NAME = _(
    "“%(what)s”: by a name alone nobody is found. Write the ID number, or the name with the birth date (%(example)s)."
)
EXAMPLE = "1985-02-21"
# a name and a birth date, with a blank, a comma or brackets between
BORN = re.compile(
    r"(?P<name>.*?\S)[\s,;/(\uff0c\uff1b\u3001\uff08]+(?P<birth>\d{4}\D?\d{1,2}\D?\d{1,2})\D?[)\uff09]?"
)
ID_CARD = "111"
MOST_KNOWN = 50_000  # cells whose records are remembered
BY_COLUMN = ("code", "number", "household_no", "credit_code", "name", "title", "key", "address")


class Unknown(Exception):
    """No record, or more than one, fits what a cell says."""

    def __init__(self, sentence: Any, what: str, **more: Any) -> None:
        super().__init__()
        self.sentence, self.what = sentence, what
        self.params = {"what": what, **more}


class AreaNames:
    """The areas in force that an actor covers, by code and by every name people write for them."""

    def __init__(self, session: Session, actor: Actor, day: Any) -> None:
        columns = (Area.id, Area.path, Area.code, Area.name, Area.full_name)
        rows = session.execute(select(*columns).where(*queries.in_force(Area, day))).all()
        self._names = {path: name for _id, path, _code, name, _full in rows}
        self._actor = actor
        self.by_name: dict[str, set[int]] = {}
        for key, path, code, name, full in rows:
            self._note(key, path, (code, name, full))

    def add(self, area: Area) -> None:
        """An area that the sheet itself has made: rows further down may stand below it."""
        self._names[area.path] = area.name
        self._note(area.id, area.path, (area.code, area.name, area.full_name))

    def _note(self, key: int, path: str, texts: tuple[str | None, ...]) -> None:
        if not self._actor.covers(path):
            return
        for text in areas.written(self._names, path, *texts):
            self.by_name.setdefault(text, set()).add(key)

    def below(self, above: Area, name: str) -> list[str]:
        """The names of an area below another one: its own behind that of each level above."""
        below = f"{above.path}{'0' * SEGMENT}"
        return sorted(areas.written({**self._names, below: name}, below))

    def find(self, text: str) -> int:
        """The key of the area; Unknown for none and for several."""
        found = self.by_name.get(areas.squeezed(text), set())
        if len(found) == 1:
            return next(iter(found))
        raise Unknown(areas.SEVERAL if found else areas.UNKNOWN, text)


class Resolver:
    """Finds the record that a cell means; what was found once is remembered for the batch by its key."""

    def __init__(self, session: Session, actor: Actor, day: Any) -> None:
        self.session, self.actor, self.day = session, actor, day
        self._areas: AreaNames | None = None
        self.lookups = Lookups(session, actor)
        self._state: tuple[Any, ...] | None = None
        self._known: dict[tuple[type, str, int | None], int] = {}
        self._ways: dict[type, Callable[[str, int | None], Any]] = {
            Area: self._area,
            Person: self._person,
            Dwelling: self._dwelling,
            Building: self._building,
            Staff: self._staff,
            OrgUnit: self._org_unit,
            Venue: self._venue,
            Household: self._household,
        }

    def record(self, model: type, text: str, area_id: int | None = None) -> Any:
        """The record of ``model`` that ``text`` names; ``area_id`` (of the same row) tells namesakes apart. Unknown."""
        key = (model, text, area_id)
        if key not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            found = self._ways.get(model, lambda t, a: self._by_columns(model, t, a))(text.strip(), area_id)
            self._known[key] = found if isinstance(found, int) else found.id
        row = self.session.get(model, self._known[key])
        if row is None:
            self._known.pop(key)
            raise Unknown(NONE, text)
        return row

    def refresh(self) -> None:
        """A chunk begins: areas that were closed or moved since the last one are not taken any more."""
        state = queries.state(self.session)
        if self._state is not None and state != self._state:
            self.forget()
        self._state = state

    def forget(self) -> None:
        """Nothing found so far holds any more: what a dry run made is taken back."""
        self._known.clear()
        self._areas = None

    @property
    def area_names(self) -> AreaNames:
        """The areas of the actor, read once."""
        if self._areas is None:
            self._areas = AreaNames(self.session, self.actor, self.day)
        return self._areas

    def _area(self, text: str, _area: int | None) -> int:
        return self.area_names.find(text)

    def made(self, record: Any) -> None:
        """What the sheet has just made may be named by its next row, and may be a namesake of what was found before."""
        if isinstance(record, Area):
            self.area_names.add(record)
        self._known = {key: found for key, found in self._known.items() if key[0] is not type(record)}

    def _one(
        self, query: Select[Any], text: str, area_id: int | None, model: Any, several: Any = SEVERAL
    ) -> Any:
        rows = list(self.session.scalars(query.limit(50)))
        if len(rows) > 1 and area_id is not None and hasattr(model, "area_id"):
            rows = [row for row in rows if row.area_id == area_id] or rows
        if len(rows) == 1:
            return rows[0]
        raise Unknown(several if rows else NONE, text)

    def _person(self, text: str, area_id: int | None) -> Any:
        named = BORN.fullmatch(text)
        index = matching.number_index(ID_CARD, text) if named is None else None
        if index and any(c.isdigit() for c in text):
            holders = select(PersonDocument.person_id).where(PersonDocument.number_index == index)
            self.lookups.ask()
            ids = set(self.session.scalars(holders))
            self.lookups.answer(bool(ids))
            if not ids:
                raise Unknown(NO_PERSON, text)
            return self._one(select(Person).where(Person.id.in_(ids)), text, area_id, Person)
        if named is None:
            raise Unknown(BY_NAME, text, example=f"{text} {EXAMPLE}")
        try:
            birth = parse_birth(named["birth"], self.day)
        except Invalid:
            raise Unknown(BY_NAME, text, example=f"{named['name']} {EXAMPLE}") from None
        query = select(Person).where(Person.name == named["name"], Person.birth_date == birth.date)
        query = query.where(Person.birth_precision == str(birth.precision))
        return self._one(query, text, area_id, Person, PEOPLE)

    def _dwelling(self, text: str, area_id: int | None) -> Any:
        aliases = select(DwellingAlias.dwelling_id).where(
            DwellingAlias.address.in_(self._addresses(text, area_id))
        )
        names = self._addresses(text, area_id)
        fits = or_(Dwelling.address.in_(names), Dwelling.house_no == text, Dwelling.id.in_(aliases))
        query = select(Dwelling).where(fits, Dwelling.valid_to.is_(None))
        return self._one(query, text, area_id, Dwelling)

    def _addresses(self, text: str, area_id: int | None) -> list[str]:
        """What is written, and the same with the town and village before it, as addresses begin."""
        bare = areas.squeezed(text)
        area = self.session.get(Area, area_id or self._first_area() or 0)
        division = homes.division_text(self.session, area) if area is not None else ""
        return list({text, bare, f"{division}{bare}"})

    def _first_area(self) -> int | None:
        if not self.actor.ranges:
            return None
        lo, hi = self.actor.ranges[0]
        query = select(Area.id).where(Area.path.between(lo, hi)).order_by(Area.path.desc()).limit(1)
        return self.session.scalar(query)

    def _building(self, text: str, area_id: int | None) -> Any:
        numbered = homes.wording.numbered("building", text)
        names = self._addresses(text, area_id)
        fits = or_(Building.address.in_(names), Building.name.in_([text, numbered]))
        return self._one(select(Building).where(fits), text, area_id, Building)

    def _staff(self, text: str, area_id: int | None) -> Any:
        if text.isdigit() and len(text) < 4:
            numbered = select(Post.staff_id).where(
                Post.worker_no == int(text), or_(Post.valid_to.is_(None), Post.valid_to >= self.day)
            )
            return self._one(select(Staff).where(Staff.id.in_(numbered)), text, area_id, Staff)
        return self._one(select(Staff).where(Staff.name == text), text, area_id, Staff)

    def _org_unit(self, text: str, area_id: int | None) -> Any:
        fits = or_(OrgUnit.code == text, OrgUnit.name == text, OrgUnit.short_name == text)
        return self._one(select(OrgUnit).where(fits), text, area_id, OrgUnit)

    def _venue(self, text: str, area_id: int | None) -> Any:
        fits = or_(Venue.name == text, Venue.credit_code == text.upper())
        return self._one(select(Venue).where(fits), text, area_id, Venue)

    def _household(self, text: str, area_id: int | None) -> Any:
        fits = Household.household_no == text
        return self._one(select(Household).where(fits), text, area_id, Household)

    def _by_columns(self, model: Any, text: str, area_id: int | None) -> Any:
        """Any other record by the first of its naming columns that fits."""
        facts, names = facts_of(model), inspect(model).columns
        for name in BY_COLUMN:
            fact = facts.get(name)
            if fact is None or fact.kind not in {"text", "longtext"} or name not in names:
                continue
            rows = list(self.session.scalars(select(model).where(getattr(model, name) == text).limit(50)))
            if rows:
                query = select(model).where(getattr(model, name) == text).options(load_only(model.id))
                return self._one(query, text, area_id, model)
        raise Unknown(NONE, text)
