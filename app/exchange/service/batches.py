"""Sheets on their way in: uploaded, mapped, checked, run, given up. Each step is a row; two who press at once step once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import PurePath
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core import clock, files, jobs, sheets
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid, NotFound
from app.core.scope import session_actor, visible_areas
from app.core.sheets import Field, Finding, Sheet
from app.core.uploads import Clean
from app.exchange.choices import BatchAction as Act
from app.exchange.choices import BatchState as State
from app.exchange.models import BATCH_FILES, ImportBatch, ImportRow, ImportStep
from app.exchange.rules import imports as rules
from app.exchange.service import mappings
from app.exchange.service.reach import reach_of
from app.exchange.service.rights import home_area, need_owner, need_rights, need_undo, sheet_called

KEPT = 30  # days that a sheet, its marked copy and what is needed to undo it are kept
JOBS = {Act.check: "exchange.check", Act.run: "exchange.run", Act.undo: "exchange.undo"}
STORED = "application/octet-stream"  # whatever it is, it is never shown in a browser
# of a file that no role opens by the page of attachments: only the desk gives it out, to its owner
LEVEL = "LX"
COUNTS = ("bad", "warned", "made", "changed", "same", "skipped")


# --- one step -----------------------------------------------------------------------------------------------------


def locked(session: Session, uid: str) -> ImportBatch:
    """The batch as it is now, held until the commit (SQLite has one writer anyway)."""
    query = select(ImportBatch).where(ImportBatch.uid == uid).with_for_update()
    found = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound()
    return found


def step(
    session: Session,
    batch: ImportBatch,
    action: Act,
    *,
    now: datetime,
    role: str = rules.USER,
    given: Mapping[str, Any] | None = None,
) -> None:
    """Take one step of the machine and write it down. Raises Conflict when the batch is not there (any more)."""
    before = State(batch.state) if batch.state else None
    taken = rules.MACHINE.apply(before, action, (role,), given)
    actor = session_actor(session)
    problem = str((given or {}).get(rules.NEED) or "")[:300] or None
    why = str((given or {}).get(rules.WHY) or "") or problem
    row = ImportStep.of(action, before, taken.target, actor=actor, now=now, reason=why, batch_id=batch.id)
    batch.state, batch.problem = taken.target.value, problem
    session.add(row)
    session.flush()


def wake(session: Session, batch: ImportBatch, now: datetime) -> None:
    """A batch whose job was given up or cancelled says so before its next step."""
    state = State(batch.state)
    job = job_of(session, batch)
    if rules.seen_state(state, job.state if job else None) is state:
        return
    problem = (jobs.told(job) if job else "") or _("The work was broken off.")
    step(session, batch, rules.WORKING[state], now=now, role=rules.JOB, given={rules.NEED: problem})


def job_of(session: Session, batch: ImportBatch) -> jobs.Job | None:
    """The job of the batch's present or last work."""
    if batch.job_uid is None:
        return None
    return session.scalars(select(jobs.Job).where(jobs.Job.uid == batch.job_uid)).one_or_none()


# --- the way in ---------------------------------------------------------------------------------------------------


def upload(
    session: Session, sheet: Sheet, file_name: str, data: bytes, look: Any, *, language: str, now: datetime
) -> ImportBatch:
    """A new batch with its file, encrypted and kept for 30 days. ``look`` is what the reader saw of it."""
    area = home_area(session, session_actor(session))
    batch = ImportBatch(
        area_id=area.id,
        sheet=sheet.name,
        file_name=_plain_name(file_name),
        state="",
        options={"language": language, "reach": reach_of(session_actor(session))},
    )
    session.add(batch)
    session.flush()
    batch.attachment_uid = keep_file(session, batch, data, "import", now).uid
    seen(session, batch, look)
    step(session, batch, Act.upload, now=now)
    return batch


