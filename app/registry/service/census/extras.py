"""Custom fields of people on the clerk's page: typed as text behind F2, read and written with the row. Those of the home
stand above the households and are read in ``home``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import codes, policy, reach
from app.core.actor import Actor
from app.core.dates import parse_day
from app.core.errors import Invalid
from app.core.extra import PREFIX, ExtraColumn, columns
from app.registry.models import Person
from app.registry.service.census.entry import ASK
from app.registry.service.census.parse import Row

SEALED = "L5"
GONE = _("This field is no longer asked. Please reload the page.")


def asked(session: Session, actor: Actor, area_id: int, model: type = Person) -> list[ExtraColumn]:
    """The fields of people (or homes) that are asked in an area and that the actor may type there."""
    found = columns(session, model, area_id=area_id)
    where = (reach.path_of(session, area_id),) if any(c.level == SEALED for c in found) else ()
    return [c for c in found if policy.may(actor, "edit", model, c.name, where)]


def shown(asked_here: Sequence[ExtraColumn], row: Any, actor: Actor) -> dict[str, Any]:
    """What the page shows of a person or home: ``extra`` as it would be typed, without what the actor may not see, and which
    ``sealed`` fields (level L5) hold something. Those are not sent to the browser; left empty they stay.
    """
    found = {}
    sealed = [c.name for c in asked_here if c.level == SEALED and c.read(row) is not None]
    for column in asked_here:
        if column.level == SEALED:
            continue
        value = column.read(row)
        if policy.shown(actor, type(row), column.name, value, place="page") is value:
            found[column.name] = column.wire(value)
    return {"extra": found, "sealed": sealed}


def read(
    session: Session, rows: Sequence[Row], asked_here: Sequence[ExtraColumn], on_page: Collection[str]
) -> None:
    """Read what was typed into each row, and complain of what is missing or means nothing. ``on_page`` are the fields
    that the page shows.
    """
    known = {column.name: column for column in asked_here}
    for row in rows:
        for name in [key for key in row.entry.fields if key.startswith(PREFIX)]:
            if name not in known:
                row.complain(name, "gone", GONE)
                continue
            if stays(known[name], row.entry.fields[name]):
                continue
            try:
                row.extras[known[name]] = value_of(session, known[name], row.entry.fields[name], row.person)
            except Invalid as refusal:
                row.complain(name, refusal.code, refusal.message)
        _missing(session, row, asked_here, on_page)


def stays(column: ExtraColumn, typed: Any) -> bool:
    """Whether a sealed field was left empty; its own page clears it."""
    return column.level == SEALED and not str(typed or "").strip()


def value_of(session: Session, column: ExtraColumn, typed: str, row: Any = None) -> Any:
    """What was typed into a field means. Raises Invalid with a sentence for what the field cannot hold; a code that has
    ended is taken only where the record has it.
    """
    text = str(typed or "").strip()
    try:
        if column.kind == "code" and text and text != (None if row is None else column.read(row)):
            known = codes.codes(session, column.code_list or "").get(text)
            if known is None or not known.current:
                raise ValueError(text)
        return _value(column, text)
    except (ValueError, InvalidOperation):
        raise Invalid(_("This value is not valid.")) from None


def must_be_filled(column: ExtraColumn, on_page: Collection[str]) -> Any:
    """The sentence about a field that is empty; one that came since the page was opened is not on it."""
    if column.name in on_page:
        return _("Please fill this in.")
    return _(
        "“%(field)s” must be filled in now. Please reload the page to see it; your entry is kept.",
        field=column.label,
    )


def _value(column: ExtraColumn, text: str) -> Any:
    if not text:
        return None
    if column.kind == "decimal":
        return column.parse(column.stored(Decimal(text)))
    if column.kind == "date":
        return parse_day(text)
    if column.kind == "bool":
        return {"1": True, "0": False}.get(text) if text in {"1", "0"} else column.stored(text)
    return column.parse(column.stored(text))


def _missing(session: Session, row: Row, asked_here: Sequence[ExtraColumn], on_page: Collection[str]) -> None:
    """Somebody new, or whose record is being changed, is asked for what must be filled in."""
    entry = row.entry
    if entry.leave is not None or entry.same_as or entry.decision == ASK or not entry.fields:
        return
    for column in asked_here:
        kept = column.read(row.person) if row.person is not None else None
        is_empty = row.extras.get(column, kept) is None and column.name not in {p.field for p in row.problems}
        if column.is_required and is_empty and column.is_fillable(session):
            row.complain(column.name, "missing", must_be_filled(column, on_page))


def write(row: Any, values: Mapping[ExtraColumn, Any]) -> bool:
    """Put what was typed into the record; returns whether something changed."""
    changed = False
    for column, value in values.items():
        changed = changed or column.read(row) != value
        column.write(row, value)
    return changed


def for_page(session: Session, asked_here: Sequence[ExtraColumn], yes: str, no: str) -> list[dict[str, Any]]:
    """What the page needs of each field: its key, its label, what may be chosen, and which codes only stand on records."""
    found = []
    for column in asked_here:
        pairs: list[tuple[str, str, bool]] | None = None
        if column.kind == "code":
            known = codes.codes(session, column.code_list or "").values()
            pairs = [(code.code, code.label, code.current) for code in known]
        elif column.kind == "bool":
            pairs = [("1", yes, True), ("0", no, True)]
        told = {"key": column.name, "label": column.label, "pairs": pairs, "help": column.help}
        found.append(told | {"required": column.is_required and column.is_fillable(session)})
    return found
