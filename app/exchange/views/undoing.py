"""The pages of an undoing: what it would do, the reason, its begin."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import gettext
from sqlalchemy import select

from app.core import clock, jobs
from app.core.actor import current_actor
from app.core.errors import DomainError, Invalid, NotFound
from app.core.interface import checked_key
from app.core.jobs import Job
from app.core.session import unit_of_work
from app.core.views import expose, has_access, permission_name
from app.core.views.removing import reason_given
from app.exchange.models import ImportBatch
from app.exchange.service import batches, undo_asked
from app.exchange.views import words

REFUSED = 422


class UndoPage:
    """The undoing of one batch."""

    @expose("/batch/<uid>/undo", methods=["GET"])
    @has_access
    @permission_name("use")
    def undo_page(self: Any, uid: str) -> Any:
        """What undoing would do: how many rows go back, which stay and why; of a long sheet a job says so. Nothing is
        changed.
        """
        batch = self.seen(uid)
        undo_asked.need_to_undo(self.session, batch, self.state_of(batch))
        return self._undo_page(batch)

    @expose("/batch/<uid>/undo", methods=["POST"])
    @has_access
    @permission_name("use")
    def undo(self: Any, uid: str) -> Any:
        """Take the import back, as a job, for a reason."""
        try:
            why = reason_given()
        except Invalid as no:
            batch = self.seen(uid)
            undo_asked.need_to_undo(self.session, batch, self.state_of(batch))
            return self._undo_page(batch, refusal=no), REFUSED
        with unit_of_work(self.session) as session:
            batch, now = self.held(uid), clock.now()
            batches.wake(session, batch, now)
            undo_asked.begin_undo(session, batch, reason=why, now=now)
        return self.go(self.batch_url(uid))

    @expose("/batch/<uid>/undo/look", methods=["POST"])
    @has_access
    @permission_name("use")
    def undo_look(self: Any, uid: str) -> Any:
        """Let a job look at what undoing would do."""
        with unit_of_work(self.session) as session:
            batch, now = self.held(uid), clock.now()
            batches.wake(session, batch, now)
            job = undo_asked.begin_look(session, batch, now=now)
        return self.go(url_for("ImportDesk.undo_looked", uid=job))

    @expose("/undoing/<uid>")
    @has_access
    @permission_name("use")
    def undo_looked(self: Any, uid: str) -> Any:
        """How far a look is, and then what it found; ``uid`` is that of one's own job."""
        mine = Job.acting_user == (current_actor().user_id or -1)
        query = select(Job).where(Job.uid == checked_key(uid, uid=True), Job.kind == undo_asked.LOOK, mine)
        job = self.session.scalars(query).one_or_none()
        if job is None:
            raise NotFound()
        batch = self.seen(job.arguments["batch"])
        undo_asked.need_to_undo(self.session, batch, self.state_of(batch))
        return self._undo_page(batch, job)

    def _undo_page(
        self: Any, batch: ImportBatch, job: Job | None = None, refusal: DomainError | None = None
    ) -> str:
        uid, found = batch.uid, None
        if job is not None and job.state == "done":
            found = undo_asked.listed(job.result)
        elif job is None and undo_asked.is_short(batch):
            found = undo_asked.preview(self.session, batch)
        batch = self.seen(uid)  # looking lets go of everything it has read
        return self.render_template(  # type: ignore[no-any-return]
            "exchange/undo.html",
            title=gettext("Undo the import"),
            batch=batch,
            name=words.file_name(batch, plain=batch.created_by == current_actor().user_id),
            found=found,
            kept=[(number, words.sentence(why, None)) for number, why in found.kept] if found else [],
            job=job,
            told=jobs.told(job),
            reason=request.form.get("reason", ""),
            refusal=refusal,
        )
