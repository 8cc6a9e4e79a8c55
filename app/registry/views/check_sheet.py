"""The sheet of a safety check as it was sent: read field by field, so that a refusal names each field and loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TypeVar

from flask_babel import lazy_gettext as _

from app.core.dates import parse_day
from app.core.errors import DomainError, Invalid
from app.core.numbers import whole_number
from app.core.widgets import clean
from app.registry.choices import CheckResult
from app.registry.service.inspections import CheckEntry, ItemResult

Value = TypeVar("Value")


class Sheet:
    """``given``: what was typed, as it was typed; ``wrong``: what is said about it, by field."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = given
        self.wrong: dict[str, str] = {}

    def entry(self, items: Sequence[str]) -> CheckEntry:
        """The sheet as the service takes it; missing items are the service's matter. Raises Invalid at the first field that
        cannot be read, and ``wrong`` names them all.
        """
        self.wrong.clear()
        results = {item: self._result(item) for item in items if self.given.get(f"item.{item}")}
        read = CheckEntry(
            {item: result for item, result in results.items() if result is not None},
            self._text("inspectors", 120),
            self._read("people_found", lambda text: whole_number(text, 0, 9999, field="people_found")),
            self._text("summary"),
            self._day("checked_on"),
            self._day("next_check_on"),
        )
        for field, message in self.wrong.items():
            raise Invalid(message, field=field)
        return read

    def refuse(self, refusal: DomainError) -> None:
        """Put a refusal at its field."""
        self.wrong.setdefault(refusal.field or "", str(refusal))

    def _result(self, item: str) -> ItemResult | None:
        key = f"item.{item}"
        result = self._read(key, lambda text: CheckResult.parse(text, field=key))
        if result is not CheckResult.bad:
            return ItemResult(result, self._text(f"note.{item}")) if result else None
        return ItemResult(result, self._text(f"note.{item}"), self._day(f"fix.{item}") or self._day("fix_by"))

    def _day(self, name: str) -> date | None:
        return self._read(name, lambda text: parse_day(text, field=name))

    def _text(self, name: str, longest: int = 300) -> str:
        return self._read(name, lambda text: _short(text, longest)) or ""

    def _read(self, name: str, parse: Callable[[str], Value]) -> Value | None:
        """One field; nothing for an empty one and for one that is refused."""
        text = self.given.get(name, "").strip()
        try:
            return parse(text) if text else None
        except (DomainError, ValueError) as refused:
            self.wrong[name] = str(refused)
            return None


def _short(text: str, longest: int) -> str:
    text = clean(text) or ""
    if len(text) > longest:
        raise Invalid(_("Please keep this to %(most)s characters.", most=longest))
    return text
