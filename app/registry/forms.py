"""What the registry's own pages take in: the clerk's JSON, the building wizard, a house in the countryside."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext as _

from app.areas.models import Area
from app.core.errors import Invalid
from app.core.views.fields import RecordForm
from app.core.widgets import ChoiceField, CodeField, Needed, RemoteField, TextField, WholeField, clean
from app.registry.choices import RoomPattern
from app.registry.service.census import (
    DwellingEntry,
    EntryRefused,
    HouseholdEntry,
    MemberEntry,
    Problem,
)
from app.registry.service.census.entry import DECISIONS, FIELDS, HOME, HomeEntry

MOST_HOUSEHOLDS, MOST_MEMBERS, LONGEST = 20, 80, 300
MOST_ASKED = 1000
DRAFT_FORM = 1  # of the draft's shape: an older page may have kept another
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EXTRA = re.compile(r"x_f[0-9]{1,4}")  # a custom field; which ones are asked is looked up later
_REF = re.compile(r"[A-Za-z0-9_:-]{1,60}")
_BROKEN = _("The page sent something that cannot be read. Please reload it; your entry is kept.")


class Typed:
    """Texts as they were typed into one page: what cannot be stored is noted at its field, for the clerk to mend."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def read(self, value: Any, field: str, *, member: str | None = None, household: str | None = None) -> str:
        """The text without outer blanks; empty when it is too long for any field or holds control characters."""
        if value is None:
            return ""
        if not isinstance(value, str):
            return _fail()
        try:
            if len(value) <= LONGEST:
                return clean(value) or ""
            code, message = "too_long", _("Please keep this to %(most)s characters.", most=LONGEST)
        except ValueError as refusal:
            code, message = "characters", str(refusal)
        self.problems.append(Problem(member, field, code, message, household=household))
        return ""

    def refuse(self) -> None:
        """Raise EntryRefused when something was noted."""
        if self.problems:
            raise EntryRefused(self.problems)


def read_entry(data: Any) -> DwellingEntry:
    """The entry of a home from JSON. Raises Invalid for anything that our page does not send, and EntryRefused with
    the fields in which there is text that cannot be stored.
    """
    body, typed = _dict(data), Typed()
    households = [_household(h, typed) for h in _list(body.get("households"), MOST_HOUSEHOLDS)]
    refs = [m.ref for h in households for m in h.members] + [h.ref for h in households]
    if len(refs) != len(set(refs)):
        raise Invalid(_BROKEN)
    uid = _uid(body.get("client_uid")) or _fail()
    home = _home(body["home"], typed) if body.get("home") is not None else None
    asked = frozenset(_code(key) for key in _list(body.get("asked") or [], MOST_ASKED))
    typed.refuse()
    return DwellingEntry(uid, households, _code(body.get("source")) or "grid", home, asked)


def read_draft(data: Any) -> dict[str, Any]:
    """What the page keeps while somebody types: households with their rows. Raises Invalid for another shape, which
    the page could not be opened with again.
    """
    body = _dict(data)
    if body.get("form") != DRAFT_FORM:
        raise Invalid(_BROKEN)
    for household in _list(body.get("households"), MOST_HOUSEHOLDS):
        for member in _list(_dict(household).get("members"), MOST_MEMBERS):
            _dict(_dict(member).get("fields", {}))
    _dict(body.get("home") or {})
    return dict(body)


def read_row(data: Any) -> MemberEntry:
    """One row from JSON, while it is being typed."""
    typed = Typed()
    row = _member(data, typed)
    typed.refuse()
    return row


def _member(data: Any, typed: Typed) -> MemberEntry:
    row = _dict(data)
    ref, decision = _ref(row.get("ref")), _code(row.get("decision"))
    if decision not in DECISIONS:
        raise Invalid(_BROKEN)
    return MemberEntry(
        ref=ref,
        membership=_uid(row.get("membership")),
        membership_version=_number(row.get("membership_version")),
        person=_uid(row.get("person")),
        person_version=_number(row.get("person_version")),
        same_as=_ref(row["same_as"]) if row.get("same_as") else None,
        relation=_code(row.get("relation")) or None,
        fields=_fields(row.get("fields") or {}, ref, typed),
        decision=decision,
        number_reason=typed.read(row.get("number_reason"), "number", member=ref),
        dup_reason=typed.read(row.get("dup_reason"), "number", member=ref),
        leave=_code(row.get("leave")) or None,
    )


