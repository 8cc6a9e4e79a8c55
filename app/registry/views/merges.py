"""Merges that were made, and the way back."""

from __future__ import annotations

from typing import Any

from flask import current_app, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.audit.service import log_access, reason
from app.core import clock
from app.core.actor import current_actor
from app.core.views import Interface, ModelView, expose, has_access, permission_name, reason_given
from app.registry.choices.duplicates import DuplicateAction
from app.registry.models import Person, PersonMerge
from app.registry.service import merging
from app.registry.views.common import NO_LOOKUP


class PersonMergeView(ModelView):
    """Merges that were made, each with its way back."""

    exclude_route_methods = frozenset({*NO_LOOKUP, "add", "delete", "deleted", "restore", "reveal"})
    base_permissions = ["can_list", "can_show", "can_edit", "can_history"]
    route_base = "/merge"
    datamodel = Interface(PersonMerge)
    list_title = _("Merges")
    show_title = _("Merge")
    add_title = _("Merge")
    edit_title = _("Merge")
    label_columns = {
        "kept": _("Record that stays"),
        "kept_id": _("Record that stays"),
        "gone_name": _("Name on the other record"),
        "created_at": _("Merged at"),
        "undone_at": _("Taken apart at"),
        "undo_reason": _("Why it was taken apart"),
        "reason": _("Reason"),
    }
    list_columns = ["kept", "gone_name", "reason", "created_at", "undone_at"]
    order_columns = ["created_at"]
    search_columns = ["kept_id", "created_at", "undone_at"]
    show_columns = ["kept", "gone_name", "reason", "created_at", "undone_at", "undo_reason"]
    eager = ("kept",)
    empty_hint = _("No records have been merged.")
    row_actions = [
        (
            _("Take the merge apart"),
            lambda row: None if row.undone_at else url_for("PersonMergeView.apart", pk=row.uid),
            "can_edit",
        )
    ]

    def is_editable(self, item: PersonMerge) -> bool:
        """A merge is taken apart, never changed."""
        return False

    def heading(self, item: PersonMerge) -> str:
        return str(item.kept or item.gone_name)

    def reading(self, item: PersonMerge) -> None:
        log_access("READ", "person", item.kept_id)

    @expose("/apart/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def apart(self, pk: str) -> Any:
        """GET asks for the reason; POST puts every value back that was not changed since."""
        item = self.datamodel.by_key(self.session, pk)
        if request.method == "GET":
            return self.render_template("registry/apart.html", title=DuplicateAction.undo.label, item=item)
        why, actor = reason_given(), current_actor()
        self.session.rollback()
        with merging.whole_register() as wide, reason(why, tag="duplicate.undo"):
            done = merging.undo(wide, pk, reason=why, actor=actor, now=clock.now())
            people = [
                (p.uid, str(p))
                for p in (wide.get_one(Person, k) for k in (done.merge.kept_id, done.merge.gone_id))
            ]
            left = _left(wide, done.left)
        return self.render_template(
            "registry/apart.html", title=gettext("Two records again"), item=None, people=people, left=left
        )


def _left(wide: Any, left: list[Any]) -> list[str]:
    """Kinds of records and fields that stayed; groups by named grant are not spoken of."""
    views = {m.__tablename__: v for m, v in current_app.extensions.get("geban_views", {}).items()}
    words = []
    for item in left:
        view = views.get(item.table)
        if view is not None and item.table != "person_group":
            parts = (str(view.show_title), str(view.label(item.column)) if item.column else "")
            words.append(" · ".join(part for part in parts if part))
    return list(dict.fromkeys(words))
