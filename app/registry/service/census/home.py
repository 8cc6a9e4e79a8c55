"""Custom fields of the home itself and of its households on the clerk's page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.extra import ExtraColumn
from app.registry.models import Dwelling, Household
from app.registry.service.census import extras
from app.registry.service.census.entry import HOME, DwellingEntry, HouseholdEntry, Problem

Values = dict[ExtraColumn, Any]


def read(
    session: Session, dwelling: Dwelling, given: DwellingEntry, problems: list[Problem], actor: Actor
) -> Values:
    """What was typed. ``problems`` gets the complaints: what means nothing, what is missing, what somebody else changed."""
    values: Values = {}
    if given.home is None:  # the page has no fields of the home
        return values
    entry, asked_here = given.home, extras.asked(session, actor, dwelling.area_id, Dwelling)
    values, found = _read(session, dwelling, entry.fields, asked_here, HOME, given.asked)
    changed = [c for c, value in values.items() if c.read(dwelling) != value]
    if changed and entry.version != dwelling.version:
        text = _("Somebody else changed this home in the meantime. Saving again keeps what stands here.")
        data = {"version": dwelling.version}
        found.append(_problem(changed[0].name, "stale", text, needs="version", data=data))
    problems += found
    return values


def read_household(
    session: Session,
    dwelling: Dwelling,
    household: Household | None,
    given: HouseholdEntry,
    problems: list[Problem],
    actor: Actor,
) -> Values:
    """The same of a household of the page; of one that everybody leaves nothing is demanded. ``None`` as the fields: the
    page knows of none.
    """
    if given.fields is None:
        return {}
    asked_here = extras.asked(session, actor, dwelling.area_id, Household)
    on_page = {column.name for column in asked_here}
    values, found = _read(session, household, given.fields, asked_here, given.ref, on_page)
    if given.members and all(member.leave is not None for member in given.members):
        found = [problem for problem in found if problem.code != "missing"]
    problems += found
    return values


def _read(
    session: Session,
    row: Any,
    fields: Mapping[str, str],
    asked_here: Sequence[ExtraColumn],
    ref: str,
    on_page: Collection[str],
) -> tuple[Values, list[Problem]]:
    """(what was typed, the complaints) of a record's fields; ``row`` is None for a new one."""
    values, found = Values(), list[Problem]()
    known = {column.name: column for column in asked_here}
    for name, typed in fields.items():
        if name not in known:
            found.append(_problem(name, "gone", extras.GONE, ref))
            continue
        if extras.stays(known[name], typed):
            continue
        try:
            values[known[name]] = extras.value_of(session, known[name], typed, row)
        except Invalid as refusal:
            found.append(_problem(name, refusal.code, refusal.message, ref))
    wrong = {problem.field for problem in found}
    for column in asked_here:
        stands = column.read(row) if row is not None else None
        is_empty = values.get(column, stands) is None and column.name not in wrong
        if column.is_required and is_empty and column.is_fillable(session):
            found.append(_problem(column.name, "missing", extras.must_be_filled(column, on_page), ref))
    return values, found


def _problem(name: str, code: str, text: Any, ref: str = HOME, **more: Any) -> Problem:
    return Problem(None, name, code, text, household=ref, **more)
