"""Figures and queues of the start page by role."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core.actor import Actor


def of_role(session: Session, actor: Actor, now: datetime) -> dict[str, Any]:
    """What the start page of the acting role shows: ``figures``, ``queues``, ``tiles``."""
    return {"figures": [], "queues": [], "tiles": []}
