"""Fields one types into: nothing is pre-filled by chance, nothing typed is lost, no control rewrites a date.

Every field has ``wire()``: the text it would send, by which two versions of a record are compared.
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Field, StringField, TextAreaField
from wtforms.validators import StopValidation, ValidationError

from app.core import clock
from app.core.dates import parse_day, parse_moment
from app.core.errors import DomainError
from app.core.widgets.drawn import DrawnInput

INT_MIN, INT_MAX = -(2**31), 2**31 - 1


class Needed:
    """Must be filled in. A tick box needs no tick."""

    field_flags = {"required": True}

    def __init__(self, message: Any = None) -> None:
        self.message = message or _("Please fill this in.")

    def __call__(self, _form: Any, field: Field) -> None:
        if field.process_errors:  # what was typed means nothing: one reason is enough
            raise StopValidation()
        kept = getattr(field, "kept", None) is not None and not field.cleared
        if not kept and (field.data is None or field.data == ""):
            raise ValidationError(str(self.message))


def clean(text: str | None) -> str | None:
    """Trim and refuse control characters (a NUL byte is an error 500 on PostgreSQL); names stay as given."""
    if text is None:
        return None
    text = text.strip()
    if any(unicodedata.category(c) == "Cc" and c not in "\n\r\t" for c in text):
        raise ValueError(gettext("There are characters in it that cannot be stored."))
    return text


class Wire:
    """What the field sends and shows; mixed into every field."""

    def wire(self) -> str:
        """The text that the control would send now."""
        return str(self._value() or "")  # type: ignore[attr-defined]

    def words(self) -> str:
        """The value in words, for the page that shows two versions side by side."""
        return self.wire()


class TextField(Wire, StringField):
    """One line; an empty one is NULL where the column allows it."""

    def __init__(
        self, label: Any = None, validators: Any = None, *, length: int | None = None, **kw: Any
    ) -> None:
        self.nullable = kw.pop("nullable", True)
        super().__init__(label, validators, **kw)
        self.length = length

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = clean(valuelist[0]) or (None if self.nullable else "")

    def pre_validate(self, form: Any) -> None:
        if self.length and self.data and len(self.data) > self.length:
            raise ValidationError(gettext("At most %(n)s characters.", n=self.length))


class LongTextField(TextField, TextAreaField):
    """Several lines."""

    widget = TextAreaField.widget


class WholeField(Wire, StringField):
    """A whole number within 32 bits."""

    widget = DrawnInput()
    data: Any

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else "" if self.data is None else str(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        text = unicodedata.normalize("NFKC", valuelist[0] if valuelist else "").strip().replace(",", "")
        self.data = None
        if not text:
            return
        try:
            number = int(text) if len(text) < 13 else None
        except ValueError:
            raise ValueError(gettext("Please write a whole number.")) from None
        if number is None or not INT_MIN <= number <= INT_MAX:
            raise ValueError(gettext("This number is too large."))
        self.data = number


class NumberField(WholeField):
    """A decimal number with the digits of its column."""

    def __init__(self, label: Any = None, validators: Any = None, **kw: Any) -> None:
        self.precision, self.scale = kw.pop("precision", 12), kw.pop("scale", 2)
        super().__init__(label, validators, **kw)

    def _value(self) -> str:
        if self.raw_data:
            return self.raw_data[0]
        return "" if self.data is None else f"{self.data.normalize():f}"

    def process_formdata(self, valuelist: list[str]) -> None:
        text = unicodedata.normalize("NFKC", valuelist[0] if valuelist else "").strip().replace(",", "")
        self.data = None
        if not text:
            return
        try:
            number = Decimal(text) if len(text) < 32 else Decimal("NaN")
        except InvalidOperation:
            raise ValueError(gettext("Please write a number.")) from None
        if not number.is_finite() or abs(number) >= Decimal(10) ** (self.precision - self.scale):
            raise ValueError(gettext("This number is too large."))
        self.data = round(number, self.scale)


class DayField(Wire, StringField):
    """A date as text (demand of the look: no date control rewrites what was typed)."""

    widget = DrawnInput()
    data: Any
    parse = staticmethod(parse_day)

    def _value(self) -> str:
        if self.raw_data:
            return self.raw_data[0]
        return self.data.isoformat() if self.data else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = (valuelist[0] if valuelist else "").strip()
        self.data = None
        if text:
            try:
                self.data = self.parse(text)
            except DomainError as refused:
                raise ValueError(str(refused)) from None

    def wire(self) -> str:
        return self.data.isoformat() if self.data else self._value()


class MomentField(DayField):
    """A local date and time as text, kept as an instant."""

    parse = staticmethod(parse_moment)

    def _value(self) -> str:
        if self.raw_data:
            return self.raw_data[0]
        return clock.to_local(self.data).strftime("%Y-%m-%d %H:%M") if self.data else ""

    def wire(self) -> str:
        return clock.to_local(self.data).strftime("%Y-%m-%d %H:%M") if self.data else self._value()


class CheckField(Wire, BooleanField):
    """A tick box."""

    false_values = (False, "false", "", "0", "n")

    def wire(self) -> str:
        return "y" if self.data else ""

    def words(self) -> str:
        return gettext("Yes") if self.data else gettext("No")


class SecretField(TextField):
    """A protected value: never sent to the browser. Empty means “as it was”; a tick box clears it."""

    def process_data(self, value: Any) -> None:
        self.kept, self.cleared = value, False
        super().process_data(None)

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([v for v in valuelist if v != "__clear__"][:1])
        self.cleared = "__clear__" in valuelist and not self.data

    def mask(self, rule: Any) -> None:
        """Show the stored value through its mask as a hint."""
        self.hint = rule.masked(self.kept) if self.kept else ""

    def populate_obj(self, obj: Any, name: str) -> None:
        if self.data or self.cleared:
            setattr(obj, name, self.data)

    def wire(self) -> str:
        return "" if not self.data else "typed"

    def words(self) -> str:
        return gettext("(newly typed)") if self.data else getattr(self, "hint", "")
