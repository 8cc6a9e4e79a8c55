"""Notices and reminders for staff; messages to people outside wait in an outbox for an adapter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import JSON, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedJson
from app.core.models import Instant, Keyed, Stamped, args


class Notice(Keyed, Stamped, Model):
    """A line in somebody's inbox. ``message`` is an English msgid with ``params``: no personal data in either.

    A reminder is a notice with ``show_from`` in the future.
    """

    __tablename__ = "notice"
    __table_args__ = args(Index("ix_notice_user_read", "user_id", "read_at", "show_from"))

    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("ab_user.id"))
    kind: Mapped[str] = mapped_column(String(40))
    level: Mapped[str] = mapped_column(String(8), default="info")  # info warn alarm
    message: Mapped[str] = mapped_column(String(200))
    params: Mapped[Any] = mapped_column(JSON, default=dict)
    link: Mapped[str | None] = mapped_column(String(200))
    show_from: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    unique_key: Mapped[str | None] = mapped_column(String(120), unique=True)


class OutboxMessage(Keyed, Stamped, Model):
    """A message to somebody outside (SMS, WeChat): written with the business row, sent by an adapter later."""

    __tablename__ = "outbox_message"
    __table_args__ = args(Index("ix_outbox_message_state", "state", "id"))

    channel: Mapped[str] = mapped_column(String(16))
    payload: Mapped[Any] = mapped_column(EncryptedJson("outbox_message.payload"))
    state: Mapped[str] = mapped_column(String(12), default="waiting")  # waiting sent failed held
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str | None] = mapped_column(String(300))
