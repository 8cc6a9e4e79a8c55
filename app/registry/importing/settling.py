"""What follows from the people and homes of a chunk, and what is looked for once the import is over.

A chunk settles at once what the services settle before they commit: groups that follow from age and household, targets of
running campaigns. Duplicates are a job of their own: it runs when the import's worker is free.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import jobs
from app.core.actor import Actor
from app.registry.choices import HouseholdKind
from app.registry.importing.households import Family
from app.registry.importing.lines import Line
from app.registry.models import HouseholdMember, Person
from app.registry.rules import care
from app.registry.service import campaigns, derived, duplicates

DUPLICATES = "registry.import_duplicates"
STEP = 500  # people of one step of the job


def settle(
    session: Session,
    lines: Sequence[Line],
    families: Sequence[Family],
    *,
    batch: str,
    actor: Actor,
    now: datetime,
    today: date,
) -> None:
    """``lines`` are the new people of the chunk, ``families`` its households."""
    session.flush()
    _groups(session, families, now=now, today=today)
    homes = {line.home.id or line.home.made_id for f in families for line in f.lines if line.home is not None}
    campaigns.settle(session, homes - {None}, now=now)
    apart = [line.person for line in lines if line.dup_no]
    if apart:  # kept beside another bearer of the number: somebody settles it (guards, section 3)
        people = session.scalars(select(Person).where(Person.id.in_(apart))).all()
        duplicates.entered(session, people, actor=actor, now=now)
    ids = [line.person for line in lines]
    if ids:
        jobs.enqueue(session, DUPLICATES, {"people": ids}, now=now, unique_key=f"{batch}:{ids[0]}")


def _groups(session: Session, families: Sequence[Family], *, now: datetime, today: date) -> None:
    """Households on record that have grown: an elder who lived alone does no longer. (Groups of the new people are made
    with them.)
    """
    grown = [f.id for f in families if f.kind == HouseholdKind.living and f.lines and f.id is not None]
    elders = _elders(session, grown, date(today.year - care.ELDER_FROM, 12, 31)) if grown else set()
    if elders:
        derived.settle(session, elders, now)
        session.flush()


def _elders(session: Session, households: list[int], elder: date) -> set[int]:
    query = (
        select(HouseholdMember.person_id)
        .join(Person, Person.id == HouseholdMember.person_id)
        .where(
            HouseholdMember.household_id.in_(households),
            HouseholdMember.valid_to.is_(None),
            Person.birth_date <= elder,
        )
    )
    return set(session.scalars(query))


@jobs.handler(
    DUPLICATES,
    label=_("Imported residents searched for duplicates"),
    system=True,
    lease=timedelta(minutes=10),
)
def look_for_duplicates(work: jobs.Work) -> dict[str, Any]:
    """Compare the people of a chunk with everybody, without row scope; what is found waits in the queue (S4-61)."""
    people, opened = work.arguments["people"], 0
    work.total = -(-len(people) // STEP)
    for n in work.steps():
        with work.step() as wide:
            some = people[n * STEP : (n + 1) * STEP]
            actor = wide.info["actor"]
            opened += len(duplicates.for_import(wide, some, actor=actor, now=work.now))
    return {"opened": opened}
