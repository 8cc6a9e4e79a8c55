"""What took a row away is a fact of its own: the code of the step, where it was not somebody

Revision: 0011
Follows: 0010
"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from app.core.models import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = (
    "attachment building building_chief campaign duplicate_rule dwelling floating_stay grid_group help_record household"
    " household_member left_behind overseas_stay person person_document person_group person_name person_phone post"
    " proxy_case rental_home residence resident_unit risk_rule school service_record service_resource staff tenancy"
    " venue venue_threshold visit"
).split()
# what a life event makes (and a revocation takes away), as far as it has a recycle bin
OF_EVENTS = "person person_document person_name person_phone household household_member residence dwelling tenancy".split()
SENTENCES = {
    "Two records were made one": "merge",
    "The life event that made it was revoked": "revocation",
    "Typed wrongly and corrected": "correction",
    "A wrong tap, taken back": "tap",
}
FORMER_WORD = "duplicate"  # of merges, which named nobody as the one who deleted
AT_ONCE = timedelta(seconds=5)  # one request


def upgrade() -> None:
    for name in TABLES:
        op.add_column(name, sa.Column("deleted_step", sa.String(length=12), nullable=True))
        _by_words(_table(name))
    _merged_people()
    for name in OF_EVENTS:
        _revoked(_table(name))
    _corrected()
    _wrong_taps()


def downgrade() -> None:
    for name in TABLES:
        op.drop_column(name, "deleted_step")


def _table(name: str, *more: str) -> sa.TableClause:
    instants = ("deleted_at", "created_at", "revoked_at", "at")
    columns = ("id", "deleted_at", "deleted_by", "delete_reason", "deleted_step", *more)
    return sa.table(name, *(sa.column(c, Instant()) if c in instants else sa.column(c) for c in columns))


def _untold(table: sa.TableClause) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.deleted_at.is_not(None), table.c.deleted_step.is_(None))


def _say(table: sa.TableClause, step: str, *where: sa.ColumnElement[bool]) -> None:
    op.execute(sa.update(table).where(_untold(table), *where).values(deleted_step=step))


def _by_words(table: sa.TableClause) -> None:
    reason = table.c.delete_reason
    former = sa.and_(reason == FORMER_WORD, table.c.deleted_by.is_(None))
    step = sa.case(SENTENCES, value=reason, else_="merge")
    op.execute(
        sa.update(table)
        .where(table.c.deleted_at.is_not(None), sa.or_(reason.in_(list(SENTENCES)), former))
        .values(deleted_step=step)
    )


def _merged_people() -> None:
    person = _table("person", "merged_into_id")
    _say(person, "merge", person.c.merged_into_id.is_not(None))


def _revoked(table: sa.TableClause) -> None:
    """A revocation marks its event and what it takes away with one and the same instant and hand."""
    event = sa.table("life_event", sa.column("revoked_at", Instant()), sa.column("revoked_by"))
    same = sa.select(sa.literal(1)).where(
        event.c.revoked_at == table.c.deleted_at, event.c.revoked_by == table.c.deleted_by
    )
    _say(table, "revocation", sa.exists(same))


def _corrected() -> None:
    """A document put away while the same hand wrote another one of that kind, in one request, was put right."""
    old = _table("person_document", "person_id", "kind", "created_at", "created_by")
    new = old.alias("new")
    pairs = sa.select(old.c.id, old.c.deleted_at, new.c.created_at).where(
        _untold(old),
        new.c.person_id == old.c.person_id,
        new.c.kind == old.c.kind,
        new.c.created_by == old.c.deleted_by,
        new.c.id > old.c.id,
    )
    _say_near(old, "correction", pairs)


def _wrong_taps() -> None:
    """The line of a wrong tap goes with the try that takes the tap back; a walk without doors goes with its line."""
    record, visit = _table("service_record", "ref_uid", "visit_id"), _table("visit")
    target = sa.table("campaign_target", sa.column("id"), sa.column("uid"))
    tries = sa.table("campaign_try", sa.column("target_id"), sa.column("action"), sa.column("at", Instant()))
    pairs = (
        sa.select(record.c.id, record.c.deleted_at, tries.c.at)
        .join(target, target.c.uid == record.c.ref_uid)
        .join(tries, tries.c.target_id == target.c.id)
        .where(_untold(record), tries.c.action == "undo")
    )
    _say_near(record, "tap", pairs)
    line = sa.select(sa.literal(1)).where(
        record.c.visit_id == visit.c.id,
        record.c.deleted_step == "tap",
        record.c.deleted_by == visit.c.deleted_by,
        record.c.delete_reason == visit.c.delete_reason,
    )
    _say(visit, "tap", sa.exists(line))


def _say_near(table: sa.TableClause, step: str, pairs: sa.Select) -> None:
    """Of pairs of a row and an instant: the rows whose deletion is of that instant."""
    for key, deleted_at, at in op.get_bind().execute(pairs).all():
        if abs(at - deleted_at) <= AT_ONCE:
            _say(table, step, table.c.id == key)
