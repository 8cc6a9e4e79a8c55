"""What came in by a sheet and what went out: mappings, batches and their rows, ledgers, files to fetch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import (
    JSON,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    and_,
    cast,
    false,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.areas.models import Area
from app.areas.rules import SEGMENT
from app.core import files, scope
from app.core.actor import Actor
from app.core.crypto import EncryptedJson
from app.core.models import AreaBound, BigKey, Instant, Record, StepBase, Table, Versioned, args, live
from app.core.proofs import own_things

BATCH_FILES = "import_batch"
EXPORT_FILES = "export_file"


class SheetMapping(AreaBound, Record):
    """Which column of somebody's sheet is which field of ours, remembered for the next sheet of the same source.

    ``columns`` is {heading: field key}; ``header_mark`` is a hash of the headings, by which the source is known again.
    """

    __tablename__ = "sheet_mapping"
    __table_args__ = args(
        live("area_id", "sheet", "name", name="uq_sheet_mapping_name"),
        Index("ix_sheet_mapping_header_mark", "sheet", "header_mark"),
    )

    sheet: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    header_mark: Mapped[str] = mapped_column(String(64))
    columns: Mapped[Any] = mapped_column(JSON)
    area: Mapped[Area] = relationship()

    def __str__(self) -> str:
        return self.name


class ImportBatch(AreaBound, Versioned, Table):
    """One sheet on its way in (rules.MACHINE): uploaded, mapped, checked by a dry run, written, perhaps undone.

    ``rule`` says what happens with a row that is known already: skip, fill (empty fields only), update, new.
    ``columns`` is {heading of the sheet: field key}. Counts are rows of the sheet, of the dry run until
    the rows are written. ``uid`` is the batch of its rows in the change log.
    """

    __tablename__ = "import_batch"
    __table_args__ = args(Index("ix_import_batch_state", "state", "id"))

    sheet: Mapped[str] = mapped_column(String(40))
    file_name: Mapped[str] = mapped_column(String(160))
    source_name: Mapped[str | None] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(12), default="uploaded")
    rule: Mapped[str] = mapped_column(String(8), default="skip")
    columns: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    # tab of the workbook, row of the headings, what the reader found out about the file
    options: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    attachment_uid: Mapped[str | None] = mapped_column(String(36))
    marked_uid: Mapped[str | None] = mapped_column(String(36))
    job_uid: Mapped[str | None] = mapped_column(String(36))
    problem: Mapped[str | None] = mapped_column(String(300))
    # what the reader saw (headings, first rows) and groups of findings with their counts: both hold values of the sheet
    summary: Mapped[Any | None] = mapped_column(EncryptedJson("import_batch.summary"))
    rows_total: Mapped[int] = mapped_column(Integer, default=0)
    # chunks of rows that have been dealt with: a worker that takes over goes on behind them
    chunks_done: Mapped[int] = mapped_column(Integer, default=0)
    rows_bad: Mapped[int] = mapped_column(Integer, default=0)
    rows_warned: Mapped[int] = mapped_column(Integer, default=0)
    rows_made: Mapped[int] = mapped_column(Integer, default=0)
    rows_changed: Mapped[int] = mapped_column(Integer, default=0)
    rows_same: Mapped[int] = mapped_column(Integer, default=0)
    rows_skipped: Mapped[int] = mapped_column(Integer, default=0)
    rows_undone: Mapped[int] = mapped_column(Integer, default=0)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    area: Mapped[Area] = relationship()
    steps: Mapped[list[ImportStep]] = relationship(order_by="ImportStep.id")

    def __str__(self) -> str:
        return self.file_name


class BatchChild:
    """Hangs on a batch and is seen with it."""

    __scope_as_parent__ = True
    batch_id: Mapped[int] = mapped_column(BigKey, ForeignKey("import_batch.id"), index=True, sort_order=-9)

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "batch_id", ImportBatch


class ImportStep(BatchChild, StepBase):
    """One change of state of a batch."""

    __tablename__ = "import_step"
    __table_args__ = args()


class ImportRow(BatchChild, Model):
    """What one row of the sheet did, or why it did nothing; undo goes by it.

    ``outcome``: made changed same skipped bad undone kept. ``made`` is [[table, key, version], …]; ``before`` is
    [[table, key, version after, {attribute: old value}], …]; ``findings`` is [[column, msgid, params], …].
    """

    __tablename__ = "import_row"
    __table_args__ = args(
        UniqueConstraint("batch_id", "row_no"), Index("ix_import_row_outcome", "batch_id", "outcome")
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    row_no: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(8))
    made: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    before: Mapped[Any | None] = mapped_column(EncryptedJson("import_row.before"))
    findings: Mapped[Any | None] = mapped_column(EncryptedJson("import_row.findings"))


class Ledger(AreaBound, Record):
    """A ledger (台账) put together once and run again each month: fields, filters, order, groups, heading (一表通).

    Whoever made it has it and changes it; ``shared_roles`` are the roles that have it beside, in its area and below. Each
    runs it over the own areas and with the own masks. ``heading`` holds the title, the paper and what stands around.
    """

    __tablename__ = "ledger"
    __table_args__ = args()

    name: Mapped[str] = mapped_column(String(80), index=True)
    subject: Mapped[str] = mapped_column(String(60))
    columns: Mapped[Any] = mapped_column(JSON)
    filters: Mapped[Any | None] = mapped_column(EncryptedJson("ledger.filters"))
    orders: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    groups: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    heading: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    shared_roles: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    note: Mapped[str | None] = mapped_column(String(300))
    area: Mapped[Area] = relationship()

    def __str__(self) -> str:
        return self.name


class ExportFile(Versioned, Table):
    """A file that somebody asked for: only the owner may fetch it, and not for ever. How far it is, its job says."""

    __tablename__ = "export_file"
    __table_args__ = args()

    owner_id: Mapped[int] = mapped_column(Integer, index=True)
    subject: Mapped[str] = mapped_column(String(60))
    ledger_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("ledger.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(8))  # xlsx pdf csv
    plain: Mapped[bool] = mapped_column(Boolean, default=False)
    reason: Mapped[str | None] = mapped_column(String(200))
    rows: Mapped[int | None] = mapped_column(Integer)
    job_uid: Mapped[str | None] = mapped_column(String(36))
    attachment_uid: Mapped[str | None] = mapped_column(String(36))
    expires_at: Mapped[datetime | None] = mapped_column(Instant, index=True)

    def __str__(self) -> str:
        return self.title


def _of_office(column: Any, actor: Actor) -> Any:
    """An area id in the actor's areas; a department has none: what it keeps lies in the area of its office."""
    if not actor.org_unit_ids:
        return scope.in_scope(column, actor)
    unit = Model.metadata.tables["org_unit"]
    offices = select(unit.c.area_id).where(unit.c.id.in_(actor.org_unit_ids))
    return or_(scope.in_scope(column, actor), column.in_(offices))


