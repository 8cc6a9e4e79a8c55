"""The list of call-backs after bad ratings: what is open, the longest over first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import ColumnElement, and_

from app.core import clock
from app.core.actor import current_actor
from app.core.views import Interface, ModelView
from app.core.views.filters import Own
from app.core.widgets import view_of
from app.proxy.choices import CallOutcome
from app.proxy.models import CaseCallback, ProxyCase
from app.proxy.queries import desk
from app.proxy.views.cases import shown_name


def _pairs() -> Sequence[tuple[str, Any]]:
    return [
        ("mine", _("open, in my hands")),
        ("late", _("open and overdue")),
        ("open", _("all that are open")),
        ("closed", _("closed")),
    ]


def _where(value: str) -> ColumnElement[bool]:
    still = CaseCallback.closed_at.is_(None)
    if value == "mine":
        return and_(still, CaseCallback.staff_id == (current_actor().staff_id or 0))
    if value == "late":
        return and_(still, CaseCallback.due_at < clock.now())
    return still if value == "open" else CaseCallback.closed_at.is_not(None)


def due_light(row: CaseCallback) -> Markup:
    """How long it still has; nothing where it is closed."""
    if row.closed_at is not None:
        return Markup("")
    short = row.opened_at + (row.due_at - row.opened_at) * 0.8
    level = desk.level_of(row.due_at, short, clock.now())
    words = clock.to_local(row.due_at).date().isoformat()
    if row.provisional:
        words += " " + gettext("(provisional)")
    # no words on what is left: they would read the calendar for every list
    return Markup('<span class="gb-light gb-light-{}"><span aria-hidden="true"></span>{}</span>').format(
        level, words
    )


def case_link(row: CaseCallback) -> str | None:
    """The case is where a call-back is handled."""
    page = view_of(ProxyCase)
    return page.url_show(row.case) if page is not None and page.can("show") else None


class CaseCallbackView(ModelView):
    """Call-backs of the scope. They are opened by a rating and closed on the page of their case."""

    route_base = "/callbacks"
    datamodel = Interface(CaseCallback)
    list_title = _("Call-backs")
    show_title = add_title = edit_title = _("Call-back after a bad rating")
    label_columns = {
        "due_light": _("Due on"),
        "due_at": _("Due on"),
        "number": _("Case number"),
        "name": _("Applicant"),
        "rating": _("Rating"),
        "words": _("What the resident said"),
        "staff": _("In charge"),
        "attempts": _("Attempts"),
        "outcome": _("What came of it"),
        "answer": _("Answer"),
        "new_rating": _("New rating"),
        "opened_at": _("Opened at"),
        "closed_at": _("Closed at"),
        "closed_by": _("Closed by"),
        "whose": _("Which ones"),
    }
    list_columns = ["number", "due_light", "name", "rating", "staff", "attempts", "outcome", "opened_at"]
    show_columns = [
        "number",
        "name",
        "rating",
        "words",
        "opened_at",
        "due_at",
        "staff",
        "attempts",
        "outcome",
        "answer",
        "new_rating",
        "closed_at",
        "closed_by",
    ]
    search_columns = ["rating", "outcome", "staff", "due_at", "closed_at"]
    order_columns = ["due_light", "attempts", "opened_at"]
    order_keys = {"due_light": "due_at"}
    base_order = ("due_at", "asc")
    opens_with = {"_flt_0_whose": "open"}
    own_filters = {"whose": Own(_("Which ones"), _pairs, _where)}
    choices_columns = {"outcome": CallOutcome}
    formatters_columns = {
        "due_light": due_light,
        "number": lambda row: row.case.number,
        "name": lambda row: shown_name(row.case),
    }
    eager = ("case.item_version", "staff")
    base_permissions = ["can_list", "can_show", "can_history"]
    # opened by a rating, handled on the page of the case
    exclude_route_methods = frozenset(
        {"add", "edit", "delete", "deleted", "restore", "reveal", "lookup", "related_list"}
    )
    row_actions = [(_("Open the case"), case_link, "can_show:ProxyCaseView")]
    empty_hint = _("No call-back here. A bad rating opens one.")

    def heading(self, item: CaseCallback) -> str:
        return item.case.number
