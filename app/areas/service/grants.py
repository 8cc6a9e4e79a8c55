"""Named grants for special groups of level L5 (guards, section 3): who, which group, where, how long and why."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask_appbuilder import Model
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.choices import ExtraSubject
from app.areas.models import SensitiveGrant, Staff
from app.areas.queries import overlapping
from app.areas.service.rights import area_of, need_area
from app.core import clock, codes, hooks
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.extra import ExtraColumn, all_columns, has_extra

LIST = "special_group"
LONGEST = timedelta(days=366)


def sensitive_groups(session: Session) -> list[tuple[str, str]]:
    """(code, label) of what needs a grant: groups of level L5, and custom fields of it."""
    found = codes.codes(session, LIST).values()
    groups = [(c.code, c.label) for c in found if c.current and c.attributes.get("sensitivity") == "L5"]
    fields = [c for subject in ExtraSubject for c in known_fields(session, subject) if c.level == "L5"]
    return [*groups, *((c.grant, f"{ExtraSubject(c.table).label}: {c.label}") for c in fields)]


def known_fields(session: Session, table: str) -> list[ExtraColumn]:
    """The custom fields of a table, ended ones too: what was answered stays closed."""
    return next(
        (
            all_columns(session, m.class_)
            for m in Model.registry.mappers
            if has_extra(m.class_) and m.class_.__tablename__ == table
        ),
        [],
    )


def save_grant(session: Session, grant: SensitiveGrant, actor: Actor, now: datetime) -> SensitiveGrant:
    """Open a group to a staff member. At most a year, with a reason; nobody opens one to themselves."""
    with session.no_autoflush:
        need_area(actor, area_of(session, grant.area_id).path)
        staff = session.get(Staff, grant.staff_id or 0)
        if staff is None:
            raise Invalid(_("Please choose the person."), field="staff")
        if actor.staff_id == staff.id:
            raise NotAllowed(_("Nobody opens a group to themselves."))
        if grant.group_code not in dict(sensitive_groups(session)):
            raise Invalid(_("This group needs no grant."), field="group_code")
        if len((grant.reason or "").strip()) < 4:
            raise Invalid(_("Please give a reason."), field="reason")
        grant.valid_from = grant.valid_from or clock.to_local(now).date()
        _check_period(session, grant)
    session.add(grant)
    session.flush()
    return grant


def end_grant(
    session: Session, grant: SensitiveGrant, reason: str, actor: Actor, now: datetime
) -> SensitiveGrant:
    """Take a grant back: yesterday was its last day."""
    need_area(actor, area_of(session, grant.area_id).path)
    if not (reason or "").strip():
        raise Invalid(_("Please give a reason."), field="reason")
    yesterday = clock.to_local(now).date() - timedelta(days=1)
    if grant.valid_to is not None and grant.valid_to <= yesterday:
        raise Conflict(_("This grant has ended."))
    grant.valid_from = min(grant.valid_from or yesterday, yesterday)
    grant.valid_to = yesterday
    hooks.give_reason(session, reason.strip())
    session.flush()
    return grant


def _check_period(session: Session, grant: SensitiveGrant) -> None:
    first = grant.valid_from or date.min
    if grant.valid_to is None or not first <= grant.valid_to <= first + LONGEST:
        raise Invalid(_("A grant ends within a year."), field="valid_to")
    same = select(SensitiveGrant.id).where(
        SensitiveGrant.staff_id == grant.staff_id,
        SensitiveGrant.group_code == grant.group_code,
        SensitiveGrant.area_id == grant.area_id,
        *overlapping(SensitiveGrant, grant.valid_from, grant.valid_to),
    )
    if grant.id is not None:
        same = same.where(SensitiveGrant.id != grant.id)
    if session.scalar(same.limit(1)) is not None:
        raise Conflict(_("There is such a grant already."), field="group_code")
