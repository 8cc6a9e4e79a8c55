"""Who takes a step of a proxy case, as exceptions of the site; bookings by day; when a door is tried again; who is to
take an original over

Revision: 0016
Follows: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "step_role",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=160), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["service_item.id"], name=op.f("fk_step_role_item_id_service_item")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_role")),
        sa.UniqueConstraint("action", "role", "item_id", name=op.f("uq_step_role_action_role_item_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_step_role_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("step_role", schema=None) as batch_op:
        batch_op.create_index(
            "uq_step_role_site",
            ["action", "role"],
            unique=True,
            sqlite_where=sa.text("item_id IS NULL"),
            postgresql_where=sa.text("item_id IS NULL"),
        )
    with op.batch_alter_table("proxy_case", schema=None) as batch_op:
        batch_op.create_index("ix_proxy_case_staff_booked", ["staff_id", "booked_for"], unique=False)
        batch_op.create_index("ix_proxy_case_opened", ["opened_at"], unique=False)
        batch_op.create_index(
            "ix_proxy_case_open",
            ["area_id"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
    with op.batch_alter_table("case_alarm", schema=None) as batch_op:
        batch_op.create_index(
            "ix_case_alarm_waiting",
            ["due_at", "id"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )
    with op.batch_alter_table("case_assist", schema=None) as batch_op:
        batch_op.create_index("ix_case_assist_answered_due", ["answered_at", "due_at"], unique=False)
    with op.batch_alter_table("visit_stop", schema=None) as batch_op:
        batch_op.add_column(sa.Column("revisit_on", sa.Date(), nullable=True))
        batch_op.create_index(op.f("ix_visit_stop_revisit_on"), ["revisit_on"], unique=False)
    # no new table in the place of the old one, on which the chain of hands hangs: the reference stands in the column
    op.add_column(
        "custody",
        sa.Column(
            "offered_to_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("staff.id", name=op.f("fk_custody_offered_to_id")),
            nullable=True,
        ),
        inline_references=True,
    )
    op.add_column("custody", sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_custody_offered_to_id"), "custody", ["offered_to_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("custody", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.drop_index(op.f("ix_custody_offered_to_id"))
        batch_op.drop_column("offered_at")
        batch_op.drop_column("offered_to_id")
    with op.batch_alter_table("visit_stop", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_visit_stop_revisit_on"))
        batch_op.drop_column("revisit_on")
    with op.batch_alter_table("case_assist", schema=None) as batch_op:
        batch_op.drop_index("ix_case_assist_answered_due")
    with op.batch_alter_table("case_alarm", schema=None) as batch_op:
        batch_op.drop_index("ix_case_alarm_waiting")
    with op.batch_alter_table("proxy_case", schema=None) as batch_op:
        batch_op.drop_index("ix_proxy_case_open")
        batch_op.drop_index("ix_proxy_case_opened")
        batch_op.drop_index("ix_proxy_case_staff_booked")
    op.drop_table("step_role")
