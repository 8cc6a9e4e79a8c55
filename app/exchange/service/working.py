"""The work of a batch chunk by chunk: check it, write it. A chunk, its rows and the progress are one commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.service import in_batch, reason
from app.core import bulk, clock, jobs, sheets
from app.core.errors import DomainError, Invalid
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.core.sheets import Finding, Outcome, Row
from app.core.views.at_work import forms_at_work
from app.exchange.choices import BatchAction as Act
from app.exchange.choices import BatchState as State
from app.exchange.models import ImportBatch, ImportRow
from app.exchange.rules import imports as rules
from app.exchange.service import batches

MOST_GROUPS = 200
EXAMPLES = 5  # rows named with a group
IMPORT_REASON = "Import of a sheet"
TAG = "import"


class Lost(RuntimeError):
    """Somebody broke the work off, or another worker is at it."""


def work_on(work: jobs.Work, *, writes: bool) -> dict[str, Any]:
    """Go through the sheet from where it stands; a refusal of the whole sheet is told on its page."""
    uid = work.arguments["batch"]
    state, ended, failed = (
        (State.running, Act.finish, Act.stop) if writes else (State.checking, Act.checked, Act.refuse)
    )
    try:
        _chunks(work, uid, state, writes=writes)
        _mark(work, uid, state)
    except DomainError as no:
        with work.step() as session:
            batch = _mine(session, uid, state)
            batches.step(session, batch, failed, now=work.now, role=rules.JOB, given={rules.NEED: str(no)})
        return {"batch": uid, "refused": True}
    with work.step() as session:
        batch = _mine(session, uid, state)
        batches.step(session, batch, ended, now=work.now, role=rules.JOB)
        batch.finished_at = work.now if writes else None
    return {"batch": uid}


def _mine(session: Session, uid: str, state: State) -> ImportBatch:
    batch = batches.locked(session, uid)
    if batch.state != state:
        raise Lost(batch.state)
    return batch


def _chunks(work: jobs.Work, uid: str, state: State, *, writes: bool) -> None:
    session = work.session
    batch = session.scalars(select(ImportBatch).where(ImportBatch.uid == uid)).one()
    actor = session_actor(session)
    sheet = batches.need_rights(batch, actor, batch.rule)  # the post may have lost its rights since
    data, rule = batches.file_of(session, batch, batch.attachment_uid), batch.rule
    with forms_at_work(session, language_of(batch)):
        fields = sheet.fields(session)
    fixed = fixed_of(batch)
    fields = [replace(f, needed=False) if f.key in fixed else f for f in fields]
    cleaner = sheets.Cleaner(fields, today=clock.to_local(work.now).date(), session=session)
    columns, begin = dict(batch.columns or {}), batch.chunks_done
    options = {
        "fixed": fixed,
        "area_id": _area_id(session, fixed),
        "language": language_of(batch),
        "columns": {},
    }
    _need_fields(columns, cleaner)
    plan, size = (batch.options or {})["plan"], (batch.options or {}).get("size") or sheet.chunk
    work.total = work.done + max(0, -(-batch.rows_total // size) - begin) + 1
    session.rollback()
    writer: Any = None
    for chunk in sheets.read(data, plan, columns, cleaner, size=size):
        if writer is None:
            options["columns"] = dict(chunk.columns)
            writer = sheet.writer(session, actor, options)
        if chunk.number < begin:
            _recall(work, writer, chunk.rows, rule, uid, writes=writes)
            continue
        with work.step() as inside:
            batch = _mine(inside, uid, state)
            if batch.chunks_done != chunk.number:
                raise Lost(chunk.number)
            if writes:
                with in_batch(inside, uid), reason(IMPORT_REASON, tag=TAG):
                    outcomes = writer.take(inside, chunk.rows, rule, batch=uid)
            else:
                outcomes = writer.look(inside, chunk.rows, rule)
            note(inside, batch, chunk.rows, chunk.left_out, outcomes, whole=writes)
        session.expunge_all()


def _need_fields(columns: dict[str, str], cleaner: sheets.Cleaner) -> None:
    """A custom field may have ended since the columns were matched, or the post may have lost it."""
    gone = rules.gone_fields(columns, cleaner.fields)
    if gone:
        raise Invalid(
            _(
                "No field of the register stands for %(what)s any more: match the columns anew.",
                what=str(_(", ")).join(gone),
            )
        )


def _recall(work: jobs.Work, writer: Any, rows: list[Row], rule: str, uid: str, *, writes: bool) -> None:
    """Work that was broken off: what the chunks before stood for is known again to the writer. Nothing is written."""
    work.beat()
    if not rows or not hasattr(writer, "recall"):
        return
    with unit_of_work(work.session) as session:
        query = select(ImportRow.row_no, ImportRow.outcome).join(ImportBatch).where(ImportBatch.uid == uid)
        query = query.where(ImportRow.row_no.between(rows[0].number, rows[-1].number))
        words = {row.row_no: row.outcome for row in session.execute(query)}
        writer.recall(session, rows, rule, words, writes=writes)
    work.session.expunge_all()


def language_of(batch: ImportBatch) -> str:
    """The language in which the findings of this batch are said where a form says them."""
    return str((batch.options or {}).get("language") or "zh")


def fixed_of(batch: ImportBatch) -> dict[str, Any]:
    """Values that hold for every row."""
    return dict((batch.options or {}).get("fixed") or {})


def _area_id(session: Session, fixed: dict[str, Any]) -> int | None:
    code = next((fixed[key] for key in rules.AREA_KEYS if key in fixed), None)
    area = batches.area_by_code(session, code) if code else None
    return area.id if area is not None else None


# --- what came of a chunk -----------------------------------------------------------------------------------------


def note(
    session: Session,
    batch: ImportBatch,
    rows: Iterable[Row],
    left_out: Iterable[Finding],
    outcomes: Iterable[Outcome],
    *,
    whole: bool,
) -> None:
    """Count the outcomes, group what was found, keep the rows: all of a run (undoing goes by them), of a check those
    that have something to say.
    """
    said = {row.number: row.findings for row in rows}
    groups, kept = Groups((batch.summary or {}).get("groups") or []), []
    groups.add(left_out)
    for outcome in outcomes:
        findings = [*said.get(outcome.number, ()), *outcome.findings]
        word = outcome.outcome
        setattr(batch, f"rows_{word}", getattr(batch, f"rows_{word}") + 1)
        if findings and word != "bad":
            batch.rows_warned += 1
        groups.add(findings)
        if whole or findings or word != "made":
            kept.append(_row(batch, outcome, findings, whole=whole))
    bulk.insert(session, ImportRow, kept)
    batch.summary = {**(batch.summary or {}), "groups": groups.listed()}
    batch.chunks_done += 1
    session.flush()


def _row(batch: ImportBatch, outcome: Outcome, findings: list[Finding], *, whole: bool) -> dict[str, Any]:
    return {
        "batch_id": batch.id,
        "row_no": outcome.number,
        "outcome": outcome.outcome,
        "made": (outcome.made or None) if whole else None,
        "before": (outcome.before or None) if whole else None,
        "findings": [[f.column, f.message, f.params, f.grave] for f in findings] or None,
    }


class Groups:
    """Findings of one kind at one column, counted: [message, column, grave, count, first rows, parameters, whether
    these differ].
    """

    def __init__(self, known: list[list[Any]]) -> None:
        self._found = {(g[0], g[1], g[2]): list(g) for g in known}

    def add(self, findings: Iterable[Finding]) -> None:
        """Count some more; a sheet with endless kinds of findings shows the first two hundred."""
        for f in findings:
            key = (f.message, f.column, f.grave)
            group = self._found.get(key)
            if group is None:
                if len(self._found) >= MOST_GROUPS:
                    continue
                group = self._found[key] = [f.message, f.column, f.grave, 0, [], f.params, False]
            group[3] += 1
            group[6] = group[6] or f.params != group[5]
            if f.row is not None and len(group[4]) < EXAMPLES:
                group[4] = [*group[4], f.row]

    def listed(self) -> list[list[Any]]:
        """The groups: grave ones, then those about a cell (there is something to correct), then the rest, each by number."""
        return sorted(self._found.values(), key=lambda g: (not g[2], g[1] is None, -g[3], g[0]))


# --- the marked copy ----------------------------------------------------------------------------------------------


def _mark(work: jobs.Work, uid: str, state: State) -> None:
    """The user's own sheet with what was found, kept beside it."""
    session = work.session
    batch = session.scalars(select(ImportBatch).where(ImportBatch.uid == uid)).one()
    if not (batch.rows_bad or batch.rows_warned):
        return
    data, plan = batches.file_of(session, batch, batch.attachment_uid), (batch.options or {})["plan"]
    try:
        with forms_at_work(session, language_of(batch)):
            marked = sheets.marked(data, plan, list(findings_of(session, batch)))
    except DomainError:  # the findings stand on the page as well
        return
    work.beat()
    with work.step() as inside:
        batch = _mine(inside, uid, state)
        batch.marked_uid = batches.keep_file(inside, batch, marked, "import_marked", work.now).uid


def findings_of(session: Session, batch: ImportBatch) -> Iterator[Finding]:
    """Everything that was found, by row."""
    query = select(ImportRow.row_no, ImportRow.findings).where(
        ImportRow.batch_id == batch.id, ImportRow.findings.is_not(None)
    )
    for number, found in session.execute(query.order_by(ImportRow.row_no)):
        for column, message, params, grave in found:
            yield Finding(number, column, message, params, grave)
