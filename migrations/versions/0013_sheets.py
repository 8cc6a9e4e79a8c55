"""Sheets in and out, ledgers, saved views, edits of many rows, custom fields

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# records that may have fields an administrator adds
HOLDERS = ("dwelling", "household", "person", "rental_home", "service_record", "venue")
OPEN_STORE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "bulk_edit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("view", sa.String(length=60), nullable=False),
        sa.Column("changes", sa.LargeBinary(), nullable=False),
        sa.Column("wanted", sa.LargeBinary(), nullable=False),
        sa.Column("rows", sa.LargeBinary(), nullable=False),
        sa.Column("left_out", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("job_uid", sa.String(length=36), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_edit")),
        sa.UniqueConstraint("uid", name=op.f("uq_bulk_edit_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("bulk_edit", schema=None) as batch_op:
        batch_op.create_index("ix_bulk_edit_user_id_view", ["user_id", "view"], unique=False)

    op.create_table(
        "extra_field",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("code_list", sa.String(length=40), nullable=True),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("level", sa.String(length=2), nullable=False),
        sa.Column("help", sa.String(length=160), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("in_list", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extra_field")),
        sa.UniqueConstraint("subject", "key", name=op.f("uq_extra_field_subject_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_extra_field_uid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("view", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("settings", sa.LargeBinary(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("uid", name=op.f("uq_saved_view_uid")),
        sa.UniqueConstraint("user_id", "view", "name", name=op.f("uq_saved_view_user_id_view_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "extra_field_area",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("field_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("area_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_extra_field_area_area_id")),
        sa.ForeignKeyConstraint(["field_id"], ["extra_field.id"], name=op.f("fk_extra_field_area_field_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extra_field_area")),
        sa.UniqueConstraint("field_id", "area_id", name=op.f("uq_extra_field_area_field_id_area_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_extra_field_area_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("extra_field_area", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_extra_field_area_area_id"), ["area_id"], unique=False)

    op.create_table(
        "import_batch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("area_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sheet", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=160), nullable=False),
        sa.Column("source_name", sa.String(length=80), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("rule", sa.String(length=8), nullable=False),
        sa.Column("columns", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("options", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("attachment_uid", sa.String(length=36), nullable=True),
        sa.Column("marked_uid", sa.String(length=36), nullable=True),
        sa.Column("job_uid", sa.String(length=36), nullable=True),
        sa.Column("problem", sa.String(length=300), nullable=True),
        sa.Column("summary", sa.LargeBinary(), nullable=True),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("chunks_done", sa.Integer(), nullable=False),
        sa.Column("rows_bad", sa.Integer(), nullable=False),
        sa.Column("rows_warned", sa.Integer(), nullable=False),
        sa.Column("rows_made", sa.Integer(), nullable=False),
        sa.Column("rows_changed", sa.Integer(), nullable=False),
        sa.Column("rows_same", sa.Integer(), nullable=False),
        sa.Column("rows_skipped", sa.Integer(), nullable=False),
        sa.Column("rows_undone", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_import_batch_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
        sa.UniqueConstraint("uid", name=op.f("uq_import_batch_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.create_index("ix_import_batch_area_id_id", ["area_id", "id"], unique=False)
        batch_op.create_index("ix_import_batch_state", ["state", "id"], unique=False)

    op.create_table(
        "ledger",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("area_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("filters", sa.LargeBinary(), nullable=True),
        sa.Column("orders", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("groups", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("heading", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("shared_roles", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.Integer(), nullable=True),
        sa.Column("delete_reason", sa.String(length=200), nullable=True),
        sa.Column("deleted_step", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_ledger_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint("uid", name=op.f("uq_ledger_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_area_id_id", ["area_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_name"), ["name"], unique=False)

    op.create_table(
        "sheet_mapping",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("area_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sheet", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("header_mark", sa.String(length=64), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.Integer(), nullable=True),
        sa.Column("delete_reason", sa.String(length=200), nullable=True),
        sa.Column("deleted_step", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_sheet_mapping_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_mapping")),
        sa.UniqueConstraint("uid", name=op.f("uq_sheet_mapping_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("sheet_mapping", schema=None) as batch_op:
        batch_op.create_index("ix_sheet_mapping_area_id_id", ["area_id", "id"], unique=False)
        batch_op.create_index("ix_sheet_mapping_header_mark", ["sheet", "header_mark"], unique=False)
        batch_op.create_index(
            "uq_sheet_mapping_name",
            ["area_id", "sheet", "name"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "export_file",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("ledger_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("plain", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("job_uid", sa.String(length=36), nullable=True),
        sa.Column("attachment_uid", sa.String(length=36), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ledger_id"], ["ledger.id"], name=op.f("fk_export_file_ledger_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_file")),
        sa.UniqueConstraint("uid", name=op.f("uq_export_file_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("export_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_export_file_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_export_file_ledger_id"), ["ledger_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_export_file_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "import_row",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("made", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("findings", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_import_row_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
        sa.UniqueConstraint("batch_id", "row_no", name=op.f("uq_import_row_batch_id_row_no")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("import_row", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_row_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_import_row_outcome", ["batch_id", "outcome"], unique=False)

    op.create_table(
        "import_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_user", sa.Integer(), nullable=True),
        sa.Column("by_label", sa.String(length=80), nullable=False),
        sa.Column("by_role", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("from_state", sa.String(length=40), nullable=True),
        sa.Column("to_state", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_import_step_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_step")),
        sa.UniqueConstraint("uid", name=op.f("uq_import_step_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("import_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_step_batch_id"), ["batch_id"], unique=False)

    for name in HOLDERS:
        op.add_column(name, sa.Column("extra", OPEN_STORE, nullable=True))
        op.add_column(name, sa.Column("extra_closed", sa.LargeBinary(), nullable=True))

    _keep_keys_apart()
    # the name of a workbook's kind has 65 characters
    with op.batch_alter_table("attachment", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.alter_column(
            "media_type", existing_type=sa.String(60), type_=sa.String(100), existing_nullable=False
        )


def _keep_keys_apart() -> None:
    """Earlier migrations rebuilt these tables without AUTOINCREMENT: SQLite would give a key anew after its row is gone."""
    if op.get_bind().dialect.name == "sqlite":
        for name in ("building", "person", "rental_home"):
            with op.batch_alter_table(name, recreate="always", table_kwargs={"sqlite_autoincrement": True}):
                pass


def downgrade() -> None:
    with op.batch_alter_table("attachment", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.alter_column(
            "media_type", existing_type=sa.String(100), type_=sa.String(60), existing_nullable=False
        )
    for name in HOLDERS:
        op.drop_column(name, "extra_closed")
        op.drop_column(name, "extra")

    with op.batch_alter_table("import_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_step_batch_id"))

    op.drop_table("import_step")
    with op.batch_alter_table("import_row", schema=None) as batch_op:
        batch_op.drop_index("ix_import_row_outcome")
        batch_op.drop_index(batch_op.f("ix_import_row_batch_id"))

    op.drop_table("import_row")
    with op.batch_alter_table("export_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_export_file_owner_id"))
        batch_op.drop_index(batch_op.f("ix_export_file_ledger_id"))
        batch_op.drop_index(batch_op.f("ix_export_file_expires_at"))

    op.drop_table("export_file")
    with op.batch_alter_table("sheet_mapping", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_sheet_mapping_name",
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.drop_index("ix_sheet_mapping_header_mark")
        batch_op.drop_index("ix_sheet_mapping_area_id_id")

    op.drop_table("sheet_mapping")
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_name"))
        batch_op.drop_index("ix_ledger_area_id_id")

    op.drop_table("ledger")
    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.drop_index("ix_import_batch_state")
        batch_op.drop_index("ix_import_batch_area_id_id")

    op.drop_table("import_batch")
    with op.batch_alter_table("extra_field_area", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_extra_field_area_area_id"))

    op.drop_table("extra_field_area")
    op.drop_table("saved_view")
    op.drop_table("extra_field")
    with op.batch_alter_table("bulk_edit", schema=None) as batch_op:
        batch_op.drop_index("ix_bulk_edit_user_id_view")

    op.drop_table("bulk_edit")
