"""The result list of an office: each row decides a proxy case by the steps that the office would take by hand.

A row names its case by number, or by name and ID number among the office's own. It can be brought back empty in part: what
has no decision yet is left out. Undoing opens a decision again, as long as nobody has gone on with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import clock, masks
from app.core.actor import Actor
from app.core.sheets import Field, Finding, Noted, Outcome, Row, Sheet
from app.core.sheets.saying import finding_of
from app.exchange.rules import imports as rules
from app.exchange.service.rows import RowWriter
from app.exchange.service.saying import Refused
from app.proxy.models import CaseStep, ProxyCase
from app.proxy.queries.names import list_name
from app.proxy.rules import DECIDERS
from app.proxy.rules.results import OF_APPROVAL, TO_REFUSE, Decision
from app.proxy.service import results

NAME, VIEW = "case_results", "ProxyCaseView"
MOST = 2000  # rows of the list to fill in
CHUNK = 50  # a row takes all steps of a decision: whoever else writes waits for no more than these
STEP, CASE = CaseStep.__tablename__, ProxyCase.__tablename__

UNSAID = _("No decision stands in this row; it was left out.")
DECISION = _("Say what was decided.")
WHICH = _("Write the case number, or the name and the ID number.")
NO_CASE = _("There is no case “%(what)s” among those of your office.")
NOBODY = _("No open case of your office is for “%(what)s” with this ID number.")
SEVERAL = _("“%(what)s” has several open cases at your office: write the case number or the service.")
OTHER_NAME = _("The case %(number)s is for somebody else than “%(what)s”.")
TWICE = _("Row %(other)s of this sheet decides this case already.")
SAME_NUMBER = _("The result number “%(what)s” stands in row %(other)s as well.")
REFUSAL = _("A refusal states its reasons and the ways to object.")
LEFT_OUT = _("This belongs to an approval; it was left out.")


def result_fields() -> list[Field]:
    """Which case, what was decided, what goes with it."""
    by = _("Or the name and the ID number.")
    return [
        Field("case_no", _("Case number"), length=40, note=by),
        Field("name", _("Applicant"), length=50),
        Field("id_number", _("ID number"), "id_number", length=30),
        Field("item", _("Service"), length=80, note=_("Code or name.")),
        Field("decision", _("What was decided"), "choice", choices=Decision),
        Field("reason", _("Reasons of a refusal"), "longtext", length=300, note=REFUSAL),
        Field("remedies", _("Ways to object"), "longtext", length=300, note=REFUSAL),
        Field("result_no", _("Number of the result"), length=60),
        Field("result_until", _("Result valid until"), "date"),
        Field("appeared", _("The resident has appeared in person"), "bool"),
    ]


class ResultWriter(RowWriter):
    """Takes the steps of one row after the other: what one row is refused costs the others nothing."""

    stands_alone = True

    def __init__(self, session: Session, actor: Actor, options: dict[str, Any]) -> None:
        super().__init__(session, actor, options)
        self._taken: dict[int, tuple[int, ProxyCase]] = {}

    def register(self) -> str:
        return CASE

    def take(self, session: Session, rows: list[Row], rule: str, *, batch: str) -> list[Outcome]:
        """What a row notes is its step: by it the decision is opened again, as nothing of a history is erased."""
        self._taken.clear()
        outcomes = super().take(session, rows, rule, batch=batch)
        for one in outcomes:
            step, case = self._taken.get(one.number, (None, None))
            if one.outcome == "changed" and case is not None:
                one.made, one.before = [[STEP, step, None]], [[CASE, case.id, case.version, {}]]
        return outcomes

    def settle(self, session: Session, row: Row, rule: str, remarks: list[Finding]) -> str:
        decision = self._decision(row)
        if decision is None:
            remarks.append(finding_of(UNSAID, row.number, grave=False))
            return "same"
        case = self._case(row)
        first = self.brought.first((CASE, case.uid), row.number)
        if first is not None:
            raise self._no(TWICE, row, "case_no", "name", other=first)
        number = self._text(row, "result_no")
        if results.says_the_same(case, decision, number):
            self._note(row, case)
            return "same"
        given = self._given(row, decision, remarks)
        self._same_number(row, number, remarks)
        self.is_saving = True
        step = results.enter(session, self.actor, clock.now(), case.uid, decision, given)
        self._taken[row.number] = (step.id, case)
        self._note(row, case)
        return "changed"

    def know(self, row: Row, word: str) -> None:
        if self._decision(row) is None:
            return
        if self._text(row, "case_no") is not None:
            self._note(row, self._case(row))
            return
        found = self._of_person(row)  # decided by now: what still waits was not meant
        for case in [case for case in found if not results.is_waiting(case)] or found:
            self._note(row, case)

    # --- cells ----------------------------------------------------------------------------------------------------

    def _text(self, row: Row, key: str) -> str | None:
        return " ".join(str(self.value(row, key) or "").split()) or None

    def _no(self, sentence: Any, row: Row, *keys: str, **params: Any) -> Refused:
        """A refusal at the first of some cells that is filled in."""
        key = next((k for k in keys if self.value(row, k) is not None), keys[0])
        return Refused(finding_of(sentence, row.number, self.columns.get(key), **params))

    def _decision(self, row: Row) -> Decision | None:
        """What was decided; None where nothing of a result stands in the row."""
        given = self._text(row, "decision")
        if given is not None:
            return Decision.parse(given, field="decision")
        if any(self._text(row, key) for key in ("result_no", "result_until", "reason", "remedies")):
            raise self._no(DECISION, row, "decision")
        return None

    def _case(self, row: Row) -> ProxyCase:
        number, name, document = (self._text(row, key) for key in ("case_no", "name", "id_number"))
        if number is not None:
            case = results.case_numbered(self.session, number.upper())
            if case is None:
                raise self._no(NO_CASE, row, "case_no", what=number)
            results.need_decider(self.actor, clock.now(), case)  # else names could be tried out
            if name is not None and masks.STAR not in name and name != case.party_name:
                raise self._no(OTHER_NAME, row, "name", number=number, what=name)
            return case
        if name is None or document is None:
            raise self._no(WHICH, row, "name", "id_number")
        found = self._of_person(row)
        taken = any(self.brought.first((CASE, case.uid), row.number) for case in found)
        if (
            not taken
        ):  # else the next case of the same person would be decided by a row that was brought twice
            found = [case for case in found if results.is_waiting(case)] or found
        if len(found) == 1:
            return found[0]
        raise self._no(SEVERAL if found else NOBODY, row, "name" if found else "id_number", what=name)

    def _of_person(self, row: Row) -> list[ProxyCase]:
        """Found by what stands closed in a case: logged and counted as any such question (lookups.py)."""
        name, document, item = (self._text(row, key) for key in ("name", "id_number", "item"))
        self.resolver.lookups.ask()
        found = results.cases_of(self.session, self.actor, clock.now(), name or "", document or "", item)
        self.resolver.lookups.answer(bool(found))
        return found

    def _given(self, row: Row, decision: Decision, remarks: list[Finding]) -> dict[str, Any]:
        """What the step is given. A refusal without its reasons is refused here, where the column is known."""
        keys = ("result_no", *(TO_REFUSE if decision is Decision.refused else OF_APPROVAL))
        if decision is Decision.refused:
            lacking = [key for key in TO_REFUSE if self._text(row, key) is None]
            if lacking:
                raise Refused(*(finding_of(REFUSAL, row.number, self.columns.get(k)) for k in lacking))
            for key in OF_APPROVAL:
                if self.value(row, key):
                    remarks.append(finding_of(LEFT_OUT, row.number, self.columns.get(key), grave=False))
        values = {key: self.value(row, key) for key in keys}
        return {k: v.isoformat() if isinstance(v, date) else v for k, v in values.items() if v}

    def _same_number(self, row: Row, number: str | None, remarks: list[Finding]) -> None:
        """One document may hold for several cases; more often a cell was filled down."""
        if number is None:
            return
        other = self.brought.first(("result", number), row.number)
        if other is not None:
            column = self.columns.get("result_no")
            remarks.append(finding_of(SAME_NUMBER, row.number, column, grave=False, what=number, other=other))

    def _note(self, row: Row, case: ProxyCase) -> None:
        number = self._text(row, "result_no")
        marks: list[Any] = [(CASE, case.uid), *([("result", number)] if number else ())]
        self.brought.note(row.number, marks)


class ResultBack:
    """Decisions of a list that are opened again."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    def why_kept(self, session: Session, rows: Sequence[Noted]) -> list[Any | None]:
        """A decision stays that others have gone on with."""
        steps = [_step_of(row) for row in rows]
        gone = results.acted_on(session, steps)
        return [rules.ACTED_ON if step in gone else None for step in steps]

    def take_back(self, session: Session, row: Noted, reason: str) -> None:
        """By the step that any clerk of the office has, with the reason of the undoing."""
        results.take_back(session, self.actor, clock.now(), _step_of(row), reason)


def _step_of(row: Noted) -> int:
    return next(int(key) for table, key, _version in row[0] if table == STEP)


def waiting(session: Session, actor: Actor) -> list[dict[str, str]]:
    """The accepted cases of the office as rows to fill in; names as its work list shows them."""
    return [
        {
            "case_no": case.number,
            "name": list_name(case, actor),
            "item": case.item_version.name,
        }
        for case in results.waiting(session, actor, clock.now(), MOST)
    ]


RESULTS = Sheet(
    NAME,
    _("Results of proxy cases"),
    VIEW,
    lambda _session: result_fields(),
    ResultWriter,
    chunk=CHUNK,
    changes=False,
    repeats=False,
    right="can_use",
    open_to=lambda actor: actor.role in DECIDERS,
    waiting=waiting,
    back=ResultBack,
)
