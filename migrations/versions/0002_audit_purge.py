"""What of the access log was removed after its time

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('audit_purge',
    sa.Column('id', KEY, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('log', sa.String(length=20), nullable=False),
    sa.Column('from_id', KEY, nullable=False),
    sa.Column('to_id', KEY, nullable=False),
    sa.Column('count', KEY, nullable=False),
    sa.Column('seal_id', KEY, nullable=False),
    sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('mac', sa.LargeBinary(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_purge')),
    sqlite_autoincrement=True
    )


def downgrade() -> None:
    op.drop_table('audit_purge')
