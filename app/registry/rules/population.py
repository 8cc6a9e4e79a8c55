"""What kind of resident somebody is, and when a rented home holds too many. Suggestions; the clerk decides."""

import re
from dataclasses import dataclass

from flask_babel import lazy_gettext as _

from app.core.errors import Finding, warning
from app.registry.rules.id_number import FEMALE

# passports and permits of people without mainland household registration (GA/T 517 and local codes)
OVERSEAS_KINDS = frozenset({"414", "511", "516", "553", "554", "Z10", "Z20"})
MIN_AREA_M2 = 5.0
MAX_PER_ROOM = 2
CHILD_UNDER, ELDER_FROM = 16, 60
_DIVISION = re.compile(r"[0-9]{6,15}")


@dataclass(frozen=True)
class PopulationHint:
    """Codes of the lists `population_kind` and `household_consistency` (None where it does not apply)."""

    kind: str
    consistency: str | None


def suggest_population(
    *,
    living_code: str,
    registered_code: str | None,
    document_kind: str | None = None,
    nationality: str | None = None,
    has_registration: bool = True,
) -> PopulationHint | None:
    """The likely kind from the division codes of the registered and the living address (6 to 15 digits).

    Overseas by document, unless a passport's holder is Chinese; unregistered without any household registration;
    floating when registered in another county; registered otherwise, consistent only inside the same community
    (12 digits). None when it cannot be told.
    """
    foreign_passport = document_kind == "414" and nationality not in (None, "", "CHN")
    if foreign_passport or document_kind in OVERSEAS_KINDS - {"414"}:
        return PopulationHint("overseas", None)
    if not has_registration:
        return PopulationHint("unregistered", None)
    registered = registered_code or ""
    if not _DIVISION.fullmatch(registered) or not _DIVISION.fullmatch(living_code):
        return None
    if registered[:6] != living_code[:6]:
        return PopulationHint("floating", "02")
    if min(len(registered), len(living_code)) < 12:
        return PopulationHint("registered", None)
    return PopulationHint("registered", "01" if registered[:12] == living_code[:12] else "02")


def left_behind_type(age: int, sex: str | None) -> str:
    """Code of the list `left_behind_type`: child under 16, elder from 60, woman, other."""
    if age < CHILD_UNDER:
        return "01"
    if age >= ELDER_FROM:
        return "02"
    return "03" if sex == FEMALE else "99"


FLOATING, OVERSEAS, LEFT_BEHIND, REGISTERED = "floating", "overseas", "left_behind", "registered"
STAYS = (FLOATING, OVERSEAS, LEFT_BEHIND)


def kind_of_stays(kind: str | None, stays: frozenset[str], *, is_registered_here: bool) -> str | None:
    """The kind of resident that agrees with the open stays, nearest to the present ``kind``.

    Left behind overlays registered: the kind stays. When the last stay ends, whoever is registered here is a registered
    resident; of others nothing is known, so the kind is asked for again.
    """
    for stay in (OVERSEAS, FLOATING):
        if stay in stays:
            return stay
    if LEFT_BEHIND in stays:
        return kind if kind in {REGISTERED, LEFT_BEHIND} else LEFT_BEHIND
    if kind in STAYS:
        return REGISTERED if is_registered_here or kind == LEFT_BEHIND else None
    return kind


def stays_of_kind(kind: str | None, stays: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """(stays to open, stays to end) so that they agree with a kind that somebody chose; an unknown kind says nothing.

    Registered people may stay left behind; the other kinds stand alone.
    """
    if kind is None:
        return frozenset(), frozenset()
    wanted = frozenset({kind}) & frozenset(STAYS)
    overlaid = frozenset({LEFT_BEHIND}) if kind == REGISTERED else frozenset()
    return wanted - stays, stays - wanted - overlaid


def crowding_finding(
    people: int,
    *,
    area_m2: float | None = None,
    rooms: int | None = None,
    min_area_m2: float = MIN_AREA_M2,
    max_per_room: int = MAX_PER_ROOM,
) -> Finding | None:
    """Warning when a let home holds too many: square metres a head, or people a bedroom.

    The minimum area is set by each city (Housing Rental Regulations 2025, Administrative Measures for the Leasing
    of Commodity Housing art. 8), so both limits are arguments. None when it is fine or nothing is known.
    """
    if area_m2 and people and area_m2 / people < min_area_m2:
        text = _(
            "%(people)s people in %(area)s m²: below %(limit)s m² a head.",
            people=people,
            area=f"{area_m2:g}",
            limit=f"{min_area_m2:g}",
        )
        return warning("over_occupied", "head_count", text)
    if rooms and people > rooms * max_per_room:
        text = _(
            "%(people)s people in %(rooms)s rooms: more than %(limit)s a room.",
            people=people,
            rooms=rooms,
            limit=max_per_room,
        )
        return warning("over_occupied", "head_count", text)
    return None
