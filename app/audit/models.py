"""Two append-only logs and their seals (guards, section 5)."""

from __future__ import annotations

from datetime import datetime

from flask_appbuilder import Model
from sqlalchemy import Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.crypto import EncryptedText
from app.core.models import BigKey, Instant, args


class ChangeLog(Model):
    """Field history of a record: lives as long as the record. ``changes`` is JSON {field: [old, new]}.

    Protected values stand in ``protected`` as ciphertext, so that erasing a key erases them here too.
    """

    __tablename__ = "change_log"
    __table_args__ = args(
        Index("ix_change_log_at_id", "at", "id"), Index("ix_change_log_row", "table_name", "row_id")
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    user_id: Mapped[int | None] = mapped_column(Integer)
    actor: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(40))
    origin: Mapped[str] = mapped_column(String(24))
    address: Mapped[str | None] = mapped_column(String(45))
    area_id: Mapped[int | None] = mapped_column(BigKey)
    table_name: Mapped[str] = mapped_column(String(60))
    row_id: Mapped[int] = mapped_column(BigKey)
    row_uid: Mapped[str | None] = mapped_column(String(36))
    action: Mapped[str] = mapped_column(String(12))  # insert update delete restore
    tag: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str | None] = mapped_column(Text)
    changes: Mapped[str] = mapped_column(Text)
    protected: Mapped[str | None] = mapped_column(EncryptedText("change_log.protected"))
    batch: Mapped[str | None] = mapped_column(String(36))
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))


class AccessLog(Model):
    """READ, SEARCH, REVEAL, EXPORT, PRINT, LOGIN of sensitive records; kept at least six months."""

    __tablename__ = "access_log"
    __table_args__ = args(
        Index("ix_access_log_at_id", "at", "id"), Index("ix_access_log_row", "table_name", "row_id")
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    user_id: Mapped[int | None] = mapped_column(Integer)
    actor: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(40))
    origin: Mapped[str] = mapped_column(String(24))
    address: Mapped[str | None] = mapped_column(String(45))
    action: Mapped[str] = mapped_column(String(12))
    table_name: Mapped[str | None] = mapped_column(String(60))
    row_id: Mapped[int | None] = mapped_column(BigKey)
    area_id: Mapped[int | None] = mapped_column(BigKey)
    detail: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(200))
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditSeal(Model):
    """One link of the hash chain over the rows (from_id, to_id] of a log; ``day`` closes a local day."""

    __tablename__ = "audit_seal"
    __table_args__ = args()

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    log: Mapped[str] = mapped_column(String(20))
    from_id: Mapped[int] = mapped_column(BigKey)
    to_id: Mapped[int] = mapped_column(BigKey)
    count: Mapped[int] = mapped_column(BigKey)
    day: Mapped[str | None] = mapped_column(String(10))
    previous: Mapped[bytes] = mapped_column(LargeBinary(32))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditPurge(Model):
    """Rows up to ``to_id`` of a log were removed because their time was over. Their seals stay, so that the chain goes
    on; the MAC says that it was the site, which holds the key, and nobody else.
    """

    __tablename__ = "audit_purge"
    __table_args__ = args()

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    log: Mapped[str] = mapped_column(String(20))
    from_id: Mapped[int] = mapped_column(BigKey)
    to_id: Mapped[int] = mapped_column(BigKey)
    count: Mapped[int] = mapped_column(BigKey)
    seal_id: Mapped[int] = mapped_column(BigKey)  # the last seal whose rows are gone
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))  # of that seal
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))
