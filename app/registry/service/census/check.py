"""All of an entry checked before anything is written, so that every complaint reaches its field at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.interface import facts_of
from app.registry.choices import HouseholdKind, MatchPlace
from app.registry.models import Dwelling, Household, HouseholdMember, Person
from app.registry.queries import cards
from app.registry.rules import Member, document_key, household_findings
from app.registry.service import awaited, matching
from app.registry.service.census import extras, home
from app.registry.service.census.entry import APART, ASK, DwellingEntry, HouseholdEntry, MemberEntry, Problem
from app.registry.service.census.parse import Row, read_row
from app.registry.service.checks import check_code

NO_HEAD = "no_head"


class EntryRefused(DomainError):
    """The entry cannot be saved as it stands; ``problems`` says why, field by field."""

    status = 422
    code = "entry"
    default = _("Some fields need your attention.")

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__()
        self.problems = list(problems)


@dataclass
class CheckedHousehold:
    """A household of the entry with its rows; ``household`` is None for a new one."""

    entry: HouseholdEntry
    household: Household | None
    rows: list[Row] = field(default_factory=list)
    members: dict[str, HouseholdMember] = field(default_factory=dict)
    values: home.Values = field(default_factory=dict)


@dataclass
class Checked:
    """An entry ready to be written. ``asked`` maps a row to the id of the person to be asked for, server side only."""

    dwelling: Dwelling
    entry: DwellingEntry
    households: list[CheckedHousehold] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    home: home.Values = field(default_factory=dict)

    @property
    def rows(self) -> list[Row]:
        return [row for household in self.households for row in household.rows]


def check_entry(
    session: Session, dwelling: Dwelling, entry: DwellingEntry, *, actor: Actor, now: datetime
) -> Checked:
    """Check everything; raises EntryRefused with all problems and warnings when one of them stops the saving.

    Call it outside the unit of work: look-ups elsewhere are logged in a transaction of their own.
    """
    today = clock.to_local(now).date()
    checked = Checked(dwelling, entry)
    check_code(session, "data_source", entry.source, field="source")
    for given in entry.households:
        members = [m for m in given.members if not m.is_blank]
        if not members and given.uid is None:
            continue
        part = _open_household(session, dwelling, given, checked)
        known, problems = part.household, checked.problems
        part.values = home.read_household(session, dwelling, known, given, problems, actor)
        for member in members:
            part.rows.append(_open_row(session, member, part, checked, actor=actor, today=today))
        checked.households.append(part)
    extras.read(session, checked.rows, extras.asked(session, actor, dwelling.area_id), entry.asked)
    checked.home = home.read(session, dwelling, entry, checked.problems, actor)
    _check_twice(checked)
    for row in checked.rows:
        check_match(session, row, checked.asked, actor=actor, now=now)
    _check_links(checked)
    for part in checked.households:
        _check_kin(part, checked, today)
    found = checked.problems + [problem for row in checked.rows for problem in row.problems]
    if any(problem.stops for problem in found):
        raise EntryRefused(found)
    checked.problems = found
    return checked


def check_row(session: Session, entry: MemberEntry, *, actor: Actor, now: datetime) -> Row:
    """One row while it is being typed: what the number says, what is odd, who it might be (throttled, logged)."""
    today = clock.to_local(now).date()
    member = session.scalars(select(HouseholdMember).where(HouseholdMember.uid == (entry.membership or "")))
    known = member.one_or_none()
    person = known.person if known is not None else _person(session, entry.person)
    row = read_row(session, entry, person, actor=actor, today=today)
    row.problems = [p for p in row.problems if p.code != "missing"]
    check_match(session, row, {}, actor=actor, now=now, typing=True)
    return row


def _open_household(
    session: Session, dwelling: Dwelling, given: HouseholdEntry, checked: Checked
) -> CheckedHousehold:
    HouseholdKind.parse(given.kind, field="kind")
    household = None
    if given.uid is not None:
        household = session.scalars(select(Household).where(Household.uid == given.uid)).one_or_none()
        if household is None or not (
            household.valid_to is None or awaited.still_expected(session, household, dwelling.id)
        ):
            text = _("This household is no longer there. Please reload the page; your entry is kept.")
            checked.problems.append(Problem(None, "kind", "gone", text, household=given.ref))
        elif given.changed and given.version != household.version:
            text = _("Somebody else changed this household in the meantime.")
            data = {
                "version": household.version,
                "theirs": {"household_no": household.household_no or "", "note": household.note or ""},
            }
            checked.problems.append(
                Problem(None, "household_no", "stale", text, household=given.ref, needs="version", data=data)
            )
    for name in ("household_no", "note"):
        longest = facts_of(Household)[name].length or 0
        if len(getattr(given, name) or "") > longest:
            text = _("Please keep this to %(most)s characters.", most=longest)
            checked.problems.append(Problem(None, name, "too_long", text, household=given.ref))
    part = CheckedHousehold(given, household)
    uids = [m.membership for m in given.members if m.membership]
    if household is not None and uids:
        query = select(HouseholdMember).where(
            HouseholdMember.household_id == household.id, HouseholdMember.uid.in_(uids)
        )
        part.members = {m.uid: m for m in session.scalars(query)}
    return part


def _open_row(
    session: Session,
    entry: MemberEntry,
    part: CheckedHousehold,
    checked: Checked,
    *,
    actor: Actor,
    today: Any,
) -> Row:
    member = part.members.get(entry.membership or "")
    person = member.person if member is not None else _person(session, entry.person)
    row = read_row(session, entry, person, actor=actor, today=today)
    lost = (entry.membership and member is None) or (entry.person and person is None)
    if lost or (member is not None and member.valid_to is not None):
        text = _("This member is no longer in the household. Please reload the page; your entry is kept.")
        row.complain("name", "gone", text)
        return row
    if (
        member is not None
        and entry.relation != member.relation
        and entry.membership_version != member.version
    ):
        data = {"membership_version": member.version, "theirs": {"relation": member.relation}}
        row.complain("relation", "stale", _STALE, needs="version", data=data)
    typed = entry.fields.keys() & {"name", "birth", *cards.EDITED}
    if person is not None and typed and entry.person_version != person.version:
        data = {"person_version": person.version, "theirs": cards.field_values(person, typed)}
        row.complain(sorted(typed)[0], "stale", _STALE, needs="version", data=data)
    return row


_STALE = _("Somebody else changed this person in the meantime. Compare, then keep yours or take theirs.")


def _person(session: Session, uid: str | None) -> Person | None:
    if not uid:
        return None
    return session.scalars(select(Person).where(Person.uid == uid)).one_or_none()


def _check_twice(checked: Checked) -> None:
    """The same document or the same known person on two rows that are not two places of one person."""
    seen: dict[Any, str] = {}
    for part in checked.households:
        in_part: set[int] = set()
        for row in part.rows:
            if row.person is not None:
                if row.person.id in in_part:
                    row.complain("name", "twice", _("This person is already in the household."))
                in_part.add(row.person.id)
            key = document_key(row.doc_kind or "", row.number) if row.number else None
            if key is not None and key in seen:
                row.complain("number", "twice", _("The same number stands in another row."))
            elif key is not None:
                seen[key] = row.entry.ref


def check_match(
    session: Session, row: Row, asked: dict[str, int], *, actor: Actor, now: datetime, typing: bool = False
) -> None:
    """Compare a new person, or a newly typed number, with everybody known; a decision settles what is found."""
    needed = (row.is_new and (row.number or (row.name and row.birth))) or (
        row.person is not None and row.number
    )
    if not needed or any(p.field == "number" and p.code in ("length", "characters") for p in row.problems):
        return
    what: dict[str, Any] = {"kind": row.doc_kind, "number": row.number}
    what |= (
        {"other_than": [row.person.id]}
        if row.person is not None
        else {"name": row.name, "birth": row.birth, "sex": row.sex, "phone": row.phone}
    )
    if typing:
        matches = matching.look_up(session, actor=actor, now=now, **what)
    else:
        matching.check_throttle(session, actor, now)
        matches = matching.find(session, **what)
    inside = [m for m in matches if m.place is MatchPlace.inside]
    if inside:
        _settle_inside(session, row, inside)
    elif matches:
        _settle_elsewhere(row, matches[0], asked, actor=actor, typing=typing)


def _settle_inside(session: Session, row: Row, inside: list[matching.Match]) -> None:
    by_document = inside[0].how == matching.DOCUMENT
    if row.entry.decision == APART and (row.entry.dup_reason.strip() or not by_document):
        return
    people = [m.person for m in inside if m.person is not None]
    data = {"how": inside[0].how, "people": [cards.card(session, person) for person in people[:5]]}
    if row.entry.decision == APART:
        text = _("Please say why both records keep this number.")
        row.complain("number", "match", text, needs="dup_reason", data=data)
        return
    text = _("This document is already registered in your area. Use that record or keep both apart.")
    if inside[0].how == matching.NAME_BIRTH:
        text = _("Somebody with this name and birth date is already registered in your area.")
    elif not by_document:
        text = _("Somebody in your area may be the same person. Use that record or keep both apart.")
    row.complain("number" if by_document else "name", "match", text, needs="decision", data=data)


def _settle_elsewhere(
    row: Row, match: matching.Match, asked: dict[str, int], *, actor: Actor, typing: bool
) -> None:
    by_document = match.how == matching.DOCUMENT
    if row.entry.decision == ASK and row.person is None:
        asked[row.entry.ref] = match.person_id
        return
    if row.entry.decision == APART and not by_document:
        return
    if not typing:
        matching.log(actor, matching.ELSEWHERE, match)
    text = _("This person is registered elsewhere. You may ask for a move-in.")
    row.complain(
        "number" if by_document else "name", "elsewhere", text, needs="decision", data={"how": match.how}
    )


def _check_links(checked: Checked) -> None:
    refs = {row.entry.ref for row in checked.rows if not row.entry.same_as}
    for row in checked.rows:
        if row.entry.same_as and row.entry.same_as not in refs:
            row.complain("name", "gone", _("The row this one repeats is no longer there."))
        if row.entry.same_as in checked.asked:
            text = _("This person has only been asked for and cannot stand here yet.")
            row.complain("name", "elsewhere", text)


def _check_kin(part: CheckedHousehold, checked: Checked, today: Any) -> None:
    """Head and kinship of those who will be in the household; who is asked for counts as head on the way."""
    by_ref = {row.entry.ref: row for row in checked.rows}
    members, staying = [], [row for row in part.rows if row.entry.leave is None]
    for row in staying:
        source = by_ref.get(row.entry.same_as or "", row)
        members.append(Member(row.entry.relation or "", source.birth, source.sex, row))
    collective = part.entry.kind == HouseholdKind.collective
    if not members or any(not m.relation for m in members):
        return
    for finding in household_findings(members, today):
        if finding.code == NO_HEAD and collective:
            continue
        row = finding.ref or staying[0]
        row.complain("relation", finding.code, finding.message, stops=finding.is_error)
