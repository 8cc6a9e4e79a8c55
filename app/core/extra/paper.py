"""Custom fields on paper: what a sheet prints of a record, and the boxes that are ticked with a pen.

Papers go through hands: only fields that stand as open as the record (L1 to L3) are printed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from app.core import codes
from app.core.extra.column import ExtraColumn
from app.core.extra.kept import columns

MOST_BOXES = 6  # of a longer list the words are written


def printed(session: Session, model: Any, *, area_id: int | None = None) -> list[ExtraColumn]:
    """The fields of a class that sheets of an area carry today."""
    return [c for c in columns(session, model, area_id=area_id) if c.is_open]


def on_paper(session: Session, asked: Iterable[ExtraColumn], row: Any = None) -> list[dict[str, Any]]:
    """``{label, kind, words, decision, boxes}`` of each field: the value of a record in words, none for an empty sheet.
    ``boxes`` are ``{words, on}`` of what may be ticked; a yes-or-no field (``bool``) has the form's own two boxes, ticked
    by the ``decision`` yes or no.
    """
    found = []
    for column in asked:
        value = None if row is None else column.read(row)
        boxes, words, decision = [], "", ""
        if column.kind == "code":
            known = codes.choices(session, column.code_list or "", keep=value)
            words = codes.label(session, column.code_list or "", value)
            if len(known) <= MOST_BOXES:
                boxes = [{"words": label, "on": code == value} for code, label in known]
        elif column.kind == "bool":
            decision = "" if value is None else "yes" if value else "no"
        elif column.kind == "decimal":
            words = "" if value is None else f"{value.normalize():f}"
        elif value is not None:
            words = str(value)
        told = {"label": column.label, "kind": column.kind, "words": words}
        found.append(told | {"decision": decision, "boxes": boxes})
    return found
