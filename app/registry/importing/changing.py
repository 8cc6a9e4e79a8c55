"""Rows about people on record: what is empty is filled in, or what differs put right, by the services of a clerk's form.

Nobody is moved by a sheet: who has a household or a home of the kind elsewhere keeps it and the row is told so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.core import extra
from app.core.actor import Actor
from app.core.errors import DomainError, NotAllowed
from app.core.extra import ExtraColumn
from app.core.models import Versioned
from app.core.views.extras import NOT_YOURS, is_asked_of, may
from app.registry.choices import HouseholdKind
from app.registry.importing.customs import is_granted_in_part
from app.registry.importing.fields import CODES, TEXTS
from app.registry.importing.lines import Line
from app.registry.models import Dwelling, Household, HouseholdMember, Person, Residence
from app.registry.rules import Birth, Precision
from app.registry.rules.corrections import SENSITIVE
from app.registry.service import corrections, households, persons
from app.registry.service.compared import Compared

IDENTITY = frozenset(SENSITIVE)
ASK = _(
    "Name, sex, birth date and registered address of people on record are corrected by a request; they were left."
)
OTHER_HOUSEHOLD = _(
    "This person belongs to another household in the register; a sheet moves nobody. Enter a move."
)
NO_LONGER = _("This person is no longer in the register.")


@dataclass
class Changer:
    """Brings rows to people on record; ``rule`` is fill or update. ``dry`` (a check): only says what would change."""

    session: Session
    actor: Actor
    rule: str
    source: str
    now: datetime
    today: date
    dry: Compared | None = None

    def change(self, lines: Sequence[Line]) -> None:
        """Settle every row; ``line.why`` becomes changed or same."""
        people = self._read([line.person for line in lines])
        columns = extra.columns(self.session, Person)
        self._in_part = [column for column in columns if is_granted_in_part(self.actor, column)]
        if self.dry is not None:
            self.dry.look_up(self.session, people, self.now)
        for line in lines:
            person = people.get(line.person)
            if person is None:
                line.refuse(NO_LONGER)
                continue
            try:
                self._one(line, person)
            except DomainError as refusal:
                line.refuse(refusal.message)

    def _read(self, keys: Sequence[int]) -> dict[int, Person]:
        found: dict[int, Person] = {}
        for at in range(0, len(keys), 900):
            query = select(Person).where(Person.id.in_(keys[at : at + 900]))
            query = query.options(selectinload(Person.phones), selectinload(Person.documents))
            found.update({person.id: person for person in self.session.scalars(query)})
        return found

    def _one(self, line: Line, person: Person) -> None:
        self._check_grants(line, person)
        wanted = self._wanted(line, person)
        phone = self._phone(line, person)
        changed = bool(wanted or phone)
        if self.dry is not None:
            is_open = bool(wanted) or self._joins(line, person)
            line.why = "changed" if is_open or self._is_other_phone(line, person, self.dry) else "same"
            return
        if wanted:
            self._edit(line, person, wanted)
        if phone:
            row = persons.set_phone(self.session, person, phone, actor=self.actor, now=self.now)
            self.session.flush()
            line.made.append(_made(row))
        joined = self._join(line, person)
        line.why = "changed" if changed or joined else "same"

    def _wanted(self, line: Line, person: Person) -> dict[str, Any]:
        """What the row would write: empty fields, or all that differ. An empty cell says nothing."""
        given: dict[str, Any] = {key: line.values.get(key) for key in (*CODES[1:], *TEXTS)}
        given |= {"sex": line.sex, "name": line.name}
        have: dict[str, Any] = {key: getattr(person, key) for key in given}
        wanted = {
            key: value
            for key, value in given.items()
            if value not in (None, "")
            and value != have[key]
            and (self.rule == "update" or have[key] in (None, ""))
        }
        if line.birth is not None and self._is_better(line.birth, person):
            wanted["birth"] = line.birth
        for column in self._asked(person):
            value, held = line.values.get(column.name), column.read(person)
            if value is not None and value != held and (self.rule == "update" or held is None):
                wanted[column.name] = value
        if IDENTITY & wanted.keys() and not corrections.is_free(person, self.actor, self.now):
            kept = {k for k in IDENTITY & wanted.keys() if k == "birth" or have.get(k) not in (None, "")}
            if kept:
                line.remark(ASK)
            wanted = {key: value for key, value in wanted.items() if key not in kept}
        return wanted

    def _asked(self, person: Person) -> list[ExtraColumn]:
        """Custom fields that are asked where the person belongs, which need not be where the row says."""
        columns = extra.columns(self.session, Person)
        return [column for column in columns if is_asked_of(self.session, column, person)]

    def _check_grants(self, line: Line, person: Person) -> None:
        """A grant of a part of the areas opens the field of whoever stands there, whatever area the row says."""
        for column in self._in_part:
            is_given = line.values.get(column.name) is not None
            if is_given and not may(self.session, self.actor, "edit", person, column.name):
                raise NotAllowed(NOT_YOURS)

    def _is_better(self, birth: Birth, person: Person) -> bool:
        if person.birth_date is None:
            return True
        have = Birth(person.birth_date, Precision(person.birth_precision))
        return birth != have and self.rule == "update"

    def _phone(self, line: Line, person: Person) -> str | None:
        if line.phone is None:
            return None
        numbers = [row.number_index for row in persons.open_phones(person)]
        if line.phone_index in numbers or (numbers and self.rule == "fill"):
            return None
        return line.phone

    def _is_other_phone(self, line: Line, person: Person, compared: Compared) -> bool:
        """What a check says of a row that brings a phone and nothing else."""
        is_other = self._phone(line, person) is not None
        if line.phone_index is None or self.rule == "fill" or not persons.open_phones(person):
            return is_other
        return compared.differs(self.session, person.id, line.phone_index, is_other, self.now)

    def _edit(self, line: Line, person: Person, wanted: dict[str, Any]) -> None:
        before = _plain(person)
        for column in self._asked(person):
            if column.name in wanted:
                column.write(person, wanted.pop(column.name))
        persons.edit_person(self.session, person, wanted, actor=self.actor, now=self.now, source=self.source)
        self.session.flush()
        after = _plain(person)
        old = {key: value for key, value in before.items() if after[key] != value}
        line.before.append([Person.__tablename__, person.id, person.version, old])

    # --- household and home -------------------------------------------------------------------------------------------

    def _joins(self, line: Line, person: Person) -> bool:
        """Whether the row brings a person without a household of the kind into one."""
        family = line.household
        if family is None:
            return False
        mine = households.open_memberships(self.session, person, family.kind)
        if not mine:
            return line.relation is not None
        if all(member.household_id != family.id for member in mine):
            line.remark(OTHER_HOUSEHOLD)
            return False
        return self.rule == "update" and line.relation is not None and mine[0].relation != line.relation

    def _join(self, line: Line, person: Person) -> bool:
        if not self._joins(line, person):
            return False
        family = line.household
        household = self.session.get_one(Household, family.id or family.made_id)
        mine = [
            m
            for m in households.open_memberships(self.session, person, family.kind)
            if m.household_id == household.id
        ]
        if mine:
            old = {"relation": mine[0].relation}
            mine[0].relation = line.relation or ""
            self.session.flush()
            line.before.append([HouseholdMember.__tablename__, mine[0].id, mine[0].version, old])
            return True
        homes = self._homes_of(person, family.kind)
        dwelling_id = line.home.id or line.home.made_id
        dwelling = self.session.get_one(Dwelling, dwelling_id) if not homes or dwelling_id in homes else None
        member = households.add_member(
            self.session,
            household,
            person,
            line.relation or "",
            dwelling=dwelling,
            actor=self.actor,
            now=self.now,
        )
        self.session.flush()
        line.made.append(_made(member))
        new = self._homes_of(person, family.kind)
        for key in new.keys() - homes.keys():
            line.made.append([Residence.__tablename__, new[key][0], new[key][1]])
        return True

    def _homes_of(self, person: Person, kind: str) -> dict[int | None, tuple[int, int]]:
        """Homes of the kind, with key and version of the residence."""
        wanted = households.residence_kind(HouseholdKind(kind))
        query = select(Residence.dwelling_id, Residence.id, Residence.version).where(
            Residence.person_id == person.id, Residence.kind == str(wanted), Residence.valid_to.is_(None)
        )
        return {home: (key, version) for home, key, version in self.session.execute(query)}


def _plain(person: Person) -> dict[str, Any]:
    """Everything of a person that an import may change, as it is kept in JSON."""
    keys = (
        *(
            "name",
            "name_pinyin",
            "name_initials",
            "birth_date",
            "birth_precision",
            "sex",
            "extra",
            "extra_closed",
        ),
        *CODES[1:],
        *TEXTS,
    )
    return {key: _frozen(getattr(person, key)) for key in keys}


def _frozen(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _made(row: Any) -> list[Any]:
    return [type(row).__tablename__, row.id, row.version if isinstance(row, Versioned) else None]
