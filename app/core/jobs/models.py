"""The job table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedJson
from app.core.models import Instant, Keyed, Stamped, args


class Job(Keyed, Stamped, Model):
    """Something that runs apart from a request: arguments, acting user, progress, lease, result."""

    __tablename__ = "job"
    __table_args__ = args(Index("ix_job_state_run_at", "state", "run_at"))

    kind: Mapped[str] = mapped_column(String(60))
    arguments: Mapped[Any] = mapped_column(EncryptedJson("job.arguments"))
    acting_user: Mapped[int | None] = mapped_column(Integer, index=True)
    acting_role: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12), default="queued")  # queued running done failed cancelled
    run_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    max_attempts: Mapped[int] = mapped_column(Integer, default=5)
    lease_owner: Mapped[str | None] = mapped_column(String(60))
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    done_steps: Mapped[int] = mapped_column(Integer, default=0)
    total_steps: Mapped[int | None] = mapped_column(Integer)
    message: Mapped[str | None] = mapped_column(String(300))
    error: Mapped[str | None] = mapped_column(Text)
    result: Mapped[Any | None] = mapped_column(EncryptedJson("job.result"))
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    unique_key: Mapped[str | None] = mapped_column(String(120), unique=True)
