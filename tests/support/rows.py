"""Reading rows again: a session that is open across a request would go on seeing its own snapshot."""

from __future__ import annotations

from typing import Any


def fresh(session: Any) -> Any:
    """The session in a new transaction."""
    session.rollback()
    return session


def reread(session: Any, row: Any) -> Any:
    """The row as it stands in the database now."""
    session.rollback()
    session.refresh(row)
    return row
