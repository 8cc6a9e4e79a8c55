"""Rows of a sheet one by one: each is written whole or not at all, and what it wrote is noted for the undoing.

A row runs in a savepoint of the chunk, so that what the domain refuses about one row costs the others nothing. The dry
run does the same work and takes it back: what it says is what the domain says.
"""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.core import clock
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.sheets import Finding, Outcome, Row
from app.core.views.at_work import forms_at_work
from app.exchange.service.recording import Recorder
from app.exchange.service.resolving import Resolver, Unknown
from app.exchange.service.saying import Columns, Refused, column_of, finding, of_error

CLASH = _("A record with these key values exists already, or another record stands in the way.")
UNFIT = _("One of the values cannot be stored.")
MEANWHILE = _("Somebody else changed this record in the meantime.")
TWICE = _("The same record as in row %(other)s of this sheet.")


class RowWriter:
    """The common part of writers that go through forms and services. A subclass says what a row does in ``settle``.

    ``options``: ``columns`` {field key: number of the sheet's column}, ``fixed`` {field key: value for every row},
    ``language`` of the findings.
    """

    def __init__(self, session: Session, actor: Actor, options: dict[str, Any]) -> None:
        self.session, self.actor = session, actor
        self.columns: Columns = options.get("columns") or {}
        self.fixed: dict[str, Any] = options.get("fixed") or {}
        self.language: str = options.get("language") or "zh"
        self.resolver = Resolver(session, actor, clock.today())
        # what the sheet itself has brought so far: mark of the record -> row; a dry run finds it nowhere else
        self.seen: dict[Any, int] = {}

    def look(self, session: Session, rows: list[Row], rule: str) -> list[Outcome]:
        """What would become of the rows; all of it is taken back."""
        session.flush()
        savepoint = session.begin_nested()
        try:
            return self._all(session, rows, rule)
        finally:
            savepoint.rollback()
            self.resolver.forget()

    def take(self, session: Session, rows: list[Row], rule: str, *, batch: str) -> list[Outcome]:
        """Write the rows of one chunk; the caller's unit of work carries the batch into the change log."""
        return self._all(session, rows, rule)

    def _all(self, session: Session, rows: list[Row], rule: str) -> list[Outcome]:
        recorder = Recorder(session)
        with forms_at_work(session, self.language), recorder.listening():
            return [self._one(session, recorder, row, rule) for row in rows]

    def _one(self, session: Session, recorder: Recorder, row: Row, rule: str) -> Outcome:
        if row.is_bad:
            return Outcome(row.number, "bad")
        remarks: list[Finding] = []
        try:
            with session.begin_nested():
                word = self.settle(session, row, rule, remarks)
                session.flush()
        except Refused as no:
            return self._bad(recorder, row, list(no.findings))
        except Unknown as no:
            return self._bad(recorder, row, [finding(no.sentence, row.number, what=no.what)])
        except DomainError as no:
            return self._bad(recorder, row, [of_error(no, row.number, self.columns)])
        except (IntegrityError, DataError, StaleDataError) as no:
            return self._bad(recorder, row, [finding(_reason(no), row.number)])
        made, before = recorder.drain()
        if word == "changed" and not (made or before):
            word = "same"
        return Outcome(row.number, word, made, before, remarks)

    @staticmethod
    def _bad(recorder: Recorder, row: Row, findings: list[Finding]) -> Outcome:
        recorder.drain()
        return Outcome(row.number, "bad", findings=findings)

    def settle(self, session: Session, row: Row, rule: str, remarks: list[Finding]) -> str:
        """Write one row; returns made, changed, same or skipped. Raises Refused, Unknown or DomainError."""
        raise NotImplementedError

    # --- for subclasses -------------------------------------------------------------------------------------------

    def known_in_sheet(self, mark: Any, row: Row, remarks: list[Finding]) -> bool:
        """Whether an earlier row of the sheet meant the same record; it is remarked on."""
        other = self.seen.setdefault(mark, row.number) if mark is not None else row.number
        if other != row.number:
            remarks.append(finding(TWICE, row.number, grave=False, other=other))
        return other != row.number

    def find(self, row: Row, key: str, model: type, area_id: int | None = None) -> Any:
        """The record that a cell names, None for an empty cell. Raises Refused at the cell."""
        text = self.value(row, key)
        if text is None:
            return None
        try:
            return self.resolver.record(model, str(text), area_id)
        except Unknown as no:
            column = column_of(key, self.columns)
            raise Refused(finding(no.sentence, row.number, column, what=no.what)) from None

    def value(self, row: Row, key: str) -> Any:
        """The value of a row, else the one that holds for every row."""
        given = row.values.get(key)
        return self.fixed.get(key) if given is None else given


def _reason(error: Exception) -> Any:
    if isinstance(error, IntegrityError):
        return CLASH
    return UNFIT if isinstance(error, DataError) else MEANWHILE
