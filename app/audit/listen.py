"""Session listener that writes the change log in the same transaction as the change."""

from __future__ import annotations


def start() -> None:
    """Hang the listener on the session class once."""
