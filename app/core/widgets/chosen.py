"""Fields one chooses from: closed lists, code lists, and rows of other tables inside the scope."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy import select
from wtforms import Field, SelectField
from wtforms.validators import ValidationError

from app.core import codes
from app.core.choices import Choice
from app.core.errors import DomainError
from app.core.interface import Interface
from app.core.widgets.drawn import DrawnInput, DrawnSelect
from app.core.widgets.typed import Wire

FALLBACK_ROWS = 200


def choice_pairs(source: Any) -> list[tuple[str, Any]]:
    """(code, label) pairs of a Choice class, a dict, a list of pairs or a function that returns one of these."""
    if isinstance(source, type) and issubclass(source, Choice):
        return source.choices()
    if callable(source):
        return choice_pairs(source())
    return list(source.items()) if isinstance(source, dict) else list(source)


class ChoiceField(Wire, SelectField):
    """A closed list, empty until somebody chooses. ``source`` is a Choice class or a list of pairs."""

    widget = DrawnSelect()

    def __init__(self, label: Any = None, validators: Any = None, *, source: Any = (), **kw: Any) -> None:
        self.source = source
        super().__init__(
            label, validators, choices=[], coerce=lambda v: v or None, validate_choice=False, **kw
        )

    def load(self) -> None:
        """Fill in the choices for this request; an old value that is no longer offered is kept."""
        pairs = [("", gettext("Please choose")), *self.pairs()]
        if self.object_data and all(self.object_data != code for code, _label in pairs):
            pairs.append((self.object_data, str(self.object_data)))
        self.choices = [(code, str(label)) for code, label in pairs]

    def pairs(self) -> list[tuple[str, Any]]:
        return choice_pairs(self.source)

    def pre_validate(self, form: Any) -> None:
        if self.data and all(self.data != code for code, _label in self.choices or ()):
            raise ValidationError(gettext("This choice does not exist."))

    def wire(self) -> str:
        return str(self.data or "")

    def words(self) -> str:
        return next(
            (str(label) for code, label in self.choices or () if code and code == self.data), self.wire()
        )


class CodeField(ChoiceField):
    """A code of a code list (core.codes); codes out of force are offered only where the record holds one."""

    def pairs(self) -> list[tuple[str, Any]]:
        session = current_app.appbuilder.session()  # type: ignore[attr-defined]
        return list(codes.choices(session, self.source, keep=self.object_data))


class YesNoField(ChoiceField):
    """Yes, no or not known."""

    def pairs(self) -> list[tuple[str, Any]]:
        return [("1", gettext("Yes")), ("0", gettext("No"))]

    def process_data(self, value: Any) -> None:
        super().process_data(None if value is None else "1" if value else "0")
        self.object_data = self.data

    def populate_obj(self, obj: Any, name: str) -> None:
        setattr(obj, name, None if not self.data else self.data == "1")


class RemoteField(Wire, Field):
    """A many-to-one relation: a remote select whose posted key is looked up again inside the scope."""

    widget = DrawnInput()

    def __init__(
        self, label: Any = None, validators: Any = None, *, model: type, as_id: bool = False, **kw: Any
    ) -> None:
        self.model, self.as_id = model, as_id
        super().__init__(label, validators, **kw)

    @property
    def interface(self) -> Interface:
        return Interface(self.model)

    @property
    def view(self) -> Any:
        """The view whose look-up endpoint answers, or None."""
        return view_of(self.model)

    def process_data(self, value: Any) -> None:
        self.key_sent: str | None = None
        self.data = _session().get(self.model, value) if isinstance(value, int) else value

    def process_formdata(self, valuelist: list[str]) -> None:
        self.key_sent = (valuelist[0] if valuelist else "").strip()
        self.data = None
        if self.key_sent:
            try:
                self.data = Interface(self.model).by_key(_session(), self.key_sent)
            except DomainError:
                raise ValueError(gettext("Please choose from the list.")) from None

    def _value(self) -> str:
        if self.data is not None:
            return Interface(self.model).key_of(self.data)
        return self.key_sent or ""

    def populate_obj(self, obj: Any, name: str) -> None:
        if self.as_id:
            setattr(obj, name, self.data.id if self.data is not None else None)
        else:
            setattr(obj, name, self.data)

    def words(self) -> str:
        return lookup_label(self.model, self.data)

    def options(self) -> list[tuple[str, str]]:
        """Where the model has no view yet: its first rows inside the scope, as a plain select."""
        rows = _session().scalars(select(self.model).limit(FALLBACK_ROWS))
        return [(Interface(self.model).key_of(row), str(row)) for row in rows]

    def __html__(self) -> Markup:
        return self()


def _session() -> Any:
    return current_app.appbuilder.session()  # type: ignore[attr-defined]


def view_of(model: type) -> Any:
    """The mounted view that answers look-ups and links for a model, or None."""
    return current_app.extensions.get("geban_views", {}).get(model)


def lookup_label(model: type, row: Any) -> str:
    """How a row is named in a select: what its view says tells two rows apart."""
    if row is None:
        return ""
    view = view_of(model)
    return str(view.lookup_text(row)) if view is not None else str(row)
