"""The questions of a service in a form: shown with what was answered before, read as the service takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.core.extra import ExtraColumn
from app.core.views.extras import field_of
from app.core.views.fields import RecordForm
from app.core.widgets import ChoiceField


def fields_of(asked: Iterable[ExtraColumn], *, needed: bool) -> dict[str, Any]:
    """Unbound fields by name; ``needed`` is whether a required question must be answered here and now."""
    return {c.name: field_of(c, needed=needed and c.is_required) for c in asked}


def show_answers(form: Any, asked: Iterable[ExtraColumn], answers: Mapping[str, Any] | None) -> None:
    """Put what was answered before into a form that nothing was typed into yet."""
    for column in asked:
        form[column.name].process_data(column.parse((answers or {}).get(column.key)))


def answers_given(form: Any, asked: Iterable[ExtraColumn]) -> dict[str, Any]:
    """The answers of a valid form by key, as JSON."""
    return {column.key: column.stored(_value(column, form[column.name].data)) for column in asked}


def _value(column: ExtraColumn, typed: Any) -> Any:
    return (typed == "1" if typed else None) if column.kind == "bool" else typed


def question_form(asked: list[ExtraColumn], answers: Mapping[str, Any] | None, data: Any = None) -> Any:
    """The form of the questions alone, bound."""
    cls = type("QuestionForm", (RecordForm,), fields_of(asked, needed=False))
    form = cls(formdata=data)
    for field in form:
        if isinstance(field, ChoiceField):
            field.load()
    if data is None:
        show_answers(form, asked, answers)
    return form
