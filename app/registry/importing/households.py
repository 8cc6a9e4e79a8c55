"""People of one home, or of one household number, are a household; its head is who has relation 02 (GB/T 4761)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.keysets import pieces
from app.registry.choices import HouseholdKind
from app.registry.importing.areas import Areas
from app.registry.importing.earlier import Earlier, Standing
from app.registry.importing.homes import Home
from app.registry.importing.lines import Line
from app.registry.models import Dwelling, Household, HouseholdDwelling, HouseholdMember
from app.registry.rules import Member, household_findings
from app.registry.rules.household import HEAD

NO_HOME = _("No home is given: the person is entered without a home and a household.")
NO_RELATION = _("Please give the relation to the head.")
HAS_HEAD = _("The household has another head in the register.")
TWO_HEADS = _("A household has one head; row %(other)s is the head already.")
NO_HEAD = _("A household needs a head.")
SEVERAL = _("Several households live in this home: give the household number.")
SPECIAL = frozenset({"no_head", "several_heads"})


@dataclass(slots=True)
class Family:
    """A household of the sheet: ``id`` where it is on record. ``has_head`` says so of the record."""

    kind: str
    number: str | None
    home: Home | None = None
    id: int | None = None
    area_id: int | None = None
    has_head: int | None = None
    members: int = 0
    lines: list[Line] = field(default_factory=list)
    head: Line | None = None
    dwelling_id: int | None = None  # of the record
    made_id: int | None = None
    earlier: Standing | None = None  # brought by an earlier chunk of the sheet
    mark: int = 0  # by which its head is remembered for the rest of the sheet


class Families:
    """Puts the rows of one chunk together. ``heads`` and ``earlier`` remember across chunks."""

    def __init__(self, session: Session, areas: Areas, heads: dict[int, int], earlier: Earlier) -> None:
        self.session, self.areas, self.heads, self.earlier = session, areas, heads, earlier
        self.found: dict[Any, Family] = {}

    def gather(self, lines: Iterable[Line], today: date) -> list[Family]:
        """Every row that goes in gets its household, if it has one."""
        for line in lines:
            number = line.values.get("household_no")
            if number:
                key: Any = (line.household_kind, str(number), line.area.id)
            elif line.home is not None:
                key = (line.household_kind, id(line.home))
            else:
                line.remark(NO_HOME)
                continue
            family = self.found.get(key)
            if family is None:
                family = self.found[key] = Family(line.household_kind, str(number) if number else None)
            family.lines.append(line)
            family.home = family.home or line.home
            line.household = family
        families = list(self.found.values())
        self._by_number([f for f in families if f.number])
        self._by_home([f for f in families if f.id is None and f.earlier is None and f.home is not None])
        self._count([f for f in families if f.id is not None])
        for family in families:
            self._settle(family, today)
        return [family for family in families if family.lines]

    def _by_number(self, families: list[Family]) -> None:
        columns = (
            Household.id,
            Household.kind,
            Household.household_no,
            Household.area_id,
            Household.head_person_id,
        )
        known: dict[tuple[str, str | None], list[Any]] = defaultdict(list)
        for some in pieces(sorted({f.number for f in families if f.number})):
            query = select(*columns).where(Household.household_no.in_(some), Household.valid_to.is_(None))
            for row in self.session.execute(query.order_by(Household.id)):
                known[row.kind, row.household_no].append(row)
        for family in families:
            above = family.lines[0].area.path
            for row in known.get((family.kind, family.number), ()):
                place = self.areas.by_id.get(row.area_id)
                if place is not None and place.path.startswith(above):
                    family.id, family.area_id, family.has_head = row.id, row.area_id, row.head_person_id
                    break
            family.earlier = self.earlier.numbered(family.kind, family.number, above)

    def _by_home(self, families: list[Family]) -> None:
        known: dict[tuple[int, str], list[Any]] = defaultdict(list)
        homes = sorted({f.home.id for f in families if f.home is not None and f.home.id is not None})
        for some in pieces(homes):
            query = (
                select(
                    HouseholdDwelling.dwelling_id,
                    Household.kind,
                    Household.id,
                    Household.area_id,
                    Household.head_person_id,
                    Household.household_no,
                )
                .join(Household, Household.id == HouseholdDwelling.household_id)
                .where(
                    HouseholdDwelling.dwelling_id.in_(some),
                    HouseholdDwelling.valid_to.is_(None),
                    Household.valid_to.is_(None),
                )
            )
            for row in self.session.execute(query.order_by(Household.id)):
                known[row.dwelling_id, row.kind].append(row)
        for family in families:
            there = self._living_in(family, known)
            if family.number:  # another number is another household; one without a number may be this one
                there = [row for row in there if not row.household_no]
            if len(there) > 1 and not family.number:
                for line in family.lines:
                    line.refuse(SEVERAL)
            elif len(there) == 1:
                row = there[0]
                if isinstance(row, Standing):
                    family.earlier = row
                else:
                    family.id, family.area_id, family.has_head = row.id, row.area_id, row.head_person_id

    def _living_in(self, family: Family, known: dict[tuple[int, str], list[Any]]) -> list[Any]:
        """Households of the family's home: those on record and those that earlier chunks bring."""
        home = family.home
        assert home is not None  # noqa: S101 only families with a home are asked for
        on_record = known.get((home.id, family.kind), []) if home.id is not None else []
        return [*on_record, *self.earlier.living_in(family.kind, home)]

    def _count(self, families: list[Family]) -> None:
        by_id = {family.id: family for family in families}
        for some in pieces(sorted(key for key in by_id if key is not None)):
            members = select(HouseholdMember.household_id, func.count(HouseholdMember.id)).where(
                HouseholdMember.household_id.in_(some), HouseholdMember.valid_to.is_(None)
            )
            for key, count in self.session.execute(members.group_by(HouseholdMember.household_id)):
                by_id[key].members = count
            homes = (
                select(HouseholdDwelling.household_id, Dwelling.id, Dwelling.area_id)
                .join(Dwelling, Dwelling.id == HouseholdDwelling.dwelling_id)
                .where(HouseholdDwelling.household_id.in_(some), HouseholdDwelling.valid_to.is_(None))
            )
            for key, dwelling, area in self.session.execute(homes.order_by(HouseholdDwelling.id.desc())):
                by_id[key].dwelling_id = dwelling
                by_id[key].area_id = area

    def _settle(self, family: Family, today: date) -> None:
        """Relations, the head, and where everybody lives; who cannot go in leaves the household."""
        family.lines = [line for line in family.lines if line.why in ("made", "known")]
        if not family.lines:
            return
        if family.home is None:
            family.home = self._home_on_record(family) or self._home_brought(family)
        if family.home is None:
            for line in family.lines:
                line.remark(NO_HOME)
                line.household = None
            family.lines = []
            return
        brought = family.earlier.members if family.earlier is not None else 0
        alone = len(family.lines) == 1 and family.members == brought == 0
        mark = hash((family.kind, family.number, family.home.key))
        family.mark = mark = family.earlier.mark if family.earlier is not None else mark
        for line in family.lines:
            line.home = line.home or family.home
            if line.relation is None and alone:
                line.relation = HEAD
            if line.relation is None and line.is_new:
                line.refuse(NO_RELATION)
            elif line.relation == HEAD:
                self._head(family, line, mark)
        family.lines = [line for line in family.lines if line.why in ("made", "known")]
        if family.id is None and family.earlier is None and family.lines:
            self._kin(family, mark, today)

    def _home_on_record(self, family: Family) -> Home | None:
        """The home of a household of the register, for rows that name only the household."""
        if family.dwelling_id is None:
            return None
        place = self.areas.by_id.get(family.area_id or 0) or family.lines[0].area
        key = ("household", family.id)
        return Home(key, place, {}, id=family.dwelling_id, area_id=family.area_id)

    def _home_brought(self, family: Family) -> Home | None:
        """The home of a household that an earlier chunk brings."""
        earlier = family.earlier
        if earlier is None:
            return None
        place = self.areas.by_id.get(earlier.area_id) or family.lines[0].area
        key = ("household", earlier.mark)
        return Home(key, place, {}, address=earlier.address, area_id=earlier.area_id)

    def _head(self, family: Family, line: Line, mark: int) -> None:
        other = self.heads.get(mark, line.number)
        if other != line.number:
            line.refuse(TWO_HEADS, other=other)
        elif family.has_head is not None and family.has_head != line.person:
            line.refuse(HAS_HEAD)
        else:
            self.heads[mark], family.head = line.number, line

    def _kin(self, family: Family, mark: int, today: date) -> None:
        if family.head is None and family.kind != HouseholdKind.collective and mark not in self.heads:
            family.lines[0].remark(NO_HEAD)
        if len(family.lines) == 1 and family.head is None:
            return
        members = [Member(line.relation or "", line.birth, line.sex, line) for line in family.lines]
        for found in household_findings(members, today):
            if found.code not in SPECIAL:
                (found.ref or family.lines[0]).remark(found.message)
