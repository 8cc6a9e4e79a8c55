"""Who signed what, and through whose hands an original went."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.models import BigKey, Instant, Table
from app.proxy.models.cases import CaseChild, Custody, ProxyCase


class CaseSignature(CaseChild, Table):
    """One signature: drawn on the phone, or the inked paper (with its photo). No fingerprint is captured: who cannot
    write puts it on the paper before a witness (Civil Code art. 165; S3-49).
    """

    __tablename__ = "case_signature"

    kind: Mapped[str] = mapped_column(String(16))  # authorization consent custody receipt withdrawal
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


class CustodyMove(CaseChild, Table):
    """One link of the chain of hands: from whom to whom, when, and who signed for it. Never edited."""

    __tablename__ = "custody_move"

    custody_id: Mapped[int] = mapped_column(BigKey, ForeignKey("custody.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    from_kind: Mapped[str] = mapped_column(String(8))  # owner staff unit
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
