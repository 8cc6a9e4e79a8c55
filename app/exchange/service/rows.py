"""Rows of a sheet: each is written whole or not at all, and what it wrote is noted for the undoing.

Rows go in by groups, one savepoint and one flush for all; where one of a group cannot go in, its rows go one by one, each
in a savepoint of its own, so that what the domain refuses about one row costs the others nothing. The dry run does the
same work and takes it back: what it says is what the domain says. What a row relies on in an earlier chunk is done again
for it (brought.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.core import clock
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.session import take_turns
from app.core.sheets import Finding, Outcome, Row
from app.core.sheets.saying import finding_of
from app.core.views.at_work import forms_at_work
from app.exchange.service.brought import Brought
from app.exchange.service.recording import Recorder
from app.exchange.service.resolving import Resolver, Unknown
from app.exchange.service.saying import Columns, Refused, column_of, of_error

CLASH = _("A record with these key values exists already, or another record stands in the way.")
UNFIT = _("One of the values cannot be stored.")
MEANWHILE = _("Somebody else changed this record in the meantime.")
TWICE = _("The same record as in row %(other)s of this sheet.")
GROUP = 50  # rows of one flush: more of them save little, and one bad row sends all of its group one by one
STORAGE = (IntegrityError, DataError, StaleDataError)
NO = (Refused, Unknown, DomainError)


class Relies(Exception):
    """A row of a dry run needs what a row of an earlier chunk brings, which was taken back."""

    def __init__(self, row: int) -> None:
        super().__init__()
        self.row = row


class Spoilt(Exception):
    """A row that cannot go in has written something: the rows of its group go one by one."""


class RowWriter:
    """The common part of writers that go through forms and services. A subclass says what a row does in ``settle``.

    ``options``: ``columns`` {field key: number of the sheet's column}, ``fixed`` {field key: value for every row},
    ``language`` of the findings.
    """

    stands_alone = False  # rows name each other: each must be written before the next is read

    def __init__(self, session: Session, actor: Actor, options: dict[str, Any]) -> None:
        self.session, self.actor = session, actor
        self.columns: Columns = options.get("columns") or {}
        self.fixed: dict[str, Any] = options.get("fixed") or {}
        self.language: str = options.get("language") or "zh"
        self.resolver = Resolver(session, actor, clock.today())
        self.brought = Brought()
        self.unsaid: set[int] = set()  # rows of a check of which it is not said that nothing differs
        self.is_dry = False
        self.is_saving = False  # the present row is past what only reads
        self._begin = 0  # first row of the chunk
        self._redone: set[int] = set()  # rows of earlier chunks that stand in this one again

    # --- chunks ---------------------------------------------------------------------------------------------------

    def look(self, session: Session, rows: list[Row], rule: str) -> list[Outcome]:
        """What would become of the rows; all of it is taken back."""
        self.is_dry = self.resolver.lookups.is_dry = True
        with self._taken_back(session):
            outcomes = self._all(session, rows, rule)
        self.resolver.lookups.write(self.register())
        bad = {o.number for o in outcomes if o.outcome == "bad"}
        self.brought.keep([row for row in rows if row.number not in bad])
        return outcomes

    def take(self, session: Session, rows: list[Row], rule: str, *, batch: str) -> list[Outcome]:
        """Write the rows of one chunk; the caller's unit of work carries the batch into the change log."""
        return self._all(session, rows, rule)

    def recall(
        self, session: Session, rows: list[Row], rule: str, words: Mapping[int, str], *, writes: bool
    ) -> None:
        """A chunk that was dealt with before the work was broken off: what its rows stand for is known again.
        ``words`` are their outcomes by row, of those that were not simply made.
        """
        self.is_dry = not writes
        went = [row for row in rows if not row.is_bad and words.get(row.number) != "bad"]
        with self._taken_back(session), self._chunk(session, rows) as recorder:
            for row in went:
                word = words.get(row.number, "made")
                with suppress(*NO):  # what it named has gone since
                    self._with_earlier(
                        session, recorder, rule, lambda row=row, word=word: self.know(row, word)
                    )
        if self.is_dry:
            self.brought.keep(went)

    @contextmanager
    def _taken_back(self, session: Session) -> Iterator[None]:
        session.flush()
        savepoint = session.begin_nested()
        try:
            yield
        finally:
            savepoint.rollback()
            self._redone.clear()
            self.taken_back()

    @contextmanager
    def _chunk(self, session: Session, rows: Sequence[Row]) -> Iterator[Recorder]:
        self._begin = rows[0].number if rows else 0
        if not self.is_dry:
            take_turns(session, self.register())
        self.resolver.refresh()
        recorder = Recorder(session)
        with forms_at_work(session, self.language), recorder.listening():
            yield recorder
        self.brought.settle()

    def _all(self, session: Session, rows: list[Row], rule: str) -> list[Outcome]:
        found: list[Outcome] = []
        with self._chunk(session, rows) as recorder:
            self.chunk_begins(rows)
            size = 1 if self.stands_alone else GROUP
            for at in range(0, len(rows), size):
                found += self._group(session, recorder, rows[at : at + size], rule)
        return found

    # --- rows -----------------------------------------------------------------------------------------------------

    def _group(self, session: Session, recorder: Recorder, rows: Sequence[Row], rule: str) -> list[Outcome]:
        if len(rows) > 1:
            point, redone = self.brought.point(), set(self._redone)
            try:
                with session.begin_nested():
                    found = [self._try(session, recorder, row, rule) for row in rows]
                    session.flush()
                return [self._written(recorder, outcome) for outcome in found]
            except (Spoilt, *NO, *STORAGE):
                self.brought.back_to(point)
                self._redone = redone
                recorder.forget()
        return [self._alone(session, recorder, row, rule) for row in rows]

    def _try(self, session: Session, recorder: Recorder, row: Row, rule: str) -> Outcome:
        """A row of a group. What is refused before anything was written stays out; else the group is spoilt."""
        if row.is_bad:
            return Outcome(row.number, "bad")
        recorder.row, remarks = row.number, list[Finding]()
        try:
            word = self._with_earlier(
                session, recorder, rule, lambda: self.settle(session, row, rule, remarks), remarks
            )
        except NO as no:
            if self.is_saving or not recorder.is_untouched():
                raise Spoilt from no
            return self._bad(row, no)
        recorder.claim()
        return Outcome(row.number, word, findings=remarks)

    def _alone(self, session: Session, recorder: Recorder, row: Row, rule: str) -> Outcome:
        if row.is_bad:
            return Outcome(row.number, "bad")
        recorder.row, remarks, point = row.number, list[Finding](), self.brought.point()

        def do() -> str:
            with session.begin_nested():
                word = self.settle(session, row, rule, remarks)
                session.flush()
            return word

        try:
            word = self._with_earlier(session, recorder, rule, do, remarks)
        except (*NO, *STORAGE) as no:
            self.brought.back_to(point)
            recorder.drain(row.number)
            return self._bad(row, no)
        return self._written(recorder, Outcome(row.number, word, findings=remarks))

    def _written(self, recorder: Recorder, outcome: Outcome) -> Outcome:
        if outcome.outcome != "bad":
            outcome.made, outcome.before = recorder.drain(outcome.number)
            is_idle = not (outcome.made or outcome.before) and outcome.number not in self.unsaid
            if outcome.outcome == "changed" and is_idle:
                outcome.outcome = "same"
        return outcome

    def _bad(self, row: Row, no: Exception) -> Outcome:
        if isinstance(no, Refused):
            findings = list(no.findings)
        elif isinstance(no, Unknown):
            findings = [finding_of(no.sentence, row.number, **no.params)]
        elif isinstance(no, DomainError):
            findings = [of_error(no, row.number, self.columns)]
        else:
            findings = [finding_of(_reason(no), row.number)]
        return Outcome(row.number, "bad", findings=findings)

    # --- what earlier chunks brought ------------------------------------------------------------------------------

    def rely(self, row: int) -> None:
        """The present row needs what an earlier one brought: in this chunk it is written down, in an earlier chunk of a
        dry run done again.
        """
        if row >= self._begin:
            before, self.is_saving = self.is_saving, True  # a refusal would be about another row
            self.session.flush()
            self.is_saving = before
        elif self.is_dry and row not in self._redone:
            raise Relies(row)

    def _with_earlier(
        self, session: Session, recorder: Recorder, rule: str, do: Any, remarks: list[Finding] | None = None
    ) -> Any:
        """Do something; each time it relies on an earlier row, that one is done first and the thing tried again."""
        while True:
            self.is_saving = False
            try:
                return do()
            except Relies as on:
                if remarks is not None:
                    remarks.clear()
                self._redo(session, recorder, on.row, rule)

    def _redo(self, session: Session, recorder: Recorder, number: int, rule: str) -> None:
        """Do an earlier row again. One that does not go in now changes nothing: what relies on it says so itself."""
        self._redone.add(number)
        present, recorder.row, row = recorder.row, -number, self.brought.row(number, rule)
        self.is_saving = True  # a refusal would be about another row
        session.flush()

        def do() -> None:
            with session.begin_nested():
                self.settle(session, row, rule, [])
                session.flush()

        try:
            self._with_earlier(session, recorder, rule, do)
        except (*NO, *STORAGE):
            pass
        finally:
            recorder.drain(-number)
            recorder.row = present

    # --- for subclasses -------------------------------------------------------------------------------------------

    def settle(self, session: Session, row: Row, rule: str, remarks: list[Finding]) -> str:
        """Write one row; returns made, changed, same or skipped. Raises Refused, Unknown or DomainError."""
        raise NotImplementedError

    def register(self) -> str:
        """The table in which records are looked for and made."""
        raise NotImplementedError

    def know(self, row: Row, word: str) -> None:
        """Note a row that was dealt with before (``recall``), without writing it."""
        raise NotImplementedError

    def chunk_begins(self, rows: Sequence[Row]) -> None:
        """Look up at once what each row of a chunk would ask for."""

    def taken_back(self) -> None:
        """What was written since the last time is no longer there."""

    def twice(self, first: int, row: Row, remarks: list[Finding]) -> None:
        """Remark that an earlier row of the sheet means the same record."""
        remarks.append(finding_of(TWICE, row.number, grave=False, other=first))

    def find(self, row: Row, key: str, model: type, area_id: int | None = None) -> Any:
        """The record that a cell names, None for an empty cell. Raises Refused at the cell."""
        text = self.value(row, key)
        if text is None:
            return None
        try:
            return self.resolver.record(model, str(text), area_id)
        except Unknown as no:
            column = column_of(key, self.columns)
            raise Refused(finding_of(no.sentence, row.number, column, **no.params)) from None

    def value(self, row: Row, key: str) -> Any:
        """The value of a row, else the one that holds for every row."""
        given = row.values.get(key)
        return self.fixed.get(key) if given is None else given


def _reason(error: Exception) -> Any:
    if isinstance(error, IntegrityError):
        return CLASH
    return UNFIT if isinstance(error, DataError) else MEANWHILE
