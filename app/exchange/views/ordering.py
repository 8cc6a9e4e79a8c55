"""A file is ordered, from the page of a list or of a ledger, and how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import current_app, flash, request, url_for
from flask_babel import gettext
from sqlalchemy import select

from app.areas.security.confirm import has_codes, recently_confirmed
from app.core import clock, jobs
from app.core.actor import current_actor
from app.core.errors import DomainError
from app.core.jobs import Job
from app.core.models import new_uid
from app.core.views import BaseView
from app.exchange.forms.exports import ExportForm
from app.exchange.models import ExportFile
from app.exchange.service import exports as service
from app.inbox.choices import JobState
from app.registry.views.once import once

REFUSED = 422


class Order:
    """The form that orders a file, on whatever page it stands. ``plain`` are the protected fields among ``columns`` that
    the acting role may take out in plain.
    """

    def __init__(self, page: BaseView, form: type[ExportForm], plain: Sequence[Any] = ()) -> None:
        self.page, self.form, self.plain, self.status = page, form(), plain, 200
        self.form.prepare_for(current_actor(), plain=bool(plain))

    def take(self, spec: dict[str, Any], ledger_id: int | None = None) -> Any:
        """The answer to a form that was sent and holds. None where the page is to be shown, with what is wrong in it."""
        if request.method != "POST":
            return None
        self.status = REFUSED
        if not self.form.validate():
            return None
        wanted = self.form.wanted(spec, current_app.config["EXPORT_DAYS"], ledger_id)
        try:
            return _ordered(self.page, wanted)
        except DomainError as refused:
            self.form.refuse(refused.field, refused.message)
        return None

    @property
    def context(self) -> dict[str, Any]:
        """What exchange/plain.html and the form around it need."""
        return {
            "form": self.form,
            "plain": self.plain,
            "has_codes": has_codes(),
            "client_uid": request.form.get("client_uid") or new_uid(),
        }


def _ordered(page: BaseView, wanted: service.Wanted) -> Any:
    """Take the order of a form that was sent. Plain values need a password and a one-time code given in the last minutes
    (guards, section 4). The same page sent twice asks once. Everything typed comes back with the page that asks for them.
    """

    def take() -> Any:
        url = url_for("ExportDesk.index")

        def write(session: Any) -> str:
            service.ask(session, current_actor(), wanted, now=clock.now())
            return url

        go = once(page.session, write)
        flash(
            gettext("The file is being made. You may leave this page; your inbox tells you when it is done."),
            "success",
        )
        return page.go(go)

    return recently_confirmed(take, second_factor=True)() if wanted.plain else take()


def jobs_of(session: Any, rows: Iterable[ExportFile]) -> dict[str, Job]:
    """The jobs of some files by uid; one's own only, as the files are."""
    uids = [row.job_uid for row in rows if row.job_uid]
    query = select(Job).where(Job.uid.in_(uids), Job.acting_user == (current_actor().user_id or -1))
    return {job.uid: job for job in session.scalars(query)}


def newest(session: Any, most: int, *where: Any) -> list[dict[str, Any]]:
    """One's own newest files, each with how far it is."""
    query = select(ExportFile).where(*where).order_by(ExportFile.id.desc()).limit(most)
    rows = list(session.scalars(query))
    found = jobs_of(session, rows)
    return [{"file": row, **state_of(row, found.get(row.job_uid or ""))} for row in rows]


def state_of(row: ExportFile, job: Job | None) -> dict[str, Any]:
    """How far a file is: state, steps, words for people."""
    state = JobState(job.state) if job is not None else JobState.failed
    state = JobState.done if row.attachment_uid is not None else state
    words = str(state.label)
    if job is not None and state is JobState.running and job.message:
        words = job.message
    if job is not None and state is JobState.failed:
        words = jobs.told(job)
    return {
        "state": state.value,
        "badge": state.badge,
        "words": words,
        "done": job.done_steps if job is not None else 0,
        "total": job.total_steps if job is not None else None,
    }
