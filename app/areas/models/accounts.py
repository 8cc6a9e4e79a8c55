"""What an account adds to FAB's user: the staff member behind it, password care, second factor, sessions."""

from __future__ import annotations

from datetime import datetime

from flask_appbuilder import Model
from sqlalchemy import Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.areas.models.staff import Staff
from app.core.crypto import EncryptedText
from app.core.models import BigKey, Instant, Keyed, args


class Account(Model):
    """One row per FAB user. ``epoch`` rises when every session of the user must end (password or role change)."""

    __tablename__ = "account"

    user_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("ab_user.id"), primary_key=True, autoincrement=False
    )
    staff_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("staff.id"), unique=True)
    home_area_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("area.id"), index=True)
    epoch: Mapped[int] = mapped_column(Integer, default=1)
    must_change_password: Mapped[bool] = mapped_column(Boolean, default=True)
    password_changed_at: Mapped[datetime | None] = mapped_column(Instant)
    totp_secret: Mapped[str | None] = mapped_column(EncryptedText("account.totp_secret"))
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    totp_last_step: Mapped[int | None] = mapped_column(BigKey)
    acting_role: Mapped[str | None] = mapped_column(String(40))
    language: Mapped[str | None] = mapped_column(String(5))
    large_type: Mapped[bool] = mapped_column(Boolean, default=False)
    staff: Mapped[Staff | None] = relationship()


class PasswordHistory(Keyed, Model):
    """The last password hashes of a user: five may not be used again."""

    __tablename__ = "password_history"

    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    password_hash: Mapped[str] = mapped_column(String(256))


class SignIn(Keyed, Model):
    """A server-side session: the cookie holds a random token, this row its hash; ended rows never come back."""

    __tablename__ = "sign_in"
    __table_args__ = args(Index("ix_sign_in_user_ended", "user_id", "ended_at"))

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    epoch: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)  # last re-authentication
    second_factor_at: Mapped[datetime | None] = mapped_column(Instant)
    acting_role: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(45))
    agent: Mapped[str | None] = mapped_column(String(160))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    end_reason: Mapped[str | None] = mapped_column(String(24))


class LoginAttempt(Model):
    """Failures per account name or address (keyed hash): five in thirty minutes lock for thirty."""

    __tablename__ = "login_attempt"

    subject: Mapped[str] = mapped_column(String(40), primary_key=True)  # kind:blind index
    failures: Mapped[int] = mapped_column(Integer, default=0)
    first_at: Mapped[datetime] = mapped_column(Instant)
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