def keep_file(
    session: Session, batch: ImportBatch, data: bytes, purpose: str, now: datetime
) -> files.Attachment:
    """Store a file of the batch for its term."""
    return files.save(
        session,
        Clean(data, STORED),
        area_id=batch.area_id,
        owner_kind=BATCH_FILES,
        owner_uid=batch.uid,
        purpose=purpose,
        level=LEVEL,
        keep_until=last_day(now),
    )


def last_day(now: datetime) -> date:
    """The last day on which a sheet of today is kept."""
    return clock.to_local(now).date() + timedelta(days=KEPT)


def file_of(session: Session, batch: ImportBatch, uid: str | None) -> bytes:
    """The bytes of a file of the batch. Raises NotFound for whoever did not upload it, and after its term."""
    owned = files.of_owner(session, BATCH_FILES, batch.uid)
    found = next((a for a in owned if a.uid == uid), None)
    if found is None:
        raise NotFound(_("This file is no longer kept: sheets are deleted after %(days)s days.", days=KEPT))
    return files.read(found)


def seen(session: Session, batch: ImportBatch, look: Any) -> None:
    """Note what the reader saw: plan and headings openly, sample rows and findings encrypted."""
    batch.options = {**(batch.options or {}), "plan": look.plan, "mark": look.mark, "tab": look.tab}
    batch.rows_total = look.rows
    known = mappings.of_mark(session, batch.sheet, look.mark)
    headings = {h.name for h in look.headings}
    kept = {heading: key for heading, key in (known.columns if known else {}).items() if heading in headings}
    batch.columns = kept or dict(look.suggestion)
    batch.source_name = known.name if known else batch.source_name
    batch.summary = {
        "kind": look.kind,
        "tabs": [[t.name, bool(t.hidden), t.rows] for t in look.tabs],
        "headings": [[h.column, h.name, h.letter] for h in look.headings],
        "sample": [[number, list(texts)] for number, texts in look.sample[:5]],
        "said": [[f.row, f.column, f.message, f.params, f.grave] for f in look.findings],
        "remembered": known.name if known else None,
    }
    session.flush()


def map_columns(
    session: Session,
    batch: ImportBatch,
    columns: Mapping[str, str],
    *,
    rule: str,
    fixed: Mapping[str, str],
    source_name: str,
    now: datetime,
) -> None:
    """Say which column is which field and what is done with known rows; remembered for the next sheet of the source.

    Raises Invalid with the field, or with what is needed and missing; NotAllowed when the rule needs more than the post.
    """
    actor = session_actor(session)
    sheet = need_rights(batch, actor, rule)
    need_owner(batch, actor)
    _refuse_grave((batch.summary or {}).get("said") or ())
    targets = [rules.Target(f.key, str(f.label), f.needed) for f in sheet.fields(session)]
    chosen = rules.check_mapping(columns, targets)
    plain_fixed = {key: value for key, value in fixed.items() if value}
    lacking = rules.missing(chosen, plain_fixed, targets)
    if lacking:
        names = str(_(", ")).join(t.label for t in lacking)
        raise Invalid(_("No column was chosen for: %(what)s.", what=names), field="missing")
    batch.columns, batch.rule = chosen, rule
    batch.options = {**(batch.options or {}), "fixed": plain_fixed}
    batch.source_name = " ".join(source_name.split())[:80] or None
    step(session, batch, Act.map, now=now, given={rules.MAPPING: chosen, **facts(batch)})
    name = batch.source_name or str(PurePath(batch.file_name).stem)[:80]
    mark = str((batch.options or {}).get("mark") or "")
    mappings.remember(session, batch.area_id, batch.sheet, mark, name, chosen)


def _refuse_grave(said: Iterable[Sequence[Any]]) -> None:
    """What the reader says of the whole sheet may keep all of it out."""
    for _row, _column, message, params, grave in said:
        if grave:
            raise Invalid(str(sheets.sentence(Finding(None, None, message, params))))


