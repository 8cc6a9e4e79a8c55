"""Light registers: facilities, associations, volunteers, party work, projects, needs and the like

Revision: 0014
Follows: 0013
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _register(table: str, *columns: tuple[Any, ...]) -> None:
    """A table with what every register has, and its own columns: (name, type, may be empty[, column it points at])."""
    own = [sa.Column(name, kind, nullable=empty) for name, kind, empty, *_target in columns]
    links = [(name, *target) for name, _kind, _empty, *target in columns if target]
    op.create_table(
        table,
        sa.Column("id", KEY, nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("area_id", KEY, nullable=False),
        *own,
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.Integer(), nullable=True),
        sa.Column("delete_reason", sa.String(length=200), nullable=True),
        sa.Column("deleted_step", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f(f"fk_{table}_area_id")),
        *(
            sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_{table}_{name}"))
            for name, target in links
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{table}_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.create_index(f"ix_{table}_area_id_id", ["area_id", "id"], unique=False)
        for name, _target in links:
            batch_op.create_index(batch_op.f(f"ix_{table}_{name}"), [name], unique=False)


def upgrade() -> None:
    _register(
        "association",
        ("name", sa.String(length=100), False),
        ("kind", sa.String(length=24), False),
        ("leader", sa.String(length=50), True),
        ("place", sa.String(length=160), True),
        ("founded_on", sa.Date(), True),
        ("ended_on", sa.Date(), True),
        ("purpose", sa.String(length=1000), True),
    )
    _register(
        "defence_duty",
        ("held_on", sa.Date(), False),
        ("shift", sa.String(length=24), False),
        ("place", sa.String(length=160), False),
        ("leader", sa.String(length=50), False),
        ("members", sa.String(length=300), True),
        ("people", sa.Integer(), True),
        ("outcome", sa.String(length=24), True),
        ("found", sa.String(length=1000), True),
    )
    _register(
        "estate",
        ("name", sa.String(length=100), False),
        ("address", sa.String(length=160), True),
        ("manager", sa.String(length=100), True),
        ("committee", sa.String(length=100), True),
        ("homes", sa.Integer(), True),
        ("rules_title", sa.String(length=100), True),
        ("adopted_on", sa.Date(), True),
        ("rules", sa.String(length=4000), True),
    )
    _register(
        "facility",
        ("name", sa.String(length=100), False),
        ("kind", sa.String(length=24), False),
        ("address", sa.String(length=160), True),
        ("floor_area", sa.Numeric(precision=12, scale=1), True),
        ("hours", sa.String(length=100), True),
        ("keeper", sa.String(length=50), True),
        ("condition", sa.String(length=24), False),
        ("opened_on", sa.Date(), True),
        ("seats", sa.Integer(), True),
        ("note", sa.String(length=1000), True),
    )
    _register(
        "library_document",
        ("title", sa.String(length=160), False),
        ("number", sa.String(length=60), True),
        ("kind", sa.String(length=24), False),
        ("issued_by", sa.String(length=100), True),
        ("issued_on", sa.Date(), True),
        ("valid_until", sa.Date(), True),
        ("keywords", sa.String(length=160), True),
        ("summary", sa.String(length=1000), True),
    )
    _register(
        "party_goal",
        ("body", sa.String(length=100), False),
        ("goal", sa.String(length=160), False),
        ("wanted", sa.Integer(), True),
        ("reached", sa.Integer(), True),
        ("set_on", sa.Date(), True),
        ("due_on", sa.Date(), False),
        ("done_on", sa.Date(), True),
        ("note", sa.String(length=1000), True),
    )
    _register(
        "party_lesson",
        ("held_on", sa.Date(), False),
        ("subject", sa.String(length=160), False),
        ("form", sa.String(length=24), False),
        ("branch", sa.String(length=100), True),
        ("teacher", sa.String(length=50), True),
        ("hours", sa.Numeric(precision=12, scale=1), True),
        ("attended", sa.Integer(), True),
        ("missed", sa.String(length=300), True),
        ("content", sa.String(length=2000), True),
    )
    _register(
        "project",
        ("name", sa.String(length=100), False),
        ("kind", sa.String(length=24), False),
        ("place", sa.String(length=160), True),
        ("hours", sa.String(length=100), True),
        ("leader", sa.String(length=50), True),
        ("served", sa.Integer(), True),
        ("begun_on", sa.Date(), True),
        ("ended_on", sa.Date(), True),
        ("note", sa.String(length=1000), True),
    )
    _register(
        "terminal",
        ("asset_no", sa.String(length=40), False),
        ("kind", sa.String(length=24), False),
        ("model", sa.String(length=100), True),
        ("place", sa.String(length=160), True),
        ("holder", sa.String(length=50), True),
        ("condition", sa.String(length=24), False),
        ("seen_on", sa.Date(), True),
        ("issued_on", sa.Date(), True),
        ("note", sa.String(length=1000), True),
    )
    _register(
        "video_point",
        ("name", sa.String(length=100), False),
        ("place", sa.String(length=160), False),
        ("kind", sa.String(length=24), True),
        ("owner", sa.String(length=100), True),
        ("condition", sa.String(length=24), False),
        ("address", sa.String(length=160), True),
        ("view_of", sa.String(length=300), True),
    )
    _register(
        "activity",
        ("held_on", sa.Date(), False),
        ("title", sa.String(length=100), False),
        ("kind", sa.String(length=24), False),
        ("place", sa.String(length=160), True),
        ("organiser", sa.String(length=100), True),
        ("people", sa.Integer(), True),
        ("volunteers", sa.Integer(), True),
        ("project_id", KEY, True, "project.id"),
        ("report", sa.String(length=1000), True),
    )
    _register(
        "association_member",
        ("association_id", KEY, False, "association.id"),
        ("name", sa.String(length=50), False),
        ("person_id", KEY, True, "person.id"),
        ("office", sa.String(length=24), True),
        ("skills", sa.String(length=160), True),
        ("joined_on", sa.Date(), True),
        ("left_on", sa.Date(), True),
    )
    _register(
        "kindness_account",
        ("name", sa.String(length=50), False),
        ("person_id", KEY, True, "person.id"),
        ("opened_on", sa.Date(), True),
    )
    _register(
        "legal_advice",
        ("asked_on", sa.Date(), False),
        ("name", sa.String(length=50), True),
        ("person_id", KEY, True, "person.id"),
        ("topic", sa.String(length=24), False),
        ("adviser", sa.String(length=50), True),
        ("outcome", sa.String(length=24), True),
        ("question", sa.String(length=2000), False),
        ("answer", sa.String(length=2000), True),
    )
    _register(
        "need",
        ("said_on", sa.Date(), False),
        ("name", sa.String(length=50), True),
        ("person_id", KEY, True, "person.id"),
        ("kind", sa.String(length=24), False),
        ("what", sa.String(length=500), False),
        ("passed_to_id", KEY, True, "org_unit.id"),
        ("answer", sa.String(length=500), True),
        ("done_on", sa.Date(), True),
    )
    _register(
        "party_duty",
        ("name", sa.String(length=50), False),
        ("person_id", KEY, True, "person.id"),
        ("member_kind", sa.String(length=24), False),
        ("branch", sa.String(length=100), True),
        ("speciality", sa.String(length=160), True),
        ("duty", sa.String(length=24), False),
        ("since", sa.Date(), True),
        ("until", sa.Date(), True),
        ("done", sa.String(length=1000), True),
    )
    _register(
        "volunteer",
        ("name", sa.String(length=50), False),
        ("person_id", KEY, True, "person.id"),
        ("phone", sa.LargeBinary(), True),
        ("service", sa.String(length=24), True),
        ("is_member", sa.Boolean(), False),
        ("skills", sa.String(length=160), True),
        ("joined_on", sa.Date(), True),
        ("hours", sa.Integer(), True),
        ("note", sa.String(length=1000), True),
    )
    _register(
        "kindness_entry",
        ("account_id", KEY, False, "kindness_account.id"),
        ("done_on", sa.Date(), False),
        ("what", sa.String(length=100), False),
        ("hours", sa.Integer(), True),
        ("points", sa.Integer(), False),
    )


def downgrade() -> None:
    for table in (
        "kindness_entry",
        "volunteer",
        "party_duty",
        "need",
        "legal_advice",
        "kindness_account",
        "association_member",
        "activity",
        "video_point",
        "terminal",
        "project",
        "party_lesson",
        "party_goal",
        "library_document",
        "facility",
        "estate",
        "defence_duty",
        "association",
    ):
        op.drop_table(table)
