"""What is written about homes and households reaches the targets of running campaigns before the transaction commits.

Homes are divided, joined, closed, entered by hand or by the wizard, put into the recycle bin and taken out again;
households come, move and die out; events are revoked and merges undone. All of them write the same three tables, so the
tables are watched and not their writers. Bulk writes pass by the session: whoever leads a campaign gathers those homes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.session import PlainGuardedSession
from app.registry.models import Dwelling, Household, HouseholdDwelling
from app.registry.service.campaigns.settling import settle

KEY = "campaign_homes"
WATCHED: dict[type, frozenset[str]] = {
    Dwelling: frozenset({"valid_to", "deleted_at"}),
    Household: frozenset({"valid_to", "deleted_at", "kind"}),
    HouseholdDwelling: frozenset({"valid_to", "household_id", "dwelling_id"}),
}


@event.listens_for(PlainGuardedSession, "after_flush")
def _note(session: Session, _context: Any) -> None:
    new = [row for row in session.new if type(row) in WATCHED]
    changed = [row for row in session.dirty if type(row) in WATCHED and _differs(row)]
    gone = [row for row in session.deleted if type(row) in WATCHED]
    if not (new or changed or gone):
        return
    homes, households = session.info.setdefault(KEY, (set(), set()))
    for row in (*new, *changed, *gone):
        if isinstance(row, HouseholdDwelling):
            homes |= {row.dwelling_id, *inspect(row).attrs.dwelling_id.history.deleted}
        elif isinstance(row, Dwelling):
            homes.add(row.id)
        elif row not in new:
            households.add(row.id)


def _differs(row: Any) -> bool:
    state: Any = inspect(row)
    return any(state.attrs[key].history.has_changes() for key in WATCHED[type(row)])


@event.listens_for(PlainGuardedSession, "before_commit")
def _settle(session: Session) -> None:
    """At the end of the transaction; the end of a savepoint settles nothing, it may be half of something."""
    if session.in_nested_transaction():
        return
    session.flush()
    if KEY not in session.info:
        return
    homes, households = session.info.pop(KEY)
    links = select(HouseholdDwelling.dwelling_id).where(HouseholdDwelling.household_id.in_(households))
    if households:
        homes |= set(session.scalars(links))
    settle(session, homes, now=clock.now())


@event.listens_for(PlainGuardedSession, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(KEY, None)
