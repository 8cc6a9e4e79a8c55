"""Duplicates and merges

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa
from alembic import op


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table('duplicate_rule',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('code', sa.String(length=24), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('conditions', sa.String(length=160), nullable=False),
    sa.Column('weight', sa.Integer(), nullable=False),
    sa.Column('at_entry', sa.Boolean(), nullable=False),
    sa.Column('is_on', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deleted_by', sa.Integer(), nullable=True),
    sa.Column('delete_reason', sa.String(length=200), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_duplicate_rule')),
    sa.UniqueConstraint('code', name=op.f('uq_duplicate_rule_code')),
    sa.UniqueConstraint('uid', name=op.f('uq_duplicate_rule_uid')),
    sqlite_autoincrement=True
    )
    op.create_table('duplicate_pair',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('first_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('second_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('rules', sa.String(length=120), nullable=False),
    sa.Column('weight', sa.Integer(), nullable=False),
    sa.Column('basis', sa.Text(), nullable=False),
    sa.Column('found_by', sa.String(length=12), nullable=False),
    sa.Column('common_area_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('is_across', sa.Boolean(), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['common_area_id'], ['area.id'], name=op.f('fk_duplicate_pair_common_area_id')),
    sa.ForeignKeyConstraint(['first_id'], ['person.id'], name=op.f('fk_duplicate_pair_first_id')),
    sa.ForeignKeyConstraint(['second_id'], ['person.id'], name=op.f('fk_duplicate_pair_second_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_duplicate_pair')),
    sa.UniqueConstraint('uid', name=op.f('uq_duplicate_pair_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('duplicate_pair', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_duplicate_pair_common_area_id'), ['common_area_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_duplicate_pair_second_id'), ['second_id'], unique=False)
        batch_op.create_index('ix_duplicate_pair_state', ['state', 'weight', 'id'], unique=False)
        batch_op.create_index('uq_duplicate_pair', ['first_id', 'second_id'], unique=True)

    op.create_table('duplicate_step',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('pair_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_user', sa.Integer(), nullable=True),
    sa.Column('by_label', sa.String(length=80), nullable=False),
    sa.Column('by_role', sa.String(length=40), nullable=False),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('from_state', sa.String(length=40), nullable=True),
    sa.Column('to_state', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['pair_id'], ['duplicate_pair.id'], name=op.f('fk_duplicate_step_pair_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_duplicate_step')),
    sa.UniqueConstraint('uid', name=op.f('uq_duplicate_step_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('duplicate_step', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_duplicate_step_pair_id'), ['pair_id'], unique=False)

    op.create_table('person_merge',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('pair_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kept_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('gone_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('gone_name', sa.String(length=50), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('moved', sa.LargeBinary(), nullable=False),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('undone_by', sa.Integer(), nullable=True),
    sa.Column('undo_reason', sa.String(length=200), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['gone_id'], ['person.id'], name=op.f('fk_person_merge_gone_id')),
    sa.ForeignKeyConstraint(['kept_id'], ['person.id'], name=op.f('fk_person_merge_kept_id')),
    sa.ForeignKeyConstraint(['pair_id'], ['duplicate_pair.id'], name=op.f('fk_person_merge_pair_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person_merge')),
    sa.UniqueConstraint('uid', name=op.f('uq_person_merge_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('person_merge', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_person_merge_gone_id'), ['gone_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_person_merge_kept_id'), ['kept_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_person_merge_pair_id'), ['pair_id'], unique=False)




def downgrade() -> None:

    with op.batch_alter_table('person_merge', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_person_merge_pair_id'))
        batch_op.drop_index(batch_op.f('ix_person_merge_kept_id'))
        batch_op.drop_index(batch_op.f('ix_person_merge_gone_id'))

    op.drop_table('person_merge')
    with op.batch_alter_table('duplicate_step', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_duplicate_step_pair_id'))

    op.drop_table('duplicate_step')
    with op.batch_alter_table('duplicate_pair', schema=None) as batch_op:
        batch_op.drop_index('uq_duplicate_pair')
        batch_op.drop_index('ix_duplicate_pair_state')
        batch_op.drop_index(batch_op.f('ix_duplicate_pair_second_id'))
        batch_op.drop_index(batch_op.f('ix_duplicate_pair_common_area_id'))

    op.drop_table('duplicate_pair')
    op.drop_table('duplicate_rule')

