"""The pages of exports: how a list is to be exported, one's own files and how far they are."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from flask import Response, current_app, flash, jsonify, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.areas.security.confirm import recently_confirmed
from app.core import clock, extra, jobs
from app.core.actor import current_actor
from app.core.errors import Conflict, DomainError
from app.core.interface import checked_key
from app.core.jobs import Job
from app.core.models import new_uid
from app.core.session import unit_of_work
from app.core.views import BaseView, expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.widgets import CheckField, ChoiceField, LongTextField, Needed
from app.exchange.jobs.exports import writing
from app.exchange.models import ExportFile
from app.exchange.service import export_out, export_rows
from app.exchange.service import exports as service
from app.inbox.choices import JobState
from app.registry.views.once import once

KINDS = (
    ("xlsx", _("Excel sheet (.xlsx)")),
    ("csv", _("Text with commas (.csv)")),
    ("pdf", _("PDF to print")),
)
SETTINGS = ("_flt_", "_oc_", "_od_")
MOST = 100  # files on the page
INSIDE = re.compile(r"\w+ at \w+\.py:\d+")  # what the log says of an error that is no refusal


class ExportForm(RecordForm):
    """The kind of file, and whether protected values stand in it in plain."""

    kind = ChoiceField(_("Kind of file"), [Needed()], source=KINDS, default="xlsx")
    plain = CheckField(_("Protected values in plain"))
    reason = LongTextField(
        _("Reason"),
        length=service.REASON_LENGTH,
        description=_(
            "Stands in the access log and, with your name and the time, on every page of the file."
        ),
    )


class ExportDesk(BaseView):
    """One's own exports; nobody else's can be reached from here."""

    route_base = "/exports"
    default_view = "index"
    title = _("My exports")

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> Any:
        """The newest files of one's own."""
        query = select(ExportFile).order_by(ExportFile.id.desc()).limit(MOST)
        rows = list(self.session.scalars(query))
        found = jobs_of(self.session, rows)
        return self.render_template(
            "exchange/exports.html",
            rows=[{"file": row, **state_of(row, found.get(row.job_uid or ""))} for row in rows],
            now=clock.now(),
        )

    @expose("/new", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def ask(self) -> Any:
        """What is filtered, how it is to be written; POST takes the order."""
        actor = current_actor()
        view = export_rows.view_named(request.args.get("view", ""))
        export_rows.need_export(view, actor)
        asked = export_rows.read_asked(view, filters_of_request())
        columns = columns_of_request(view)
        plain = service.plain_fields(view, self.session, actor, columns)
        form, status = ExportForm(), 200
        form.prepare(actor, ExportFile)
        if not plain:
            del form["plain"], form["reason"]
        if request.method == "POST":
            status = 422
            if form.validate():
                try:
                    return self._order(view, columns, form)
                except DomainError as refused:
                    form.refuse(refused.field, refused.message)
        page = self.render_template(
            "exchange/export.html",
            title=gettext("Export"),
            form=form,
            what=view,
            asked=asked,
            count=export_rows.count(self.session, view, asked),
            labels=[str(view.label_text(name)) for name in columns],
            words=filter_lines(view, asked),
            plain=plain,
            back=f"{view.route_base}/list/?{asked.query()}",
            most=export_out.MOST["pdf"],
            client_uid=request.form.get("client_uid") or new_uid(),
        )
        return page, status

    def _order(self, view: Any, columns: list[str], form: ExportForm) -> Any:
        is_plain = "plain" in form and bool(form.plain.data)
        reason = " ".join((form.reason.data or "").split()) if is_plain else ""
        spec = {
            "view": type(view).__name__,
            "columns": columns,
            "filters": filters_of_request(),
        }
        wanted = service.Wanted(
            spec,
            form.kind.data,
            str(view.list_title),
            is_plain,
            reason,
            days=current_app.config["EXPORT_DAYS"],
        )
        return ordered(self, wanted)

    @expose("/<uid>/state")
    @has_access
    @permission_name("use")
    def state(self, uid: str) -> Any:
        """How far one of one's own files is, as JSON."""
        row = service.mine(self.session, str(checked_key(uid, uid=True)))
        found = state_of(row, jobs_of(self.session, [row]).get(row.job_uid or ""))
        return jsonify({key: found[key] for key in ("state", "done", "total", "words")})

    @expose("/<uid>")
    @has_access
    @permission_name("use")
    def fetch(self, uid: str) -> Any:
        """The file, for whoever asked for it; each fetching is logged."""
        row = service.mine(self.session, str(checked_key(uid, uid=True)))
        pieces, size = service.fetch(self.session, row, clock.now())
        answer = Response(pieces, mimetype=export_out.MEDIA[row.kind])
        day = clock.to_local(row.created_at).strftime("%Y%m%d-%H%M")
        name = quote(f"{row.title}-{day}.{row.kind}", safe="")
        plain = f"export-{day}.{row.kind}"
        answer.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{name}"
        answer.headers["Content-Length"] = str(size)
        answer.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
        return answer

    @expose("/<uid>/cancel", methods=["POST"])
    @has_access
    @permission_name("use")
    def cancel(self, uid: str) -> Any:
        """Stop an export that is not done yet."""
        with unit_of_work(self.session) as session:
            row = service.mine(session, str(checked_key(uid, uid=True)))
            job = jobs_of(session, [row]).get(row.job_uid or "")
            if job is None or row.attachment_uid is not None:
                raise Conflict()
            jobs.cancel(session, job, clock.now())
        flash(gettext("Cancelled."), "success")
        return self.go(self.home_url())

    @expose("/<uid>/remove", methods=["POST"])
    @has_access
    @permission_name("use")
    def remove(self, uid: str) -> Any:
        """Delete a file of one's own before its time."""
        with writing(self.session, current_actor()) as (session, _area_id):
            row = service.mine(session, str(checked_key(uid, uid=True)))
            job = jobs_of(session, [row]).get(row.job_uid or "")
            if job is not None and job.state in {"queued", "running"}:
                jobs.cancel(session, job, clock.now())
            keys = service.remove(session, row)
        service.drop(keys)
        flash(gettext("Deleted."), "success")
        return self.go(self.home_url())

    def home_url(self) -> str:
        return url_for("ExportDesk.index")


def ordered(view: BaseView, wanted: service.Wanted) -> Any:
    """Take the order of a form that was sent; plain values need a password given in the last minutes. The same page sent
    twice asks once. Everything typed comes back with the page that asks for the password.
    """

    def take() -> Any:
        url = url_for("ExportDesk.index")

        def write(session: Any) -> str:
            service.ask(session, current_actor(), wanted, now=clock.now())
            return url

        go = once(view.session, write)
        flash(
            gettext("The file is being made. You may leave this page; your inbox tells you when it is done."),
            "success",
        )
        return view.go(go)

    return recently_confirmed(take)() if wanted.plain else take()


def filters_of_request() -> list[list[str]]:
    """Filters and order out of the address, as the list wrote them there."""
    return [[name, value] for name, value in request.args.items(multi=True) if name.startswith(SETTINGS)]


def columns_of_request(view: Any) -> list[str]:
    """The columns that the list showed, as far as it may show them."""
    extra.all_columns(view.session, view.datamodel.obj)
    here = view.list_columns_here()
    offered = {*view.offered_columns(), *here}
    wanted = [name for name in request.args.get("columns", "").split(",") if name in offered]
    return list(dict.fromkeys(wanted)) or list(here)


def filter_lines(view: Any, asked: Any) -> list[tuple[str, str]]:
    """What is filtered, in words: (column and comparison, value)."""
    found = []
    for control in view.filter_fields(asked):
        choices = {code: str(label) for code, label in control.choices}
        for _name, word, value in control.inputs:
            if value:
                words = control.chosen or choices.get(value, value)
                found.append(
                    (control.label if control.control != "span" else f"{control.label} {word}", words)
                )
    return found


def jobs_of(session: Any, rows: list[ExportFile]) -> dict[str, Job]:
    """The jobs of some files by uid; one's own only, as the files are."""
    uids = [row.job_uid for row in rows if row.job_uid]
    query = select(Job).where(Job.uid.in_(uids), Job.acting_user == (current_actor().user_id or -1))
    return {job.uid: job for job in session.scalars(query)}


def state_of(row: ExportFile, job: Job | None) -> dict[str, Any]:
    """How far a file is: state, steps, words for people."""
    state = JobState(job.state) if job is not None else JobState.failed
    state = JobState.done if row.attachment_uid is not None else state
    words = str(state.label)
    if job is not None and state is JobState.running and job.message:
        words = job.message
    if job is not None and state is JobState.failed and job.error and not INSIDE.match(job.error):
        words = job.error
    return {
        "state": state.value,
        "badge": state.badge,
        "words": words,
        "done": job.done_steps if job is not None else 0,
        "total": job.total_steps if job is not None else None,
    }
