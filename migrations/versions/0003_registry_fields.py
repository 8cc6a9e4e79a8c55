"""What the registry keeps beyond the first census

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table('service_resource',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('area_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=True),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=True),
    sa.Column('phone', sa.String(length=40), nullable=True),
    sa.Column('hours', sa.String(length=100), nullable=True),
    sa.Column('services', sa.String(length=300), nullable=True),
    sa.Column('is_public', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deleted_by', sa.Integer(), nullable=True),
    sa.Column('delete_reason', sa.String(length=200), nullable=True),
    sa.ForeignKeyConstraint(['area_id'], ['area.id'], name=op.f('fk_service_resource_area_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_service_resource')),
    sa.UniqueConstraint('uid', name=op.f('uq_service_resource_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('service_resource', schema=None) as batch_op:
        batch_op.create_index('ix_service_resource_area_id_id', ['area_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_service_resource_name'), ['name'], unique=False)

    op.create_table('floating_stay',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('inflow_reason', sa.String(length=24), nullable=True),
    sa.Column('permit_kind', sa.String(length=24), nullable=True),
    sa.Column('permit_no', sa.LargeBinary(), nullable=True),
    sa.Column('permit_no_index', sa.String(length=32), nullable=True),
    sa.Column('registered_on', sa.Date(), nullable=True),
    sa.Column('permit_ends_on', sa.Date(), nullable=True),
    sa.Column('dwelling_type', sa.String(length=24), nullable=True),
    sa.Column('attention', sa.String(length=24), nullable=True),
    sa.Column('note', sa.String(length=300), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deleted_by', sa.Integer(), nullable=True),
    sa.Column('delete_reason', sa.String(length=200), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_floating_stay_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_floating_stay')),
    sa.UniqueConstraint('uid', name=op.f('uq_floating_stay_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('floating_stay', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_floating_stay_permit_ends_on'), ['permit_ends_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_floating_stay_permit_no_index'), ['permit_no_index'], unique=False)
        batch_op.create_index(batch_op.f('ix_floating_stay_person_id'), ['person_id'], unique=False)

    op.create_table('left_behind',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('details', sa.LargeBinary(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deleted_by', sa.Integer(), nullable=True),
    sa.Column('delete_reason', sa.String(length=200), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_left_behind_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_left_behind')),
    sa.UniqueConstraint('uid', name=op.f('uq_left_behind_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('left_behind', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_left_behind_person_id'), ['person_id'], unique=False)

    op.create_table('overseas_stay',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('surname', sa.String(length=40), nullable=True),
    sa.Column('given_name', sa.String(length=40), nullable=True),
    sa.Column('chinese_name', sa.String(length=50), nullable=True),
    sa.Column('purpose', sa.String(length=24), nullable=True),
    sa.Column('arrived_on', sa.Date(), nullable=True),
    sa.Column('leaves_on', sa.Date(), nullable=True),
    sa.Column('attention', sa.String(length=24), nullable=True),
    sa.Column('note', sa.String(length=300), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deleted_by', sa.Integer(), nullable=True),
    sa.Column('delete_reason', sa.String(length=200), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_overseas_stay_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_overseas_stay')),
    sa.UniqueConstraint('uid', name=op.f('uq_overseas_stay_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('overseas_stay', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_overseas_stay_leaves_on'), ['leaves_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_overseas_stay_person_id'), ['person_id'], unique=False)

    op.create_table('group_visit',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('group_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('planned_on', sa.Date(), nullable=True),
    sa.Column('visited_on', sa.Date(), nullable=False),
    sa.Column('next_visit_on', sa.Date(), nullable=True),
    sa.Column('way', sa.String(length=24), nullable=False),
    sa.Column('companions', sa.String(length=120), nullable=True),
    sa.Column('by_user', sa.Integer(), nullable=True),
    sa.Column('by_label', sa.String(length=80), nullable=False),
    sa.Column('details', sa.LargeBinary(), nullable=True),
    sa.Column('visit_uid', sa.String(length=36), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['group_id'], ['person_group.id'], name=op.f('fk_group_visit_group_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_group_visit')),
    sa.UniqueConstraint('uid', name=op.f('uq_group_visit_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('group_visit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_group_visit_group_id'), ['group_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_group_visit_visit_uid'), ['visit_uid'], unique=False)

    op.create_table('help_record',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('household_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('given_on', sa.Date(), nullable=False),
    sa.Column('source', sa.String(length=24), nullable=True),
    sa.Column('what', sa.String(length=300), nullable=False),
    sa.Column('given_by', sa.String(length=100), nullable=True),
    sa.Column('amount', sa.Numeric(precision=12, scale=2), nullable=True),
    sa.Column('result', sa.String(length=200), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deleted_by', sa.Integer(), nullable=True),
    sa.Column('delete_reason', sa.String(length=200), nullable=True),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_help_record_household_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_help_record_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_help_record')),
    sa.UniqueConstraint('uid', name=op.f('uq_help_record_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('help_record', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_help_record_household_id'), ['household_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_help_record_person_id'), ['person_id'], unique=False)

    op.create_table('resident_unit',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('area_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('name_initials', sa.String(length=60), nullable=True),
    sa.Column('credit_code', sa.String(length=18), nullable=True),
    sa.Column('building_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=True),
    sa.Column('staff_count', sa.Integer(), nullable=True),
    sa.Column('category', sa.String(length=60), nullable=True),
    sa.Column('registered_kind', sa.String(length=60), nullable=True),
    sa.Column('holding', sa.String(length=60), nullable=True),
    sa.Column('business', sa.String(length=300), nullable=True),
    sa.Column('legal_name', sa.String(length=50), nullable=True),
    sa.Column('legal_document_kind', sa.String(length=24), nullable=True),
    sa.Column('legal_document', sa.LargeBinary(), nullable=True),
    sa.Column('legal_document_index', sa.String(length=32), nullable=True),
    sa.Column('legal_phone', sa.LargeBinary(), nullable=True),
    sa.Column('legal_phone_index', sa.String(length=32), nullable=True),
    sa.Column('guard_name', sa.String(length=50), nullable=True),
    sa.Column('guard_phone', sa.LargeBinary(), nullable=True),
    sa.Column('guard_phone_index', sa.String(length=32), nullable=True),
    sa.Column('is_hazardous', sa.Boolean(), nullable=False),
    sa.Column('hazard', sa.String(length=24), nullable=True),
    sa.Column('attention', sa.String(length=24), nullable=True),
    sa.Column('has_party', sa.Boolean(), nullable=False),
    sa.Column('party_members', sa.Integer(), nullable=True),
    sa.Column('has_union', sa.Boolean(), nullable=False),
    sa.Column('union_members', sa.Integer(), nullable=True),
    sa.Column('has_league', sa.Boolean(), nullable=False),
    sa.Column('league_members', sa.Integer(), nullable=True),
    sa.Column('has_women', sa.Boolean(), nullable=False),
    sa.Column('women_members', sa.Integer(), nullable=True),
    sa.Column('licence_no', sa.String(length=60), nullable=True),
    sa.Column('authority', sa.String(length=80), nullable=True),
    sa.Column('approved_on', sa.Date(), nullable=True),
    sa.Column('social_kind', sa.String(length=24), nullable=True),
    sa.Column('funding', sa.String(length=60), nullable=True),
    sa.Column('is_foreign', sa.Boolean(), nullable=False),
    sa.Column('status', sa.String(length=24), nullable=False),
    sa.Column('note', sa.String(length=300), nullable=True),
    sa.Column('source', sa.String(length=24), nullable=True),
    sa.Column('confirmed_on', sa.Date(), nullable=True),
    sa.Column('confirmed_by', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deleted_by', sa.Integer(), nullable=True),
    sa.Column('delete_reason', sa.String(length=200), nullable=True),
    sa.ForeignKeyConstraint(['area_id'], ['area.id'], name=op.f('fk_resident_unit_area_id')),
    sa.ForeignKeyConstraint(['building_id'], ['building.id'], name=op.f('fk_resident_unit_building_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_resident_unit')),
    sa.UniqueConstraint('uid', name=op.f('uq_resident_unit_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('resident_unit', schema=None) as batch_op:
        batch_op.create_index('ix_resident_unit_area_id_id', ['area_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_resident_unit_building_id'), ['building_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_resident_unit_credit_code'), ['credit_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_resident_unit_guard_phone_index'), ['guard_phone_index'], unique=False)
        batch_op.create_index(batch_op.f('ix_resident_unit_legal_document_index'), ['legal_document_index'], unique=False)
        batch_op.create_index(batch_op.f('ix_resident_unit_legal_phone_index'), ['legal_phone_index'], unique=False)
        batch_op.create_index(batch_op.f('ix_resident_unit_name'), ['name'], unique=False)
        batch_op.create_index(batch_op.f('ix_resident_unit_name_initials'), ['name_initials'], unique=False)

    op.create_table('building_chief',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('building_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('staff_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('unit_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('note', sa.String(length=120), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deleted_by', sa.Integer(), nullable=True),
    sa.Column('delete_reason', sa.String(length=200), nullable=True),
    sa.ForeignKeyConstraint(['building_id'], ['building.id'], name=op.f('fk_building_chief_building_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_building_chief_staff_id')),
    sa.ForeignKeyConstraint(['unit_id'], ['building_unit.id'], name=op.f('fk_building_chief_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_building_chief')),
    sa.UniqueConstraint('uid', name=op.f('uq_building_chief_uid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('building_chief', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_building_chief_building_id'), ['building_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_building_chief_staff_id'), ['staff_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_building_chief_unit_id'), ['unit_id'], unique=False)

    op.create_table('school',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('venue_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('school_kind', sa.String(length=24), nullable=True),
    sa.Column('students', sa.Integer(), nullable=True),
    sa.Column('authority', sa.String(length=80), nullable=True),
    sa.Column('head_name', sa.String(length=50), nullable=True),
    sa.Column('safety_lead', sa.String(length=50), nullable=True),
    sa.Column('safety_owner', sa.String(length=50), nullable=True),
    sa.Column('order_owner', sa.String(length=50), nullable=True),
    sa.Column('guards', sa.Integer(), nullable=True),
    sa.Column('note', sa.String(length=300), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deleted_by', sa.Integer(), nullable=True),
    sa.Column('delete_reason', sa.String(length=200), nullable=True),
    sa.ForeignKeyConstraint(['venue_id'], ['venue.id'], name=op.f('fk_school_venue_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_school')),
    sa.UniqueConstraint('uid', name=op.f('uq_school_uid')),
    sa.UniqueConstraint('venue_id', name=op.f('uq_school_venue_id')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('building', schema=None) as batch_op:
        batch_op.add_column(sa.Column('area_m2', sa.Numeric(precision=10, scale=2), nullable=True))
        batch_op.add_column(sa.Column('property_unit_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.add_column(sa.Column('property_phone', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('source', sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column('confirmed_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('confirmed_by', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_building_property_unit_id'), ['property_unit_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_building_property_unit_id'), 'org_unit', ['property_unit_id'], ['id'])

    with op.batch_alter_table('dwelling', schema=None) as batch_op:
        batch_op.add_column(sa.Column('house_no', sa.String(length=50), nullable=True))
        batch_op.add_column(sa.Column('longitude', sa.Numeric(precision=11, scale=8), nullable=True))
        batch_op.add_column(sa.Column('latitude', sa.Numeric(precision=11, scale=8), nullable=True))
        batch_op.add_column(sa.Column('owner_document_kind', sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column('owner_document', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('owner_document_index', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('owner_address', sa.String(length=160), nullable=True))
        batch_op.add_column(sa.Column('source', sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column('confirmed_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('confirmed_by', sa.Integer(), nullable=True))
        batch_op.create_index('ix_dwelling_area_confirmed', ['area_id', 'confirmed_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_dwelling_house_no'), ['house_no'], unique=False)
        batch_op.create_index(batch_op.f('ix_dwelling_owner_document_index'), ['owner_document_index'], unique=False)

    with op.batch_alter_table('household', schema=None) as batch_op:
        batch_op.add_column(sa.Column('needs', sa.String(length=300), nullable=True))
        batch_op.add_column(sa.Column('last_visit_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('source', sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column('confirmed_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('confirmed_by', sa.Integer(), nullable=True))
        batch_op.create_index('ix_household_area_visit', ['area_id', 'last_visit_on'], unique=False, sqlite_where=sa.text("kind = 'living' AND valid_to IS NULL AND deleted_at IS NULL"), postgresql_where=sa.text("kind = 'living' AND valid_to IS NULL AND deleted_at IS NULL"))

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.add_column(sa.Column('occupation_class', sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column('separation', sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column('confirmed_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('merged_into_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
        batch_op.create_index('ix_person_area_confirmed', ['area_id', 'confirmed_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_person_merged_into_id'), ['merged_into_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_person_merged_into_id'), 'person', ['merged_into_id'], ['id'])

    with op.batch_alter_table('person_group', schema=None) as batch_op:
        batch_op.add_column(sa.Column('visit_days', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('last_visit_on', sa.Date(), nullable=True))
        batch_op.create_index(batch_op.f('ix_person_group_next_visit_on'), ['next_visit_on'], unique=False)

    with op.batch_alter_table('rental_home', schema=None) as batch_op:
        batch_op.add_column(sa.Column('structure', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('deed_no', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('landlord_document_kind', sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column('landlord_document', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('landlord_document_index', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('landlord_address', sa.String(length=160), nullable=True))
        batch_op.add_column(sa.Column('caretaker_name', sa.String(length=50), nullable=True))
        batch_op.add_column(sa.Column('caretaker_phone', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('caretaker_phone_index', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('agent_credit_code', sa.String(length=18), nullable=True))
        batch_op.add_column(sa.Column('pledge_signed', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('rent', sa.Numeric(precision=10, scale=2), nullable=True))
        batch_op.add_column(sa.Column('lease_from', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('risk_reason', sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column('last_check_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('source', sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column('confirmed_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('confirmed_by', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_rental_home_caretaker_phone_index'), ['caretaker_phone_index'], unique=False)
        batch_op.create_index(batch_op.f('ix_rental_home_landlord_document_index'), ['landlord_document_index'], unique=False)
        batch_op.create_index(batch_op.f('ix_rental_home_lease_until'), ['lease_until'], unique=False)
        batch_op.create_index(batch_op.f('ix_rental_home_next_check_on'), ['next_check_on'], unique=False)

    with op.batch_alter_table('venue', schema=None) as batch_op:
        batch_op.add_column(sa.Column('beds', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('safety_owner', sa.String(length=50), nullable=True))
        batch_op.add_column(sa.Column('hazard', sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column('attention', sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column('last_check_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('next_check_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('source', sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column('confirmed_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('confirmed_by', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_venue_licence_until'), ['licence_until'], unique=False)
        batch_op.create_index(batch_op.f('ix_venue_next_check_on'), ['next_check_on'], unique=False)




def downgrade() -> None:

    with op.batch_alter_table('venue', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_venue_next_check_on'))
        batch_op.drop_index(batch_op.f('ix_venue_licence_until'))
        batch_op.drop_column('confirmed_by')
        batch_op.drop_column('confirmed_on')
        batch_op.drop_column('source')
        batch_op.drop_column('next_check_on')
        batch_op.drop_column('last_check_on')
        batch_op.drop_column('attention')
        batch_op.drop_column('hazard')
        batch_op.drop_column('safety_owner')
        batch_op.drop_column('beds')

    with op.batch_alter_table('rental_home', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_rental_home_next_check_on'))
        batch_op.drop_index(batch_op.f('ix_rental_home_lease_until'))
        batch_op.drop_index(batch_op.f('ix_rental_home_landlord_document_index'))
        batch_op.drop_index(batch_op.f('ix_rental_home_caretaker_phone_index'))
        batch_op.drop_column('confirmed_by')
        batch_op.drop_column('confirmed_on')
        batch_op.drop_column('source')
        batch_op.drop_column('last_check_on')
        batch_op.drop_column('risk_reason')
        batch_op.drop_column('lease_from')
        batch_op.drop_column('rent')
        batch_op.drop_column('pledge_signed')
        batch_op.drop_column('agent_credit_code')
        batch_op.drop_column('caretaker_phone_index')
        batch_op.drop_column('caretaker_phone')
        batch_op.drop_column('caretaker_name')
        batch_op.drop_column('landlord_address')
        batch_op.drop_column('landlord_document_index')
        batch_op.drop_column('landlord_document')
        batch_op.drop_column('landlord_document_kind')
        batch_op.drop_column('deed_no')
        batch_op.drop_column('structure')

    with op.batch_alter_table('person_group', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_person_group_next_visit_on'))
        batch_op.drop_column('last_visit_on')
        batch_op.drop_column('visit_days')

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_person_merged_into_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_person_merged_into_id'))
        batch_op.drop_index('ix_person_area_confirmed')
        batch_op.drop_column('merged_into_id')
        batch_op.drop_column('confirmed_on')
        batch_op.drop_column('separation')
        batch_op.drop_column('occupation_class')

    with op.batch_alter_table('household', schema=None) as batch_op:
        batch_op.drop_index('ix_household_area_visit')
        batch_op.drop_column('confirmed_by')
        batch_op.drop_column('confirmed_on')
        batch_op.drop_column('source')
        batch_op.drop_column('last_visit_on')
        batch_op.drop_column('needs')

    with op.batch_alter_table('dwelling', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_dwelling_owner_document_index'))
        batch_op.drop_index(batch_op.f('ix_dwelling_house_no'))
        batch_op.drop_index('ix_dwelling_area_confirmed')
        batch_op.drop_column('confirmed_by')
        batch_op.drop_column('confirmed_on')
        batch_op.drop_column('source')
        batch_op.drop_column('owner_address')
        batch_op.drop_column('owner_document_index')
        batch_op.drop_column('owner_document')
        batch_op.drop_column('owner_document_kind')
        batch_op.drop_column('latitude')
        batch_op.drop_column('longitude')
        batch_op.drop_column('house_no')

    with op.batch_alter_table('building', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_building_property_unit_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_building_property_unit_id'))
        batch_op.drop_column('confirmed_by')
        batch_op.drop_column('confirmed_on')
        batch_op.drop_column('source')
        batch_op.drop_column('property_phone')
        batch_op.drop_column('property_unit_id')
        batch_op.drop_column('area_m2')

    op.drop_table('school')
    with op.batch_alter_table('building_chief', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_building_chief_unit_id'))
        batch_op.drop_index(batch_op.f('ix_building_chief_staff_id'))
        batch_op.drop_index(batch_op.f('ix_building_chief_building_id'))

    op.drop_table('building_chief')
    with op.batch_alter_table('resident_unit', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_resident_unit_name_initials'))
        batch_op.drop_index(batch_op.f('ix_resident_unit_name'))
        batch_op.drop_index(batch_op.f('ix_resident_unit_legal_phone_index'))
        batch_op.drop_index(batch_op.f('ix_resident_unit_legal_document_index'))
        batch_op.drop_index(batch_op.f('ix_resident_unit_guard_phone_index'))
        batch_op.drop_index(batch_op.f('ix_resident_unit_credit_code'))
        batch_op.drop_index(batch_op.f('ix_resident_unit_building_id'))
        batch_op.drop_index('ix_resident_unit_area_id_id')

    op.drop_table('resident_unit')
    with op.batch_alter_table('help_record', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_help_record_person_id'))
        batch_op.drop_index(batch_op.f('ix_help_record_household_id'))

    op.drop_table('help_record')
    with op.batch_alter_table('group_visit', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_group_visit_visit_uid'))
        batch_op.drop_index(batch_op.f('ix_group_visit_group_id'))

    op.drop_table('group_visit')
    with op.batch_alter_table('overseas_stay', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_overseas_stay_person_id'))
        batch_op.drop_index(batch_op.f('ix_overseas_stay_leaves_on'))

    op.drop_table('overseas_stay')
    with op.batch_alter_table('left_behind', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_left_behind_person_id'))

    op.drop_table('left_behind')
    with op.batch_alter_table('floating_stay', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_floating_stay_person_id'))
        batch_op.drop_index(batch_op.f('ix_floating_stay_permit_no_index'))
        batch_op.drop_index(batch_op.f('ix_floating_stay_permit_ends_on'))

    op.drop_table('floating_stay')
    with op.batch_alter_table('service_resource', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_service_resource_name'))
        batch_op.drop_index('ix_service_resource_area_id_id')

    op.drop_table('service_resource')

