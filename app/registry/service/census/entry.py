"""What a clerk typed about one home, row by row. Plain data: nothing here has been checked yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PERSON_CODES = {
    "sex": "gender",
    "ethnic": "ethnic",
    "marital": "marital",
    "political_status": "political_status",
    "education": "education",
    "employment": "employment_status",
    "population_kind": "population_kind",
    "consistency": "household_consistency",
}
PERSON_TEXTS = frozenset(
    "occupation workplace register_division register_address native_place nationality note".split()
)
RESIDENCE_CODES = {"dwelling_type": "dwelling_type", "inflow_reason": "inflow_reason"}
RESIDENCE_TEXTS = frozenset({"came_from"})
OTHER_FIELDS = frozenset({"name", "birth", "doc_kind", "number", "phone", "groups"})
FIELDS = frozenset(PERSON_CODES) | PERSON_TEXTS | frozenset(RESIDENCE_CODES) | RESIDENCE_TEXTS | OTHER_FIELDS
HOME = "home"  # in place of a household: the complaint is about the home itself
USE, APART, ASK = "use", "apart", "ask"
DECISIONS = frozenset({"", USE, APART, ASK})


@dataclass
class MemberEntry:
    """A row. ``fields`` holds only what was typed or changed; ``ref`` names the row in answers.

    ``person`` is the uid of somebody known (a member already, or chosen from a match); ``same_as`` points at
    another row of the page that brings a new person. ``leave`` is the reason why a member is taken out.
    """

    ref: str
    membership: str | None = None
    membership_version: int | None = None
    person: str | None = None
    person_version: int | None = None
    same_as: str | None = None
    relation: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    decision: str = ""
    number_reason: str = ""
    dup_reason: str = ""
    leave: str | None = None

    @property
    def is_blank(self) -> bool:
        """An empty row at the end of the list, or one in which only an offered default stands."""
        typed = {key for key, value in self.fields.items() if value not in ("", None, [])}
        known = self.membership or self.person or self.same_as
        return not known and not typed & {"name", "number", "birth", "phone"}


@dataclass
class HouseholdEntry:
    """A household of the page; without ``uid`` it is new. ``version`` is checked when the head lines changed."""

    ref: str
    uid: str | None = None
    version: int | None = None
    kind: str = "living"
    household_no: str | None = None
    note: str | None = None
    changed: bool = False
    fields: dict[str, str] | None = None  # custom fields; None where the page knows of none
    members: list[MemberEntry] = field(default_factory=list)


@dataclass
class HomeEntry:
    """What was typed into the custom fields of the home itself; ``version`` is that of the home on the page."""

    version: int | None = None
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class DwellingEntry:
    """Everything that one press of “save” sends. ``home`` is None where the page has no fields of the home; ``asked`` are
    the custom fields that the page shows: a newer one cannot be filled in there.
    """

    client_uid: str
    households: list[HouseholdEntry] = field(default_factory=list)
    source: str = "grid"
    home: HomeEntry | None = None
    asked: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Problem:
    """Something at one field of one row. A problem stops the saving; a warning (``stops`` False) does not.

    ``needs`` names what would settle it: ``reason`` (of the number), ``decision`` (about a match), ``version``.
    """

    member: str | None
    field: str
    code: str
    message: Any
    household: str | None = None
    stops: bool = True
    needs: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
