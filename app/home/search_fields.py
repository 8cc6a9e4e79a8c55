"""What the search box finds by custom fields: whatever lists may filter by and a word can mean (issue text: low code).

Texts by their words, numbers and days as a whole, choices by the name of the code; a yes or no finds nobody. As in the
filters of lists: fields up to L3 that are asked today somewhere in the areas of the actor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext
from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.core import codes, fieldwords
from app.core.dates import parse_day
from app.core.errors import Invalid
from app.core.extra import ExtraColumn, refresh
from app.core.reach import is_narrow
from app.core.scope import session_actor, unscoped
from app.core.views.cells import extra_words
from app.core.widgets import view_of
from app.registry.models import Dwelling, Household, Person, RentalHome, Venue
from app.worklog.models import ServiceRecord

SHORTEST = 2  # one sign alone stands in too many records
MOST_CODES = 20  # of one list
COMMON = 3_000  # records
ICONS: dict[type[Any], str] = {
    Person: "fa-user",
    Dwelling: "fa-house",
    Household: "fa-people-roof",
    Venue: "fa-store",
    RentalHome: "fa-key",
    ServiceRecord: "fa-clipboard-check",
}


@dataclass(frozen=True)
class Asked:
    """What a query means in one field: entries of the index, the exact criterion, and the same of a value."""

    column: ExtraColumn
    groups: list[list[str]]
    criterion: ColumnElement[bool]
    fits: Callable[[Any], bool]


def rows(session: Session, model: Any, query: str, count: int) -> list[tuple[Any, str]]:
    """Up to ``count`` records of a class that a custom field answers for, each with “name of the field: value”."""
    refresh(session)
    view = view_of(model)
    if view is None or not view.can("show") or len("".join(query.split())) < SHORTEST:
        return []
    meant = [asked for c in view.extras() if c.is_open and (asked := _meaning(session, model, c, query))]
    if not meant:
        return []
    # no order: by the order of a whole city PostgreSQL would walk through it (see reach.sorted_by)
    hit = fieldwords.holding(model, [group for asked in meant for group in asked.groups])
    if is_narrow(session_actor(session), model) and _is_common(model, hit):
        hit = func.coalesce(
            hit, false()
        )  # no index answers that: the areas are read, and the few that fit are asked
    found = select(model).where(hit, or_(*(asked.criterion for asked in meant)), *view.base_where())
    if hasattr(model, "area"):
        found = found.options(joinedload(model.area))
    people = session.scalars(found.limit(count)).unique()
    return [(row, _why(session, row, meant)) for row in sorted(people, key=lambda row: int(row.id))]


def _is_common(model: Any, hit: ColumnElement[bool]) -> bool:
    """Whether so many records of the site bear the words that the areas of the actor are the shorter way: else a word of a
    fifth of a city is looked up for everybody and each is held against the areas (4 to 9 s at 6.62 million people).
    """
    with unscoped("how common a word is: it decides the way of a search and is told to nobody") as wide:
        few = select(model.id).where(hit).limit(COMMON).subquery()
        return wide.scalars(select(func.count()).select_from(few)).one() >= COMMON


def _why(session: Session, row: Any, meant: list[Asked]) -> str:
    for asked in meant:
        value = asked.column.read(row)
        if value is not None and asked.fits(value):
            words = extra_words(session, asked.column, value)
            said = gettext("%(field)s: %(value)s", field=asked.column.label, value=words)
            return " · ".join(part for part in (said, str(getattr(row, "area", None) or "")) if part)
    return ""


def _meaning(session: Session, model: Any, column: ExtraColumn, query: str) -> Asked | None:
    stands = column.expression(model)
    if column.kind == "text":
        typed = fieldwords.small(query)
        near = stands.contains(query, autoescape=True) | stands.icontains(typed, autoescape=True)
        entries = fieldwords.begun(column.key, query)
        return Asked(column, [entries], near, lambda value: typed in fieldwords.small(value))
    if column.kind == "code":
        return _chosen(session, stands, column, query)
    read = {"decimal": _number, "date": _day}.get(column.kind)
    value = read(query) if read is not None else None
    if value is None:
        return None
    try:
        entry = fieldwords.whole(column.key, column.stored(value))
    except ValueError:  # larger than any number here
        return None
    return Asked(column, [[entry]], stands == value, lambda found: found == value)


def _chosen(session: Session, stands: Any, column: ExtraColumn, query: str) -> Asked | None:
    known = codes.codes(session, column.code_list or "").values()
    fitting = [code.code for code in known if query.casefold() in code.label.casefold()][:MOST_CODES]
    groups = [[fieldwords.whole(column.key, code)] for code in fitting]
    return Asked(column, groups, stands.in_(fitting), lambda value: value in fitting) if fitting else None


def _number(query: str) -> Decimal | None:
    try:
        number = Decimal(query)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _day(query: str) -> date | None:
    try:
        return parse_day(query)
    except Invalid:
        return None
