"""Where people live and are registered. Every verb here keeps the areas that may see the person in step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.scope import unscoped
from app.registry.choices import AreaTie, FieldGroup, ResidenceKind
from app.registry.models import Dwelling, Household, Person, Residence
from app.registry.service import newcomers, sources
from app.registry.service.checks import check_code, check_fields, not_after
from app.registry.service.ties import close_tie, last_day, manage_in, open_tie

FIELDS = frozenset("outside_division outside_address dwelling_type inflow_reason came_from".split())
TIE = {ResidenceKind.living: AreaTie.residence, ResidenceKind.registered: AreaTie.registered}
MOVED = "moveout"


def open_residence(
    session: Session,
    person: Person,
    dwelling: Dwelling,
    *,
    actor: Actor,
    now: datetime,
    kind: ResidenceKind = ResidenceKind.living,
    household: Household | None = None,
    since: date | None = None,
    fields: Mapping[str, Any] | None = None,
) -> Residence:
    """A person lives (or is registered) at a home from a day on. The same open residence is kept once.

    A home of one's own kind elsewhere is left by this: one lives in one place at a time, and is registered in one.
    Raises Conflict when that other home lies outside the actor's areas: then a move-in must be asked for.
    """
    values = dict(fields or {})
    check_fields(session, Residence, values, FIELDS)
    today = clock.to_local(now).date()
    day = not_after(since or today, today, field="valid_from")
    known = open_residences(session, person, kind)
    same = next((r for r in known if r.dwelling_id == dwelling.id), None)
    if same is not None:
        same.household_id = household.id if household else same.household_id
        for key, value in values.items():
            setattr(same, key, value or None)
        return same
    if newcomers.rows_of(session, person, Residence) is None:
        refuse_foreign_home(person, kind, actor)
    new = Residence(
        person=person,
        person_id=person.id,
        dwelling_id=dwelling.id,
        household_id=household.id if household else None,
        kind=str(kind),
        valid_from=day,
        **values,
    )
    session.add(new)
    open_tie(session, person, dwelling.area_id, TIE[kind], day)
    if known or person.area_id != dwelling.area_id:
        session.flush()  # the new tie stands before an old one goes
    for old in known:
        _end(session, old, day, MOVED)
    if kind is ResidenceKind.living:
        manage_in(session, person, dwelling.area_id, day)
    sources.confirm(session, person, {FieldGroup.residence}, actor=actor, now=now)
    if not newcomers.is_pending(person):
        session.flush()
    return new


def add_home(
    session: Session,
    person: Person,
    dwelling: Dwelling | None,
    *,
    actor: Actor,
    now: datetime,
    kind: ResidenceKind,
    household: Household | None = None,
    since: date | None = None,
    fields: Mapping[str, Any] | None = None,
) -> Residence:
    """``open_residence``, or a free address outside the site for somebody whose home is not on it."""
    if dwelling is not None:
        return open_residence(
            session,
            person,
            dwelling,
            kind=kind,
            household=household,
            since=since,
            fields=fields,
            actor=actor,
            now=now,
        )
    values = dict(fields or {})
    check_fields(session, Residence, values, FIELDS)
    if not (values.get("outside_division") or values.get("outside_address")):
        raise Invalid(_("Please choose a home, or give the address outside."), field="dwelling_id")
    today = clock.to_local(now).date()
    day = not_after(since or today, today, field="valid_from")
    new = Residence(person=person, person_id=person.id, kind=str(kind), valid_from=day, **values)
    session.add(new)
    sources.confirm(session, person, {FieldGroup.residence}, actor=actor, now=now)
    session.flush()
    return new


def close_residence(
    session: Session,
    residence: Residence,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    on: date | None = None,
) -> None:
    """A residence is over from a day on. The area keeps seeing the person while it manages the record."""
    check_code(session, "cancel_reason", reason, field="end_reason")
    today = clock.to_local(now).date()
    day = not_after(on or today, today, field="valid_to")
    if residence.dwelling_id is not None and residence.dwelling is None:
        raise NotAllowed(_("That home lies outside your area."))
    # before the tie goes: afterwards the writer may not see the person any more
    sources.confirm(session, residence.person, {FieldGroup.residence}, actor=actor, now=now)
    session.flush()
    _end(session, residence, day, reason)
    session.flush()


def open_residences(session: Session, person: Person, kind: ResidenceKind) -> list[Residence]:
    """Residences in force that this session may close, that is, in homes it can see or at outside addresses."""
    own = newcomers.rows_of(session, person, Residence)
    if own is not None:
        open_ones = [r for r in own if (r.kind, r.valid_to, r.deleted_at) == (str(kind), None, None)]
        return [r for r in open_ones if r.dwelling_id is None or session.get(Dwelling, r.dwelling_id)]
    query = select(Residence).where(
        Residence.person_id == person.id, Residence.kind == str(kind), Residence.valid_to.is_(None)
    )
    return [r for r in session.scalars(query) if r.dwelling_id is None or r.dwelling is not None]


def refuse_foreign_home(person: Person, kind: ResidenceKind, actor: Actor) -> None:
    """Conflict when the person has a home of this kind outside the actor's areas."""
    query = (
        select(Area.path)
        .join(Dwelling, Dwelling.area_id == Area.id)
        .join(Residence, Residence.dwelling_id == Dwelling.id)
        .where(Residence.person_id == person.id, Residence.kind == str(kind), Residence.valid_to.is_(None))
    )
    with unscoped("does the person have a home outside the actor's areas?") as wide:
        paths = list(wide.scalars(query))
    if not all(actor.covers(path) for path in paths):
        text = _("This person lives or is registered in another area. Please ask for a move-in.")
        raise Conflict(text, field="name", finding="elsewhere")


def _end(session: Session, residence: Residence, day: date, reason: str) -> None:
    """Close the row and, when nothing else of its kind keeps it, the tie to its area."""
    residence.valid_to = last_day(residence.valid_from, day)
    residence.end_reason = reason
    if residence.dwelling is None:
        return
    area_id = residence.dwelling.area_id
    others = select(Residence.id).where(
        Residence.person_id == residence.person_id,
        Residence.kind == residence.kind,
        Residence.valid_to.is_(None),
        Residence.id != residence.id,
        Residence.dwelling.has(Dwelling.area_id == area_id),
    )
    if session.scalars(others).first() is None:
        close_tie(session, residence.person, area_id, TIE[ResidenceKind(residence.kind)], day)
