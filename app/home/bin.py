"""One recycle bin over everything that can be brought back: what was deleted, by whom, when and why."""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from flask_appbuilder.security.sqla.models import User
from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from app.areas.models import Account, Staff
from app.core import removal
from app.core.errors import NotFound
from app.core.views import BaseView, arguments, expose, has_access, permission_name

MOST = 100  # what a kind is counted to
COLUMNS = 3  # of the record, beside when, by whom and why


class RecycleBin(BaseView):
    """Deleted records of the kinds that the acting role may restore, inside its areas, one kind at a time."""

    route_base = "/bin"
    default_view = "index"
    base_permissions = ["can_use"]
    title = _("Recycle bin")

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> Any:
        """The kinds with how many lie in the bin, and the newest deletions of one of them."""
        kinds = self.kinds()
        wanted = request.args.get("kind") or next((view.permission_key for view, n in kinds if n), "")
        view = next((v for v, _n in kinds if v.permission_key == wanted), None)
        if view is None and request.args.get("kind"):
            raise NotFound()
        return self.render_template(
            "home/bin.html", kinds=kinds, most=MOST, chosen=view, **(self.page_of(view) if view else {})
        )

    def kinds(self) -> list[tuple[Any, int]]:
        """(view, how many) of the kinds that the role may restore; one statement counts them all."""
        views = [v for v in current_app.extensions["geban_views"].values() if self.takes(v)]
        counts = [self.count(view) for view in views]
        if not counts:
            return []
        found = self.session.execute(select(*counts).execution_options(with_deleted=True)).one()
        return sorted(zip(views, found, strict=True), key=lambda pair: (not pair[1], str(pair[0].list_title)))

    @staticmethod
    def takes(view: Any) -> bool:
        """Whether the records of a view have a bin that the acting role may empty by restoring."""
        return bool(view.datamodel.is_deletable and view.can("restore") and view.can("list"))

    @staticmethod
    def count(view: Any) -> Any:
        """How many records of a view are deleted, up to a hundred, inside the scope."""
        key, model = view.datamodel.pk_column, view.datamodel.obj
        lies = (model.deleted_at.is_not(None), removal.put_away_rows(model), *view.base_where())
        some = select(key).where(*lies).limit(MOST).subquery()
        return select(func.count()).select_from(some).scalar_subquery()

    def page_of(self, view: Any) -> dict[str, Any]:
        """One page of deleted records of a view, with the names of those who deleted them."""
        columns = [*view.list_columns[:COLUMNS], "deleted_at", "delete_reason"]
        given = {k: v for k, v in request.args.items() if k.startswith(("after_", "before_"))}
        asked = arguments.read(view, MultiDict(given))
        page = view.read_page(asked, deleted=True, columns=[*columns, "deleted_by"])
        context = view.list_context(asked, page, columns=columns)
        return {
            "page": page,
            "asked": asked,
            "rows": context["rows"],
            "columns": context["columns"],
            "base": view.route_base,
            "names": self.names({row.deleted_by for row in page.rows if row.deleted_by}),
        }

    def names(self, user_ids: set[int]) -> dict[int, str]:
        """Whoever deleted something, by the name of the staff record, else of the account."""
        if not user_ids:
            return {}
        query = (
            select(User.id, Staff.name, User.username)
            .outerjoin(Account, Account.user_id == User.id)
            .outerjoin(Staff, Staff.id == Account.staff_id)
            .where(User.id.in_(user_ids))
        )
        return {key: name or username for key, name, username in self.session.execute(query)}
