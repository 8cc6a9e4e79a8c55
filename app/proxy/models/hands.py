"""Who signed what; originals out of their owner's hands, and through whose hands each went."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.areas.models import OrgUnit, Staff
from app.core.crypto import EncryptedText
from app.core.models import BigKey, Instant, Table, Versioned, args
from app.proxy.models.cases import CaseChild, ProxyCase


class CaseSignature(CaseChild, Table):
    """One signature: drawn on the phone, or the inked paper (with its photo). No fingerprint is captured: who cannot
    write puts it on the paper before a witness (Civil Code art. 165; S3-49).
    """

    __tablename__ = "case_signature"

    kind: Mapped[str] = mapped_column(String(16))  # SignedFor
    way: Mapped[str] = mapped_column(String(12))  # paper fingerprint drawn photo
    signer: Mapped[str] = mapped_column(String(50))
    relation: Mapped[str | None] = mapped_column(String(40))
    witness: Mapped[str | None] = mapped_column(String(50))
    file_uid: Mapped[str | None] = mapped_column(String(36))
    # which wording was signed: key of the text and its version
    wording: Mapped[str | None] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(Instant)
    staff_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("staff.id"))
    case: Mapped[ProxyCase] = relationship(back_populates="signatures")


class Custody(CaseChild, Versioned, Table):
    """An original out of its owner's hands: who holds it since when, and who is to take it over and has not said so yet; a
    case is not archived while one is out. ID cards and bank cards never enter it (Resident ID Card Law art. 15).
    """

    __tablename__ = "custody"
    __table_args__ = args(Index("ix_custody_out_due", "returned_at", "due_back_on"))

    material_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("case_material.id"))
    name: Mapped[str] = mapped_column(String(120))
    document_no: Mapped[str | None] = mapped_column(EncryptedText("custody.document_no"))
    copies: Mapped[int] = mapped_column(Integer, default=1)
    reason: Mapped[str | None] = mapped_column(String(80))
    holder_staff_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("staff.id"))
    holder_unit_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("org_unit.id"))
    taken_at: Mapped[datetime] = mapped_column(Instant)
    due_back_on: Mapped[date | None] = mapped_column(Date)
    offered_to_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("staff.id"), index=True)
    offered_at: Mapped[datetime | None] = mapped_column(Instant)
    returned_at: Mapped[datetime | None] = mapped_column(Instant)
    returned_to: Mapped[str | None] = mapped_column(String(50))
    lost_at: Mapped[datetime | None] = mapped_column(Instant)
    lost_note: Mapped[str | None] = mapped_column(String(300))
    case: Mapped[ProxyCase] = relationship(back_populates="custody")
    holder_staff: Mapped[Staff | None] = relationship(foreign_keys=[holder_staff_id])
    offered_to: Mapped[Staff | None] = relationship(foreign_keys=[offered_to_id])
    holder_unit: Mapped[OrgUnit | None] = relationship()
    moves: Mapped[list[CustodyMove]] = relationship(back_populates="custody", order_by="CustodyMove.id")


class CustodyMove(CaseChild, Table):
    """One link of the chain of hands: from whom to whom, when, and who signed for it. Never edited."""

    __tablename__ = "custody_move"

    custody_id: Mapped[int] = mapped_column(BigKey, ForeignKey("custody.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    from_kind: Mapped[str] = mapped_column(String(8))  # owner staff unit lost
    from_staff_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("staff.id"))
    from_unit_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("org_unit.id"))
    to_kind: Mapped[str] = mapped_column(String(8))  # owner staff unit lost
    to_staff_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("staff.id"))
    to_unit_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("org_unit.id"))
    to_name: Mapped[str | None] = mapped_column(String(50))
    signature_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("case_signature.id"))
    note: Mapped[str | None] = mapped_column(String(200))
    custody: Mapped[Custody] = relationship(back_populates="moves")
    signature: Mapped[CaseSignature | None] = relationship()
