"""Proxy services whole: signatures, chain of hands, assisting departments, call-backs, alarms, limits, slots, guide

Revision: 0015
Follows: 0014
"""

import sqlalchemy as sa
from alembic import op


revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "escalation_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("clock", sa.String(length=16), nullable=False),
        sa.Column("moment", sa.String(length=8), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=12), nullable=False),
        sa.Column("tells", sa.String(length=12), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=160), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_rule")),
        sa.UniqueConstraint("code", name=op.f("uq_escalation_rule_code")),
        sa.UniqueConstraint("uid", name=op.f("uq_escalation_rule_uid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "step_limit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("clock", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=12), nullable=False),
        sa.Column("source", sa.String(length=160), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_limit")),
        sa.UniqueConstraint("clock", name=op.f("uq_step_limit_clock")),
        sa.UniqueConstraint("uid", name=op.f("uq_step_limit_uid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "guide_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("edition", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_pinyin", sa.String(length=240), nullable=True),
        sa.Column("name_initials", sa.String(length=120), nullable=True),
        sa.Column("department_code", sa.String(length=8), nullable=True),
        sa.Column("department_name", sa.String(length=40), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=True),
        sa.Column("level", sa.String(length=40), nullable=True),
        sa.Column("audience", sa.String(length=200), nullable=True),
        sa.Column("conditions", sa.Text(), nullable=True),
        sa.Column("materials", sa.Text(), nullable=True),
        sa.Column("steps", sa.Text(), nullable=True),
        sa.Column("statutory_days", sa.Integer(), nullable=True),
        sa.Column("promised_days", sa.Integer(), nullable=True),
        sa.Column("fee", sa.String(length=120), nullable=True),
        sa.Column("place", sa.String(length=160), nullable=True),
        sa.Column("hours", sa.String(length=120), nullable=True),
        sa.Column("phone", sa.String(length=60), nullable=True),
        sa.Column("online", sa.String(length=200), nullable=True),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("service_item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.Integer(), nullable=True),
        sa.Column("delete_reason", sa.String(length=200), nullable=True),
        sa.Column("deleted_step", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(
            ["service_item_id"], ["service_item.id"], name=op.f("fk_guide_item_service_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guide_item")),
        sa.UniqueConstraint("uid", name=op.f("uq_guide_item_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("guide_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_guide_item_code"), ["code"], unique=False)
        batch_op.create_index(batch_op.f("ix_guide_item_department_code"), ["department_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_guide_item_name_initials"), ["name_initials"], unique=False)
        batch_op.create_index(batch_op.f("ix_guide_item_service_item_id"), ["service_item_id"], unique=False)
        batch_op.create_index(
            "uq_guide_item_live",
            ["code", "edition"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "service_field",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("item_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("code_list", sa.String(length=40), nullable=True),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(length=12), nullable=False),
        sa.Column("hint", sa.String(length=160), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["item_version_id"], ["service_item_version.id"], name=op.f("fk_service_field_item_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_field")),
        sa.UniqueConstraint("item_version_id", "key", name=op.f("uq_service_field_item_version_id_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_service_field_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("service_field", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_service_field_item_version_id"), ["item_version_id"], unique=False
        )

    op.create_table(
        "staff_absence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("area_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.Column("substitute_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_staff_absence_area_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_absence_staff_id")),
        sa.ForeignKeyConstraint(["substitute_id"], ["staff.id"], name=op.f("fk_staff_absence_substitute_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_absence")),
        sa.UniqueConstraint("uid", name=op.f("uq_staff_absence_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("staff_absence", schema=None) as batch_op:
        batch_op.create_index("ix_staff_absence_area_id_id", ["area_id", "id"], unique=False)
        batch_op.create_index("ix_staff_absence_staff_days", ["staff_id", "from_day", "to_day"], unique=False)

    op.create_table(
        "work_slot",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("area_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("slot", sa.String(length=11), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_work_slot_area_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_work_slot_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_slot")),
        sa.UniqueConstraint("uid", name=op.f("uq_work_slot_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("work_slot", schema=None) as batch_op:
        batch_op.create_index("ix_work_slot_area_id_id", ["area_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_work_slot_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "case_alarm",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("about", sa.String(length=48), nullable=False),
        sa.Column("rule", sa.String(length=24), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.String(length=12), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["proxy_case.id"], name=op.f("fk_case_alarm_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_alarm")),
        sa.UniqueConstraint(
            "case_id", "about", "rule", "due_at", name=op.f("uq_case_alarm_case_id_about_rule_due_at")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_case_alarm_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("case_alarm", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_alarm_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_case_alarm_open_due", ["settled_at", "due_at"], unique=False)

    op.create_table(
        "case_assist",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("org_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("question", sa.String(length=300), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=80), nullable=True),
        sa.Column("opinion", sa.String(length=12), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["proxy_case.id"], name=op.f("fk_case_assist_case_id")),
        sa.ForeignKeyConstraint(["org_unit_id"], ["org_unit.id"], name=op.f("fk_case_assist_org_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_assist")),
        sa.UniqueConstraint("uid", name=op.f("uq_case_assist_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("case_assist", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_assist_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_case_assist_unit_answered", ["org_unit_id", "answered_at"], unique=False)

    op.create_table(
        "case_callback",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rating", sa.String(length=24), nullable=True),
        sa.Column("words", sa.String(length=300), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("new_rating", sa.String(length=24), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["proxy_case.id"], name=op.f("fk_case_callback_case_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_case_callback_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_callback")),
        sa.UniqueConstraint("uid", name=op.f("uq_case_callback_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("case_callback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_callback_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_case_callback_closed_due", ["closed_at", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_callback_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "case_signature",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("way", sa.String(length=12), nullable=False),
        sa.Column("signer", sa.String(length=50), nullable=False),
        sa.Column("relation", sa.String(length=40), nullable=True),
        sa.Column("witness", sa.String(length=50), nullable=True),
        sa.Column("file_uid", sa.String(length=36), nullable=True),
        sa.Column("wording", sa.String(length=40), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["proxy_case.id"], name=op.f("fk_case_signature_case_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_case_signature_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_signature")),
        sa.UniqueConstraint("uid", name=op.f("uq_case_signature_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("case_signature", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_signature_case_id"), ["case_id"], unique=False)

    op.create_table(
        "custody_move",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("custody_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_kind", sa.String(length=8), nullable=False),
        sa.Column("from_staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("from_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("to_kind", sa.String(length=8), nullable=False),
        sa.Column("to_staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("to_unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("to_name", sa.String(length=50), nullable=True),
        sa.Column("signature_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["proxy_case.id"], name=op.f("fk_custody_move_case_id")),
        sa.ForeignKeyConstraint(["custody_id"], ["custody.id"], name=op.f("fk_custody_move_custody_id")),
        sa.ForeignKeyConstraint(["from_staff_id"], ["staff.id"], name=op.f("fk_custody_move_from_staff_id")),
        sa.ForeignKeyConstraint(["from_unit_id"], ["org_unit.id"], name=op.f("fk_custody_move_from_unit_id")),
        sa.ForeignKeyConstraint(
            ["signature_id"], ["case_signature.id"], name=op.f("fk_custody_move_signature_id")
        ),
        sa.ForeignKeyConstraint(["to_staff_id"], ["staff.id"], name=op.f("fk_custody_move_to_staff_id")),
        sa.ForeignKeyConstraint(["to_unit_id"], ["org_unit.id"], name=op.f("fk_custody_move_to_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_move")),
        sa.UniqueConstraint("uid", name=op.f("uq_custody_move_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("custody_move", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_custody_move_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_custody_move_custody_id"), ["custody_id"], unique=False)

    with op.batch_alter_table("case_delivery", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.add_column(sa.Column("photo_uid", sa.String(length=36), nullable=True))
        batch_op.add_column(
            sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_foreign_key(batch_op.f("fk_case_delivery_staff_id"), "staff", ["staff_id"], ["id"])

    with op.batch_alter_table("case_material", schema=None) as batch_op:
        batch_op.add_column(sa.Column("issuer", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("source", sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column("source_uid", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("source_note", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("valid_until", sa.Date(), nullable=True))
        batch_op.create_index("ix_case_material_source", ["source_uid"], unique=False)

    with op.batch_alter_table("custody", schema=None) as batch_op:
        batch_op.add_column(sa.Column("document_no", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("copies", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("reason", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("lost_note", sa.String(length=300), nullable=True))
        batch_op.create_index("ix_custody_out_due", ["returned_at", "due_back_on"], unique=False)

    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.add_column(sa.Column("certainty", sa.String(length=8), nullable=True))

    with op.batch_alter_table("proxy_case", schema=None) as batch_op:
        batch_op.add_column(sa.Column("answers", sa.LargeBinary(), nullable=True))
        batch_op.add_column(
            sa.Column("is_accompanied", sa.Boolean(), nullable=False, server_default="0")
        )
        batch_op.add_column(sa.Column("relation_flag", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("relation_note", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("resident_trips", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("worker_trips", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("hand_overs", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("returns", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("supplement_until", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("suspended_until", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("used_days", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("was_on_time", sa.Boolean(), nullable=True))
        batch_op.create_index("ix_proxy_case_decided", ["decided_at"], unique=False)

    with op.batch_alter_table("service_item_version", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("checked_by", sa.String(length=12), nullable=False, server_default="department")
        )
        batch_op.add_column(sa.Column("assisting", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("limits", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("criteria", sa.JSON(none_as_null=True), nullable=True))

    with op.batch_alter_table("service_material", schema=None) as batch_op:
        batch_op.add_column(sa.Column("issuer", sa.String(length=40), nullable=True))

    # when the steps of older cases were taken, for figures by worker and item
    for column, actions in (
        ("accepted_at", "'accept'"),
        ("decided_at", "'approve', 'refuse'"),
        ("delivered_at", "'deliver', 'pick_up', 'leave'"),
    ):
        op.execute(
            f"UPDATE proxy_case SET {column} = (SELECT max(s.at) FROM case_step s"
            f" WHERE s.case_id = proxy_case.id AND s.action IN ({actions}))"
        )


def downgrade() -> None:
    # the index of words of custom fields hangs on columns that earlier steps take away; the next upgrade makes it anew
    if op.get_bind().dialect.name == "sqlite":
        for table in ("person", "household", "dwelling", "rental_home", "venue", "service_record"):
            for verb in ("i", "d", "u"):
                op.execute(f"DROP TRIGGER IF EXISTS {table}_extra_fts_{verb}")
            op.execute(f"DROP TABLE IF EXISTS {table}_extra_fts")

    with op.batch_alter_table("service_material", schema=None) as batch_op:
        batch_op.drop_column("issuer")

    with op.batch_alter_table("service_item_version", schema=None) as batch_op:
        batch_op.drop_column("criteria")
        batch_op.drop_column("limits")
        batch_op.drop_column("assisting")
        batch_op.drop_column("checked_by")

    with op.batch_alter_table("proxy_case", schema=None) as batch_op:
        batch_op.drop_index("ix_proxy_case_decided")
        batch_op.drop_column("was_on_time")
        batch_op.drop_column("used_days")
        batch_op.drop_column("delivered_at")
        batch_op.drop_column("decided_at")
        batch_op.drop_column("accepted_at")
        batch_op.drop_column("suspended_until")
        batch_op.drop_column("supplement_until")
        batch_op.drop_column("returns")
        batch_op.drop_column("hand_overs")
        batch_op.drop_column("worker_trips")
        batch_op.drop_column("resident_trips")
        batch_op.drop_column("relation_note")
        batch_op.drop_column("relation_flag")
        batch_op.drop_column("is_accompanied")
        batch_op.drop_column("answers")

    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.drop_column("certainty")

    with op.batch_alter_table("custody", schema=None) as batch_op:
        batch_op.drop_index("ix_custody_out_due")
        batch_op.drop_column("lost_note")
        batch_op.drop_column("lost_at")
        batch_op.drop_column("reason")
        batch_op.drop_column("copies")
        batch_op.drop_column("document_no")

    with op.batch_alter_table("case_material", schema=None) as batch_op:
        batch_op.drop_index("ix_case_material_source")
        batch_op.drop_column("valid_until")
        batch_op.drop_column("source_note")
        batch_op.drop_column("source_uid")
        batch_op.drop_column("source")
        batch_op.drop_column("issuer")

    with op.batch_alter_table("case_delivery", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_case_delivery_staff_id"), type_="foreignkey")
        batch_op.drop_column("staff_id")
        batch_op.drop_column("photo_uid")

    with op.batch_alter_table("custody_move", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_custody_move_custody_id"))
        batch_op.drop_index(batch_op.f("ix_custody_move_case_id"))

    op.drop_table("custody_move")
    with op.batch_alter_table("case_signature", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_signature_case_id"))

    op.drop_table("case_signature")
    with op.batch_alter_table("case_callback", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_callback_staff_id"))
        batch_op.drop_index("ix_case_callback_closed_due")
        batch_op.drop_index(batch_op.f("ix_case_callback_case_id"))

    op.drop_table("case_callback")
    with op.batch_alter_table("case_assist", schema=None) as batch_op:
        batch_op.drop_index("ix_case_assist_unit_answered")
        batch_op.drop_index(batch_op.f("ix_case_assist_case_id"))

    op.drop_table("case_assist")
    with op.batch_alter_table("case_alarm", schema=None) as batch_op:
        batch_op.drop_index("ix_case_alarm_open_due")
        batch_op.drop_index(batch_op.f("ix_case_alarm_case_id"))

    op.drop_table("case_alarm")
    with op.batch_alter_table("work_slot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_work_slot_staff_id"))
        batch_op.drop_index("ix_work_slot_area_id_id")

    op.drop_table("work_slot")
    with op.batch_alter_table("staff_absence", schema=None) as batch_op:
        batch_op.drop_index("ix_staff_absence_staff_days")
        batch_op.drop_index("ix_staff_absence_area_id_id")

    op.drop_table("staff_absence")
    with op.batch_alter_table("service_field", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_service_field_item_version_id"))

    op.drop_table("service_field")
    with op.batch_alter_table("guide_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_guide_item_service_item_id"))
        batch_op.drop_index(batch_op.f("ix_guide_item_name_initials"))
        batch_op.drop_index(batch_op.f("ix_guide_item_department_code"))
        batch_op.drop_index(batch_op.f("ix_guide_item_code"))

    op.drop_table("guide_item")
    op.drop_table("step_limit")
    op.drop_table("escalation_rule")