def _batches(batch: Any, actor: Actor) -> Any:
    """The sheets of the own areas, with what is remembered of them; of a department's, which lie beside those of others,
    the own ones.
    """
    here = _of_office(batch.area_id, actor)
    return here & (batch.created_by == actor.user_id) if actor.org_unit_ids else here


def _batch_children(actor: Actor) -> Any:
    batch = Model.metadata.tables["import_batch"]
    ids = select(batch.c.id).where(_batches(batch.c, actor))
    return lambda cls: cls.batch_id.in_(ids)


def _is_own_sheet(row: Any) -> bool:
    if isinstance(row, files.Attachment):
        return row.owner_kind == BATCH_FILES
    return isinstance(row, ImportBatch | SheetMapping)


def _ledgers(actor: Actor) -> Any:
    """One's own ledgers, and those shared with the acting role from an area that holds the own one, or lies in it."""
    area = Model.metadata.tables["area"]
    above = {lo[:end] for lo, _hi in actor.ranges for end in range(SEGMENT, len(lo), SEGMENT)}
    ids = select(area.c.id).where(or_(area.c.path.in_(sorted(above)), scope.in_scope(area.c.id, actor)))
    shared = cast(Ledger.shared_roles, String).contains(f'"{actor.role}"', autoescape=True)
    shared = shared if actor.role else false()
    if not actor.whole_site:
        shared = and_(shared, Ledger.area_id.in_(ids))
    return or_(Ledger.created_by == actor.user_id, shared)


def _own(actor: Actor) -> Any:
    return ExportFile.owner_id == actor.user_id


scope.guard(SheetMapping, lambda actor: _batches(SheetMapping, actor))
scope.guard(ImportBatch, lambda actor: _batches(ImportBatch, actor))
scope.guard(BatchChild, _batch_children)
own_things(_is_own_sheet)
scope.guard(ExportFile, _own, whole_site=True, readers=True)
scope.guard(Ledger, _ledgers, whole_site=True)
# a sheet may hold what its reader was granted by name: whoever brought it opens it, nobody else
files.owned_by(
    BATCH_FILES, lambda actor: select(ImportBatch.uid).where(ImportBatch.created_by == actor.user_id)
)
files.owned_by(EXPORT_FILES, lambda actor: select(ExportFile.uid).where(_own(actor)))
