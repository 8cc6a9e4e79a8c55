"""The fields of one step that hold for many cases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from app.proxy.forms.steps import Asked, field_names, plain, step_form


def common_form(asked: Sequence[Asked], without: Collection[str], data: Any = None) -> Any:
    """The form of a step for several cases, at least one: every field that one of them asks for, without those that
    each case has for itself, and without questions of a service.
    """
    first, names = asked[0], dict[str, bool]()
    for one in asked:
        for name, needed in field_names(one):
            names[name] = names.get(name, False) or needed
    to = replace(
        first.to,
        needs=tuple(name for name, needed in names.items() if needed),
        writes=tuple(name for name, needed in names.items() if not needed),
    )
    form = step_form(replace(first, to=to), data)
    for name in [f.name for f in form if f.name in without or f.name in {c.name for c in first.questions}]:
        del form[name]
    return form


def common_given(form: Any) -> dict[str, Any]:
    """What was typed for all of them, as the service takes it; empty fields are left out."""
    found = {field.name: plain(field) for field in form}
    return {name: value for name, value in found.items() if value not in (None, "", False)}
