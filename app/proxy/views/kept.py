"""Which drafts the pages of the doors and of the steps of a case have (app/core/views/kept.py)."""

from __future__ import annotations

from app.core.views.kept import forget, kept, typed

__all__ = ["PLAN", "PROPOSED", "delivery_page", "door_page", "forget", "kept", "step_page", "typed"]
PLAN = "FieldPlan:new"
PROPOSED = "FieldProposed:new"


def door_page(stop_uid: str) -> str:
    """Key of the draft of one door."""
    return f"FieldDoor:{stop_uid}"


def delivery_page(case_uid: str) -> str:
    """Key of the draft of handing over a result."""
    return f"FieldDeliver:{case_uid}"


def step_page(case_uid: str, action: str) -> str:
    """Key of the draft of one step of a case; a key has letters before its colon only."""
    return f"CaseStep{action.replace('_', '')}:{case_uid}"
