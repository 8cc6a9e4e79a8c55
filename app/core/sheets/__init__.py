"""Sheets of any make: what a domain declares about its own, reading a user's file safely, the template and the marked copy.

Knows no domain. ``declare`` has the words between the parts (Field, Row, Finding, Outcome, Writer, Sheet).
"""

from app.core.sheets.declare import (
    KINDS,
    OUTCOMES,
    RULES,
    Field,
    Finding,
    Outcome,
    Row,
    Sheet,
    Writer,
    declare,
    sheets,
)

__all__ = [
    "KINDS",
    "OUTCOMES",
    "RULES",
    "Field",
    "Finding",
    "Outcome",
    "Row",
    "Sheet",
    "Writer",
    "declare",
    "sheets",
]
