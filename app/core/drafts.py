"""What a person has typed and not yet saved, kept on the server and encrypted; the truth after a crash."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedJson
from app.core.models import Keyed, Stamped, args


class Draft(Keyed, Stamped, Model):
    """A draft belongs to one user and one page (``page`` is a stable key such as ``census:<dwelling uid>``)."""

    __tablename__ = "draft"
    __table_args__ = args(UniqueConstraint("user_id", "page"))

    user_id: Mapped[int] = mapped_column(Integer)
    page: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(120), default="")
    payload: Mapped[Any] = mapped_column(EncryptedJson("draft.payload"))


class Submission(Keyed, Stamped, Model):
    """A submission with the client's own id: a replay answers what the first one answered (guards, section 6)."""

    __tablename__ = "submission"
    __table_args__ = args(UniqueConstraint("user_id", "client_uid"))

    user_id: Mapped[int] = mapped_column(Integer)
    client_uid: Mapped[str] = mapped_column(String(36))
    body_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer)
    response: Mapped[Any] = mapped_column(EncryptedJson("submission.response"))
