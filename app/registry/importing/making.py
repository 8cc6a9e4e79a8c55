"""New people of a chunk with everything that hangs on them, as columns: the rows that the services make for one person.

``service/{persons,documents,residences,households,homes}`` say what belongs to a person; a test enters the same
household both ways and compares row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.core import bulk, extra
from app.core.models import Versioned
from app.core.pinyin import spell
from app.registry.choices import AreaTie, ConsentKind, FieldGroup, HouseholdKind, NameKind, ResidenceKind
from app.registry.importing.fields import CODES, TEXTS
from app.registry.importing.households import Family
from app.registry.importing.lines import Line, precision_of
from app.registry.importing.making_homes import expected, write_homes, write_households
from app.registry.models import (
    ConsentTask,
    HouseholdMember,
    Person,
    PersonArea,
    PersonDocument,
    PersonGroup,
    PersonName,
    PersonPhone,
    PersonSource,
    Residence,
)
from app.registry.rules import age_on, care, left_behind_type, suggest_population
from app.registry.rules.population import LEFT_BEHIND, STAYS
from app.registry.service import groups, population
from app.registry.service.consents import CHILD_UNDER, DAYS
from app.registry.service.residences import TIE

HERE = "01"
GROUPS = sorted(str(group) for group in FieldGroup)


@dataclass
class Maker:
    """Writes one chunk. ``batch`` is the uid of the import, ``source`` where its data come from."""

    session: Session
    batch: str
    source: str
    user_id: int | None
    now: datetime
    today: date

    def write(self, lines: Sequence[Line], families: Sequence[Family]) -> None:
        """``lines`` are the new people; ``families`` all households of the chunk, those on record included."""
        with bulk.behind(self.session, expected(len(families), len(lines), len(GROUPS))):
            write_homes(self, families)
            if lines:
                self._people(lines)
            write_households(self, families)
            if lines:
                self._members([line for line in lines if line.household is not None])
                self._hung(lines)

    def put(self, model: type, lines: Sequence[Line], columns: dict[str, list[Any]]) -> list[int]:
        """Insert one row for each line, and note it there for the undoing."""
        if not lines:
            return []
        keys = bulk.insert_columns(self.session, model, columns, batch=self.batch)
        name, version = model.__tablename__, 1 if issubclass(model, Versioned) else None  # type: ignore[attr-defined]
        for line, key in zip(lines, keys, strict=True):
            line.made.append([name, key, version])
        return keys

    # --- people -------------------------------------------------------------------------------------------------------

    def _people(self, lines: Sequence[Line]) -> None:
        spelled = [spell(line.name, name=True) for line in lines]
        columns: dict[str, list[Any]] = {
            "area_id": [_area_of(line) for line in lines],
            "name": [line.name for line in lines],
            "name_pinyin": [full[:200] or None for full, _first in spelled],
            "name_initials": [first[:50] or None for _full, first in spelled],
            "sex": [line.sex for line in lines],
            "birth_date": [line.birth.date if line.birth else None for line in lines],
            "birth_precision": [precision_of(line.birth) for line in lines],
            "confirmed_on": [self.today] * len(lines),
        }
        given = set().union(*(line.values for line in lines))
        for name in (*CODES[1:], *TEXTS):
            is_given = name in given
            columns[name] = [line.values.get(name) or None if is_given else None for line in lines]
        self._registration(lines, columns)
        self._extra(lines, columns)
        keys = self.put(Person, lines, columns)
        for line, key, kind in zip(lines, keys, columns["population_kind"], strict=True):
            line.person, line.population = key, kind

    def _registration(self, lines: Sequence[Line], columns: dict[str, list[Any]]) -> None:
        """Who is registered where they live has this home as registered address; the kind of resident follows."""
        kinds, addresses = columns["population_kind"], columns["register_address"]
        for at, line in enumerate(lines):
            if columns["consistency"][at] == HERE:
                if line.home is not None:
                    addresses[at] = addresses[at] or line.home.address[:160] or None
                kinds[at] = kinds[at] or "registered"
            elif kinds[at] is None:
                hint = suggest_population(
                    living_code=line.area.code,
                    registered_code=columns["register_division"][at],
                    document_kind=line.doc_kind if line.doc_number else None,
                    nationality=columns["nationality"][at],
                )
                kinds[at] = hint.kind if hint else None

    def _extra(self, lines: Sequence[Line], columns: dict[str, list[Any]]) -> None:
        asked = [
            c for c in extra.columns(self.session, Person) if any(c.name in line.values for line in lines)
        ]
        if not asked:
            return
        rows: list[dict[str, Any]] = [{"extra": None, "extra_closed": None} for _line in lines]
        for line, row in zip(lines, rows, strict=True):
            for column in asked:
                if line.values.get(column.name) is not None:
                    column.write(row, line.values[column.name])
        columns["extra"] = [row["extra"] or None for row in rows]
        columns["extra_closed"] = [row["extra_closed"] or None for row in rows]

    def _members(self, lines: Sequence[Line]) -> None:
        households = [line.household.id or line.household.made_id for line in lines]
        since, people = [self.today] * len(lines), [line.person for line in lines]
        kinds = [_kind_of_home(line) for line in lines]
        self.put(
            HouseholdMember,
            lines,
            {
                "household_id": households,
                "person_id": people,
                "relation": [line.relation for line in lines],
                "valid_from": since,
            },
        )
        # the tie stands before the residence: it is what lets the area see the person
        ties = [str(TIE[kind]) for kind in kinds]
        areas = [line.home.area_id for line in lines]
        self.put(
            PersonArea, lines, {"person_id": people, "area_id": areas, "kind": ties, "valid_from": since}
        )
        self.put(
            Residence,
            lines,
            {
                "person_id": people,
                "dwelling_id": [line.home.id or line.home.made_id for line in lines],
                "household_id": households,
                "kind": [str(kind) for kind in kinds],
                "valid_from": since,
            },
        )

    def _hung(self, lines: Sequence[Line]) -> None:
        people, since = [line.person for line in lines], [self.today] * len(lines)
        managing = [AreaTie.managing.value] * len(lines)
        areas = [_area_of(line) for line in lines]
        self.put(
            PersonArea, lines, {"person_id": people, "area_id": areas, "kind": managing, "valid_from": since}
        )
        current, names = [NameKind.current.value] * len(lines), [line.name for line in lines]
        self.put(
            PersonName, lines, {"person_id": people, "kind": current, "name": names, "valid_from": since}
        )
        self._documents([line for line in lines if line.document is not None])
        phoned = [line for line in lines if line.phone is not None]
        self.put(
            PersonPhone,
            phoned,
            {
                "person_id": [line.person for line in phoned],
                "kind": [line.phone_kind for line in phoned],
                "number": [line.phone for line in phoned],
                "number_index": [line.phone_index for line in phoned],
                "valid_from": [self.today] * len(phoned),
            },
        )
        for group in GROUPS:
            self.put(
                PersonSource,
                lines,
                {
                    "person_id": people,
                    "field_group": [group] * len(lines),
                    "source": [self.source] * len(lines),
                    "confirmed_at": [self.now] * len(lines),
                    "confirmed_by": [self.user_id] * len(lines),
                },
            )
        self._children(lines)
        self._stays(lines)
        self._groups(lines)

    def _documents(self, lines: Sequence[Line]) -> None:
        self.put(
            PersonDocument,
            lines,
            {
                "person_id": [line.person for line in lines],
                "kind": [line.doc_kind for line in lines],
                "number": [line.doc_number for line in lines],
                "number_index": [line.document[1] for line in lines if line.document],
                "dup_no": [line.dup_no for line in lines],
                "dup_reason": [self.source if line.dup_no else None for line in lines],
                "warning": [line.warning for line in lines],
                "warning_reason": [self.source if line.warning else None for line in lines],
            },
        )

    def _children(self, lines: Sequence[Line]) -> None:
        """Consent of a guardian for whoever is under 14 (PIPL art. 31): a task, never a wall."""
        children = [line for line in lines if _age(line, self.today, CHILD_UNDER) < CHILD_UNDER]
        due = self.today + timedelta(days=DAYS)
        columns: dict[str, list[Any]] = {
            "person_id": [line.person for line in children],
            "kind": [ConsentKind.child_under_14.value] * len(children),
            "due_on": [due] * len(children),
        }
        self.put(ConsentTask, children, columns)

    def _stays(self, lines: Sequence[Line]) -> None:
        """The dated row that goes with a kind of resident (service/population.py)."""
        for kind in STAYS:
            of_kind = [line for line in lines if line.population == kind]
            columns: dict[str, list[Any]] = {
                "person_id": [line.person for line in of_kind],
                "valid_from": [self.today] * len(of_kind),
            }
            if kind == LEFT_BEHIND and of_kind:
                ages = [_age(line, self.today, population.ADULT) for line in of_kind]
                columns["kind"] = [
                    left_behind_type(a, line.sex) for a, line in zip(ages, of_kind, strict=True)
                ]
            self.put(population.MODELS[kind], of_kind, columns)

    def _groups(self, lines: Sequence[Line]) -> None:
        """Groups that follow from age and household (service/derived.py)."""
        found: list[tuple[Line, str]] = []
        for line in lines:
            if line.birth is None or self.today.year - line.birth.date.year < care.ELDER_FROM:
                continue
            wanted = care.derived_groups(
                age=age_on(line.birth, self.today), grade=None, alone=_is_alone(line)
            )
            found += [(line, code) for code, member in wanted.items() if member]
        about = {code: groups.facts(self.session, code) for _line, code in found}
        first = {code: self._first_visit(code) for code in about}
        columns: dict[str, list[Any]] = {
            "person_id": [line.person for line, _code in found],
            "group_code": [code for _line, code in found],
            "level": [str(about[code].get("sensitivity") or "L3") for _line, code in found],
            "valid_from": [self.today] * len(found),
            "next_visit_on": [first[code] for _line, code in found],
        }
        self.put(PersonGroup, [line for line, _code in found], columns)

    def _first_visit(self, code: str) -> date | None:
        return groups.first_visit(self.session, PersonGroup(group_code=code), self.today)


def _is_alone(line: Line) -> bool | None:
    """Whether the person is the only member of the living household; None where there is none."""
    family = line.household
    if family is None or family.kind != HouseholdKind.living:
        return None
    return family.id is None and len(family.lines) == 1


def _area_of(line: Line) -> int:
    found: int = line.home.area_id if line.home is not None else line.area.id
    return found


def _kind_of_home(line: Line) -> ResidenceKind:
    registered = line.household.kind == HouseholdKind.registered
    return ResidenceKind.registered if registered else ResidenceKind.living


def _age(line: Line, today: date, unknown: int) -> int:
    if line.birth is None:
        return unknown
    if today.year - line.birth.date.year > CHILD_UNDER + 1 and unknown == CHILD_UNDER:
        return CHILD_UNDER
    age = age_on(line.birth, today)
    return unknown if age is None else age
