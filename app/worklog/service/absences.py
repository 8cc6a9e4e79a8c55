"""Absences: a worker is away, no time of these days is offered, somebody stands in (S3-63).

Who stands in sees the absent worker's grids by posts of these days. One is given where the substitute has none there and
whoever writes the absence may give posts, so that rights, scope and log are those of every other post.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

from app.areas.models import Area, Post, Staff
from app.areas.queries import overlapping, prefixes
from app.areas.service import posts
from app.areas.service.rights import need_area
from app.core import removal
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid, NotAllowed
from app.inbox.service import notify_staff
from app.worklog.models import StaffAbsence
from app.worklog.rules import check_absence

WORKER = "grid_worker"


@dataclass(frozen=True)
class Cover:
    """Who stands in for whom on which days."""

    staff_id: int
    substitute_id: int | None
    area_id: int
    from_day: date
    to_day: date


def N_(text: str) -> str:  # the message tools look for this name
    return text


LINE = N_("You stand in for a colleague from %(first)s to %(last)s.")
LINK = "/appointments/"


def save_absence(session: Session, actor: Actor, absence: StaffAbsence, now: datetime) -> StaffAbsence:
    """Write down an absence and tell who stands in. Workers write their own, the station those of its workers.

    Raises Invalid for days the wrong way round or over already, a worker or substitute out of reach; Conflict where the
    worker is away already or the substitute is; NotAllowed for somebody else's absence.
    """
    with session.no_autoflush:
        need_own(actor, absence)
        worker, helper = _staff(session, absence)
        check_absence(absence.from_day, absence.to_day, absence.staff_id, absence.substitute_id)
        if not absence.id and absence.to_day < to_local(now).date():
            raise Invalid(_("These days are over already."), field="to_day")
        absence.area_id = worker.area_id
        need_area(actor, worker.area.path)
        absence.reason = (absence.reason or "").strip() or None
        _need_once(session, absence)
        if helper is not None:
            _need_present(session, absence, helper)
    session.add(absence)
    session.flush()
    if helper is not None and absence.to_day >= to_local(now).date():
        _open_to(session, actor, absence, worker, helper, now)
        _tell(session, absence, now)
    return absence


def drop_absence(session: Session, actor: Actor, absence: StaffAbsence, now: datetime) -> None:
    """Take an absence out again, with the posts that came of it."""
    need_own(actor, absence)
    need_area(actor, absence.area.path)
    close_to(session, actor, absence, now)
    session.delete(absence)
    session.flush()


def may_write(actor: Actor, absence: StaffAbsence) -> bool:
    """Whether the acting post writes this absence: workers their own, the desks those of their area."""
    return not actor.read_only and (actor.role != WORKER or absence.staff_id == actor.staff_id)


def may_know_why(actor: Actor, absence: StaffAbsence) -> bool:
    """Whether the acting post reads why somebody is away: it may tell of an illness. Workers read their own; who stands in
    needs the days, not the reason.
    """
    return actor.role != WORKER or absence.staff_id == actor.staff_id


def need_own(actor: Actor, absence: StaffAbsence) -> None:
    """A worker writes nobody else's absence."""
    if not may_write(actor, absence):
        raise NotAllowed(_("A worker writes down the own absence only."))


def cover_of(absence: StaffAbsence) -> Cover:
    """Who stands in, as it is written now."""
    return Cover(absence.staff_id, absence.substitute_id, absence.area_id, absence.from_day, absence.to_day)


def cover_before(absence: StaffAbsence) -> Cover:
    """Who stood in, as it was before the changes that are not written yet."""
    names = ("staff_id", "substitute_id", "area_id", "from_day", "to_day")
    old = {name: list(get_history(absence, name).deleted) for name in names}
    return Cover(**{name: old[name][0] if old[name] else getattr(absence, name) for name in names})


def close_to(session: Session, actor: Actor, absence: StaffAbsence | Cover, now: datetime) -> None:
    """End the posts that were given for an absence, before the absence changes or goes."""
    yesterday = to_local(now).date() - timedelta(days=1)
    if absence.substitute_id is None or absence.to_day <= yesterday:
        return
    grids = select(Post.area_id).where(Post.staff_id == absence.staff_id, Post.role == WORKER)
    query = select(Post).where(
        Post.staff_id == absence.substitute_id,
        or_(Post.area_id == absence.area_id, Post.area_id.in_(grids)),
        Post.role == WORKER,
        Post.valid_from >= absence.from_day,
        Post.valid_to == absence.to_day,
        Post.end_reason.is_not(None),
    )
    for post in session.scalars(query):
        if not actor.may("can_edit", "PostView"):
            raise NotAllowed(_("The station has arranged who stands in: please ask it to change this."))
        if post.valid_from is not None and post.valid_from > yesterday:
            removal.put_away(post, gettext("The absence has ended."), by=actor.user_id, now=now)
        else:
            posts.end_post(session, post, yesterday, gettext("The absence has ended."), actor, now)
    session.flush()


