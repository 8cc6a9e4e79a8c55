"""Visits to members of a group of level 5 leave the doors of the work log: only the worker's line stays

Revision: 0012
Follows: 0011
"""

import sqlalchemy as sa
from alembic import op

from app.core import clock
from app.core.models import Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KIND = "group_visit"
SAID = "A visit that is not a door of the work log"
TAKEN = "tap"  # the only step that takes walks away: none of these comes back from the bin


def upgrade() -> None:
    closed = _closed_visits()
    purpose, stop = (
        _table("visit_purpose", "stop_id", "visit_id", "ref_kind", "ref_uid"),
        _table("visit_stop", "visit_id"),
    )
    about = sa.and_(purpose.c.ref_kind == KIND, purpose.c.ref_uid.in_(closed))
    stops, walks = set(), set()
    for stop_id, walk_id in op.get_bind().execute(
        sa.select(purpose.c.stop_id, purpose.c.visit_id).where(about)
    ):
        stops.add(stop_id)
        walks.add(walk_id)
    op.execute(sa.delete(purpose).where(about))
    for key in stops - {None}:
        served = sa.exists(sa.select(purpose.c.id).where(purpose.c.stop_id == key))
        op.execute(sa.delete(stop).where(stop.c.id == key, ~served))
    record = _table("service_record", "visit_id", "household_id", "ref_kind", "ref_uid")
    op.execute(
        sa.update(record)
        .where(record.c.ref_kind == KIND, record.c.ref_uid.in_(closed))
        .values(visit_id=None, household_id=None)
    )
    _empty_walks(stop, walks)


def downgrade() -> None:
    """What was taken away is not brought back: it told too much."""


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, sa.column("id"), *(sa.column(c) for c in columns))


def _closed_visits() -> sa.Select:
    visit, group = _table(KIND, "uid", "group_id"), _table("person_group", "level")
    return sa.select(visit.c.uid).join(group, group.c.id == visit.c.group_id).where(group.c.level == "L5")


def _empty_walks(stop: sa.TableClause, walks: set[int]) -> None:
    visit = sa.table(
        "visit",
        sa.column("id"),
        sa.column("deleted_at", Instant()),
        sa.column("delete_reason"),
        sa.column("deleted_step"),
    )
    gone = {"deleted_at": clock.now(), "delete_reason": SAID, "deleted_step": TAKEN}
    for key in walks:
        left = sa.exists(sa.select(stop.c.id).where(stop.c.visit_id == key))
        op.execute(
            sa.update(visit).where(visit.c.id == key, visit.c.deleted_at.is_(None), ~left).values(gone)
        )
