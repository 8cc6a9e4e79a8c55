"""Delete with a reason, recycle bin, restore; what depends on the row is listed (guards, section 1)."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core import clock, hooks, removal
from app.core.actor import current_actor
from app.core.errors import Conflict, Invalid, NotFound
from app.core.paging import capped_count
from app.core.session import unit_of_work

REASON_LENGTH = removal.LENGTH


class RemoveMixin:
    """Delete and restore of a ModelView."""

    @expose("/delete/<pk>", methods=["GET", "POST"])
    @has_access
    def delete(self, pk: str) -> Any:
        """GET asks for the reason and changes nothing; POST deletes."""
        if request.method == "GET":
            item = self.datamodel.by_key(self.session, pk)
            return self.show_delete(item)
        reason = reason_given()
        with unit_of_work(self.session) as session:
            item = self.datamodel.by_key(session, pk)
            blockers = self.blockers(session, item)
            if blockers:
                raise Conflict(
                    gettext("This cannot be deleted yet: %(what)s", what=gettext(", ").join(blockers))
                )
            self.check_delete(session, item, reason)
            try:
                self.remove(session, item, reason)
                session.flush()
            except IntegrityError:
                raise Conflict(gettext("Other records still depend on this one.")) from None
        flash(gettext("Deleted."), "success")
        return self.go(self.get_redirect())

    def show_delete(self, item: Any) -> Any:
        """The page that asks for the reason and lists what stands in the way."""
        return self.render_template(
            "appbuilder/general/model/delete.html",
            title=gettext("Delete"),
            item=item,
            key=self.datamodel.key_of(item),
            blockers=self.blockers(self.session, item),
            next_url=self.get_redirect(),
        )

    @expose("/restore/<pk>", methods=["POST"])
    @has_access
    @permission_name("restore")
    def restore(self, pk: str) -> Any:
        """Bring a record back from the recycle bin. 409 for one that a step took away: that is undone elsewhere."""
        self.must_be_deletable()
        with unit_of_work(self.session) as session:
            item = self.datamodel.by_key(session, pk, deleted=True)
            how = removal.step_of(item)
            if how is not None:
                raise Conflict(how.way)
            _need_parent(session, item)
            removal.bring_back(item)
            self.restored(session, item)
            try:
                session.flush()
            except IntegrityError:
                raise Conflict(gettext("Another record has taken its place in the meantime.")) from None
            where = self.url_show(item)
        flash(gettext("Restored."), "success")
        return self.go(where)

    def must_be_deletable(self) -> None:
        """Models without a recycle bin answer as if there were no such page."""
        if not self.datamodel.is_deletable:
            raise NotFound()

    # --- for a domain to override --------------------------------------------------------------------------

    def blockers(self, session: Any, item: Any) -> list[str]:
        """What still hangs on the row, in words: the related lists that are marked as blocking."""
        found = []
        for related in self.related_here():
            if related.blocks:
                child = related.view.datamodel
                count = capped_count(session, child.pk_column, getattr(child.obj, related.fk) == item.id)
                if count.value:
                    found.append(gettext("%(what)s: %(n)s", what=str(related.title), n=str(count)))
        return found

    def check_delete(self, session: Any, item: Any, reason: str) -> None:
        """Domain checks before a deletion; raise DomainError."""

    def remove(self, session: Any, item: Any, reason: str) -> None:
        """Mark as deleted, or delete where the model has no recycle bin; override to call a service."""
        hooks.give_reason(session, reason)
        if not self.datamodel.is_deletable:
            session.delete(item)
            return
        removal.put_away(item, reason, by=current_actor().user_id, now=clock.now())

    def restored(self, session: Any, item: Any) -> None:
        """Called before a restore is saved."""


def _need_parent(session: Any, item: Any) -> None:
    """A piece does not come back without the record it belongs to: nobody could find it."""
    if not hasattr(item, "__scope_parent__"):
        return
    column, parent = item.__scope_parent__()
    key = getattr(item, column)
    if key is not None and session.scalars(select(parent.id).where(parent.id == key)).first() is None:
        raise Conflict(gettext("The record that this belongs to was deleted, too. Restore that one first."))


def reason_given() -> str:
    """The reason of the posted form: a sentence, not a blank."""
    reason = " ".join(request.form.get("reason", "").split())
    if len(reason) < 2:
        raise Invalid(gettext("Please give the reason."), field="reason")
    if len(reason) > REASON_LENGTH:
        raise Invalid(gettext("At most %(n)s characters.", n=REASON_LENGTH), field="reason")
    return reason
