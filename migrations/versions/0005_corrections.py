"""Corrections that a clerk accepts

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table('change_request',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('fields', sa.LargeBinary(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.Column('decision', sa.String(length=200), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_change_request_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_change_request')),
    sa.UniqueConstraint('uid', name=op.f('uq_change_request_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('change_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_change_request_person_id'), ['person_id'], unique=False)
        batch_op.create_index('ix_change_request_state', ['state', 'id'], unique=False)

    op.create_table('change_request_step',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('request_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_user', sa.Integer(), nullable=True),
    sa.Column('by_label', sa.String(length=80), nullable=False),
    sa.Column('by_role', sa.String(length=40), nullable=False),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('from_state', sa.String(length=40), nullable=True),
    sa.Column('to_state', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['request_id'], ['change_request.id'], name=op.f('fk_change_request_step_request_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_change_request_step')),
    sa.UniqueConstraint('uid', name=op.f('uq_change_request_step_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('change_request_step', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_change_request_step_request_id'), ['request_id'], unique=False)




def downgrade() -> None:

    with op.batch_alter_table('change_request_step', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_change_request_step_request_id'))

    op.drop_table('change_request_step')
    with op.batch_alter_table('change_request', schema=None) as batch_op:
        batch_op.drop_index('ix_change_request_state')
        batch_op.drop_index(batch_op.f('ix_change_request_person_id'))

    op.drop_table('change_request')

