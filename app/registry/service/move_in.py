"""Move-in between areas (guards, section 1): ask, agree, decline, withdraw. The table stands in rules/move_in.py.

The side that asks never sees the person: the request holds the name as it was typed. The side that holds the person
decides. Agreeing moves residence, household and ties in one unit without row scope: it writes on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid, NotFound
from app.core.scope import unscoped
from app.core.session import unit_of_work
from app.inbox.service import notify
from app.registry.choices import EventKind, EventRole, HouseholdKind, MoveInAction, MoveInNotice, MoveInState
from app.registry.models import Dwelling, Household, HouseholdMember, MoveInRequest, MoveInStep, Person
from app.registry.rules.household import HEAD
from app.registry.rules.move_in import DECIDERS, MACHINE
from app.registry.service import awaited, households
from app.registry.service.checks import check_code, expect_version, not_after
from app.registry.service.life.entering import Told, entering
from app.registry.service.posts import nearest_users

INBOX = "move_in"
SEPARATED = "02"


def ask(
    session: Session,
    person_id: int,
    dwelling: Dwelling,
    *,
    entered_name: str,
    actor: Actor,
    now: datetime,
    household: Household | None = None,
    relation: str | None = None,
    reason: str | None = None,
) -> MoveInRequest:
    """Ask the other side for a person found by a match. Asking again for the same home while it is open makes no
    second request; for another home it is refused: the first one has to be withdrawn.

    ``person_id`` comes from ``matching``, never from a form. Needs the home the person is to live in.
    """
    if relation:
        check_code(session, "household_relation", relation, field="relation")
    step = MACHINE.apply(None, MoveInAction.ask, [actor.role], {"home": dwelling.uid, "reason": reason})
    today = clock.to_local(now).date()
    request = _open_request(session, person_id, dwelling)
    if request is not None:
        return _ask_again(session, request, dwelling, household, relation, today)
    holder, deciders = _holder(person_id, today)
    request = MoveInRequest(
        person_id=person_id,
        from_area_id=holder,
        to_area_id=dwelling.area_id,
        dwelling_id=dwelling.id,
        household_id=household.id if household else None,
        relation=relation or None,
        entered_name=entered_name.strip()[:50],
        reason=(reason or "").strip()[:200] or None,
        state=str(step.target),
    )
    session.add(request)
    session.flush()
    session.add(
        MoveInStep.of(
            step.action, None, step.target, actor=actor, now=now, reason=reason, request_id=request.id
        )
    )
    _tell(session, now, deciders, MoveInNotice.asked, request)
    return request


def _open_request(session: Session, person_id: int, dwelling: Dwelling) -> MoveInRequest | None:
    query = select(MoveInRequest).where(
        MoveInRequest.person_id == person_id,
        MoveInRequest.to_area_id == dwelling.area_id,
        MoveInRequest.state == str(MoveInState.asked),
    )
    return session.scalars(query).first()


def _ask_again(
    session: Session,
    request: MoveInRequest,
    dwelling: Dwelling,
    household: Household | None,
    relation: str | None,
    today: date,
) -> MoveInRequest:
    if request.dwelling_id != dwelling.id:
        text = _("This person has been asked for already, into another home. Withdraw that request first.")
        raise Conflict(text, field="name", finding="asked")
    before = request.household_id
    request.relation = relation or request.relation
    if household is not None and household.id != before:
        request.household_id = household.id
        session.flush()
        awaited.drop(session, before, today)
    return request


def waiting_household(session: Session, person_id: int, dwelling: Dwelling, kind: str) -> Household | None:
    """The household of a home in which an open request already awaits the person."""
    request = _open_request(session, person_id, dwelling)
    if request is None or request.dwelling_id != dwelling.id or request.household_id is None:
        return None
    household = session.get(Household, request.household_id)
    if household is None or household.kind != kind:
        return None
    return household if household.valid_to is None or awaited.has_not_begun(household) else None


@contextmanager
def both_sides() -> Iterator[Session]:
    """A unit of work on both sides of the wall; ``decide`` runs in it."""
    with unscoped("a move-in changes the area that gives and that takes") as wide, unit_of_work(wide):
        yield wide


def sides(request: MoveInRequest, actor: Actor) -> dict[str, bool]:
    """On which side of the request the actor stands."""
    return {"holds": actor.covers(request.from_area.path), "asks": actor.covers(request.to_area.path)}


def offers(request: MoveInRequest, actor: Actor) -> list[MoveInAction]:
    """What the actor may do with the request now."""
    state = MoveInState(request.state)
    return [offer.action for offer in MACHINE.actions(state, [actor.role], sides(request, actor))]


def decide(
    wide: Session,
    uid: str,
    action: MoveInAction,
    *,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    moved_on: date | None = None,
    version: int | None = None,
) -> MoveInRequest:
    """Agree, decline or withdraw, in a session of ``both_sides``. The actor must stand on the right side.

    Raises NotFound when the actor stands on neither side, NotAllowed, Conflict, Invalid as the table says.
    """
    request = wide.scalars(select(MoveInRequest).where(MoveInRequest.uid == uid)).one_or_none()
    if request is None or not any(sides(request, actor).values()):
        raise NotFound()
    expect_version(request, version)
    today = clock.to_local(now).date()
    if action is MoveInAction.agree:
        moved_on = not_after(moved_on or today, today, field="moved_on")
    given = {**sides(request, actor), "reason": reason, "moved_on": moved_on}
    before = MoveInState(request.state)
    step = MACHINE.apply(before, action, [actor.role], given)
    request.state = str(step.target)
    request.decided_at, request.decided_by = now, actor.user_id
    if step.target is MoveInState.agreed and moved_on is not None:
        request.moved_on = moved_on
        _enter(wide, request, moved_on, actor, now)
    else:
        wide.flush()
        awaited.drop(wide, request.household_id, today)
    wide.add(
        MoveInStep.of(
            step.action, before, step.target, actor=actor, now=now, reason=reason, request_id=request.id
        )
    )
    _tell_the_other(wide, request, now)
    wide.flush()
    return request


def _enter(wide: Session, request: MoveInRequest, day: date, actor: Actor, now: datetime) -> None:
    """The move as a life event of the area that takes; only who covers both sides could take it back."""
    person = wide.get(Person, request.person_id)
    dwelling = wide.get(Dwelling, request.dwelling_id) if request.dwelling_id else None
    if person is None or dwelling is None:
        raise Invalid(_("The person or the home is no longer in the register."), field="dwelling")
    everywhere = replace(actor, whole_site=True)
    told = Told(day)
    with entering(
        wide, EventKind.move_in, told, [person], dwelling=dwelling, actor=everywhere, now=now
    ) as entry:
        entry.add(EventRole.subject, person)
        entry.details = {"request": request.uid}
        move(wide, request, day, actor=actor, now=now)


def move(wide: Session, request: MoveInRequest, day: date, *, actor: Actor, now: datetime) -> None:
    """Residence, household and ties go over. The old household stays with whoever is left in it."""
    person = wide.get(Person, request.person_id)
    dwelling = wide.get(Dwelling, request.dwelling_id) if request.dwelling_id else None
    if person is None or person.deleted_at is not None or dwelling is None or dwelling.valid_to is not None:
        raise Invalid(_("The person or the home is no longer in the register."), field="dwelling")
    household = wide.get(Household, request.household_id) if request.household_id else None
    relation = request.relation or HEAD
    if household is not None and awaited.still_expected(wide, household, dwelling.id):
        awaited.begin(wide, household, day)
    if household is None or household.valid_to is not None or household.deleted_at is not None:
        household = households.create_household(wide, dwelling, kind=HouseholdKind.living, now=now, since=day)
        relation = HEAD
    taken = relation == HEAD and any(
        m.relation == HEAD for m in households.members_of(wide, household) if m.person_id != person.id
    )
    everywhere = replace(actor, whole_site=True)  # the same human, for checks of reach: it was decided above
    households.add_member(
        wide,
        household,
        person,
        "97" if taken else relation,
        dwelling=dwelling,
        actor=everywhere,
        now=now,
        since=day,
    )
    if _registered_elsewhere(wide, person, household):
        person.consistency = SEPARATED
    households.settle_head(wide, household)


def _registered_elsewhere(wide: Session, person: Person, household: Household) -> bool:
    query = (
        select(HouseholdMember.id)
        .join(Household, Household.id == HouseholdMember.household_id)
        .where(
            HouseholdMember.person_id == person.id,
            HouseholdMember.valid_to.is_(None),
            Household.kind == str(HouseholdKind.registered),
            Household.area_id != household.area_id,
        )
    )
    return wide.scalars(query).first() is not None


def _holder(person_id: int, day: date) -> tuple[int, list[int]]:
    """(area that manages the person, users who may decide there); the asker learns neither."""
    with unscoped("a move-in goes to those who hold the person") as wide:
        person = wide.get_one(Person, person_id)
        return person.area_id, nearest_users(wide, wide.get_one(Area, person.area_id), DECIDERS, day)


def _tell_the_other(wide: Session, request: MoveInRequest, now: datetime) -> None:
    """The asker hears of a decision, the holder of a withdrawal."""
    notice = MoveInNotice(request.state)
    if notice is MoveInNotice.withdrawn:
        users = nearest_users(wide, request.from_area, DECIDERS, clock.to_local(now).date())
    else:
        users = [request.created_by] if request.created_by else []
    _tell(wide, now, users, notice, request)


def _tell(
    wide: Session, now: datetime, users: list[int], notice: MoveInNotice, request: MoveInRequest
) -> None:
    notify(
        wide,
        now,
        users,
        INBOX,
        notice.msgid,
        link=f"/movein/show/{request.uid}",
        level="warn" if notice is MoveInNotice.asked else "info",
        key=f"{INBOX}:{request.uid}:{notice}",
    )
