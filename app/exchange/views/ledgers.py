"""The pages of ledgers: the list, the builder with its preview, running one, copying it."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.areas.models import Area
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import DomainError, NotAllowed, StaleVersion
from app.core.interface import Interface
from app.core.numbers import whole_number
from app.core.session import unit_of_work
from app.core.views import ModelView, expose, has_access, permission_name
from app.core.views.kept import forget, kept
from app.core.views.kept import typed as typed_of
from app.exchange.forms import ledgers as forms
from app.exchange.forms.exports import LedgerFileForm
from app.exchange.models import ExportFile, Ledger
from app.exchange.service import export_build, export_rows, exports
from app.exchange.service import ledgers as service
from app.exchange.service.export_out import paper_line
from app.exchange.views.exports import filter_lines
from app.exchange.views.ordering import Order, newest

PREVIEW = 20  # rows
FILES = 10  # of a ledger on its page


class LedgerView(ModelView):
    """Ledgers of one's own and those that are shared with the acting role."""

    route_base = "/ledgers"
    datamodel = Interface(Ledger)
    list_title = _("Ledgers")
    show_title = _("Ledger")
    add_title = _("New ledger")
    edit_title = _("Change the ledger")
    label_columns = {
        "name": _("Ledger"),
        "subject": _("About"),
        "shared_roles": _("Shared with"),
        "created_by": _("Mine"),
        "columns": _("Fields"),
        "orders": _("Order"),
        "groups": _("Groups"),
        "heading": _("Heading"),
        "filters": _("Filters"),
    }
    list_columns = ["name", "subject", "area", "created_by", "shared_roles", "updated_at"]
    order_columns = ["name", "updated_at"]
    base_order = ("name", "asc")
    search_columns = ["name", "area"]
    eager = ("area",)
    show_columns = ["name"]
    formatters_columns = {
        "subject": lambda row: subject_title(row.subject),
        "created_by": lambda row: service.is_maker(row, current_actor()),
        "shared_roles": lambda row: roles_words(row),
    }
    row_actions = [(_("Run"), lambda row: f"/ledgers/show/{row.uid}", "can_show")]
    empty_hint = _("Put a ledger together once, and run it again each month.")

    def is_editable(self, item: Any) -> bool:
        return service.is_maker(item, current_actor())

    def check_delete(self, session: Any, item: Any, reason: str) -> None:
        if not service.is_maker(item, current_actor()):
            raise NotAllowed(gettext("Only who made a ledger deletes it."))

    def restored(self, session: Any, item: Any) -> None:
        if not service.is_maker(item, current_actor()):
            raise NotAllowed(gettext("Only who made a ledger deletes it."))

    # --- the builder --------------------------------------------------------------------------------------------

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """Choose a subject, then put the ledger together."""
        actor, name = current_actor(), request.values.get("subject", "")
        if not name:
            mounted = current_app.extensions["geban_pages"].values()
            offered = service.subjects((v for v in mounted if isinstance(v, ModelView)), actor)
            return self.render_template(
                "exchange/ledger_subject.html", title=self.add_title, subjects=offered
            )
        view = export_rows.view_named(name)
        export_rows.need_export(view, actor)
        if request.method == "GET":
            return self._opened(forms.fresh(self.session, actor, view), None)
        return self._save(forms.read(self.session, view, request.form), None)

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: str) -> Any:
        """Change a ledger of one's own."""
        item = self.datamodel.by_key(self.session, pk)
        if not service.is_maker(item, current_actor()):
            raise NotAllowed(gettext("Only who made a ledger changes it: copy it and change the copy."))
        view = export_rows.view_named(item.subject)
        export_rows.need_export(view, current_actor())
        if request.method == "GET":
            return self._opened(forms.of_ledger(view, item), item)
        return self._save(forms.read(self.session, view, request.form), item)

    def _opened(self, saved: forms.Typed, item: Ledger | None) -> Any:
        """The page as it opens: what was typed and not saved is put back, with the version that its page was opened with, so
        that a ledger that was saved since is never replaced without a word.
        """
        found = kept(self.session, draft_page(saved.view, item))
        sent = typed_of(found)
        if sent is None:
            return self._builder(saved, item)
        found["back"] = request.full_path.rstrip("?")
        typed = forms.read(self.session, saved.view, sent)
        stale = item is not None and found["version"] != str(item.version)
        differs = forms.differences(typed, saved) if stale else []
        return self._builder(typed, item, kept=found, stale=stale, differs=differs)

    def _save(self, typed: forms.Typed, item: Ledger | None) -> Any:
        if typed.errors:
            return self._builder(typed, item), 422
        key = item.uid if item is not None else None
        version = whole_number(request.form.get("_version", "0"), 0, 10**9, field="_version")
        try:
            with unit_of_work(self.session) as session:
                ledger = self.datamodel.by_key(session, key) if key else None
                typed.area = Interface(Area).by_key(session, typed.area_key) if typed.area_key else None
                row = service.save(
                    session, current_actor(), ledger, typed.given, clock.now(), version=version
                )
                forget(session, draft_page(typed.view, ledger))
                where = self.url_show(row)
        except StaleVersion as refused:
            typed.errors[""] = gettext("%(what)s Saving again replaces it.", what=str(refused))
            return self._builder(typed, self.datamodel.by_key(self.session, key or "")), 409
        except DomainError as refused:
            typed.refuse(refused)
            typed.area = Interface(Area).by_key(self.session, typed.area_key) if typed.area_key else None
            item = self.datamodel.by_key(self.session, key) if key else None
            return self._builder(typed, item), 422
        flash(gettext("Saved."), "success")
        return self.go(where)

    def _builder(self, typed: forms.Typed, item: Ledger | None, **opened: Any) -> Any:
        given = {"kept": {"page": draft_page(typed.view, item), "pairs": []}, "stale": False} | opened
        # after a refusal as stale, the next saving is meant: the page says so
        version = item.version if item is not None else 0
        return self.render_template(
            "exchange/ledger.html",
            title=self.add_title if item is None else self.edit_title,
            what=typed.view,
            item=item,
            version=given["kept"]["version"] if given["stale"] else version,
            area_lookup=f"{current_app.extensions['geban_pages']['AreaView'].route_base}/lookup",
            places=export_build.PLACES,
            **given,
            **forms.page_of(self.session, current_actor(), typed, clock.now()),
        )

    @expose("/preview", methods=["POST"])
    @has_access
    @permission_name("add")
    def preview(self) -> Any:
        """The first rows of what the builder holds now, as a piece of its page."""
        view = export_rows.view_named(request.form.get("subject", ""))
        typed = forms.read(self.session, view, request.form)
        try:
            shown = self._sample(typed.spec)
        except DomainError as refused:
            return self.render_template("exchange/ledger_preview.html", refused=str(refused)), 422
        return self.render_template("exchange/ledger_preview.html", **shown)

    def _sample(self, spec: export_build.Spec) -> dict[str, Any]:
        built = export_build.build(self.session, current_actor(), spec, clock.now())
        lines, number, shown = list(built.lines(self.session, limit=PREVIEW)), 0, []
        for line in lines:
            number += line.kind == "row"
            shown.append(paper_line(built.layout, line, number))
        return {
            "layout": built.layout,
            "lines": shown,
            "count": export_rows.count(self.session, built.view, built.asked),
            "most": PREVIEW,
            "words": filter_lines(built.view, built.asked),
        }

    # --- one ledger ---------------------------------------------------------------------------------------------

    @expose("/show/<pk>", methods=["GET", "POST"])
    @has_access
    def show(self, pk: str) -> Any:
        """What the ledger holds today, and the order to print or export it. A field or list that is gone is told."""
        item, actor = self.datamodel.by_key(self.session, pk), current_actor()
        spec, problem, shown = service.spec_of(item), "", {}
        plain: list[Any] = []
        try:
            shown = self._sample(spec)
            view = export_rows.view_named(item.subject)
            plain = exports.plain_fields(view, self.session, actor, spec["columns"])
        except DomainError as refused:
            problem = str(refused)
        order = Order(self, LedgerFileForm, plain)
        taken = order.take(spec, item.id)
        if taken is not None:
            return taken
        page = self.render_template(
            "exchange/ledger_show.html",
            title=item.name,
            item=item,
            mine=service.is_maker(item, actor),
            problem=problem,
            files=newest(self.session, FILES, ExportFile.ledger_id == item.id),
            subject=subject_title(item.subject),
            roles=roles_words(item),
            can={verb: self.can(verb) for verb in ("add", "edit", "delete", "history")},
            **order.context,
            **shown,
        )
        return page, order.status

    @expose("/copy/<pk>", methods=["POST"])
    @has_access
    @permission_name("add")
    def copy(self, pk: str) -> Any:
        """A ledger of one's own like this one."""
        with unit_of_work(self.session) as session:
            row = service.copied(session, current_actor(), self.datamodel.by_key(session, pk))
            where = url_for("LedgerView.edit", pk=row.uid)
        flash(gettext("Copied. Give it a name of its own."), "success")
        return self.go(where)


def draft_page(view: Any, item: Ledger | None) -> str:
    """Under which name is kept what is typed: of a new ledger, one for each list that it may be about."""
    return f"LedgerNew{type(view).__name__}:new" if item is None else f"LedgerView:{item.uid}"


def subject_title(name: str) -> str:
    """The list that a ledger is about, by its title."""
    view = current_app.extensions["geban_pages"].get(name)
    return str(view.list_title) if isinstance(view, ModelView) else name


def roles_words(ledger: Ledger) -> str:
    """The roles it is shared with."""
    labels = current_app.extensions["geban_role_labels"]
    return gettext(", ").join(str(labels[key]) for key in ledger.shared_roles or () if key in labels)
