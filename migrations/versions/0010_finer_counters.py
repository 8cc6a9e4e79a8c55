"""Households visited by month and homes of a campaign by state are counted per area.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

counter = sa.table("area_counter", sa.column("kind"), sa.column("area_id"), sa.column("value"))


def upgrade():
    household = sa.table(
        "household",
        *(sa.column(name) for name in ("area_id", "kind")),
        *(sa.column(name, sa.Date) for name in ("valid_to", "last_visit_on")),
        sa.column("deleted_at"),
    )
    day = household.c.last_visit_on
    month = sa.cast(sa.extract("year", day) * 100 + sa.extract("month", day), sa.Integer)
    seen = (
        sa.select(
            (sa.literal("household.seen.") + sa.cast(month, sa.String)).label("counted_kind"),
            household.c.area_id,
        )
        .add_columns(sa.func.count())
        .where(household.c.kind == "living", household.c.valid_to.is_(None), household.c.deleted_at.is_(None))
        .where(day.is_not(None), household.c.area_id.is_not(None))
        .group_by("counted_kind", household.c.area_id)
    )
    target = sa.table("campaign_target", *(sa.column(name) for name in ("campaign_id", "area_id", "state")))
    name = sa.literal("campaign_target.") + sa.cast(target.c.campaign_id, sa.String) + "." + target.c.state
    states = sa.select(name.label("counted_kind"), target.c.area_id, sa.func.count()).group_by(
        "counted_kind", target.c.area_id
    )
    whole = sa.select(sa.literal("campaign_target"), target.c.area_id, sa.func.count()).group_by(
        target.c.area_id
    )
    for counted in (seen, states, whole):
        op.execute(counter.insert().from_select(["kind", "area_id", "value"], counted))


def downgrade():
    for prefix in ("household.seen.", "campaign_target"):
        op.execute(counter.delete().where(counter.c.kind.startswith(prefix, autoescape=True)))
