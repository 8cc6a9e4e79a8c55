"""What the registry's views share: rows made by services, pages that end something, fields for birth dates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import StringField

from app.core import clock
from app.core.actor import Actor, current_actor
from app.core.errors import DomainError
from app.core.session import unit_of_work
from app.core.views.fields import RecordForm
from app.core.widgets import CodeField, DayField, LongTextField, Needed, TextField, Wire
from app.registry.queries import cards
from app.registry.rules import Birth, Precision, parse_birth
from app.registry.service import matching

# rows that no form points at need no remote select
NO_LOOKUP = {"lookup"}


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


class EndForm(RecordForm):
    """Last day and reason in words."""

    last_day = DayField(_("Last day"), [Needed()])
    reason = LongTextField(_("Reason"), [Needed()], length=120)


class EndByCodeForm(RecordForm):
    """Last day and the reason as the register knows it (moved, died, entered by mistake …)."""

    last_day = DayField(_("Last day"), [Needed()])
    reason = CodeField(_("Reason"), [Needed()], source="cancel_reason")


class EndPage:
    """A page that ends one record: GET asks, POST calls the service."""

    end_form: type[RecordForm] = EndForm

    def end_page(
        self, key: str, *, title: Any, note: Any, end: Callable[[Any, Any, Any, Actor, Any], Any]
    ) -> Any:
        """``end(session, item, form, actor, now)`` runs inside the unit of work."""
        view: Any = self
        form, status = self.end_form(), 200
        form.prepare(current_actor(), view.datamodel.obj)
        if request.method == "POST":
            status = 422
            if form.validate():
                try:
                    with unit_of_work(view.session) as session:
                        item = view.datamodel.by_key(session, key)
                        where = view.end_url(item)
                        end(session, item, form, current_actor(), clock.now())
                    flash(gettext("Saved."), "success")
                    return view.go(where)
                except DomainError as refusal:
                    form.refuse(refusal.field, refusal.message)
        else:
            form.last_day.data = clock.today()
        item = view.datamodel.by_key(view.session, key)
        page = view.render_template(
            "registry/end.html", title=title, note=note, form=form, item=item, back=view.end_url(item)
        )
        return page, status

    def end_url(self, item: Any) -> str:
        """Where to go afterwards; override where the record may be out of sight by then."""
        return self.url_show(item)  # type: ignore[attr-defined,no-any-return]


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
