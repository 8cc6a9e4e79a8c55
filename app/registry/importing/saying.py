"""Sentences of rules and services as findings of a row."""

from __future__ import annotations

from typing import Any

from app.core.sheets import Finding


def said(text: Any, /, **params: Any) -> tuple[str, dict[str, Any]]:
    """(English msgid, parameters) of a lazy sentence."""
    given = getattr(text, "_args", None)
    own = {key: _plain(value) for key, value in getattr(text, "_kwargs", {}).items()}
    return (str(given[0]) if given else str(text)), own | params


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float)) else str(value)


def finding(
    text: Any, row: int, column: int | None = None, /, *, grave: bool = False, **params: Any
) -> Finding:
    """A finding at a row (and column) of the sheet."""
    message, own = said(text, **params)
    return Finding(row, column, message, own, grave)
