"""Checks of rented homes and venues, hazards

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa
from alembic import op


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table('risk_rule',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('colour', sa.String(length=24), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('condition', sa.JSON(), nullable=False),
    sa.Column('check_days', sa.Integer(), nullable=True),
    sa.Column('source', sa.String(length=160), nullable=True),
    sa.Column('is_on', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deleted_by', sa.Integer(), nullable=True),
    sa.Column('delete_reason', sa.String(length=200), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_risk_rule')),
    sa.UniqueConstraint('uid', name=op.f('uq_risk_rule_uid')),
    sqlite_autoincrement=True
    )
    op.create_table('venue_threshold',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('nine_small', sa.String(length=24), nullable=False),
    sa.Column('venue_key', sa.String(length=24), nullable=False),
    sa.Column('measure', sa.String(length=12), nullable=False),
    sa.Column('most', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=160), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deleted_by', sa.Integer(), nullable=True),
    sa.Column('delete_reason', sa.String(length=200), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_venue_threshold')),
    sa.UniqueConstraint('uid', name=op.f('uq_venue_threshold_uid')),
    sqlite_autoincrement=True
    )
    op.create_table('safety_check',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('area_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('rental_home_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('venue_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('checked_on', sa.Date(), nullable=False),
    sa.Column('inspectors', sa.String(length=120), nullable=False),
    sa.Column('people_found', sa.Integer(), nullable=True),
    sa.Column('summary', sa.String(length=300), nullable=True),
    sa.Column('risk', sa.String(length=24), nullable=True),
    sa.Column('next_check_on', sa.Date(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.CheckConstraint('(rental_home_id IS NULL) <> (venue_id IS NULL)', name=op.f('ck_safety_check_one_place')),
    sa.ForeignKeyConstraint(['area_id'], ['area.id'], name=op.f('fk_safety_check_area_id')),
    sa.ForeignKeyConstraint(['rental_home_id'], ['rental_home.id'], name=op.f('fk_safety_check_rental_home_id')),
    sa.ForeignKeyConstraint(['venue_id'], ['venue.id'], name=op.f('fk_safety_check_venue_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_safety_check')),
    sa.UniqueConstraint('uid', name=op.f('uq_safety_check_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('safety_check', schema=None) as batch_op:
        batch_op.create_index('ix_safety_check_area_id_id', ['area_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_safety_check_rental_home_id'), ['rental_home_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_safety_check_venue_id'), ['venue_id'], unique=False)

    op.create_table('hazard',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('area_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('check_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('rental_home_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('venue_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('item', sa.String(length=24), nullable=True),
    sa.Column('kind', sa.String(length=24), nullable=True),
    sa.Column('text', sa.String(length=300), nullable=False),
    sa.Column('basis', sa.String(length=120), nullable=True),
    sa.Column('found_on', sa.Date(), nullable=False),
    sa.Column('fix_by', sa.Date(), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('reported_unit_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('(rental_home_id IS NULL) <> (venue_id IS NULL)', name=op.f('ck_hazard_one_place')),
    sa.ForeignKeyConstraint(['area_id'], ['area.id'], name=op.f('fk_hazard_area_id')),
    sa.ForeignKeyConstraint(['check_id'], ['safety_check.id'], name=op.f('fk_hazard_check_id')),
    sa.ForeignKeyConstraint(['rental_home_id'], ['rental_home.id'], name=op.f('fk_hazard_rental_home_id')),
    sa.ForeignKeyConstraint(['reported_unit_id'], ['org_unit.id'], name=op.f('fk_hazard_reported_unit_id')),
    sa.ForeignKeyConstraint(['venue_id'], ['venue.id'], name=op.f('fk_hazard_venue_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hazard')),
    sa.UniqueConstraint('uid', name=op.f('uq_hazard_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('hazard', schema=None) as batch_op:
        batch_op.create_index('ix_hazard_area_id_id', ['area_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_hazard_check_id'), ['check_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_hazard_rental_home_id'), ['rental_home_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_hazard_reported_unit_id'), ['reported_unit_id'], unique=False)
        batch_op.create_index('ix_hazard_state_due', ['state', 'fix_by'], unique=False)
        batch_op.create_index(batch_op.f('ix_hazard_venue_id'), ['venue_id'], unique=False)

    op.create_table('safety_check_item',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('check_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('item', sa.String(length=24), nullable=False),
    sa.Column('result', sa.String(length=8), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['check_id'], ['safety_check.id'], name=op.f('fk_safety_check_item_check_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_safety_check_item')),
    sa.UniqueConstraint('uid', name=op.f('uq_safety_check_item_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('safety_check_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_safety_check_item_check_id'), ['check_id'], unique=False)

    op.create_table('hazard_step',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('hazard_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('fix_by', sa.Date(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_user', sa.Integer(), nullable=True),
    sa.Column('by_label', sa.String(length=80), nullable=False),
    sa.Column('by_role', sa.String(length=40), nullable=False),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('from_state', sa.String(length=40), nullable=True),
    sa.Column('to_state', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['hazard_id'], ['hazard.id'], name=op.f('fk_hazard_step_hazard_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hazard_step')),
    sa.UniqueConstraint('uid', name=op.f('uq_hazard_step_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('hazard_step', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hazard_step_hazard_id'), ['hazard_id'], unique=False)




def downgrade() -> None:

    with op.batch_alter_table('hazard_step', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_hazard_step_hazard_id'))

    op.drop_table('hazard_step')
    with op.batch_alter_table('safety_check_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_safety_check_item_check_id'))

    op.drop_table('safety_check_item')
    with op.batch_alter_table('hazard', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_hazard_venue_id'))
        batch_op.drop_index('ix_hazard_state_due')
        batch_op.drop_index(batch_op.f('ix_hazard_reported_unit_id'))
        batch_op.drop_index(batch_op.f('ix_hazard_rental_home_id'))
        batch_op.drop_index(batch_op.f('ix_hazard_check_id'))
        batch_op.drop_index('ix_hazard_area_id_id')

    op.drop_table('hazard')
    with op.batch_alter_table('safety_check', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_safety_check_venue_id'))
        batch_op.drop_index(batch_op.f('ix_safety_check_rental_home_id'))
        batch_op.drop_index('ix_safety_check_area_id_id')

    op.drop_table('safety_check')
    op.drop_table('venue_threshold')
    op.drop_table('risk_rule')

