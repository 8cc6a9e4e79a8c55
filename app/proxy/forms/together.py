"""The fields of one step that hold for many cases."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from app.proxy.forms.steps import Asked, plain, step_form


def common_form(asked: Asked, without: Collection[str], data: Any = None) -> Any:
    """The form of a step without the fields that each case has for itself, and without questions of its service."""
    form = step_form(asked, data)
    for name in [f.name for f in form if f.name in without or f.name in {c.name for c in asked.questions}]:
        del form[name]
    return form


def common_given(form: Any) -> dict[str, Any]:
    """What was typed for all of them, as the service takes it; empty fields are left out."""
    found = {field.name: plain(field) for field in form}
    return {name: value for name, value in found.items() if value not in (None, "", False)}
