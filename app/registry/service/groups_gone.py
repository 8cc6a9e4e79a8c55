"""The record of somebody in a closed group is deleted, or comes back: those who hold the grant are told.

Whoever deletes a record, or revokes the event that made it, is not held up by a group of level 5: a refusal would tell of
it. The group stays with its record, out of reach for everybody, and is as it was when the record comes back. So each
deletion and each return asks the program to look, whatever there is (guards, section 3).
"""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Account, Area, SensitiveGrant
from app.areas.queries.tree import in_force, prefixes
from app.core import clock, jobs
from app.inbox.service import notify
from app.registry.choices import CLOSED_LEVEL, LifeNotice
from app.registry.models import Person, PersonGroup

JOB = "registry.record_gone"
INBOX = "closed_group"
BIN = "/bin/?kind=PersonView"


def ask(session: Session, person: Person, *, now: datetime) -> None:
    """Let the program see to it after this transaction: a record was deleted or has come back."""
    jobs.enqueue(session, JOB, {"person": person.uid}, now=now)


@jobs.handler(JOB, label=_("What follows from a deleted record"), system=True)
def look(work: jobs.Work) -> None:
    """Look at one record as it stands now; it says nothing of what it found."""
    with work.step() as session:
        query = select(Person).where(Person.uid == work.arguments["person"])
        person = session.scalars(query.execution_options(with_deleted=True)).one()
        tell(session, person, now=work.now)


def tell(session: Session, person: Person, *, now: datetime) -> int:
    """A line for each holder of a grant for one of the person's closed groups; it names neither group nor person. The
    session sees every group. Returns the lines written.
    """
    query = select(PersonGroup.group_code).where(
        PersonGroup.person_id == person.id,
        PersonGroup.level == CLOSED_LEVEL,
        PersonGroup.valid_to.is_(None),
    )
    found = sorted(set(session.scalars(query)))
    if not found or person.merged_into_id is not None:
        return 0
    gone = person.deleted_at
    notice = LifeNotice.record_gone if gone else LifeNotice.record_back
    return notify(
        session,
        now,
        _holders(session, person, found, clock.to_local(now).date()),
        INBOX,
        notice.msgid,
        link=BIN if gone else f"/person/show/{person.uid}",
        level="warn" if gone else "info",
        key=f"{INBOX}:{person.uid}:{person.version}",
    )


def _holders(session: Session, person: Person, codes: list[str], day: date) -> list[int]:
    """Accounts with a grant that covers the area of the record today."""
    path = session.scalars(select(Area.path).where(Area.id == person.area_id)).one()
    query = (
        select(Account.user_id)
        .join(SensitiveGrant, SensitiveGrant.staff_id == Account.staff_id)
        .join(Area, Area.id == SensitiveGrant.area_id)
        .where(SensitiveGrant.group_code.in_(codes), Area.path.in_(prefixes(path, own=True)))
        .where(*in_force(SensitiveGrant, day))
    )
    return sorted(set(session.scalars(query)))
