"""What the dated stays of a person have in common: one open row of a kind, an end with a day and a reason."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.audit.service import give_reason
from app.core import clock
from app.core.errors import Conflict
from app.core.views import expose, has_access, permission_name
from app.core.views.ending import EndPage
from app.registry.service.checks import not_after


class StayPage(EndPage):
    """A ModelView over stays; the kind of resident follows each row (service/following.py)."""

    def heading(self, item: Any) -> str:
        """The person's name."""
        return str(item.person or "")

    def is_editable(self, item: Any) -> bool:
        """A stay that has ended is history."""
        return item.valid_to is None

    def check_stay(self, session: Any, item: Any, is_new: bool) -> None:
        """A stay begins today or earlier, and nobody has two of a kind. Raises Conflict and Invalid."""
        item.valid_from = not_after(item.valid_from or clock.today(), clock.today(), field="valid_from")
        if not is_new:
            return
        model = type(item)
        known = select(model.id).where(model.person_id == item.person_id, model.valid_to.is_(None))
        if session.scalars(known).first() is not None:
            raise Conflict(
                _("The person has such a stay already: please change or end that one."), field="person_id"
            )

    @expose("/end/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def end(self, pk: str) -> Any:
        """The stay is over; the row stays as history and the kind of resident follows."""

        def over(session: Any, item: Any, form: Any, _actor: Any, now: Any) -> None:
            give_reason(session, form.reason.data)
            item.valid_to = not_after(form.last_day.data, clock.to_local(now).date(), field="last_day")

        return self.end_page(
            pk, title=_("The stay has ended"), note=_("The kind of resident follows by itself."), end=over
        )
