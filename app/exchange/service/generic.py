"""Rows of any register through its own form: the same fields, validators, checks and services as when a clerk types.

A spec says by which columns a record is known again. What the acting role may not type stands in no form and so in no
sheet (field policy).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.areas.models import Area
from app.core import widgets as w
from app.core.actor import Actor
from app.core.crypto import blind
from app.core.errors import NotAllowed
from app.core.interface import facts_of
from app.core.sheets import Field, Finding, Row
from app.exchange.service.formfields import differs, fields_of, is_empty, wire
from app.exchange.service.rows import RowWriter
from app.exchange.service.saying import Refused, column_of, finding

AREA_KEYS = ("area_id", "area")
FIXED_RECORD = _("This record may not be changed: it has ended or is settled elsewhere.")
# (writer, row, related records by key) -> the record that the row means, or None
Match = Callable[["FormWriter", Row, dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Spec:
    """A register's sheet. ``keys`` are ways to know a record again, each a tuple of fields; the first way whose fields a
    row fills in counts. ``match`` takes their place where a record is known by more than columns. ``extra`` are columns
    beside the form's, which ``before_save`` puts into the record.
    """

    name: str
    view: str
    keys: tuple[tuple[str, ...], ...] = ()
    omit: frozenset[str] = frozenset()
    match: Match | None = None
    extra: Callable[[], Sequence[Field]] | None = None
    before_save: Callable[[FormWriter, Any, Row], None] | None = None
    save: Callable[[FormWriter, Session, Any, Any, bool], None] | None = None
    prepare: Callable[[Any], None] | None = None
    label: Any = None


def view_called(name: str) -> Any:
    """The mounted view of a class name."""
    return current_app.extensions["geban_pages"][name]


def spec_fields(spec: Spec) -> list[Field]:
    """The columns of a sheet for the acting role."""
    return [*fields_of(view_called(spec.view), spec.omit), *(spec.extra() if spec.extra else ())]


class FormWriter(RowWriter):
    """Writes the rows of a mounted view."""

    def __init__(self, session: Session, actor: Actor, options: dict[str, Any], spec: Spec) -> None:
        super().__init__(session, actor, options)
        self.spec, self.view = spec, view_called(spec.view)
        self.model: Any = self.view.datamodel.obj
        self._queries: dict[tuple[str, ...], Any] = {}
        self._shapes: dict[Any, dict[str, Any]] = {}

    # --- one row --------------------------------------------------------------------------------------------------

    def settle(self, session: Session, row: Row, rule: str, remarks: list[Finding]) -> str:
        area = self._area_of(row)
        related = self._related(row, area)
        item, mark = self._known(row, related)
        again = self.known_in_sheet(mark, row, remarks)
        if rule == "new" or (item is None and not again):
            self._make(session, row, related)
            return "made"
        if rule == "skip":
            return "skipped"
        if item is None:  # a dry run: the row before it was taken back
            return "changed"
        return self._change(session, item, row, related, rule)

    def _area_of(self, row: Row) -> Any:
        for key in AREA_KEYS:
            if self.value(row, key) is not None:
                return self.find(row, key, Area)
        return None

    def _related(self, row: Row, area: Any) -> dict[str, Any]:
        """The records that the cells of relations name."""
        found: dict[str, Any] = {}
        for key, model in self._relations().items():
            if model is Area and key in AREA_KEYS:
                found[key] = area
            else:
                found[key] = self.find(row, key, model, area.id if area is not None else None)
        return found

    def _relations(self) -> dict[str, type]:
        names: dict[str, type] | None = getattr(self, "_relation_names", None)
        if names is None:
            form = self._form(is_new=True)
            names = {
                f.name: f.model for f in form if isinstance(f, w.RemoteField) and f.name not in self.spec.omit
            }
            self._relation_names = names
        return names

    # --- known again ----------------------------------------------------------------------------------------------

    def _known(self, row: Row, related: dict[str, Any]) -> tuple[Any, Any]:
        """(the record that the row means or None, a mark by which later rows of the sheet mean the same)."""
        if self.spec.match is not None:
            found = self.spec.match(self, row, related)
            item, mark = found if isinstance(found, tuple) else (found, None)
            return item, mark
        for keys in self.spec.keys:
            values = [related[k] if k in related else self.value(row, k) for k in keys]
            if all(v not in (None, "") for v in values):
                return self._by(keys, values), (keys, tuple(getattr(v, "id", v) for v in values))
        return None, None

    def _by(self, keys: tuple[str, ...], values: list[Any]) -> Any:
        if keys not in self._queries:
            self._queries[keys] = self._query(keys)
        given = {f"key_{at}": self._plain(key, values[at]) for at, key in enumerate(keys)}
        return self.session.scalars(self._queries[keys], given).first()

    def _query(self, keys: tuple[str, ...]) -> Any:
        """The statement is made once for each way to know a record, not for each row."""
        query = select(self.model).order_by(self.model.id).limit(1)
        for at, key in enumerate(keys):
            query = query.where(self._column(key) == bindparam(f"key_{at}"))
        if hasattr(self.model, "valid_to"):
            query = query.where(self.model.valid_to.is_(None))
        return query

    def _column(self, key: str) -> Any:
        fact = facts_of(self.model)[key]
        if fact.kind == "secret":
            return getattr(self.model, f"{key}_index")
        return getattr(self.model, (fact.fk or key) if fact.kind == "relation" else key)

    def _plain(self, key: str, value: Any) -> Any:
        kind = facts_of(self.model)[key].kind
        if kind == "relation":
            return value.id
        if kind == "secret":
            return blind("phone", str(value))
        return value.strip() if isinstance(value, str) else value

    # --- writing --------------------------------------------------------------------------------------------------

    def _form(self, *, is_new: bool, item: Any = None, data: Any = None) -> Any:
        form = self.view.make_form(is_new=is_new, item=item, data=data)
        if self.spec.prepare is not None:
            self.spec.prepare(form)
        return form

    def _make(self, session: Session, row: Row, related: dict[str, Any]) -> Any:
        sent: MultiDict[str, str] = MultiDict()
        for name, f in self._shape(row).items():
            given = self.value(row, name)
            if name not in related:
                sent[name] = f.wire() if given is None else wire(f, given)
        form = self._form(is_new=True, data=sent)
        made = self._save(session, self.view.new_item(), form, row, related, is_new=True)
        self.resolver.made(made)
        return made

    def _shape(self, row: Row) -> dict[str, Any]:
        """An empty form with the fields that a row of this choice has: it knows how values are sent, and the defaults.
        The form of some registers follows one of its own fields.
        """
        name = getattr(self.view, "choice_column", "")
        choice = self.value(row, name) if name else None
        if choice not in self._shapes:
            data = MultiDict({name: str(choice)}) if choice is not None else None
            self._shapes[choice] = {
                f.name: f for f in self._form(is_new=True, data=data) if hasattr(f, "wire")
            }
        return self._shapes[choice]

    def _change(self, session: Session, item: Any, row: Row, related: dict[str, Any], rule: str) -> str:
        if not self.view.can("edit"):
            raise NotAllowed()
        if not self.view.is_editable(item):
            raise Refused(finding(FIXED_RECORD, row.number))
        session.refresh(item)
        present = self._form(is_new=False, item=item)
        sent = MultiDict({f.name: f.wire() for f in present if hasattr(f, "wire")})
        touched, records = False, {}
        for f in present:
            if isinstance(f, w.SecretField):
                sent.pop(f.name, None)
            if isinstance(f, w.RemoteField):
                records[f.name] = f.data
            given = related.get(f.name) if isinstance(f, w.RemoteField) else self.value(row, f.name)
            if given is None or (rule == "fill" and not is_empty(f)):
                continue
            if isinstance(f, w.RemoteField):
                touched |= f.data is not given
                records[f.name] = given
            elif differs(f, wire(f, given)):
                touched, sent[f.name] = True, wire(f, given)
        if not touched and self.spec.before_save is None:
            return "same"
        form = self._form(is_new=False, item=item, data=sent)
        self._save(session, item, form, row, records, is_new=False)
        return "changed"

    def _save(
        self, session: Session, item: Any, form: Any, row: Row, related: dict[str, Any], *, is_new: bool
    ) -> Any:
        with session.no_autoflush:
            for name, record in related.items():
                if name in form and record is not None:
                    form[name].process_errors, form[name].data = [], record
            if not form.validate():
                raise Refused(*self._errors(form, row))
            form.populate_obj(item)
            if self.spec.before_save is not None:
                self.spec.before_save(self, item, row)
            self.view.check(session, item, form, is_new)
        if self.spec.save is not None:
            self.spec.save(self, session, item, form, is_new)
        else:
            self.view.save(session, item, form, is_new)
        session.flush()
        made = getattr(form, "made", item)
        self.view.settle_extras(made, form)
        return made

    def _errors(self, form: Any, row: Row) -> list[Finding]:
        found = []
        for f in form:
            for sentence in f.errors if f.name != "csrf_token" else ():
                found.append(self._error(f, sentence, row))
        return found or [finding(sentence, row.number) for sentence in form.form_errors]

    def _error(self, f: Any, sentence: Any, row: Row) -> Finding:
        column = column_of(f.name, self.columns)
        if column is None:  # the sheet has no such column: the field must be named
            return finding(ABOUT, row.number, field=f.label.text, what=str(sentence))
        return finding(sentence, row.number, column)


ABOUT = _("%(field)s: %(what)s")
