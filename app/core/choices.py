"""The base of every enum that a clerk sees: a stable code, a lazy label and a badge colour."""

from enum import Enum
from typing import Any, Self

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid

BADGES = ("grey", "blue", "green", "yellow", "red", "purple")


class Choice(str, Enum):
    """A closed list in code: ``draft = "draft", _("Draft"), "grey"``.

    The member is its code (a str), so it goes into columns, JSON and URLs as it is. Open lists that a site may
    extend are code lists (data), not Choices.
    """

    label: Any
    badge: str

    def __new__(cls, code: str, label: Any, badge: str = "grey") -> Self:
        if badge not in BADGES:
            raise ValueError(f"unknown badge colour {badge!r}")
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        member.badge = badge
        return member

    def __str__(self) -> str:
        return str.__str__(self)

    def __format__(self, spec: str) -> str:
        return str.__format__(self, spec)

    @classmethod
    def choices(cls, *, blank: Any = None) -> list[tuple[str, Any]]:
        """(code, label) pairs for a select; with `blank`, an empty choice stands first."""
        pairs: list[tuple[str, Any]] = [] if blank is None else [("", blank)]
        return pairs + [(member.value, member.label) for member in cls]

    @classmethod
    def parse(cls, code: Any, *, field: str | None = None) -> Self:
        """The member with this code; Invalid when there is none."""
        try:
            return cls(code)  # type: ignore[call-arg]
        except ValueError:
            raise Invalid(_("This choice does not exist."), field=field) from None

    @classmethod
    def label_of(cls, code: Any) -> Any:
        """The label for display; an unknown code (an old row) is shown as it is."""
        try:
            return cls(code).label  # type: ignore[call-arg]
        except ValueError:
            return code
