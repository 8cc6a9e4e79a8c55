"""Originals that are out: who holds which one since when, the longest overdue first (S3-49)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import ColumnElement

from app.core import clock
from app.core.actor import current_actor
from app.core.views import Interface, ModelView, badge, expose, has_access
from app.core.views.filters import Own
from app.proxy.models import Custody
from app.proxy.queries.names import list_name


def _overdue(row: Custody) -> str | Markup:
    """How far an original is over its day."""
    days = (clock.today() - row.due_back_on).days if row.due_back_on else 0
    return badge(gettext("%(n)s days overdue", n=days), "red") if days > 0 else ""


def _holder(row: Custody) -> str:
    """Who has it, a worker or an office, and who is to take it over."""
    holder = str(row.holder_unit or row.holder_staff or "")
    if row.offered_to_id is None:
        return holder
    return gettext("%(holder)s, to %(name)s (not confirmed)", holder=holder, name=row.offered_to or "\u2026")


def _pairs() -> Sequence[tuple[str, Any]]:
    return [
        ("asked", _("that I am to take over")),
        ("mine", _("that I have")),
        ("pending", _("on the way between colleagues")),
        ("late", _("overdue")),
    ]


def _where(value: str) -> ColumnElement[bool]:
    me = current_actor().staff_id or 0
    if value == "asked":
        return Custody.offered_to_id == me
    if value == "mine":
        return Custody.holder_staff_id == me
    return Custody.offered_to_id.is_not(None) if value == "pending" else Custody.due_back_on < clock.today()


class CustodyView(ModelView):
    """Originals of open hands in the scope; what becomes of one is written on the page of its case."""

    route_base = "/originals"
    datamodel = Interface(Custody)
    base_permissions = ["can_list", "can_show"]
    list_title = show_title = add_title = edit_title = _("Originals that are out")
    label_columns = {
        "name": _("Original"),
        "case": _("Case number"),
        "applicant": _("Owner"),
        "holder": _("Who has it"),
        "taken_at": _("Since"),
        "due_back_on": _("Given back by"),
        "overdue": _("Days"),
        "case.area": _("Area"),
        "holder_staff": _("With the worker"),
        "holder_unit": _("With the department"),
        "whose": _("Which ones"),
    }
    list_columns = ["name", "applicant", "holder", "taken_at", "due_back_on", "overdue", "case"]
    search_columns = ["name", "due_back_on", "taken_at", "holder_unit", "holder_staff", "case.area"]
    order_columns = ["name", "taken_at", "due_back_on"]
    base_order = ("due_back_on", "asc")
    show_columns = ["name", "taken_at", "due_back_on"]
    eager = ("case.item_version", "holder_staff", "holder_unit", "offered_to")
    own_filters = {"whose": Own(_("Which ones"), _pairs, _where)}
    empty_hint = _("No original is out.")
    formatters_columns = {
        "applicant": lambda row: list_name(row.case, current_actor()),
        "holder": _holder,
        "overdue": _overdue,
    }

    def base_where(self) -> tuple[Any, ...]:
        return (Custody.returned_at.is_(None), Custody.lost_at.is_(None))

    def heading(self, item: Custody) -> str:
        return item.name

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        """The page of its case, where hands change."""
        item = self.datamodel.by_key(self.session, pk)
        return self.go(url_for("ProxyCaseView.show", pk=item.case.uid))
