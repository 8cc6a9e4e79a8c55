"""Attachments: photos and papers, encrypted, in a local folder; each has an owner, a purpose, a level and a term.

Contents are never shared between users by hash. Uploads are checked and re-encoded in ``core.uploads``.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Deletable, Scoped, Table


class Attachment(Scoped, Deletable, Table):
    """One stored file. ``owner_kind``/``owner_uid`` name the record through which it may be downloaded."""

    __tablename__ = "attachment"

    owner_kind: Mapped[str] = mapped_column(String(40))
    owner_uid: Mapped[str] = mapped_column(String(36), index=True)
    purpose: Mapped[str] = mapped_column(String(40))
    level: Mapped[str] = mapped_column(String(2), default="L3")
    media_type: Mapped[str] = mapped_column(String(60))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    storage_key: Mapped[str] = mapped_column(String(80), unique=True)
    keep_until: Mapped[date | None] = mapped_column(Date)
