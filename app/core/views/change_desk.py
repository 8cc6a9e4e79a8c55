"""Changing many rows of a list at once: choose fields, look at what would become of the rows, confirm, take back."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import MultiDict

from app.core import clock, jobs
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.interface import checked_key
from app.core.models import new_uid
from app.core.session import unit_of_work
from app.core.views import arguments, bulk_editing, bulk_preview, bulk_service
from app.core.views.base import BaseView
from app.core.views.bulk_editing import CAP, INLINE
from app.core.views.bulk_preview import LISTED, Preview
from app.core.views.list_desk import list_view, me
from app.core.views.saving import LONGEST

JOB_DONE = "done"


class ChangeDesk(BaseView):
    """One desk for all lists: the right is that to edit in the list itself."""

    route_base = "/changes"
    class_permission_name = "ListDesk"
    base_permissions = ["can_use"]
    title = _("Change many records")

    @expose("/<list_of>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def many(self, list_of: str) -> Any:
        """GET: one's own last changes of this list. POST: the ``step`` fields, preview or confirm."""
        view = list_view(list_of, "edit")
        if request.method == "GET":
            return self.render_template(
                "appbuilder/general/model/changes.html",
                title=_("My last changes of many records"),
                of=view,
                rows=bulk_service.of_list(self.session, me(), type(view).__name__),
                kept=bulk_service.KEPT,
                words=lambda edit: _words_of(view, edit.changes),
            )
        if not view.bulk_here():
            raise NotAllowed()
        step = {"fields": self._fields, "preview": self._preview, "confirm": self._confirm}.get(
            request.form.get("step", "")
        )
        if step is None:
            raise Invalid()
        return step(view)

    # --- which rows ---------------------------------------------------------------------------------------------

    def _wanted(self, view: Any) -> list[tuple[str, int]]:
        """The ticked rows, or all that the filters of the list find, with their present versions; by key. Rows outside the
        scope are not among them. Invalid for none, or more than may be changed at once.
        """
        model, key = view.datamodel.obj, view.datamodel.key_column
        query = select(key, model.version).where(*view.base_where()).order_by(view.datamodel.pk_column)
        if request.form.get("all"):
            asked = self._asked(view)
            query = query.where(*(f.where for f in asked.filters))
        else:
            query = query.where(key.in_(self._ticked(view)))
        found = [(str(row[0]), row[1]) for row in self.session.execute(query.limit(CAP + 1))]
        if not found:
            raise Invalid(_("Please tick the records that shall be changed."))
        if len(found) > CAP:
            text = gettext(
                "At most %(n)s records can be changed at once. Please narrow the list down by a filter.",
                n=CAP,
            )
            raise Invalid(text)
        return found

    @staticmethod
    def _asked(view: Any) -> arguments.ListArgs:
        text = request.form.get("query", "")
        if len(text) > LONGEST:
            raise Invalid()
        return arguments.read(view, MultiDict(parse_qsl(text)))

    @staticmethod
    def _ticked(view: Any) -> list[str | int]:
        rows = request.form.getlist("row")
        if len(rows) > CAP:
            raise Invalid()
        return [checked_key(row.partition(":")[0], uid=view.datamodel.has_uid) for row in rows]

    # --- steps --------------------------------------------------------------------------------------------------

    def _fields(self, view: Any, form: Any = None, message: Any = "", status: int = 200) -> Any:
        """The page that asks for the columns and their new values."""
        wanted = self._wanted(view)
        chosen = request.form.getlist("change")
        if form is None:
            form = view.bulk_form(request.form if chosen else None)
        page = self.render_template(
            "appbuilder/general/model/change_fields.html",
            of=view,
            count=len(wanted),
            form=form,
            fields=[form[name] for name in view.bulk_here() if name in form],
            chosen=chosen,
            message=message,
            hidden=self._selection(),
        )
        return (page, status) if status != 200 else page

    @staticmethod
    def _selection() -> list[tuple[str, str]]:
        """The rows as the list sent them, to be sent on."""
        if request.form.get("all"):
            return [("all", "1"), ("query", request.form.get("query", ""))]
        return [("row", row) for row in request.form.getlist("row")]

    def _preview(self, view: Any) -> Any:
        """What would become of the rows: how many, which, old and new, and which not and why."""
        chosen, allowed = request.form.getlist("change"), view.bulk_here()
        if any(name not in allowed for name in chosen):
            raise NotAllowed(_("This column cannot be changed for many records at once."))
        form = view.bulk_form(request.form)
        if not chosen:
            return self._fields(view, form, _("Please tick at least one field."), 422)
        good = [form[name].validate(form) for name in chosen]  # each, so that every reason is told
        if not all(good):
            return self._fields(view, form, status=422)
        changes = {name: form[name].wire() for name in chosen}
        new = [(str(form[name].label.text), form[name].words()) for name in chosen]
        wanted = self._wanted(view)
        if len(wanted) <= INLINE:
            tried = bulk_preview.at_once(view, self.session, wanted, changes)
            return self._previewed(view, tried, changes, new, self._selection(), new_uid())
        asked = {"wanted": wanted, "changes": changes, "new": new, "selection": self._selection()}
        with unit_of_work(self.session) as session:
            language = str(get_locale())
            uid = bulk_preview.enqueue(session, view, asked, now=clock.now(), language=language)
        return self.go(bulk_preview.PAGE.format(uid=uid))

    def _previewed(
        self, view: Any, tried: Preview, changes: dict[str, str], new: Any, selection: Any, uid: str
    ) -> str:
        """The page of a preview; ``uid`` becomes that of the change, so that it is confirmed once."""
        return self.render_template(
            "appbuilder/general/model/change_preview.html",
            of=view,
            new=new,
            tried=tried,
            labels=[(name, view.label_text(name)) for name in changes],
            is_many=len(tried.good) > INLINE,
            changes=changes,
            uid=uid,
            selection=selection,
        )

    @expose("/job/<uid>")
    @has_access
    @permission_name("use")
    def job(self, uid: str) -> Any:
        """A preview that a job makes: how far it is, then the preview; once it was confirmed, what became of it."""
        edit = bulk_service.of_job(self.session, uid)
        if edit is not None:
            return self.go(f"/changes/done/{edit.uid}")
        found = bulk_preview.job_of(self.session, uid)
        given = found.arguments
        view = list_view(given["view"], "edit")
        if found.state == JOB_DONE:
            tried = Preview(**found.result)
            return self._previewed(view, tried, given["changes"], given["new"], given["selection"], found.uid)
        return self.render_template(
            "appbuilder/general/model/change_wait.html",
            of=view,
            job=found,
            told=jobs.told(found),
            new=given["new"],
            count=len(given["wanted"]),
            changes=given["changes"],
            selection=given["selection"],
        )

    def _confirm(self, view: Any) -> Any:
        """Carry it out: rows that somebody changed since the preview are left. The same page sent twice is done once."""
        uid = str(checked_key(request.form.get("uid", ""), uid=True))
        allowed, changes = view.bulk_here(), {}
        for name in request.form.getlist("change"):
            if name not in allowed:
                raise NotAllowed(_("This column cannot be changed for many records at once."))
            changes[name] = request.form.get(f"to.{name}", "")
        rows = [row.partition(":") for row in request.form.getlist("row")]
        wanted = {key: int(v) for key, _sep, v in rows if v.isdecimal() and len(v) < 10}
        if not wanted or not changes or len(wanted) > CAP:
            raise Invalid()
        checked = [(str(checked_key(k, uid=view.datamodel.has_uid)), v) for k, v in wanted.items()]
        try:
            with unit_of_work(self.session) as session:
                bulk_service.begin(
                    view, session, uid, me(), checked, changes, now=clock.now(), language=str(get_locale())
                )
        except IntegrityError:
            pass  # sent twice: its page tells what became of it, and is nobody else's to see
        return self.go(f"/changes/done/{uid}")

    # --- afterwards ---------------------------------------------------------------------------------------------

    @expose("/done/<uid>")
    @has_access
    @permission_name("use")
    def done(self, uid: str) -> Any:
        """What became of one of one's own changes, with its progress while it runs."""
        edit = bulk_service.own(self.session, uid)
        view = list_view(edit.view, "list")
        keys = [row[0] for row in (*edit.rows[:LISTED], *edit.left_out[:LISTED])]
        return self.render_template(
            "appbuilder/general/model/change_done.html",
            of=view,
            edit=edit,
            new=_words_of(view, edit.changes),
            titles=self._titles(view, keys),
            most=LISTED,
            may_undo=view.can("edit") and edit.finished_at and edit.undone_at is None and edit.rows,
        )

    def _titles(self, view: Any, keys: list[str]) -> dict[str, tuple[str, str]]:
        """Name and address of the rows that can still be seen."""
        found = bulk_editing.rows_of(view, self.session, keys) if keys else {}
        return {key: (bulk_editing.title_of(view, row), view.url_show(row)) for key, row in found.items()}

    @expose("/done/<uid>/undo", methods=["POST"])
    @has_access
    @permission_name("use")
    def undo(self, uid: str) -> Any:
        """Put the old values back where nobody has changed the row since."""
        try:
            with unit_of_work(self.session) as session:
                edit = bulk_service.own(session, uid, locked=True)
                view = list_view(edit.view, "edit")
                bulk_service.take_back(view, session, edit, now=clock.now(), language=str(get_locale()))
        except Conflict as refusal:
            flash(str(refusal.message), "warning")
        return self.go(f"/changes/done/{uid}")


def _words_of(view: Any, changes: dict[str, str]) -> list[tuple[str, str]]:
    """The columns of a change with their new values in words; of a column that is gone, its label alone."""
    form = view.bulk_form(MultiDict(changes)) if view.can("edit") else {}
    return [(view.label_text(name), form[name].words() if name in form else "") for name in changes]
