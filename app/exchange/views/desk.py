"""The import desk: choose a register, bring a sheet, match its columns, check, import, undo (issue 4)."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, jsonify, request, url_for
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _

from app.core import clock, codes, hooks, sheets
from app.core.actor import current_actor
from app.core.errors import DomainError, Invalid, NotFound
from app.core.interface import checked_key
from app.core.session import unit_of_work
from app.core.uploads import read_all
from app.core.views import BaseView, expose, has_access, permission_name
from app.exchange import queries
from app.exchange.choices import BatchAction as Act
from app.exchange.choices import KnownRule
from app.exchange.jobs import imports as _jobs  # noqa: F401  the jobs register themselves
from app.exchange.models import ImportBatch
from app.exchange.service import batches
from app.exchange.service.declared import open_sheets
from app.exchange.service.group_sheets import MEMBERS, group_of
from app.exchange.service.reach import need_reach
from app.exchange.service.specs import view_called
from app.exchange.views import words
from app.exchange.views.batch_page import BatchPage
from app.exchange.views.columns import ColumnsPage
from app.exchange.views.undoing import UndoPage
from app.registry.service import groups

REFUSED = 422
SAID_APART = (403, 404)


class ImportDesk(ColumnsPage, BatchPage, UndoPage, BaseView):
    """Sheets on their way in."""

    route_base = "/import"
    default_view = "index"
    title = _("Import")

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """The registers that take a sheet, and the sheets of the own areas, newest first."""
        mine = open_sheets()
        key = request.args.get("after", "")
        after = queries.batch_of(self.session, str(checked_key(key, uid=True))) if key else None
        found = queries.batches(self.session, list(mine), after)
        shown = found[: queries.PAGE]
        return self.render_template(
            "exchange/import.html",
            sheets=[s for name, s in mine.items() if group_of(name) is None],
            names={name: sheet.label for name, sheet in mine.items()},
            batches=shown,
            states={b.id: self.state_of(b) for b in shown},
            files={b.id: words.file_name(b, plain=b.created_by == current_actor().user_id) for b in shown},
            next_after=shown[-1].uid if len(found) > queries.PAGE else "",
            is_first=after is None,
        )

    @expose("/sheet/<name>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def sheet(self, name: str) -> Any:
        """One register: its own template, and the place for a sheet of any make."""
        sheet = batches.sheet_called(name, current_actor())
        refusal: Any = None
        if request.method == "POST":
            try:
                return self.go(self._upload(sheet))
            except DomainError as no:
                if no.status in SAID_APART:
                    raise
                refusal = no.message
        page = self.render_template(
            "exchange/sheet.html",
            title=gettext("Import: %(what)s", what=str(sheet.label)),
            sheet=sheet,
            fields=sheet.fields(self.session),
            own=self._own_forms() if name == MEMBERS else [],
            refusal=refusal,
            most=min(sheets.MOST_BYTES, current_app.config["MAX_CONTENT_LENGTH"]) // (1024 * 1024),
        )
        return page, REFUSED if refusal is not None else 200

    def _own_forms(self) -> list[tuple[str, str]]:
        """(sheet, group in words) of the groups that have a sheet of their own."""
        found = ((name, group_of(name)) for name in open_sheets())
        return [(name, codes.label(self.session, groups.LIST, code)) for name, code in found if code]

    def _upload(self, sheet: Any) -> str:
        upload = request.files.get("file")
        stream = read_all(upload)
        data = stream.read(sheets.MOST_BYTES + 1)
        if not data:
            raise Invalid(gettext("This file is empty."), field="file")
        look = sheets.look(data, fields=sheet.fields(self.session), sheet=sheet.name)
        if not look.rows and len(look.tabs) < 2:
            raise Invalid(gettext("There are no rows below the headings of this sheet."), field="file")
        name = str(getattr(upload, "filename", "") or "")
        with unit_of_work(self.session) as session:
            made = batches.upload(
                session, sheet, name, data, look, language=str(get_locale()), now=clock.now()
            )
            uid = made.uid
        return url_for("ImportDesk.columns", uid=uid)

    @expose("/sheet/<name>/template")
    @has_access
    @permission_name("use")
    def template(self, name: str) -> Any:
        """Our own sheet for a register: headings, notes, drop-downs, an example row."""
        sheet = batches.sheet_called(name, current_actor())
        data = sheets.template(sheet.fields(self.session), title=str(sheet.label), session=self.session)
        return self.send(data, "xlsx", f"{sheet.label}.xlsx")

    @expose("/sheet/<name>/waiting")
    @has_access
    @permission_name("use")
    def waiting(self, name: str) -> Any:
        """The same with the records that wait for a row: taken along, filled in, brought back. The fetching is logged."""
        actor = current_actor()
        sheet = batches.sheet_called(name, actor)
        if sheet.waiting is None:
            raise NotFound()
        rows = sheet.waiting(self.session, actor)
        if not rows:
            flash(gettext("Nothing waits for a result at the moment."), "info")
            return self.go(url_for("ImportDesk.sheet", name=name))
        fields = sheet.fields(self.session)
        data = sheets.template(fields, title=str(sheet.label), session=self.session, rows=rows)
        table = view_called(sheet.view).datamodel.table_name
        hooks.record_access(hooks.Access("EXPORT", table, detail=f"{name} waiting: {len(rows)}"))
        return self.send(data, "xlsx", f"{sheet.label} {clock.today().isoformat()}.xlsx")

    # --- steps ----------------------------------------------------------------------------------------------------

    @expose("/batch/<uid>/check", methods=["POST"])
    @has_access
    @permission_name("use")
    def check(self, uid: str) -> Any:
        """Check the sheet as a job, perhaps with another rule for known records. Nothing is written."""
        return self._begin(uid, Act.check, request.form.get("rule"))

    @expose("/batch/<uid>/run", methods=["POST"])
    @has_access
    @permission_name("use")
    def run(self, uid: str) -> Any:
        """Import what was checked, as a job; the page may be left."""
        return self._begin(uid, Act.run)

    def _begin(self, uid: str, action: Act, rule: str | None = None) -> Any:
        with unit_of_work(self.session) as session:
            batch, now = self.held(uid), clock.now()
            batches.wake(session, batch, now)
            if rule:
                batch.rule = KnownRule.parse(rule, field="rule").value
            batches.begin(session, batch, action, now=now)
        return self.go(self.batch_url(uid))

    @expose("/batch/<uid>/stop", methods=["POST"])
    @has_access
    @permission_name("use")
    def stop(self, uid: str) -> Any:
        """Break the work off: what is written stays, to be gone on with or undone."""
        with unit_of_work(self.session) as session:
            batches.stop(session, self.held(uid), now=clock.now())
        return self.go(self.batch_url(uid))

    @expose("/batch/<uid>/drop", methods=["POST"])
    @has_access
    @permission_name("use")
    def drop(self, uid: str) -> Any:
        """Give the sheet up."""
        with unit_of_work(self.session) as session:
            batch, now = self.held(uid), clock.now()
            batches.wake(session, batch, now)
            batches.drop(session, batch, now=now)
        flash(gettext("The sheet was given up. Nothing of it is in the register."), "success")
        return self.go(self.home_url())

    @expose("/batch/<uid>/state")
    @has_access
    @permission_name("use")
    def progress(self, uid: str) -> Any:
        """How far the work is, for the bar of the page."""
        batch = self.seen(uid)
        job = batches.job_of(self.session, batch)
        state = self.state_of(batch)
        return jsonify(
            state=state.value,
            label=str(state.label),
            done=job.done_steps if job else 0,
            total=job.total_steps if job else None,
            waiting=bool(job and job.state == "queued"),
        )

    # --- shared ---------------------------------------------------------------------------------------------------

    def seen(self, uid: str) -> ImportBatch:
        """A batch of the own areas, of a register that one may bring sheets for."""
        batch = queries.batch_of(self.session, str(checked_key(uid, uid=True)))
        batches.sheet_called(batch.sheet, current_actor())
        self.need_office(batch)
        return batch

    def held(self, uid: str) -> ImportBatch:
        """The same, held until the commit."""
        batch = batches.locked(self.session, str(checked_key(uid, uid=True)))
        batches.sheet_called(batch.sheet, current_actor())
        self.need_office(batch)
        return batch

    @staticmethod
    def need_office(batch: ImportBatch) -> None:
        """A department's sheet is of that department: who has gone to another one leaves it behind. NotAllowed."""
        if current_actor().org_unit_ids:
            need_reach((batch.options or {}).get("reach"), current_actor())

    def batch_url(self, uid: str) -> str:
        """The page of a batch."""
        return url_for("ImportDesk.batch", uid=uid)

    def home_url(self) -> str:
        return url_for("ImportDesk.index")
