"""What the registry knows of a person, and for which services that makes them qualify (S0-61: 应享未享)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import bindparam, literal, null, select, union_all
from sqlalchemy.orm import Session, contains_eager, load_only

from app import seeds
from app.core import codes
from app.core.criteria import steady
from app.core.errors import Finding, warning
from app.core.models import BigKey
from app.proxy.choices import Verdict
from app.proxy.models import ServiceItem, ServiceItemVersion
from app.proxy.rules import criteria as parts
from app.proxy.rules.entitlement import CODE_LISTS, Answer, Facts, Named, answer
from app.proxy.service.catalogue import in_force
from app.registry.choices import CLOSED_LEVEL, HouseholdKind
from app.registry.models import Household, HouseholdMember, Person, PersonArea, PersonGroup
from app.registry.rules import age_on
from app.registry.service.consents import birth_of
from app.registry.service.derived import GRADE, SOURCE

GROUP, HOUSEHOLD, HERE = "group", "household", "here"
HERE_KINDS = frozenset({"registered", "left_behind"})  # kinds of residents whose registration is here
FIELDS = ("sex", "marital", "employment")
OPEN_LEVELS = frozenset({"L1", "L2", "L3"})  # services whose name may stand outside a page of their own


@dataclass(frozen=True, slots=True)
class Told:
    """The answer for one service: an entity, or columns of one."""

    version: Any
    answer: Answer


@lru_cache(maxsize=1)
def seeded() -> dict[str, dict[str, Any]]:
    """Default criteria by item, each with its source (``seeds/entitlements.yaml``)."""
    found: dict[str, dict[str, Any]] = seeds.read("entitlements")["items"]
    return found


def closed_groups(session: Session) -> frozenset[str]:
    """Groups of level 5: no condition may ask for them."""
    listed = codes.codes(session, CODE_LISTS["groups"]).values()
    return frozenset(c.code for c in listed if c.attributes.get("sensitivity") == CLOSED_LEVEL)


def knows(session: Session) -> parts.Knows:
    """Whether a list has a code today."""
    return lambda name, code: code in codes.codes(session, name)


def names(session: Session) -> Named:
    """The words of a code."""

    def named(list_name: str, code: str) -> str:
        if list_name == HOUSEHOLD:
            return str(HouseholdKind.label_of(code))
        return codes.label(session, list_name, code)

    return named


# --- facts ------------------------------------------------------------------------------------------------------------


def facts_of(session: Session, person: Person, day: date, *, with_health: bool = True) -> Facts:
    """What the session may see of a person, in one statement; ``with_health`` False leaves the grade of a disability and
    groups of level 4 unread, for pages where no word of them may stand.
    """
    groups, homes, is_here = set(), set(), False
    grade = None
    for row in session.execute(_facts_query(with_health), {"person": person.id}):
        if row.what == GROUP:
            groups.add(row.code)
        elif row.what == HOUSEHOLD:
            homes.add(row.code)
        else:
            is_here = True
    if with_health and SOURCE in groups:
        grade = _grade_of(session, person.id)
    return Facts(
        age=age_on(birth_of(person), day),
        groups=frozenset(groups),
        household=frozenset(homes) or None,
        registered=True if is_here else _registered(person),
        disability_grade=grade,
        population=person.population_kind,
        **{name: getattr(person, name) for name in FIELDS},
    )


@lru_cache(maxsize=2)
def _facts_query(with_health: bool) -> Any:
    """Built once: to put it together costs more than to run it."""
    me: Any = bindparam("person", type_=BigKey)
    groups = select(literal(GROUP).label("what"), PersonGroup.group_code.label("code")).where(
        PersonGroup.person_id == me, PersonGroup.valid_to.is_(None)
    )
    if not with_health:
        groups = groups.where(PersonGroup.level.in_(sorted(OPEN_LEVELS)))
    homes = (
        select(literal(HOUSEHOLD), Household.kind)
        .join(HouseholdMember, HouseholdMember.household_id == Household.id)
        .where(HouseholdMember.person_id == me, HouseholdMember.valid_to.is_(None))
    )
    here = select(literal(HERE), null()).where(
        PersonArea.person_id == me, PersonArea.kind == "registered", PersonArea.valid_to.is_(None)
    )
    found = union_all(groups, homes, here).subquery()
    return steady(select(found.c.what, found.c.code).execution_options(by_key=True))


def _grade_of(session: Session, person_id: int) -> str | None:
    query = select(PersonGroup).where(
        PersonGroup.person_id == person_id, PersonGroup.group_code == SOURCE, PersonGroup.valid_to.is_(None)
    )
    row = session.scalars(query.limit(1)).first()
    return ((row.details or {}).get(GRADE) or None) if row is not None else None


def _registered(person: Person) -> bool | None:
    """Registration by the kind of resident. A floating resident may be registered in another town of the county: unknown."""
    if person.population_kind in HERE_KINDS:
        return True
    return False if person.population_kind in {"overseas", "unregistered"} else None


# --- answers ----------------------------------------------------------------------------------------------------------


def offered(session: Session, day: date) -> list[ServiceItemVersion]:
    """Versions in force in catalogue order, with what an answer needs."""
    version = ServiceItemVersion
    query = in_order(select(version), day).options(
        contains_eager(version.item).load_only(ServiceItem.code, ServiceItem.seq),
        load_only(version.name, version.kind, version.sensitivity, version.audience, version.criteria),
    )
    return list(session.scalars(query))


def in_order(query: Any, day: date) -> Any:
    """A select of versions: those in force, as the catalogue has them."""
    return (
        query.join(ServiceItemVersion.item)
        .where(ServiceItem.active, *in_force(day))
        .order_by(ServiceItem.seq, ServiceItemVersion.number.desc())
    )


def open_ones(session: Session, day: date) -> list[Any]:
    """(name, kind, criteria) of the versions in force whose name may stand on the page of a person."""
    return list(session.execute(_open_ones(day)))


@lru_cache(maxsize=4)
def _open_ones(day: date) -> Any:
    """Built once a day; columns, for a page of a person writes nothing there and an entity costs more than its row."""
    version = ServiceItemVersion
    query = in_order(select(version.name, version.kind, version.criteria), day)
    return steady(query.where(version.sensitivity.in_(sorted(OPEN_LEVELS))))


def told(session: Session, versions: Iterable[Any], facts: Facts) -> Iterator[Told]:
    """The answer for each service."""
    named = names(session)
    for version in versions:
        yield Told(version, answer(version.criteria, facts, named))


def answer_for(session: Session, person: Person, version: ServiceItemVersion, day: date) -> Answer:
    """Whether a person qualifies for one service on a day."""
    return answer(version.criteria, facts_of(session, person, day), names(session))


def load_criteria(session: Session) -> int:
    """Give the default criteria to default versions that say nothing of who qualifies; returns how many.

    Published versions never change, as cases point at them. Who qualifies is the one thing that may be added to one, once,
    while it is empty: no case keeps it, no paper prints it, and no step goes by it. What a site wrote itself, also
    a later version without criteria, is left alone (`models.items`).
    """
    version, filled = ServiceItemVersion, 0
    query = select(version, ServiceItem.code).join(version.item)
    query = query.where(version.number == 1, version.state == "published", version.criteria.is_(None))
    for row, code in session.execute(query):
        known = seeded().get(code)
        if known is not None and not row.updated_by:
            row.criteria, filled = known["criteria"], filled + 1
    session.flush()
    return filled


def doubts(session: Session, person: Person, version: ServiceItemVersion, day: date) -> list[Finding]:
    """What the data say against a booking, in one sentence. It is told and keeps nobody from booking."""
    found = answer_for(session, person, version, day)
    if found.verdict is not Verdict.no:
        return []
    why = "; ".join(f"{r.condition} ({r.found})" for r in found.reasons)
    words = _("By the data the resident does not qualify for this service: %(why)s. It was booked.", why=why)
    return [warning("entitlement", "item", words)]
