"""What the registry's views share: rows made by services, reasons for an end, fields for birth dates."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import lazy_gettext as _
from wtforms import StringField

from app.core import clock
from app.core.actor import current_actor
from app.core.errors import DomainError
from app.core.views import expose, has_access
from app.core.views.fields import RecordForm
from app.core.widgets import CodeField, DayField, Needed, TextField, Wire
from app.core.words import gettext
from app.registry.queries import cards
from app.registry.rules import Birth, Precision, parse_birth
from app.registry.service import matching

# rows that no form points at need no remote select
NO_LOOKUP = {"lookup"}
# buttons of a page whose fields follow a choice: the fields of what is chosen now, as a piece of the page
OTHER_FIELDS, PIECE = "_fields", "_piece"


class BirthField(Wire, StringField):
    """A birth date as far as it is known: 1985-02-21, 1985-02 or 1985; fills date and precision."""

    data: Any

    def process_data(self, value: Any) -> None:
        self.data = value

    def process_formdata(self, valuelist: list[str]) -> None:
        text = (valuelist[0] if valuelist else "").strip()
        self.data = None
        if text:
            try:
                self.data = parse_birth(text, clock.today())
            except DomainError as refused:
                raise ValueError(str(refused)) from None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return str(self.data) if self.data else ""

    def wire(self) -> str:
        return str(self.data) if self.data else self._value()

    def populate_obj(self, obj: Any, name: str) -> None:
        obj.birth_date = self.data.date if self.data else None
        obj.birth_precision = str(self.data.precision) if self.data else "day"


def birth_of(item: Any) -> Birth | None:
    """The birth date of a record for the field."""
    return Birth(item.birth_date, Precision(item.birth_precision)) if item.birth_date else None


class Loose:
    """A field beside the record: it goes to a service and not into a column."""

    def populate_obj(self, obj: Any, name: str) -> None:
        """Nothing of it stands in the record itself."""


class LooseText(Loose, TextField):
    """Text for a service."""


class LooseCode(Loose, CodeField):
    """A code for a service."""


class ByService:
    """The service makes the row; the form's own item is thrown away. ``save`` puts the row into ``form.made``."""

    def after_save_url(self, item: Any, form: Any, is_new: bool) -> str:
        """The page of the row that the service made."""
        return super().after_save_url(getattr(form, "made", item), form, is_new)  # type: ignore[misc,no-any-return]


class FieldsByChoice:
    """For views whose form follows one of its own fields. Another choice shows its fields; what was typed stays."""

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """A new record."""
        view: Any = self
        if request.method == "POST" and OTHER_FIELDS in request.form:
            form = view.make_form(is_new=True, data=request.form)
            if PIECE in request.form:
                return view.render_template("registry/subform_piece.html", form=form)
            return view.show_form(form, is_new=True)
        return super().add()  # type: ignore[misc]


class EndByCodeForm(RecordForm):
    """Last day and the reason as the register knows it (moved, died, entered by mistake …)."""

    last_day = DayField(_("Last day"), [Needed()])
    reason = CodeField(_("Reason"), [Needed()], source="cancel_reason")


def open_only(row: Any, endpoint: str) -> str | None:
    """Address of an end page for rows that are still open."""
    return None if row.valid_to is not None else url_for(endpoint, pk=row.uid)


def born(row: Any) -> str:
    """Birth date as known, and age."""
    person = getattr(row, "person", row)
    if person is None or person.birth_date is None:
        return ""
    years = cards.age(person, clock.today())
    text = cards.birth_text(person)
    return text if years is None else gettext("%(born)s (%(age)s)", born=text, age=years)


class renamed:
    """A service's refusal at the form's own name of the field."""

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: Any, refusal: Any, _trace: Any) -> None:
        if isinstance(refusal, DomainError) and refusal.field == self.old:
            refusal.field = self.new


def look_before(session: Any, kind: str | None, number: str | None, person_id: int | None = None) -> None:
    """Every typed number counts and is logged, whether or not the record is saved in the end."""
    if number and number.strip():
        matching.look_up(
            session,
            actor=current_actor(),
            now=clock.now(),
            kind=kind or "111",
            number=number,
            other_than=[person_id] if person_id else [],
        )
