"""Issued papers: number, snapshot, stored bytes, steps and prints. Papers and numbers are never deleted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Date, ForeignKey, Index, Integer, LargeBinary, String, select
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from app.areas.models import Area
from app.core import scope
from app.core.actor import Actor
from app.core.crypto import EncryptedJson
from app.core.models import BigKey, Instant, Keyed, Scoped, StepBase, Table, Versioned, args


class IssuedDocument(Scoped, Versioned, Table):
    """A paper that left the system. A reprint is the stored bytes, whatever happened since to data, template,
    fonts or renderer. ``owner_kind``/``owner_uid`` name the record it was made for; the PDF is encrypted.
    """

    __tablename__ = "issued_document"
    __table_args__ = args(Index("ix_issued_document_owner", "owner_kind", "owner_uid"))

    number: Mapped[str] = mapped_column(String(60), unique=True)
    form_code: Mapped[str] = mapped_column(String(8), index=True)
    template_version: Mapped[str] = mapped_column(String(24))
    title: Mapped[str] = mapped_column(String(120))
    owner_kind: Mapped[str] = mapped_column(String(24))
    owner_uid: Mapped[str] = mapped_column(String(36))
    sensitivity: Mapped[str] = mapped_column(String(2), default="L3")
    context: Mapped[Any] = deferred(mapped_column(EncryptedJson("issued_document.context")))
    pdf: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    sha256: Mapped[str] = mapped_column(String(64))
    pages: Mapped[int] = mapped_column(Integer, default=1)
    verify_token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    copy_no: Mapped[int] = mapped_column(Integer, default=1)
    replaces_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("issued_document.id"))
    state: Mapped[str] = mapped_column(String(12), default="issued")  # issued signed collected voided expired
    issued_at: Mapped[datetime] = mapped_column(Instant)
    issued_by: Mapped[str] = mapped_column(String(80))
    valid_until: Mapped[date | None] = mapped_column(Date)
    keep_until: Mapped[date | None] = mapped_column(Date)

    area: Mapped[Area] = relationship()
    steps: Mapped[list[DocumentStep]] = relationship(back_populates="document", order_by="DocumentStep.id")
    prints: Mapped[list[PrintLog]] = relationship(back_populates="document", order_by="PrintLog.id")

    def __str__(self) -> str:
        return self.number


class DocumentChild:
    """Row of a paper; visible with it."""

    document_id: Mapped[int] = mapped_column(
        BigKey, ForeignKey("issued_document.id"), index=True, sort_order=-9
    )

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "document_id", IssuedDocument


def _document_children(actor: Actor) -> Any:
    document = Model.metadata.tables["issued_document"]
    ids = select(document.c.id).where(scope.in_scope(document.c.area_id, actor))
    return lambda cls: cls.document_id.in_(ids)


scope.guard(DocumentChild, _document_children)


class DocumentStep(DocumentChild, StepBase):
    """Issued, signed, collected, voided, expired: who, when, why."""

    __tablename__ = "document_step"

    document: Mapped[IssuedDocument] = relationship(back_populates="steps")


class PrintLog(DocumentChild, Keyed, Model):
    """One print: when, who, how many copies and why; printing is not issuing."""

    __tablename__ = "print_log"

    at: Mapped[datetime] = mapped_column(Instant)
    user_id: Mapped[int | None] = mapped_column(Integer)
    actor: Mapped[str] = mapped_column(String(80))
    copies: Mapped[int] = mapped_column(Integer, default=1)
    reason: Mapped[str] = mapped_column(String(120))
    document: Mapped[IssuedDocument] = relationship(back_populates="prints")