def _household(data: Any, typed: Typed) -> HouseholdEntry:
    given = _dict(data)
    ref = _ref(given.get("ref"))
    return HouseholdEntry(
        ref=ref,
        uid=_uid(given.get("uid")),
        version=_number(given.get("version")),
        kind=_code(given.get("kind")) or "living",
        household_no=typed.read(given.get("household_no"), "household_no", household=ref) or None,
        note=typed.read(given.get("note"), "note", household=ref) or None,
        changed=given.get("changed") is True,
        fields=_own(given["fields"], ref, typed) if "fields" in given else None,
        members=[_member(m, typed) for m in _list(given.get("members"), MOST_MEMBERS)],
    )


def _home(data: Any, typed: Typed) -> HomeEntry:
    given = _dict(data)
    return HomeEntry(_number(given.get("version")), _own(given.get("fields") or {}, HOME, typed))


def _own(data: Any, ref: str, typed: Typed) -> dict[str, str]:
    """Custom fields of a household, or of the home."""
    fields = _dict(data)
    if not all(_EXTRA.fullmatch(key) for key in fields):
        raise Invalid(_BROKEN)
    return {key: typed.read(value, key, household=ref) for key, value in fields.items()}


def _fields(data: Any, ref: str, typed: Typed) -> dict[str, Any]:
    given = _dict(data)
    if any(key not in FIELDS and not _EXTRA.fullmatch(key) for key in given):
        raise Invalid(_BROKEN)
    return {
        key: [_code(code) for code in _list(value, 40)]
        if key == "groups"
        else typed.read(value, key, member=ref)
        for key, value in given.items()
    }


def _dict(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else _fail()


def _list(data: Any, most: int) -> list[Any]:
    return data if isinstance(data, list) and len(data) <= most else _fail()


def _code(value: Any) -> str:
    """Something the page chose from a list; whether it is in the list is looked up later."""
    if value is None:
        return ""
    return value if isinstance(value, str) and len(value) <= LONGEST and "\x00" not in value else _fail()


def _ref(value: Any) -> str:
    return value if isinstance(value, str) and _REF.fullmatch(value) else _fail()


def _uid(value: Any) -> str | None:
    if value in (None, ""):
        return None
    return value if isinstance(value, str) and _UID.fullmatch(value) else _fail()


def _number(value: Any) -> int | None:
    if value is None:
        return None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else _fail()


def _fail() -> Any:
    raise Invalid(_BROKEN)


class WizardForm(RecordForm):
    """A building with its staircases, floors and flats in one step."""

    area = RemoteField(_("Grid"), [Needed()], model=Area)
    estate = TextField(_("Estate"), length=80)
    name = TextField(
        _("Building"), [Needed()], length=80, description=_("Name or number, such as 3"), nullable=False
    )
    road = TextField(_("Road"), length=80)
    door_no = TextField(_("Number on the road"), length=40)
    building_type = CodeField(_("Kind of building"), source="building_type")
    units = WholeField(_("Staircases"), [Needed()], default=1)
    floors = WholeField(_("Floors"), [Needed()], default=6)
    flats = WholeField(_("Flats on each floor"), [Needed()], default=4)
    first_floor = WholeField(_("Lowest floor with flats"), [Needed()], default=1)
    pattern = ChoiceField(_("Numbering"), [Needed()], source=RoomPattern, default="floor_flat")
    skipped_floors = TextField(_("Floors left out"), length=120, description=_("Such as 4, 13"))
    skipped_rooms = TextField(_("Rooms left out"), length=300, description=_("Such as 101, 102"))


class HouseForm(RecordForm):
    """Houses in the countryside: a village group and one number or many."""

    area = RemoteField(_("Grid"), [Needed()], model=Area)
    village_group = TextField(_("Village group"), length=60)
    road = TextField(_("Road"), length=80)
    numbers = TextField(
        _("House numbers"),
        [Needed()],
        length=300,
        description=_("One number, a list (1, 2, 5) or a span (1-30)"),
        nullable=False,
    )
    housing_use = CodeField(_("Use"), source="housing_use")
