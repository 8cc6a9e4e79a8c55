"""Checks that several services share: codes against their lists, versions, days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import codes
from app.core.errors import Invalid, StaleVersion
from app.core.interface import facts_of


def check_fields(session: Session, model: type, fields: Mapping[str, Any], allowed: frozenset[str]) -> None:
    """Only allowed fields, only known codes, no text longer than its column. Raises Invalid with the field."""
    facts = facts_of(model)
    for name, value in fields.items():
        if name not in allowed:
            raise Invalid(_("This field cannot be set here."), field=name)
        fact = facts[name]
        if value in (None, ""):
            continue
        if fact.code_list:
            check_code(session, fact.code_list, value, field=name)
        elif fact.length and isinstance(value, str) and len(value) > fact.length:
            text = _("Please keep this to %(most)s characters.", most=fact.length)
            raise Invalid(text, field=name)


def check_code(session: Session, list_name: str, code: str, *, field: str | None = None) -> str:
    """A code that the list knows; expired ones stay valid for old records."""
    if code not in codes.codes(session, list_name):
        raise Invalid(_("This code is not in the list."), field=field)
    return code


def expect_version(row: Any, version: int | str | None) -> None:
    """The form must have been opened on the present version; None skips the check (no form behind it)."""
    if version is not None and int(version) != row.version:
        raise StaleVersion(current=row.version)


def not_after(day: date, today: date, *, field: str) -> date:
    """What has happened cannot lie in the future."""
    if day > today:
        raise Invalid(_("This day lies in the future."), field=field)
    return day
