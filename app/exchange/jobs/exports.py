"""The jobs of exports: a file is written, stored in encrypted pieces, and deleted after its time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, BinaryIO, cast

from flask_babel import force_locale, gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core import clock, files, hooks, jobs
from app.core.actor import Actor
from app.core.errors import NotAllowed
from app.core.files import Attachment
from app.core.scope import acting_as, session_actor, unscoped
from app.core.session import unit_of_work
from app.core.uploads import Clean
from app.exchange.models import EXPORT_FILES, ExportFile
from app.exchange.service import export_build, export_out, export_rows
from app.exchange.service.export_build import Spec
from app.exchange.service.export_fields import fields_of
from app.exchange.service.exports import JOB, drop, mine, parts_of, plain_fields, remove
from app.exchange.service.reach import reach_of

LEASE = timedelta(minutes=10)
STEP = 5000  # rows between two notes of the progress
PURPOSE = "export"
PIECE = "application/octet-stream"  # a piece is no sheet by itself


@jobs.handler(JOB, label=_("Export of a list"), lease=LEASE, page="/exports/")
def make(work: jobs.Work) -> dict[str, Any]:
    """Write the file. A worker that died has left pieces behind: they go first, and the file is written anew."""
    uid, spec = work.arguments["export"], work.arguments["spec"]
    with force_locale(work.arguments["lang"]):
        export = mine(work.session, uid)
        if export.attachment_uid is not None:
            return {"rows": export.rows, "reach": reach_of(session_actor(work.session))}
        return _Making(work, export, spec).run()


@contextmanager
def writing(session: Session, actor: Actor) -> Iterator[tuple[Session, int]]:
    """A unit of work that writes pieces of files, and the area they lie in: the uppermost of the actor's.

    Who acts for a department has no area, and who only reads writes nothing: their pieces are written beside the scope, and
    lie with the whole site in the first case. Only the owner of the export sees them in any case (``mine``).
    """
    areas = export_rows.top_areas(session, actor, 1)
    area_id = areas[0].id if areas else None
    if area_id is not None and not actor.read_only:
        with unit_of_work(session) as own:
            yield own, area_id
        return
    session.rollback()
    with unscoped("an export is its owner's, who may act in no area or only read") as own, unit_of_work(own):
        yield own, area_id or _root(own)


class _Making:
    def __init__(self, work: jobs.Work, export: ExportFile, spec: Spec) -> None:
        self.work, self.spec, self.actor = work, spec, session_actor(work.session)
        self.uid, self.kind, self.plain = export.uid, export.kind, export.plain
        self.reason, self.expires, self.title = export.reason or "", export.expires_at, export.title
        self.rows, self.parts, self.told = 0, 0, 0
        left = -(-int(work.arguments["rows"]) // STEP)
        work.total = work.done + left + 2

    def run(self) -> dict[str, Any]:
        """Read in one session, write in another: what is read stays one picture, while pieces and progress are saved."""
        with self.work.step(gettext("Preparing")):
            pass
        with writing(self.work.session, self.actor) as (session, _area_id):
            old = [part.storage_key for part in self._delete_parts(session)]
        drop(old)
        target = export_out.PartStream(self._keep)
        with acting_as(self.actor) as reading:
            built = export_build.build(
                reading, self.actor, self.spec, self.work.now, is_plain=self.plain, reason=self.reason
            )
            if self.plain and not plain_fields(built.view, reading, self.actor, self.spec["columns"]):
                raise NotAllowed()
            lines = built.lines(reading)
            self.rows = export_out.write(self.kind, cast(BinaryIO, target), built.layout, lines, self._tick)
        target.finish()
        plain = self._finish(built)
        return {"rows": self.rows, "reach": reach_of(self.actor), "plain": plain}

    def _delete_parts(self, session: Session) -> list[Attachment]:
        parts = parts_of(session, mine(session, self.uid))
        for part in parts:
            session.delete(part)
        return parts

    def _tick(self, rows: int) -> None:
        if rows - self.told >= STEP:
            self.told = rows
            with self.work.step(gettext("%(n)s rows written", n=f"{rows:,}")):
                pass

    def _keep(self, data: bytes) -> None:
        """Store a piece, encrypted."""
        self.parts += 1
        self.work.beat()
        with writing(self.work.session, self.actor) as (session, area_id):
            files.save(
                session,
                Clean(data, PIECE),
                area_id=area_id,
                owner_kind=EXPORT_FILES,
                owner_uid=self.uid,
                purpose=f"{PURPOSE} {self.parts:04d}",
                keep_until=clock.to_local(self.expires).date() if self.expires else None,
            )

    def _finish(self, built: export_build.Built) -> list[str]:
        """Note that it is done; returns the fields whose protected values stand in it."""
        columns = [c.name for c in built.layout.columns if self.plain and not c.masked]
        known = fields_of(built.view, self.work.session, self.actor)
        plain = [name for name in columns if name in known and known[name].guarded]
        asked = export_build.filter_words(built.view, built.asked)
        detail = f"{self.kind}, {self.rows} rows"
        detail += f"; plain: {', '.join(plain)}" if plain else ""
        detail += f"; filtered by {asked}" if asked else ""
        table = built.view.datamodel.table_name
        with self.work.step(gettext("Done")) as session:
            export = mine(session, self.uid)
            export.rows = self.rows
            export.attachment_uid = parts_of(session, export)[0].uid
            hooks.record_access(
                hooks.Access("EXPORT", table, detail=detail[:200], reason=self.reason or None)
            )
        return plain


def _root(session: Session) -> int:
    return session.scalars(select(Area.id).where(Area.parent_id.is_(None)).order_by(Area.id).limit(1)).one()


# --- after their time -------------------------------------------------------------------------------------------

EXPIRE = "exchange.expire"
BATCH = 100


@jobs.handler(EXPIRE, label=_("Exports after their time deleted"), system=True)
def expire(work: jobs.Work) -> dict[str, Any]:
    """Delete exports whose days are over, with their pieces."""
    gone = 0
    while True:
        query = select(ExportFile.id).where(ExportFile.expires_at <= work.now).order_by(ExportFile.id)
        over = list(work.session.scalars(query.limit(BATCH)))
        if not over:
            return {"gone": gone}
        with work.step() as session:
            rows = session.scalars(select(ExportFile).where(ExportFile.id.in_(over)))
            keys = [key for row in rows for key in remove(session, row)]
        drop(keys)
        gone += len(over)


jobs.daily(EXPIRE, at="03:05")
