"""What the one-page guide of a service needs (form G01): plain values, as its sample."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.core import clock
from app.proxy.models import GuideItem

FORM = "G01"


def guide_context(item: GuideItem, now: datetime) -> dict[str, Any]:
    """Context of the guide; nobody's data stand on it, so that it is neither numbered nor kept."""
    return {
        "issue": {"number": item.code, "at": clock.to_local(now).isoformat(timespec="seconds")},
        "guide": {
            "name": item.name,
            "edition": item.edition,
            "department": item.department_name,
            "level": item.level or "",
            "audience": item.audience or "",
            "conditions": item.conditions or "",
            "papers": _lines(item.materials),
            "steps": _lines(item.steps),
            "statutory_days": item.statutory_days,
            "promised_days": item.promised_days,
            "fee": item.fee or "",
            "place": item.place or "",
            "hours": item.hours or "",
            "phone": item.phone or "",
            "online": item.online or "",
            "basis": _lines(item.basis),
            "source": item.source or "",
            "is_proxied": item.service_item_id is not None,
        },
    }


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
