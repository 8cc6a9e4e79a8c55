"""Life events and what is proposed after them

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table('life_event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('area_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('happened_on', sa.Date(), nullable=False),
    sa.Column('household_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('other_household_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('dwelling_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('evidence', sa.String(length=120), nullable=True),
    sa.Column('note', sa.String(length=300), nullable=True),
    sa.Column('details', sa.LargeBinary(), nullable=True),
    sa.Column('undo', sa.LargeBinary(), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_by', sa.Integer(), nullable=True),
    sa.Column('revoke_reason', sa.String(length=200), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['area_id'], ['area.id'], name=op.f('fk_life_event_area_id')),
    sa.ForeignKeyConstraint(['dwelling_id'], ['dwelling.id'], name=op.f('fk_life_event_dwelling_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_life_event_household_id')),
    sa.ForeignKeyConstraint(['other_household_id'], ['household.id'], name=op.f('fk_life_event_other_household_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_life_event')),
    sa.UniqueConstraint('uid', name=op.f('uq_life_event_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('life_event', schema=None) as batch_op:
        batch_op.create_index('ix_life_event_area_day', ['area_id', 'happened_on'], unique=False)
        batch_op.create_index('ix_life_event_area_id_id', ['area_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_life_event_dwelling_id'), ['dwelling_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_life_event_household_id'), ['household_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_life_event_other_household_id'), ['other_household_id'], unique=False)

    op.create_table('life_event_person',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('event_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('role', sa.String(length=12), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['life_event.id'], name=op.f('fk_life_event_person_event_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_life_event_person_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_life_event_person')),
    sa.UniqueConstraint('event_id', 'person_id', 'role', name=op.f('uq_life_event_person_event_id_person_id_role')),
    sa.UniqueConstraint('uid', name=op.f('uq_life_event_person_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('life_event_person', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_life_event_person_event_id'), ['event_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_life_event_person_person_id'), ['person_id'], unique=False)

    op.create_table('proposal',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('rule', sa.String(length=40), nullable=False),
    sa.Column('anchor', sa.String(length=40), nullable=False),
    sa.Column('topic', sa.String(length=12), nullable=False),
    sa.Column('item_code', sa.String(length=24), nullable=True),
    sa.Column('event_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('done_ref', sa.String(length=36), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['life_event.id'], name=op.f('fk_proposal_event_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_proposal_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proposal')),
    sa.UniqueConstraint('person_id', 'rule', 'anchor', name=op.f('uq_proposal_person_id_rule_anchor')),
    sa.UniqueConstraint('uid', name=op.f('uq_proposal_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('proposal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_proposal_event_id'), ['event_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_proposal_person_id'), ['person_id'], unique=False)
        batch_op.create_index('ix_proposal_state_due', ['state', 'due_on'], unique=False)

    op.create_table('proposal_step',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('proposal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_user', sa.Integer(), nullable=True),
    sa.Column('by_label', sa.String(length=80), nullable=False),
    sa.Column('by_role', sa.String(length=40), nullable=False),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('from_state', sa.String(length=40), nullable=True),
    sa.Column('to_state', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['proposal_id'], ['proposal.id'], name=op.f('fk_proposal_step_proposal_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proposal_step')),
    sa.UniqueConstraint('uid', name=op.f('uq_proposal_step_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('proposal_step', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_proposal_step_proposal_id'), ['proposal_id'], unique=False)




def downgrade() -> None:

    with op.batch_alter_table('proposal_step', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_proposal_step_proposal_id'))

    op.drop_table('proposal_step')
    with op.batch_alter_table('proposal', schema=None) as batch_op:
        batch_op.drop_index('ix_proposal_state_due')
        batch_op.drop_index(batch_op.f('ix_proposal_person_id'))
        batch_op.drop_index(batch_op.f('ix_proposal_event_id'))

    op.drop_table('proposal')
    with op.batch_alter_table('life_event_person', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_life_event_person_person_id'))
        batch_op.drop_index(batch_op.f('ix_life_event_person_event_id'))

    op.drop_table('life_event_person')
    with op.batch_alter_table('life_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_life_event_other_household_id'))
        batch_op.drop_index(batch_op.f('ix_life_event_household_id'))
        batch_op.drop_index(batch_op.f('ix_life_event_dwelling_id'))
        batch_op.drop_index('ix_life_event_area_id_id')
        batch_op.drop_index('ix_life_event_area_day')

    op.drop_table('life_event')

