"""Households: members with their relation to the head, and the home they live in. One head, code 02 (GB/T 4761)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Conflict, Finding, refuse_errors
from app.core.models import new_uid
from app.core.scope import unscoped
from app.registry.choices import HouseholdKind, ResidenceKind
from app.registry.models import Dwelling, Household, HouseholdDwelling, HouseholdMember, Person
from app.registry.rules import Member, household_findings
from app.registry.rules.household import HEAD
from app.registry.service import newcomers, wording
from app.registry.service.checks import check_code, check_fields, not_after
from app.registry.service.consents import birth_of
from app.registry.service.residences import close_residence, open_residence, open_residences
from app.registry.service.ties import last_day

FIELDS = frozenset({"household_no", "note"})
HEAD_RULE = frozenset({"no_head", "several_heads"})


def create_household(
    session: Session,
    dwelling: Dwelling,
    *,
    kind: HouseholdKind,
    now: datetime,
    household_no: str | None = None,
    note: str | None = None,
    since: date | None = None,
) -> Household:
    """A household in a home; members follow. Its area is the area of the home."""
    check_fields(session, Household, {"household_no": household_no, "note": note}, FIELDS)
    today = clock.to_local(now).date()
    day = not_after(since or today, today, field="valid_from")
    household = Household(
        area_id=dwelling.area_id,
        kind=str(HouseholdKind.parse(kind, field="kind")),
        household_no=household_no or None,
        note=note or None,
        valid_from=day,
        head_person_id=None,  # known to be empty: settle_head need not read them
        name=None,
    )
    household.dwellings.append(HouseholdDwelling(dwelling_id=dwelling.id, valid_from=day))
    session.add(household)
    session.flush()
    return household


def link_dwelling(session: Session, household: Household, dwelling: Dwelling, day: date) -> HouseholdDwelling:
    """A household lives or is registered in a home from a day on; the same open link is kept once."""
    query = select(HouseholdDwelling).where(
        HouseholdDwelling.household_id == household.id,
        HouseholdDwelling.dwelling_id == dwelling.id,
        HouseholdDwelling.valid_to.is_(None),
    )
    link = session.scalars(query).one_or_none()
    if link is None:
        link = HouseholdDwelling(household_id=household.id, dwelling_id=dwelling.id, valid_from=day)
        session.add(link)
    return link


def add_member(
    session: Session,
    household: Household,
    person: Person,
    relation: str,
    *,
    dwelling: Dwelling | None,
    actor: Actor,
    now: datetime,
    since: date | None = None,
    fields: Mapping[str, Any] | None = None,
) -> HouseholdMember:
    """A person joins a household; a membership of the same kind elsewhere ends on that day.

    With a dwelling the person's residence follows: registered for a registered household, living otherwise.
    Raises Conflict when the other household lies outside the actor's areas. Heads are settled by
    ``settle_head`` when all members are in.
    """
    check_code(session, "household_relation", relation, field="relation")
    today = clock.to_local(now).date()
    day = not_after(since or today, today, field="valid_from")
    if newcomers.rows_of(session, person, HouseholdMember) is None:
        refuse_foreign_membership(household, person, actor)
    for other in open_memberships(session, person, household.kind):
        if other.household_id == household.id:
            other.relation = relation
            return other
        end_membership(session, other, reason="moveout", actor=actor, now=now, on=day, leave_home=False)
    member = HouseholdMember(
        uid=new_uid(),
        household_id=household.id,
        person=person,
        person_id=person.id,
        relation=relation,
        valid_from=day,
    )
    session.add(member)
    if dwelling is not None:
        kind = residence_kind(household.kind)
        open_residence(
            session,
            person,
            dwelling,
            actor=actor,
            now=now,
            kind=kind,
            household=household,
            since=day,
            fields=fields,
        )
    if not newcomers.is_pending(person):
        session.flush()
    return member


def end_membership(
    session: Session,
    member: HouseholdMember,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    on: date | None = None,
    leave_home: bool = True,
) -> None:
    """A person leaves a household; with ``leave_home`` the residence held through it ends as well.

    A household that nobody belongs to any more is closed. A head who leaves others behind leaves them without a
    head: they choose a new one, and every relation is asked again.
    """
    check_code(session, "cancel_reason", reason, field="reason")
    today = clock.to_local(now).date()
    day = not_after(on or today, today, field="valid_to")
    household, person = member.household, member.person
    member.valid_to = last_day(member.valid_from, day)
    session.flush()
    if leave_home and person is not None:
        for residence in open_residences(session, person, residence_kind(household.kind)):
            if residence.household_id == household.id:
                close_residence(session, residence, reason=reason, actor=actor, now=now, on=day)
    if not settle_head(session, household):
        _close(session, household, day)


def close_if_empty(session: Session, household: Household, day: date) -> bool:
    """Close a household without members, and its place in the home."""
    if members_of(session, household):
        return False
    _close(session, household, day)
    return True


def _close(session: Session, household: Household, day: date) -> None:
    household.valid_to = last_day(household.valid_from, day)
    links = select(HouseholdDwelling).where(
        HouseholdDwelling.household_id == household.id, HouseholdDwelling.valid_to.is_(None)
    )
    for link in session.scalars(links):
        link.valid_to = last_day(link.valid_from, day)
    session.flush()


def settle_head(session: Session, household: Household) -> Sequence[HouseholdMember]:
    """Head and name of the household follow from the member with relation 02. Returns its members."""
    members = members_of(session, household)
    heads = [m for m in members if m.relation == HEAD]
    head = heads[0].person if len(heads) == 1 else None
    household.head_person_id = head.id if head else None
    household.name = wording.household_name(head.name) if head else None
    session.flush()
    return members


def check_household(
    session: Session,
    household: Household,
    today: date,
    *,
    pending_head: bool = False,
    members: Sequence[HouseholdMember] | None = None,
) -> list[Finding]:
    """What kinship, ages and sexes say. Errors (no head, two heads) raise; a collective household needs no head.

    ``pending_head``: the head has been asked for from another area and is on the way. ``members``: where the caller has
    just read them.
    """
    members = members_of(session, household) if members is None else members
    found = household_findings(
        [Member(m.relation, birth_of(m.person), m.person.sex, m) for m in members if m.person], today
    )
    without_head = household.kind == HouseholdKind.collective or pending_head
    findings = [f for f in found if not (f.code == "no_head" and without_head)]
    refuse_errors(findings)
    return findings


def members_of(session: Session, household: Household) -> Sequence[HouseholdMember]:
    """Open memberships in the order in which they were entered."""
    query = (
        select(HouseholdMember)
        .where(HouseholdMember.household_id == household.id, HouseholdMember.valid_to.is_(None))
        .order_by(HouseholdMember.id)
    )
    return session.scalars(query).all()


def home_of(session: Session, household: Household) -> Dwelling | None:
    """The home a household is linked to now; the first one where there are several."""
    query = (
        select(Dwelling)
        .join(HouseholdDwelling, HouseholdDwelling.dwelling_id == Dwelling.id)
        .where(HouseholdDwelling.household_id == household.id, HouseholdDwelling.valid_to.is_(None))
        .order_by(HouseholdDwelling.id)
    )
    return session.scalars(query).first()


def day_after(last: date, today: date) -> date:
    """The first day on which something is over, from the last day on which it held; both not in the future."""
    not_after(last, today, field="last_day")
    return min(last + timedelta(days=1), today)


def open_memberships(session: Session, person: Person, kind: str) -> Sequence[HouseholdMember]:
    """Open memberships of a person in households of a kind, as far as the actor sees them."""
    own = newcomers.rows_of(session, person, HouseholdMember)
    if own is not None:
        open_ones = [m for m in own if m.valid_to is None and m.deleted_at is None]
        return [m for m in open_ones if _is_in(session.get(Household, m.household_id), kind)]
    query = (
        select(HouseholdMember)
        .join(Household, Household.id == HouseholdMember.household_id)
        .where(
            HouseholdMember.person_id == person.id,
            HouseholdMember.valid_to.is_(None),
            Household.kind == str(kind),
        )
    )
    return session.scalars(query).all()


def _is_in(household: Household | None, kind: str) -> bool:
    return household is not None and household.deleted_at is None and household.kind == str(kind)


def refuse_foreign_membership(household: Household, person: Person, actor: Actor) -> None:
    """Conflict when the person belongs to a household of this kind outside the actor's areas."""
    query = (
        select(Area.path)
        .join(Household, Household.area_id == Area.id)
        .join(HouseholdMember, HouseholdMember.household_id == Household.id)
        .where(
            HouseholdMember.person_id == person.id,
            HouseholdMember.valid_to.is_(None),
            Household.kind == household.kind,
        )
    )
    with unscoped("does the person belong to a household outside the actor's areas?") as wide:
        paths = list(wide.scalars(query))
    if not all(actor.covers(path) for path in paths):
        text = _("This person belongs to a household in another area. Please ask for a move-in.")
        raise Conflict(text, field="name", finding="elsewhere")


def residence_kind(household_kind: str) -> ResidenceKind:
    """What belonging to a household means for where somebody is: registered, or living."""
    return ResidenceKind.registered if household_kind == HouseholdKind.registered else ResidenceKind.living
