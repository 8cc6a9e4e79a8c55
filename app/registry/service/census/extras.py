"""Custom fields of people on the clerk's page: typed as text behind F2, read and written with the row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import codes, policy
from app.core.actor import Actor
from app.core.dates import parse_day
from app.core.errors import DomainError
from app.core.extra import PREFIX, ExtraColumn, columns
from app.registry.models import Person
from app.registry.service.census.entry import ASK
from app.registry.service.census.parse import Row

SEALED = "L5"


def asked(session: Session, actor: Actor, area_id: int) -> list[ExtraColumn]:
    """The fields of people that are asked in an area and that the actor may type; closed ones have their own page."""
    found = columns(session, Person, area_id=area_id)
    return [c for c in found if c.level != SEALED and policy.may(actor, "edit", Person, c.name)]


def shown(asked_here: Sequence[ExtraColumn], person: Person, actor: Actor) -> dict[str, str]:
    """What a person's row shows, as it would be typed; what the actor may not see is left out."""
    found = {}
    for column in asked_here:
        value = column.read(person)
        if policy.shown(actor, Person, column.name, value, place="page") is value:
            found[column.name] = column.wire(value)
    return found


def read(session: Session, rows: Sequence[Row], asked_here: Sequence[ExtraColumn]) -> None:
    """Read what was typed into each row, and complain of what is missing or means nothing."""
    known = {column.name: column for column in asked_here}
    for row in rows:
        for name in [key for key in row.entry.fields if key.startswith(PREFIX)]:
            if name not in known:
                row.complain(name, "gone", _("This field is no longer asked. Please reload the page."))
                continue
            try:
                row.extras[known[name]] = _value(
                    session, known[name], str(row.entry.fields[name] or "").strip()
                )
            except DomainError as refusal:
                row.complain(name, refusal.code, refusal.message)
            except (ValueError, InvalidOperation):
                row.complain(name, "invalid", _("This value is not valid."))
        _missing(session, row, asked_here)


def _value(session: Session, column: ExtraColumn, text: str) -> Any:
    if not text:
        return None
    if column.kind == "decimal":
        return column.parse(column.stored(Decimal(text)))
    if column.kind == "date":
        return parse_day(text)
    if column.kind == "bool":
        return {"1": True, "0": False}.get(text) if text in {"1", "0"} else column.stored(text)
    if column.kind == "code" and text not in codes.codes(session, column.code_list or ""):
        raise ValueError(text)
    return column.parse(column.stored(text))


def _missing(session: Session, row: Row, asked_here: Sequence[ExtraColumn]) -> None:
    """Somebody new, or whose record is being changed, is asked for what must be filled in."""
    entry = row.entry
    if entry.leave is not None or entry.same_as or entry.decision == ASK or not entry.fields:
        return
    for column in asked_here:
        kept = column.read(row.person) if row.person is not None else None
        is_empty = row.extras.get(column, kept) is None and column.name not in {p.field for p in row.problems}
        if column.is_required and is_empty and column.is_fillable(session):
            row.complain(column.name, "missing", _("Please fill this in."))


def write(person: Person, values: Mapping[ExtraColumn, Any]) -> bool:
    """Put what was typed into the record; returns whether something changed."""
    changed = False
    for column, value in values.items():
        changed = changed or column.read(person) != value
        column.write(person, value)
    return changed


def for_page(session: Session, asked_here: Sequence[ExtraColumn], yes: str, no: str) -> list[dict[str, Any]]:
    """What the page needs of each field: its key, its label, and what may be chosen."""
    found = []
    for column in asked_here:
        pairs: list[tuple[str, str]] | None = None
        if column.kind == "code":
            pairs = codes.choices(session, column.code_list or "")
        elif column.kind == "bool":
            pairs = [("1", yes), ("0", no)]
        found.append({"key": column.name, "label": column.label, "pairs": pairs, "help": column.help})
    return found