def _staff(session: Session, absence: StaffAbsence) -> tuple[Staff, Staff | None]:
    worker = session.get(Staff, absence.staff_id or 0)
    if worker is None:
        raise Invalid(_("Choose a worker of your area."), field="staff")
    helper = session.get(Staff, absence.substitute_id) if absence.substitute_id else None
    if absence.substitute_id and helper is None:
        raise Invalid(_("Choose a worker of your area."), field="substitute")
    return worker, helper


def _touching(first: date, last: date, absence: StaffAbsence) -> list[Any]:
    found: list[Any] = [StaffAbsence.from_day <= last, StaffAbsence.to_day >= first]
    return found if not absence.id else [*found, StaffAbsence.id != absence.id]


def _need_once(session: Session, absence: StaffAbsence) -> None:
    same = select(StaffAbsence).where(
        StaffAbsence.staff_id == absence.staff_id,
        *_touching(absence.from_day, absence.to_day, absence),
    )
    other = session.scalars(same.limit(1)).first()
    if other is not None:
        raise Conflict(
            _("Away from %(first)s to %(last)s already.", first=other.from_day, last=other.to_day),
            field="from_day",
        )
    # whoever stands in for somebody is needed on those days
    covering = select(StaffAbsence).where(
        StaffAbsence.substitute_id == absence.staff_id,
        *_touching(absence.from_day, absence.to_day, absence),
    )
    other = session.scalars(covering.limit(1)).first()
    if other is not None:
        raise Conflict(
            _(
                "The worker stands in for somebody from %(first)s to %(last)s: name another one there first.",
                first=other.from_day,
                last=other.to_day,
            ),
            field="from_day",
        )


def _need_present(session: Session, absence: StaffAbsence, helper: Staff) -> None:
    away = select(StaffAbsence).where(
        StaffAbsence.staff_id == helper.id,
        *_touching(absence.from_day, absence.to_day, absence),
    )
    other = session.scalars(away.limit(1)).first()
    if other is not None:
        raise Conflict(
            _(
                "%(name)s is away as well, from %(first)s to %(last)s.",
                name=helper.name,
                first=other.from_day,
                last=other.to_day,
            ),
            field="substitute",
        )


def _open_to(
    session: Session, actor: Actor, absence: StaffAbsence, worker: Staff, helper: Staff, now: datetime
) -> None:
    """Give the substitute a post of these days, those that are over left out, in each area where the worker holds one and
    the substitute does not.
    """
    if not actor.may("can_add", "PostView"):
        return
    first = max(absence.from_day, to_local(now).date())
    held = (
        select(Post, Area.path)
        .join(Area, Area.id == Post.area_id)
        .where(Post.staff_id == worker.id, Post.role == WORKER)
        .where(*overlapping(Post, first, absence.to_day))
        .order_by(Area.path, Post.id)  # a post further up opens what lies below
    )
    reason = gettext("Stands in for %(name)s.", name=worker.name)[:120]
    for post, path in session.execute(held).all():
        if _holds(session, helper, path, first, absence.to_day):
            continue
        given = Post(staff_id=helper.id, area_id=post.area_id, role=WORKER, position=post.position)
        given.employment, given.end_reason = post.employment, reason
        given.valid_from, given.valid_to = first, absence.to_day
        posts.give_post(session, given, actor, now)
        given.worker_no = None  # the grid has its worker: who stands in is no further one
        session.flush()


def _holds(session: Session, helper: Staff, path: str, first: date, last: date) -> bool:
    """Whether somebody is a worker of an area, or of one above it, on all of these days."""
    query = (
        select(Post.id)
        .join(Area, Area.id == Post.area_id)
        .where(Post.staff_id == helper.id, Post.role == WORKER, Area.path.in_(prefixes(path, own=True)))
        .where(or_(Post.valid_from.is_(None), Post.valid_from <= first))
        .where(or_(Post.valid_to.is_(None), Post.valid_to >= last))
    )
    return session.scalar(query.limit(1)) is not None


def _tell(session: Session, absence: StaffAbsence, now: datetime) -> None:
    days = {"first": absence.from_day.isoformat(), "last": absence.to_day.isoformat()}
    key = f"absence:{absence.uid}:{absence.substitute_id}:{days['first']}:{days['last']}"
    notify_staff(session, now, absence.substitute_id or 0, "absence", LINE, days, link=LINK, key=key)
