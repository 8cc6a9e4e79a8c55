"""Selects: a form of the registry holds some two hundred options, which are the same for everybody (speed.md)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from markupsafe import Markup
from wtforms.widgets import html_params


def options(pairs: Iterable[tuple[Any, Any]], chosen: Any = None) -> Markup:
    """``<option>`` of each (value, words) pair; the chosen one is marked."""
    return _options(tuple((str(value), str(words)) for value, words in pairs), str(chosen or ""))


@lru_cache(maxsize=1024)
def _options(pairs: tuple[tuple[str, str], ...], chosen: str) -> Markup:
    plain = Markup('<option{} value="{}">{}</option>')
    mark = Markup(" selected")
    return Markup("").join(plain.format(mark if v == chosen else "", v, w) for v, w in pairs)


class DrawnSelect:
    """WTForms' select, whose options are drawn once for each list and choice."""

    validation_attrs = ("required", "disabled")

    def __call__(self, field: Any, **attributes: Any) -> Markup:
        attributes.setdefault("id", field.id)
        for name in self.validation_attrs:
            if name in field.flags and name not in attributes:
                attributes[name] = getattr(field.flags, name)
        drawn = options(field.choices or (), field.data)
        return Markup(f"<select {html_params(name=field.name, **attributes)}>{drawn}</select>")  # noqa: S704  escaped
