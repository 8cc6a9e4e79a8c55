"""Merges that were made, and the way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from flask import current_app, flash, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.audit.service import log_access, reason
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import Conflict, NotFound
from app.core.views import Interface, ModelView, expose, has_access, permission_name, reason_given
from app.registry.choices import CLOSED_LEVEL
from app.registry.choices.duplicates import DuplicateAction
from app.registry.models import Person, PersonGroup, PersonMerge
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

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        """A merge; one on which another rests is out of sight, and leads to that one."""
        try:
            return super().show(pk)
        except NotFound:
            above = self._above(pk)
            if above is None:
                raise
            flash(str(merging.MERGED_ON), "info")
            return self.go(url_for("PersonMergeView.show", pk=above))

    @expose("/apart/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def apart(self, pk: str) -> Any:
        """GET asks for the reason and says what stays where; POST puts every value back that was not changed since."""
        try:
            item = self.datamodel.by_key(self.session, pk)
        except NotFound:
            if (above := self._above(pk)) is None:
                raise
            raise Conflict(merging.MERGED_ON, url=url_for("PersonMergeView.show", pk=above)) from None
        stays = _counted(merging.entered_since(self.session, item))
        if request.method == "GET":
            return self.render_template(
                "registry/apart.html", title=DuplicateAction.undo.label, item=item, stays=stays
            )
        why, actor, kept = reason_given(), current_actor(), item.kept_id
        self.session.rollback()
        try:
            with merging.whole_register() as wide, reason(why, tag="duplicate.undo"):
                done = merging.undo(wide, pk, reason=why, actor=actor, now=clock.now())
                people = _names(wide, done.merge, kept)
                left, changed = (
                    _left(wide, done.left),
                    _counted(_open_ones(wide, done.changed)),
                )
        except Conflict as no:
            raise _with_link(no) from None
        return self.render_template(
            "registry/apart.html",
            title=gettext("Two records again"),
            item=None,
            people=people,
            left=left,
            changed=changed,
            stays=stays,
        )

    def _above(self, pk: str) -> str | None:
        """Uid of the newest merge that rests on one, where the reader sees it."""
        found = merging.resting_on(pk) if self.is_key(pk) else None
        if found is None or self.session.scalars(select(PersonMerge.id).filter_by(uid=found)).first() is None:
            return None
        return found


def _names(wide: Any, row: PersonMerge, kept: int) -> list[tuple[str, str, bool]]:
    """(uid, name, whether it is the record that stayed) of both."""
    both = (wide.get_one(Person, key) for key in (row.kept_id, row.gone_id))
    return [(person.uid, str(person), person.id == kept) for person in both]


def _with_link(no: Conflict) -> Conflict:
    """The same refusal with the address of what must be taken back before."""
    pages = {"merge": "PersonMergeView.show", "event": "LifeEventView.show"}
    for key, page in pages.items():
        if key in no.data:
            return Conflict(no.message, url=url_for(page, pk=no.data[key]))
    return no


def _counted(found: Mapping[str, int]) -> list[str]:
    """Kinds of records with how many."""
    views = {m.__tablename__: v for m, v in current_app.extensions.get("geban_views", {}).items()}
    return [
        f"{views[table].list_title} · {number}" for table, number in sorted(found.items()) if table in views
    ]


def _open_ones(wide: Any, rows: list[tuple[str, int]]) -> Counter[str]:
    """Counted by table; groups by named grant are not spoken of."""
    hidden = select(PersonGroup.id).where(PersonGroup.level == CLOSED_LEVEL)
    secret = {
        ("person_group", key) for key in wide.scalars(hidden.where(PersonGroup.id.in_([k for _t, k in rows])))
    }
    return Counter(table for table, key in rows if (table, key) not in secret)


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
