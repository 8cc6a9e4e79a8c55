"""A page that ends one record, with what a form asks (a day, a reason): GET asks, POST calls the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.core import clock
from app.core.actor import Actor, current_actor
from app.core.errors import DomainError
from app.core.session import unit_of_work
from app.core.views.fields import RecordForm
from app.core.widgets import DayField, LongTextField, Needed


class ReasonForm(RecordForm):
    """Why, in words."""

    reason = LongTextField(_("Reason"), [Needed()], length=120)


class EndForm(RecordForm):
    """Last day and reason in words."""

    last_day = DayField(_("Last day"), [Needed()])
    reason = LongTextField(_("Reason"), [Needed()], length=120)


class EndPage:
    """For views whose records end on a day."""

    end_form: type[RecordForm] = EndForm

    def end_page(
        self,
        key: str,
        *,
        title: Any,
        note: Any,
        end: Callable[[Any, Any, Any, Actor, Any], Any],
        form_class: type[RecordForm] | None = None,
    ) -> Any:
        """``end(session, item, form, actor, now)`` runs inside the unit of work."""
        view: Any = self
        form, status = (form_class or self.end_form)(), 200
        form.prepare(current_actor(), view.datamodel.obj)
        if request.method == "POST":
            status = 422
            if form.validate():
                try:
                    with unit_of_work(view.session) as session:
                        item = view.datamodel.by_key(session, key)
                        where = view.end_url(item)
                        end(session, item, form, current_actor(), clock.now())
                    flash(gettext("Saved."), "success")
                    return view.go(where)
                except DomainError as refusal:
                    form.refuse(refusal.field, refusal.message)
        elif "last_day" in form:
            form["last_day"].data = clock.today()
        item = view.datamodel.by_key(view.session, key)
        page = view.render_template(
            "appbuilder/general/end.html",
            title=title,
            note=note,
            form=form,
            item=item,
            back=view.end_url(item),
        )
        return page, status

    def end_url(self, item: Any) -> str:
        """Where to go afterwards; override where the record may be out of sight by then."""
        return self.url_show(item)  # type: ignore[attr-defined,no-any-return]
