"""Sheets of any make: what a domain declares about its own, reading a user's file safely, the template, the marked copy.

Knows no domain. ``declare`` has the words between the parts (Field, Row, Finding, Outcome, Writer, Sheet); ``reading`` says
how a file is read; ``intake`` is what runs in the process that opens it.
"""

from app.core.sheets.cleaning import Chunk, Cleaner
from app.core.sheets.declare import (
    KINDS,
    OUTCOMES,
    RULES,
    Back,
    Field,
    Finding,
    Noted,
    Outcome,
    Row,
    Sheet,
    Writer,
    declare,
    sheets,
)
from app.core.sheets.giving import marked, template
from app.core.sheets.headings import Heading, letter_of
from app.core.sheets.intake.survey import MOST_ROWS
from app.core.sheets.process import MOST_BYTES
from app.core.sheets.reading import Look, Tab, look, read
from app.core.sheets.saying import place, sentence

__all__ = [
    "KINDS",
    "MOST_BYTES",
    "MOST_ROWS",
    "OUTCOMES",
    "RULES",
    "Back",
    "Chunk",
    "Cleaner",
    "Field",
    "Finding",
    "Heading",
    "Look",
    "Noted",
    "Outcome",
    "Row",
    "Sheet",
    "Tab",
    "Writer",
    "declare",
    "letter_of",
    "look",
    "marked",
    "place",
    "read",
    "sentence",
    "sheets",
    "template",
]
