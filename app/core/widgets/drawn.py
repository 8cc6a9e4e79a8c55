"""Selects: a form of the registry holds some two hundred options, which are the same for everybody (speed.md)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape
from wtforms.widgets import TextInput, html_params


def options(pairs: Iterable[tuple[Any, Any]], chosen: Any = None) -> Markup:
    """``<option>`` of each (value, words) pair; the chosen one is marked."""
    return _options(tuple((str(value), str(words)) for value, words in pairs), str(chosen or ""))


@lru_cache(maxsize=1024)
def _options(pairs: tuple[tuple[str, str], ...], chosen: str) -> Markup:
    plain = Markup('<option{} value="{}">{}</option>')
    mark = Markup(" selected")
    return Markup("").join(plain.format(mark if v == chosen else "", v, w) for v, w in pairs)


@lru_cache(maxsize=4096)
def _attributes(pairs: tuple[tuple[str, Any], ...]) -> Markup:
    return html_params(**dict(pairs))


def _drawn_params(**attributes: Any) -> str:
    """WTForms' attributes of a tag: those of a field are the same for everybody and drawn once, its value is not."""
    value = attributes.pop("value", None)
    fixed = _attributes(tuple(attributes.items()))
    return fixed if value is None else f'{fixed} value="{escape(value)}"'


class DrawnInput(TextInput):
    """WTForms' line of text, drawn in that way."""

    html_params = staticmethod(_drawn_params)


class DrawnSelect:
    """WTForms' select, whose options are drawn once for each list and choice."""

    validation_attrs = ("required", "disabled")

    def __call__(self, field: Any, **attributes: Any) -> Markup:
        attributes.setdefault("id", field.id)
        for name in self.validation_attrs:
            if name in field.flags and name not in attributes:
                attributes[name] = getattr(field.flags, name)
        drawn = options(field.choices or (), field.data)
        return Markup(f"<select {_drawn_params(name=field.name, **attributes)}>{drawn}</select>")  # noqa: S704  escaped
