"""Exports: asked for, made by a job, fetched by their owner only, gone after some days (guards, sections 3 and 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask_babel import get_locale, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, extra, files, hooks, jobs
from app.core.actor import Actor, current_actor
from app.core.errors import Invalid, NotAllowed, NotFound
from app.core.files import Attachment
from app.core.scope import acting_as
from app.exchange.models import EXPORT_FILES, ExportFile
from app.exchange.service import export_build, export_out, export_rows
from app.exchange.service.export_build import Spec
from app.exchange.service.export_fields import fields_of
from app.exchange.service.reach import need_reach, reach_of

JOB = "exchange.export"  # made by app/exchange/jobs/exports
KINDS = tuple(export_out.MOST)
REASON_LENGTH = 160


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for. ``spec`` as in export_build; ``plain`` needs a ``reason``."""

    spec: Spec
    kind: str
    plain: bool = False
    reason: str = ""
    ledger_id: int | None = None
    days: int = 7


def plain_fields(view: Any, session: Session, actor: Actor, names: Iterable[str]) -> list[Any]:
    """The protected fields among those asked for that the acting role may take out in plain."""
    known = fields_of(view, session, actor)
    return [known[name] for name in names if name in known and known[name].plain]


def ask(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> ExportFile:
    """Take the order and enqueue its job. Everything that can be refused is refused here, and again when it runs.

    Raises Invalid (kind, fields, filters, no rows, too many, no reason) and NotAllowed.
    """
    if wanted.kind not in KINDS:
        raise Invalid(gettext("Choose the kind of file."), field="kind")
    if wanted.plain:
        _check_plain(session, actor, wanted)
    built = export_build.build(session, actor, wanted.spec, now)
    found = export_rows.count(session, built.view, built.asked)
    if not found.value:
        raise Invalid(gettext("There are no rows to export: change the filters."), field="filters")
    if not found.capped:
        refusal = export_out.too_many(wanted.kind, found.value)
        if refusal is not None:
            raise refusal
    elif wanted.kind == "pdf":
        raise export_out.too_many("pdf", found.value) or Invalid()
    export = ExportFile(
        owner_id=actor.user_id,
        subject=wanted.spec["view"],
        ledger_id=wanted.ledger_id,
        title=built.layout.title[:120],
        kind=wanted.kind,
        plain=wanted.plain,
        reason=wanted.reason or None,
        expires_at=now + timedelta(days=wanted.days),
    )
    session.add(export)
    session.flush()
    given = {
        "export": export.uid,
        "spec": wanted.spec,
        "lang": str(get_locale()),
        "rows": found.value,
        "reach": reach_of(actor),
    }
    export.job_uid = jobs.enqueue(session, JOB, given, now=now).uid
    session.flush()
    return export


def _check_plain(session: Session, actor: Actor, wanted: Wanted) -> None:
    """Plain values: the role must have the export of one of the fields, the reason must be said, the file must carry it."""
    view = export_rows.view_named(wanted.spec["view"])
    extra.all_columns(session, view.datamodel.obj)
    if not plain_fields(view, session, actor, wanted.spec["columns"]):
        raise NotAllowed(gettext("Your post may not export the protected values of this list in plain."))
    if len(wanted.reason) < 2:
        raise Invalid(gettext("Please give the reason."), field="reason")
    if len(wanted.reason) > REASON_LENGTH:
        raise Invalid(gettext("At most %(n)s characters.", n=REASON_LENGTH), field="reason")
    if wanted.kind == "csv":
        raise Invalid(
            gettext("A .csv file cannot carry the mark of who exported it and why: choose .xlsx or PDF."),
            field="kind",
        )


def mine(session: Session, uid: str) -> ExportFile:
    """An export of the actor's own; NotFound for anybody else's."""
    owned = ExportFile.owner_id == (current_actor().user_id or -1)
    found = session.scalars(select(ExportFile).where(ExportFile.uid == uid, owned)).one_or_none()
    if found is None:
        raise NotFound()
    return found


def parts_of(session: Session, export: ExportFile) -> list[Attachment]:
    """The stored pieces of a file, in their order."""
    return files.of_owner(session, EXPORT_FILES, export.uid)


def fetch(session: Session, export: ExportFile, now: datetime) -> tuple[Iterator[bytes], int]:
    """The file piece by piece, and its length in bytes; logged before the first byte goes out.

    NotFound before it is made and after its time; NotAllowed where the post may no longer export the list, or no longer
    covers what the file holds.
    """
    parts = parts_of(session, export)
    if export.attachment_uid is None or not parts or (export.expires_at and export.expires_at <= now):
        raise NotFound()
    _need_still(session, export, current_actor())
    detail = f"{export.kind}, {export.rows} rows{', plain' if export.plain else ''}"
    hooks.record_access(
        hooks.Access(
            "DOWNLOAD", "export_file", export.id, parts[0].area_id, detail=detail, reason=export.reason
        )
    )
    pieces = [SimpleNamespace(storage_key=part.storage_key) for part in parts]  # they outlive the session
    return (files.read(piece) for piece in pieces), sum(part.size for part in parts)  # type: ignore[arg-type]


def _need_still(session: Session, export: ExportFile, actor: Actor) -> None:
    view = export_rows.view_named(export.subject)
    export_rows.need_export(view, actor)
    job = session.scalars(select(jobs.Job).where(jobs.Job.uid == export.job_uid)).one_or_none()
    if job is None:
        raise NotFound()
    made = job.result or {}  # a job that died behind its last step left none: then what was ordered counts
    need_reach(made.get("reach") or job.arguments.get("reach"), actor)
    if export.plain:
        extra.all_columns(session, view.datamodel.obj)
        open_now = {field.name for field in plain_fields(view, session, actor, made.get("plain", ()))}
        if set(made.get("plain", ())) - open_now or not made:
            raise NotAllowed(gettext("Your post may not export the protected values of this list in plain."))


def remove(session: Session, export: ExportFile) -> list[str]:
    """Delete an export with its pieces; returns the storage keys, to be deleted after the commit."""
    parts = parts_of(session, export)
    for part in parts:
        session.delete(part)
    session.delete(export)
    session.flush()
    return [part.storage_key for part in parts]


def drop(keys: Iterable[str]) -> None:
    """Delete the bytes of pieces whose rows are gone."""
    for key in keys:
        files.store().delete(key)


# --- for benchmarks and commands --------------------------------------------------------------------


def export_to_path(
    actor: Actor, view: str, path: Path, *, kind: str = "xlsx", limit: int | None = None, columns: Any = None
) -> int:
    """Write the rows of a list to a file on this machine, as the job does but without storing; returns their number."""
    with acting_as(actor) as session, path.open("wb") as target:
        shown = list(columns or export_rows.view_named(view).list_columns)
        built = export_build.build(session, actor, {"view": view, "columns": shown}, clock.now())
        lines = built.lines(session, limit=limit)
        return export_out.write(kind, target, built.layout, lines, lambda _rows: None)
