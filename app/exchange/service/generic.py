"""Rows of any register through its own form: the same fields, validators, checks and services as when a clerk types.

A spec says by which columns a record is known again. What the acting role may not type stands in no form and so in no
sheet (field policy).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.core import clock
from app.core import widgets as w
from app.core.actor import Actor
from app.core.errors import NotAllowed
from app.core.sheets import Finding, Row
from app.core.sheets.saying import finding_of
from app.core.views import extras
from app.core.views.editing import EditMixin
from app.exchange.service.formfields import differs, is_closed, is_empty, wire
from app.exchange.service.knowing import KnownRows
from app.exchange.service.saying import Refused, column_of
from app.exchange.service.specs import Spec, Way
from app.registers.base import Register

FIXED_RECORD = _("This record may not be changed: it has ended or is settled elsewhere.")
ABOUT = _("%(field)s: %(what)s")
NOT_WHOLE = _(
    "Very many rows of this sheet are about one record: the check went by the first of them, the import goes by all."
)


class FormWriter(KnownRows):
    """Writes the rows of a mounted view."""

    def __init__(self, session: Session, actor: Actor, options: dict[str, Any], spec: Spec) -> None:
        super().__init__(session, actor, options, spec)
        self._shapes: dict[Any, dict[str, Any]] = {}
        # a check of its own may look at other records: then nothing waits when it is asked
        own_check = type(self.view).check not in (EditMixin.check, Register.check)
        self._waits = not own_check

    # --- one row --------------------------------------------------------------------------------------------------

    def settle(self, session: Session, row: Row, rule: str, remarks: list[Finding]) -> str:
        with session.no_autoflush:  # nothing that waits concerns this row, or it is asked for by name
            related = self._related(row)
            ways = self._ways(row, related)
        other = self.brought.first(ways[0].mark, row.number) if ways else None
        if other is not None:
            self.twice(other, row, remarks)
        word = self._write(session, row, rule, related, ways, other)
        is_whole = self._note(row, related, ways)
        if word == "changed" and other is not None:
            is_whole &= self.brought.changed(other, row.number)
        if self.is_dry and not is_whole:
            remarks.append(finding_of(NOT_WHOLE, row.number, grave=False))
        return word

    def _write(
        self,
        session: Session,
        row: Row,
        rule: str,
        related: dict[str, Any],
        ways: Sequence[Way],
        other: int | None,
    ) -> str:
        if other is not None:
            if rule == "skip" or (rule != "new" and ways[0].whole):
                return "skipped" if rule == "skip" else "same"
            self.rely(other)
        if rule != "new" and ways:
            with session.no_autoflush:
                item = ways[0].find() if other is not None or self._may_be_known(row) else None
            if item is not None and (rule == "skip" or ways[0].whole):
                return "skipped" if rule == "skip" else "same"
            if item is not None:
                return self._change(session, item, row, related, rule)
        self._stand_beside(session, row, related)
        self._make(session, row, related)
        return "made"

    # --- writing --------------------------------------------------------------------------------------------------

    def _stand_beside(self, session: Session, row: Row, related: dict[str, Any]) -> None:
        """What rows above have hung on the same records is there when the register's own check looks."""
        for mark in self._beside(related):
            for number in self.brought.beside(mark, row.number):
                self.rely(number)
        for key in self.spec.beside & related.keys():
            if related[key] is not None:
                session.expire(related[key])

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
        if self.stands_alone:
            self.resolver.made(made)
            if self.is_dry:
                self._born[type(made), made.id] = ("row", row.number)
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
            raise Refused(finding_of(FIXED_RECORD, row.number))
        self.is_saving = True
        if item in session.dirty:
            session.flush()
        with session.no_autoflush:
            session.refresh(item)
            present = self._form(is_new=False, item=item)
        self._refuse_closed(present, item, row)
        touched, sent, records = self._overlaid(present, item, row, related, rule)
        if not touched and self.spec.before_save is None:
            return "same"
        with session.no_autoflush:
            form = self._form(is_new=False, item=item, data=sent)
        self._save(session, item, form, row, records, is_new=False)
        return "changed"

    def _refuse_closed(self, present: Any, item: Any, row: Row) -> None:
        """A custom field that a grant opens elsewhere only stands in the columns, but not in the form of this record."""
        for key, given in row.values.items():
            if given is None or not extras.is_name(key) or key in present:
                continue
            if not extras.may(self.session, self.actor, "edit", item, key):
                raise Refused(finding_of(extras.NOT_YOURS, row.number, column_of(key, self.columns)))

    def _overlaid(
        self, present: Any, item: Any, row: Row, related: dict[str, Any], rule: str
    ) -> tuple[bool, MultiDict[str, str], dict[str, Any]]:
        """(whether anything differs, what the form is sent, its related records): the row over the record, by the rule."""
        fields = [f for f in present if hasattr(f, "wire") and not isinstance(f, w.RemoteField)]
        sent = MultiDict({f.name: f.wire() for f in fields if not isinstance(f, w.SecretField)})
        records = {f.name: f.data for f in present if isinstance(f, w.RemoteField)}
        touched, closed = False, dict[str, bool]()
        for f in present:
            given = related.get(f.name) if f.name in records else self.value(row, f.name)
            if given is None or (rule == "fill" and not is_empty(f)):
                continue
            if f.name in records:
                touched |= f.data is not given
                records[f.name] = given
                continue
            is_other = differs(f, wire(f, given))
            if is_other:
                sent[f.name] = wire(f, given)
            if is_closed(f):
                closed[f.name] = is_other
            else:
                touched |= is_other
        return touched or self._differs_closed(item, row, closed), sent, records

    def _differs_closed(self, item: Any, row: Row, closed: dict[str, bool]) -> bool:
        """Whether what stands closed differs, where nothing else does: in a check this is an answer, and counted."""
        is_other = any(closed.values())
        if not self.is_dry or not closed:
            return is_other
        value = repr([self.value(row, name) for name in closed])
        is_told = self.compared.differs(self.session, item.id, value, is_other, clock.now())
        if is_told and not is_other:
            self.unsaid.add(row.number)
        return is_told

    def _save(
        self, session: Session, item: Any, form: Any, row: Row, related: dict[str, Any], *, is_new: bool
    ) -> Any:
        with session.no_autoflush:
            for name, record in related.items():
                if name in form and record is not None:
                    form[name].process_errors, form[name].data = [], record
            if not form.validate():
                raise Refused(*self._errors(form, row))
            self.is_saving = True
            form.populate_obj(item)
            if self.spec.before_save is not None:
                self.spec.before_save(self, item, row)
            self.view.check(session, item, form, is_new)
        if self.spec.save is not None:
            self.spec.save(self, session, item, form, is_new)
        else:
            self.view.save(session, item, form, is_new)
        if self.stands_alone or not self._waits or getattr(form, "extra_columns", ()):
            session.flush()
        made = getattr(form, "made", item)
        self.view.settle_extras(made, form)
        return made

    def _errors(self, form: Any, row: Row) -> list[Finding]:
        found = []
        for f in form:
            for sentence in f.errors if f.name != "csrf_token" else ():
                found.append(self._error(f, sentence, row))
        return found or [finding_of(sentence, row.number) for sentence in form.form_errors]

    def _error(self, f: Any, sentence: Any, row: Row) -> Finding:
        column = column_of(f.name, self.columns)
        if column is None:  # the sheet has no such column: the field must be named
            return finding_of(ABOUT, row.number, field=f.label.text, what=str(sentence))
        return finding_of(sentence, row.number, column)
