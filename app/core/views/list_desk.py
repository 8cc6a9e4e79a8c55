"""What everybody may do with the lists they see: save views, choose columns. The right is that of the list itself."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.core import saved
from app.core.actor import current_actor
from app.core.errors import DomainError, Invalid, NotAllowed, NotFound
from app.core.saved import SavedView
from app.core.session import unit_of_work
from app.core.views.base import BaseView


def list_view(name: str, verb: str) -> Any:
    """The mounted view of a list. NotFound where there is none; NotAllowed without the right to ``verb`` on it."""
    view = current_app.extensions["geban_pages"].get(name)
    if not hasattr(view, "opened_list"):
        raise NotFound()
    if not view.can(verb):
        raise NotAllowed()
    return view


def me() -> int:
    """The user who acts."""
    user_id = current_actor().user_id
    if user_id is None:
        raise NotFound()
    return user_id


class ListDesk(BaseView):
    """Saved views and columns of any list: one desk, so that no list has routes of its own for them."""

    route_base = "/lists"
    base_permissions = ["can_use"]
    title = _("Saved views")

    @expose("/<list_of>/views", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def views(self, list_of: str) -> Any:
        """One's own views of a list: GET shows them, POST saves, renames, opens by default, replaces or deletes."""
        view = list_view(list_of, "list")
        if request.method == "GET":
            return self._page(view)
        action = request.form.get("action", "")
        step = {
            "save": self._save,
            "replace": self._replace,
            "rename": self._rename,
            "default": self._default,
            "delete": self._delete,
        }.get(action)
        if step is None:
            raise Invalid()
        try:
            with unit_of_work(self.session) as session:
                where = step(session, view)
        except DomainError as refusal:
            return self._page(view, refusal), refusal.status
        flash(_("Deleted.") if action == "delete" else _("Saved."), "success")
        return self.go(where)

    def _page(self, view: Any, refusal: DomainError | None = None) -> str:
        """The views by name; a refused name stands again in its field."""
        self.session.rollback()
        kept = saved.of_list(self.session, me(), type(view).__name__)
        return self.render_template(
            "appbuilder/general/model/saved_views.html",
            title=self.title,
            of=view,
            base=f"/lists/{type(view).__name__}/views",
            rows=[(row, self._told(view, row)) for row in kept.named],
            refusal=refusal,
            sent=request.form,
            most=saved.MOST,
            length=saved.LENGTH,
        )

    @staticmethod
    def _told(view: Any, row: SavedView) -> list[str]:
        """What a view keeps, in words: its filters and columns, never their values."""
        found = [view.words_of(name) for name, _value in row.settings.get("query") or ()]
        columns = row.settings.get("columns")
        if columns:
            found.append(
                gettext("columns: %(what)s", what=gettext(", ").join(view.label_text(n) for n in columns))
            )
        return list(dict.fromkeys(found))

    def _own(self, session: Any, view: Any) -> SavedView:
        return saved.own(session, me(), type(view).__name__, request.form.get("uid", ""))

    def _settings(self, view: Any) -> dict[str, Any]:
        """The list as it was on the screen: its query string, and its columns where they were chosen."""
        columns = request.form.get("columns", "").split()
        chosen = view.fitting(columns)[0] if columns else None
        return view.settings_of(request.form.get("query", ""), chosen)  # type: ignore[no-any-return]

    def _save(self, session: Any, view: Any) -> str:
        name = request.form.get("name", "")
        row = saved.save_as(session, me(), type(view).__name__, name, self._settings(view))
        return _opened_by(view, row)

    def _replace(self, session: Any, view: Any) -> str:
        row = self._own(session, view)
        row.settings = self._settings(view)
        return _opened_by(view, row)

    def _rename(self, session: Any, view: Any) -> str:
        saved.rename(session, self._own(session, view), request.form.get("name", ""))
        return f"/lists/{type(view).__name__}/views"

    def _default(self, session: Any, view: Any) -> str:
        saved.make_default(session, self._own(session, view), on=bool(request.form.get("on")))
        return f"/lists/{type(view).__name__}/views"

    def _delete(self, session: Any, view: Any) -> str:
        session.delete(self._own(session, view))
        return f"/lists/{type(view).__name__}/views"

    @expose("/<list_of>/columns", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def columns(self, list_of: str) -> Any:
        """The columns of a list: GET is a piece of the page to choose from, POST remembers the choice for the plain list,
        or for the saved view that is open (``saved``); ``standard`` forgets it.
        """
        view = list_view(list_of, "list")
        uid = request.values.get("saved", "")
        if request.method == "GET":
            kept = saved.of_list(self.session, me(), type(view).__name__)
            shown = view.columns_here(kept.by_uid(uid) if uid else kept.plain)[0]
            return self.render_template(
                "appbuilder/general/model/columns.html",
                base=f"/lists/{type(view).__name__}/columns",
                uid=uid,
                choice=view.column_choice(shown or view.list_columns_here()),
                is_chosen=shown is not None,
            )
        ticked, chosen = request.form.getlist("column"), None
        if not request.form.get("standard"):
            if not ticked:
                raise Invalid(_("Please tick at least one column."))
            chosen = view.fitting(ticked)[0]
        with unit_of_work(self.session) as session:
            if uid:
                row = saved.own(session, me(), type(view).__name__, uid)
                row.settings = row.settings | {"columns": chosen}
            else:
                saved.choose_columns(session, me(), type(view).__name__, chosen)
        wanted = request.form.get("next", "")
        return self.go(wanted if wanted.startswith(f"{view.route_base}/list/") else view.home_url())


def _opened_by(view: Any, row: SavedView) -> str:
    return f"{view.route_base}/list/?saved={row.uid}"
