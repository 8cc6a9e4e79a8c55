"""What was typed at a door or for a step and not yet saved: kept as a draft, put back when the page is opened again."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.core import drafts
from app.core.actor import current_actor

PLAN = "FieldPlan:new"
NEVER_BACK = frozenset({"client_uid", "_version", "_acting", "action"})


def door_page(stop_uid: str) -> str:
    """Key of the draft of one door."""
    return f"FieldDoor:{stop_uid}"


def delivery_page(case_uid: str) -> str:
    """Key of the draft of handing over a result."""
    return f"FieldDeliver:{case_uid}"


def step_page(case_uid: str, action: str) -> str:
    """Key of the draft of one step of a case; a key has letters before its colon only."""
    return f"CaseStep{action.replace('_', '')}:{case_uid}"


def kept(session: Session, page: str) -> dict[str, Any]:
    """For the template: the key, when something was typed last, and the pairs (name, value)."""
    draft = drafts.read_draft(session, current_actor().user_id or 0, page)
    pairs = [[name, value] for name, value in draft.payload if name not in NEVER_BACK] if draft else []
    return {"page": page, "at": draft.updated_at if draft else None, "pairs": pairs}


def typed(found: dict[str, Any]) -> MultiDict[str, str] | None:
    """The kept pairs as a form reads them; None when nothing was kept."""
    return MultiDict([(name, value) for name, value in found["pairs"]]) if found["pairs"] else None


def forget(session: Session, page: str) -> None:
    """Saving drops the draft, in the same transaction."""
    drafts.drop_draft(session, current_actor().user_id or 0, page)
