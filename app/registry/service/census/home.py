"""Custom fields of the home itself on the clerk's page."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.extra import ExtraColumn
from app.registry.models import Dwelling
from app.registry.service.census import extras
from app.registry.service.census.entry import HOME, DwellingEntry, Problem

Values = dict[ExtraColumn, Any]


def read(
    session: Session, dwelling: Dwelling, given: DwellingEntry, problems: list[Problem], actor: Actor
) -> Values:
    """What was typed. ``problems`` gets the complaints: what means nothing, what is missing, what somebody else changed."""
    values: Values = {}
    if given.home is None:  # the page has no fields of the home
        return values
    entry, asked_here = given.home, extras.asked(session, actor, dwelling.area_id, Dwelling)
    found: list[Problem] = []
    known = {column.name: column for column in asked_here}
    for name, typed in entry.fields.items():
        if name not in known:
            found.append(_problem(name, "gone", extras.GONE))
            continue
        if extras.stays(known[name], typed):
            continue
        try:
            values[known[name]] = extras.value_of(session, known[name], typed, dwelling)
        except Invalid as refusal:
            found.append(_problem(name, refusal.code, refusal.message))
    wrong = {problem.field for problem in found}
    for column in asked_here:
        is_empty = values.get(column, column.read(dwelling)) is None and column.name not in wrong
        if column.is_required and is_empty and column.is_fillable(session):
            text = extras.must_be_filled(column, given.asked)
            found.append(_problem(column.name, "missing", text))
    changed = [c for c, value in values.items() if c.read(dwelling) != value]
    if changed and entry.version != dwelling.version:
        text = _("Somebody else changed this home in the meantime. Saving again keeps what stands here.")
        data = {"version": dwelling.version}
        found.append(_problem(changed[0].name, "stale", text, needs="version", data=data))
    problems += found
    return values


def _problem(name: str, code: str, text: Any, **more: Any) -> Problem:
    return Problem(None, name, code, text, household=HOME, **more)