def look_again(session: Session, batch: ImportBatch, look: Any, *, now: datetime) -> None:
    """Another tab or other headings: the columns are matched anew."""
    need_owner(batch, session_actor(session))
    step(session, batch, Act.look, now=now)
    clear(session, batch)
    seen(session, batch, look)


def area_by_code(session: Session, code: str) -> Area | None:
    """The area that was chosen for all rows."""
    query = select(Area).where(Area.code == code, Area.valid_to.is_(None))
    return session.scalars(query.order_by(Area.id.desc())).first()


def only_area(session: Session, actor: Actor) -> Area | None:
    """The one area of an actor who has no other; nothing where there is a choice."""
    ids = list(session.scalars(visible_areas(actor).limit(2)))
    return session.get(Area, ids[0]) if len(ids) == 1 else None


def facts(batch: ImportBatch) -> dict[str, bool]:
    """What the machine asks of a batch before it offers a step."""
    rows = batch.rows_made + batch.rows_changed
    return {rules.UNWRITTEN: batch.chunks_done == 0, rules.KEPT: rows > batch.rows_undone}


def begin(session: Session, batch: ImportBatch, action: Act, *, now: datetime) -> None:
    """Check or run the batch as a job; a second press finds it at work (Conflict) and changes nothing."""
    actor = session_actor(session)
    need_rights(batch, actor, batch.rule)
    need_owner(batch, actor)
    before = State(batch.state)
    step(session, batch, action, now=now)
    if action is Act.check or before is State.checked:
        clear(session, batch)
        size = rules.chunk_of(batch.rows_total, sheets.sheets()[batch.sheet].chunk)
        batch.options = {**(batch.options or {}), "size": size, "reach": reach_of(actor)}
    enqueue(session, batch, JOBS[action], {"batch": batch.uid}, now)


def enqueue(
    session: Session, batch: ImportBatch, kind: str, arguments: dict[str, Any], now: datetime
) -> None:
    """Let a job do the batch's present work."""
    batch.job_uid = jobs.enqueue(session, kind, arguments, now=now).uid
    session.flush()


def clear(session: Session, batch: ImportBatch) -> None:
    """Nothing of an earlier check is left."""
    session.execute(delete(ImportRow).where(ImportRow.batch_id == batch.id))
    for name in COUNTS:
        setattr(batch, f"rows_{name}", 0)
    batch.chunks_done = 0
    batch.summary = {**(batch.summary or {}), "groups": []}


def stop(session: Session, batch: ImportBatch, *, now: datetime) -> None:
    """Break off the work; what is written stays and can be gone on with or undone."""
    state = State(batch.state)
    if state not in rules.WORKING:
        raise Conflict(_("Nothing is being done with this sheet at the moment."))
    actor = session_actor(session)
    need_undo(batch, actor)
    job = job_of(session, batch)
    if job is not None and job.state in ("queued", "running"):
        jobs.cancel(session, job, now)
    said = _("Broken off by %(who)s.", who=actor.label)
    step(session, batch, rules.WORKING[state], now=now, role=rules.JOB, given={rules.NEED: said})


def drop(session: Session, batch: ImportBatch, *, now: datetime) -> None:
    """Give the sheet up before anything is written; its file goes with the next night."""
    need_owner(batch, session_actor(session))
    step(session, batch, Act.drop, now=now)
    clear(session, batch)
    batch.summary = None
    for attachment in files.of_owner(session, BATCH_FILES, batch.uid):
        attachment.keep_until = clock.to_local(now).date() - timedelta(days=1)


def fields_for(session: Session, batch: ImportBatch, actor: Actor) -> list[Field]:
    """The fields that a column of the batch may be."""
    return list(sheet_called(batch.sheet, actor, session).fields(session))


def _plain_name(name: str) -> str:
    """The name of an upload without folders and control characters."""
    bare = PurePath((name or "").replace("\\", "/")).name
    return "".join(c for c in bare if c.isprintable())[:160] or "sheet"
