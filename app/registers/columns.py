"""Columns of a register: a plain ``mapped_column`` that also knows its words. Whether it may stay empty says ``Mapped``.

    breed: Mapped[str | None] = code("dog_breed", _("Breed"))

Every helper takes further arguments of ``mapped_column``, and ``help``: a line below the field of the form.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Integer, Numeric, String
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeEngine

from app.core.crypto import EncryptedText
from app.core.models import BigKey


def text(label: Any, length: int = 100, **more: Any) -> Any:
    """A line of text; ``length`` in characters. Longer than 160 it is a field of several lines and not in the list."""
    return _column(String(length), label, more)


def note(label: Any, length: int = 1000, **more: Any) -> Any:
    """A text of several lines."""
    return _column(String(length), label, more)


def code(list_name: str, label: Any, **more: Any) -> Any:
    """A code of a code list (app/seeds/codes_local.yaml, or one that an administrator has added)."""
    return _column(String(24), label, more, code_list=list_name)


def day(label: Any, **more: Any) -> Any:
    """A calendar day."""
    return _column(Date(), label, more)


def number(label: Any, **more: Any) -> Any:
    """A whole number."""
    return _column(Integer(), label, more)


def amount(label: Any, scale: int = 2, **more: Any) -> Any:
    """A number with ``scale`` decimals."""
    return _column(Numeric(12, scale), label, more)


def yes_no(label: Any, **more: Any) -> Any:
    """Yes or no; no until somebody says otherwise. ``Mapped[bool | None]`` may also be unknown."""
    return _column(Boolean(), label, {"default": False} | more)


def web(label: Any, **more: Any) -> Any:
    """The address of something on another system; shown as a link, never fetched by the program."""
    return _column(String(160), label, more, web=True)


def phone(place: str, label: Any, **more: Any) -> Any:
    """Somebody's phone: encrypted, masked. ``place`` is "table.column", as in its row of app/seeds/field_policy.yaml."""
    return _column(EncryptedText(place), label, more)


def link(target: str, label: Any, **more: Any) -> Any:
    """The key of another record ("person.id"); give the relation of the same name without ``_id`` beside it.

    A row that names a person follows that person when two records of the same person are made one.
    """
    info = {"merge": "moves"} if target == "person.id" else {}
    return _column(BigKey, label, {"index": True} | more, ForeignKey(target), **info)


def _column(kind: TypeEngine[Any], label: Any, more: dict[str, Any], *items: Any, **info: Any) -> Any:
    info |= {"label": label, "help": more.pop("help", "")}
    return mapped_column(kind, *items, info=info, **more)
