"""Census campaigns

Revision: 0006
Follows: 0005
"""

import sqlalchemy as sa
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table('campaign',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('area_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('purpose', sa.String(length=300), nullable=True),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deleted_by', sa.Integer(), nullable=True),
    sa.Column('delete_reason', sa.String(length=200), nullable=True),
    sa.ForeignKeyConstraint(['area_id'], ['area.id'], name=op.f('fk_campaign_area_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign')),
    sa.UniqueConstraint('uid', name=op.f('uq_campaign_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('campaign', schema=None) as batch_op:
        batch_op.create_index('ix_campaign_area_id_id', ['area_id', 'id'], unique=False)

    op.create_table('campaign_step',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_user', sa.Integer(), nullable=True),
    sa.Column('by_label', sa.String(length=80), nullable=False),
    sa.Column('by_role', sa.String(length=40), nullable=False),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('from_state', sa.String(length=40), nullable=True),
    sa.Column('to_state', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_campaign_step_campaign_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_step')),
    sa.UniqueConstraint('uid', name=op.f('uq_campaign_step_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('campaign_step', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_campaign_step_campaign_id'), ['campaign_id'], unique=False)

    op.create_table('campaign_target',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('area_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('campaign_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('dwelling_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('household_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('building_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('staff_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('revisit_on', sa.Date(), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('tried_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['area_id'], ['area.id'], name=op.f('fk_campaign_target_area_id')),
    sa.ForeignKeyConstraint(['building_id'], ['building.id'], name=op.f('fk_campaign_target_building_id')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_campaign_target_campaign_id')),
    sa.ForeignKeyConstraint(['dwelling_id'], ['dwelling.id'], name=op.f('fk_campaign_target_dwelling_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_campaign_target_household_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_campaign_target_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_target')),
    sa.UniqueConstraint('uid', name=op.f('uq_campaign_target_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('campaign_target', schema=None) as batch_op:
        batch_op.create_index('ix_campaign_target_area_id_id', ['area_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_target_building_id'), ['building_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_target_dwelling_id'), ['dwelling_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_target_household_id'), ['household_id'], unique=False)
        batch_op.create_index('ix_campaign_target_progress', ['campaign_id', 'area_id', 'state'], unique=False)
        batch_op.create_index('ix_campaign_target_staff', ['campaign_id', 'staff_id', 'state'], unique=False)
        batch_op.create_index(batch_op.f('ix_campaign_target_staff_id'), ['staff_id'], unique=False)
        batch_op.create_index('uq_campaign_target_home', ['campaign_id', 'dwelling_id', 'household_id'], unique=True)

    op.create_table('campaign_try',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('target_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('revisit_on', sa.Date(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_user', sa.Integer(), nullable=True),
    sa.Column('by_label', sa.String(length=80), nullable=False),
    sa.Column('by_role', sa.String(length=40), nullable=False),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('from_state', sa.String(length=40), nullable=True),
    sa.Column('to_state', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['target_id'], ['campaign_target.id'], name=op.f('fk_campaign_try_target_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_try')),
    sa.UniqueConstraint('uid', name=op.f('uq_campaign_try_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('campaign_try', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_campaign_try_target_id'), ['target_id'], unique=False)


    op.create_table('sheet_pack',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('area_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('building_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('is_blank', sa.Boolean(), nullable=False),
    sa.Column('homes', sa.Integer(), nullable=False),
    sa.Column('parts', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['area_id'], ['area.id'], name=op.f('fk_sheet_pack_area_id')),
    sa.ForeignKeyConstraint(['building_id'], ['building.id'], name=op.f('fk_sheet_pack_building_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sheet_pack')),
    sa.UniqueConstraint('uid', name=op.f('uq_sheet_pack_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('sheet_pack', schema=None) as batch_op:
        batch_op.create_index('ix_sheet_pack_area_id_id', ['area_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sheet_pack_building_id'), ['building_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sheet_pack_owner_id'), ['owner_id'], unique=False)


def downgrade() -> None:

    with op.batch_alter_table('sheet_pack', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sheet_pack_owner_id'))
        batch_op.drop_index(batch_op.f('ix_sheet_pack_building_id'))
        batch_op.drop_index('ix_sheet_pack_area_id_id')

    op.drop_table('sheet_pack')
    with op.batch_alter_table('campaign_try', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_campaign_try_target_id'))

    op.drop_table('campaign_try')
    with op.batch_alter_table('campaign_target', schema=None) as batch_op:
        batch_op.drop_index('uq_campaign_target_home')
        batch_op.drop_index(batch_op.f('ix_campaign_target_staff_id'))
        batch_op.drop_index('ix_campaign_target_staff')
        batch_op.drop_index('ix_campaign_target_progress')
        batch_op.drop_index(batch_op.f('ix_campaign_target_household_id'))
        batch_op.drop_index(batch_op.f('ix_campaign_target_dwelling_id'))
        batch_op.drop_index(batch_op.f('ix_campaign_target_building_id'))
        batch_op.drop_index('ix_campaign_target_area_id_id')

    op.drop_table('campaign_target')
    with op.batch_alter_table('campaign_step', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_campaign_step_campaign_id'))

    op.drop_table('campaign_step')
    with op.batch_alter_table('campaign', schema=None) as batch_op:
        batch_op.drop_index('ix_campaign_area_id_id')

    op.drop_table('campaign')

