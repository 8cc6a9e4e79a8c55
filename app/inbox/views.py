"""The inbox: lines to read, reminders, and the progress of one's own jobs."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.core import clock, jobs
from app.core.actor import current_actor
from app.core.errors import NotFound
from app.core.interface import checked_key
from app.core.jobs import Job
from app.core.numbers import whole_number
from app.core.session import unit_of_work
from app.core.views import BaseView, Interface, ModelView, expose, has_access, permission_name
from app.inbox import queries, service
from app.inbox.choices import JobState, NoticeLevel
from app.inbox.models import Notice

FARTHEST = 300


class Inbox(BaseView):
    """Everybody's own inbox; nothing of others can be reached from here."""

    route_base = "/inbox"
    default_view = "index"
    title = _("Inbox")

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> Any:
        """Lines of a page, unread first, and the newest jobs."""
        page = _page()
        found, more = queries.lines(self.session, _me(), clock.now(), page=page)
        rows = [
            {"line": n, "words": queries.words(n.message, n.params), "level": NoticeLevel(n.level)}
            for n in found
        ]
        return self.render_template(
            "inbox/index.html",
            rows=rows,
            page=page,
            more=more,
            jobs=[_job(j) for j in queries.jobs_of(self.session, _me())],
        )

    @expose("/count")
    @has_access
    @permission_name("use")
    def count(self) -> Any:
        """Number of unread lines, for the bell."""
        return jsonify(count=queries.unread_count(self.session, _me(), clock.now()))

    @expose("/open/<uid>", methods=["POST"])
    @has_access
    @permission_name("edit")
    def open(self, uid: str) -> Any:
        """Mark a line as read and go where it points."""
        with unit_of_work(self.session) as session:
            query = select(Notice).where(Notice.uid == checked_key(uid, uid=True), Notice.user_id == _me())
            line = session.scalars(query).one_or_none()
            if line is None:
                raise NotFound()
            link = line.link
            service.mark_read(session, _me(), [uid], clock.now())
        return self.go(link if link else self.home_url())

    @expose("/read-all", methods=["POST"])
    @has_access
    @permission_name("edit")
    def read_all(self) -> Any:
        """Everything shown today is read."""
        with unit_of_work(self.session) as session:
            service.mark_all_read(session, _me(), clock.now())
        return self.go(self.home_url())

    @expose("/job/<uid>")
    @has_access
    @permission_name("use")
    def job(self, uid: str) -> Any:
        """Progress of one of one's own jobs as JSON: state, done, total, message."""
        found = self._own_job(uid)
        return jsonify(
            state=found.state,
            label=str(JobState(found.state).label),
            done=found.done_steps,
            total=found.total_steps,
            message=found.message,
            error=jobs.told(found) or None,
        )

    @expose("/job/<uid>/cancel", methods=["POST"])
    @has_access
    @permission_name("edit")
    def cancel(self, uid: str) -> Any:
        """Stop one of one's own jobs."""
        with unit_of_work(self.session) as session:
            jobs.cancel(session, self._own_job(uid), clock.now())
        return self.go(self.home_url())

    def _own_job(self, uid: str) -> Job:
        query = select(Job).where(Job.uid == checked_key(uid, uid=True), Job.acting_user == _me())
        found = self.session.scalars(query).one_or_none()
        if found is None:
            raise NotFound()
        return found


class JobView(ModelView):
    """All jobs of the site for the system administrator: never their arguments, which may name persons."""

    route_base = "/jobs"
    datamodel = Interface(Job)
    list_title = show_title = add_title = edit_title = _("Jobs")
    label_columns = {
        "kind": _("Job"),
        "acting_user": _("Account number"),
        "acting_role": _("Role"),
        "run_at": _("Runs from"),
        "attempts": _("Attempts"),
        "done_steps": _("Steps done"),
        "total_steps": _("Steps in all"),
        "message": _("Last step"),
        "error": _("Error"),
        "finished_at": _("Ended at"),
        "lease_owner": _("Worker process"),
        "lease_until": _("Worker's time ends"),
    }
    list_columns = ["created_at", "kind", "state", "done_steps", "total_steps", "finished_at"]
    show_columns = [
        *("created_at", "kind", "state", "acting_user", "acting_role", "run_at", "attempts", "done_steps"),
        *("total_steps", "message", "error", "lease_owner", "lease_until", "finished_at"),
    ]
    search_columns = ["created_at", "kind", "state", "acting_user"]
    order_columns = ["created_at", "finished_at"]
    choices_columns = {"state": JobState}
    formatters_columns = {"kind": lambda job: str(jobs.label_of(job.kind))}
    base_permissions = ["can_list", "can_show"]
    lookup_columns = ("kind",)

    def is_editable(self, _item: Any) -> bool:
        """A job is never edited."""
        return False


def _me() -> int:
    user_id = current_actor().user_id
    if user_id is None:
        raise NotFound()
    return user_id


def _page() -> int:
    return whole_number(request.args.get("page", "0"), 0, FARTHEST, field="page")


def _job(job: Job) -> dict[str, Any]:
    page = jobs.page_of(job.kind, job.uid)
    return {
        "job": job,
        "label": jobs.label_of(job.kind),
        "state": JobState(job.state),
        "page": page,
        "told": jobs.told(job),
    }
