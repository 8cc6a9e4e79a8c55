"""What was typed and not yet saved: kept as a draft while it is typed, put back when the page is opened again.

A page names its draft (letters, a colon, the uid of what it is about), puts the attributes of ``keeps`` on its form and
``put_back`` above it (appbuilder/general/kept.html), and forgets the draft in the transaction that saves.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.core import drafts
from app.core.actor import current_actor

NEVER_BACK = frozenset({"client_uid", "_version", "_acting", "action"})


def kept(session: Session, page: str) -> dict[str, Any]:
    """For the template: the key, when something was typed last, the pairs (name, value), and the ``version`` of the record
    that the page was opened with, where it has one.
    """
    draft = drafts.read_draft(session, current_actor().user_id or 0, page)
    sent = draft.payload if draft else []
    pairs = [[name, value] for name, value in sent if name not in NEVER_BACK]
    version = next((value for name, value in sent if name == "_version"), "")
    return {"page": page, "at": draft.updated_at if draft else None, "pairs": pairs, "version": version}


def typed(found: dict[str, Any]) -> MultiDict[str, str] | None:
    """The kept pairs as a form reads them; None when nothing was kept."""
    return MultiDict([(name, value) for name, value in found["pairs"]]) if found["pairs"] else None


def forget(session: Session, page: str) -> None:
    """Saving drops the draft, in the same transaction."""
    drafts.drop_draft(session, current_actor().user_id or 0, page)
