"""From the form of a view to the fields of its sheet, and from a value of a row to what the form would be sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from app.areas.models import Area
from app.core import widgets as w
from app.core.actor import current_actor
from app.core.choices import Choice
from app.core.sheets import Field
from app.core.sheets.coded import choice_reader
from app.core.sheets.declare import Judge, Remark
from app.registry.models import Person
from app.registry.views.subforms import PREFIX, CodesField

LOCAL = "%Y-%m-%d %H:%M"
BETWEEN = re.compile(r"[;,/|\n\u3001\uff0c\uff1b]")


def fields_of(
    view: Any,
    omit: frozenset[str],
    prepare: Callable[[Any], None] | None = None,
    chosen: Mapping[str, str] | None = None,
) -> list[Field]:
    """The columns that a sheet of this view may have: the fields of the form for new records that the acting role may
    type (field policy), in the form's order. ``chosen`` is what the form follows.
    """
    form = view.make_form(is_new=True, data=MultiDict(chosen) if chosen else None)
    if prepare is not None:
        prepare(form)
    whole = view.add_form(formdata=None)  # a form that follows a choice begins without the fields of any
    whole.prepare(current_actor(), view.datamodel.obj)
    shown = [*form, *(f for f in whole if f.name not in form)]
    taken = [f for f in shown if f.name != "csrf_token" and f.name not in omit]
    return [made for made in (_field(f) for f in taken) if made is not None]


def _field(f: Any) -> Field | None:
    kind = _kind(f)
    if kind is None:
        return None
    more: dict[str, Any] = {}
    if kind == "code":
        more["code_list"] = f.source
    elif kind == "choice":
        more["choices"] = [(str(code), label) for code, label in f.pairs()]
    elif kind in {"relation", "area"}:
        more["target"] = f.model
    elif isinstance(f, CodesField):
        more["judge"] = several(f)
    needed = bool(f.flags.required) and f.default is None
    length = getattr(f, "length", None)
    note = f.description if isinstance(f.description, str) else str(f.description or "")
    if kind == "relation" and f.model is Person:
        how = gettext("ID number, or the name with the birth date: Li Ming 1985-02-21.")
        note = f"{note} {how}".strip()
    if isinstance(f, CodesField):
        entries = gettext(", ").join(str(label) for _code, label in f.pairs())
        note = gettext("Several with ; between them. Entries: %(entries)s", entries=entries)
    return Field(f.name, f.label.text, kind, needed=needed, length=length, note=note, **more)


def _kind(f: Any) -> str | None:
    if isinstance(f, w.RemoteField):
        return "area" if f.model is Area else "relation"
    if isinstance(f, (w.YesNoField, w.CheckField)):
        return "bool"
    if type(f) is w.CodeField and isinstance(f.source, str):
        return "code"
    if isinstance(f, w.ChoiceField):
        return "choice"
    for cls, kind in (
        (w.NumberField, "decimal"),
        (w.WholeField, "int"),
        (w.MomentField, "text"),
        (w.DayField, "date"),
    ):
        if isinstance(f, cls):
            return kind
    if isinstance(f, w.LongTextField):
        return "longtext"
    if isinstance(f, CodesField):
        return "text"
    if isinstance(f, w.SecretField):
        return "phone" if "phone" in f.name else "id_number" if _is_document(f) else "text"
    return "text" if isinstance(f, w.TextField) else None


def _is_document(f: Any) -> bool:
    """A number of a document in the own form of a group."""
    return f.name.startswith(PREFIX) and not f.name.endswith("phone")


def several(f: Any) -> Judge:
    """Reads a cell with several codes or labels of a list; the form is sent the codes with commas between."""
    read = choice_reader(Field(f.name, f.label.text, "choice", choices=list(f.pairs())))

    def judge(text: str) -> tuple[str | None, list[Remark]]:
        code, remarks = read(text)
        if code is not None:
            return str(code), list(remarks or ())
        found, said = [], list[Remark]()
        for piece in (p.strip() for p in BETWEEN.split(text)):
            code, remarks = read(piece) if piece else (None, None)
            said += remarks or ()
            found += [str(code)] if code is not None else []
        return (None if any(r[2] for r in said) else ",".join(found)), said

    return judge


def wire(f: Any, value: Any) -> str:
    """What the form would be sent for a value."""
    if isinstance(value, bool):
        yes = "1" if isinstance(f, w.YesNoField) else "y"
        return yes if value else "0" if isinstance(f, w.YesNoField) else ""
    if isinstance(value, datetime):
        return value.strftime(LOCAL)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.value if isinstance(value, Choice) else str(value)


def is_empty(f: Any) -> bool:
    """Whether the record has nothing there: “fill in what is empty” fills it. A tick box is never empty."""
    if hasattr(f, "kept"):  # what stands closed is not sent to a form: its data are always empty
        return f.kept in (None, "")
    return not isinstance(f, w.CheckField) and f.data in (None, "", [])


def is_closed(f: Any) -> bool:
    """Whether the record has a value there that its form does not show."""
    return getattr(f, "kept", None) not in (None, "")


def differs(f: Any, sent: str) -> bool:
    """Whether what the sheet says is another value than the record's."""
    if hasattr(f, "kept"):
        return (wire(f, f.kept) if f.kept not in (None, "") else "") != sent
    return f.wire() != sent
