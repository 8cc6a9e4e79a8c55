"""Former and other names are found as one types them

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op

from app.core.pinyin import spell

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COLUMNS = {"initials": 80, "pinyin": 200}


def upgrade() -> None:
    for key, length in COLUMNS.items():
        op.add_column("person_name", sa.Column(f"name_{key}", sa.String(length=length), nullable=True))
    _spell_those_there()
    for key in COLUMNS:
        where = sa.text("kind <> 'current'")
        op.create_index(
            f"ix_person_name_{key}",
            "person_name",
            [f"name_{key}"],
            unique=False,
            sqlite_where=where,
            postgresql_where=where,
        )


def _spell_those_there() -> None:
    """Present names are looked for on the person: few rows are touched, whatever the size of the register."""
    names = sa.table(
        "person_name", *(sa.column(c) for c in ("id", "kind", "name", "name_pinyin", "name_initials"))
    )
    connection = op.get_bind()
    others = sa.select(names.c.id, names.c.name).where(names.c.kind != "current")
    for key, name in connection.execute(others).all():
        full, initials = spell(name, name=True)
        values = {"name_pinyin": full[:200] or None, "name_initials": initials[:80] or None}
        connection.execute(sa.update(names).where(names.c.id == key).values(**values))


def downgrade() -> None:
    for key in COLUMNS:
        op.drop_index(f"ix_person_name_{key}", table_name="person_name")
        op.drop_column("person_name", f"name_{key}")
