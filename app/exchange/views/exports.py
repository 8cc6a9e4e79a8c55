"""The pages of exports: how a list is to be exported, one's own files and how far they are."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response, flash, jsonify, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.core import clock, extra, jobs
from app.core.actor import current_actor
from app.core.errors import Conflict
from app.core.interface import checked_key
from app.core.session import unit_of_work
from app.core.views import BaseView, expose, has_access, permission_name
from app.exchange.forms.exports import ExportForm
from app.exchange.jobs.exports import writing
from app.exchange.service import export_out, export_rows
from app.exchange.service import exports as service
from app.exchange.service.media import MEDIA
from app.exchange.views.ordering import Order, jobs_of, newest, state_of

SETTINGS = ("_flt_", "_oc_", "_od_")
MOST = 100  # files on the page


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
        rows = newest(self.session, MOST)
        return self.render_template("exchange/exports.html", rows=rows, now=clock.now())

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
        order = Order(self, ExportForm, service.plain_fields(view, self.session, actor, columns))
        spec = {"view": type(view).__name__, "columns": columns, "filters": filters_of_request()}
        taken = order.take(spec)
        if taken is not None:
            return taken
        page = self.render_template(
            "exchange/export.html",
            title=gettext("Export"),
            what=view,
            asked=asked,
            count=export_rows.count(self.session, view, asked),
            labels=[str(view.label_text(name)) for name in columns],
            words=filter_lines(view, asked),
            back=f"{view.route_base}/list/?{asked.query()}",
            most=export_out.MOST["pdf"],
            **order.context,
        )
        return page, order.status

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
        answer = Response(pieces, mimetype=MEDIA[row.kind])
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
