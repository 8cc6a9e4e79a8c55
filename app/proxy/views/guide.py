"""The guide of all services of the county for staff: searched, printed on one page, kept in editions (S3-45, S3-46)."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import defer

from app.core import clock, search
from app.core.actor import current_actor
from app.core.views import Interface, ModelView, expose, has_access, permission_name
from app.core.views.filters import CONTAINS, Op, Own
from app.core.words import gettext
from app.documents import drawing
from app.documents.language import in_paper_language
from app.documents.press import site_press
from app.documents.views import pdf_response
from app.proxy.models import GuideItem
from app.proxy.papers_guide import FORM, guide_context
from app.proxy.service import guide
from app.proxy.views.cases import may_book


def named(value: str, op: Op) -> ColumnElement[bool]:
    """The name by its letters, or a word of the papers, of who it is for, of the conditions."""
    if op is not CONTAINS:
        return search.matching(GuideItem, ("name_initials", "name_pinyin"), value)
    texts = (GuideItem.materials, GuideItem.audience, GuideItem.conditions)
    letters = search.matching(GuideItem, ("name_initials", "name_pinyin"), value)
    return or_(letters, *(text.contains(value, autoescape=True) for text in texts))


def current_or_former() -> Own:
    """The filter of a list by whether an edition is in force."""
    open_ = GuideItem.valid_to.is_(None)
    pairs = lambda: [("1", gettext("Current edition")), ("0", gettext("Former edition"))]  # noqa: E731
    return Own(_("Which editions"), pairs, lambda value: open_ if value == "1" else ~open_)


class GuideView(ModelView):
    """Entries of the guide. The search field takes the name, its pinyin or initials, and words of the papers."""

    route_base = "/guide"
    datamodel = Interface(GuideItem)
    list_title = _("Guide of all services")
    show_title = _("Entry of the guide")
    add_title = _("New entry of the guide")
    edit_title = _("Change the entry of the guide")
    label_columns = {
        "code": _("Item code"),
        "edition": _("Edition"),
        "name": _("Name of the service"),
        "department_code": _("Department code"),
        "department_name": _("Department"),
        "topic": _("Topic"),
        "level": _("Level that decides"),
        "audience": _("For whom"),
        "conditions": _("Conditions"),
        "materials": _("Papers to bring"),
        "steps": _("How it is done"),
        "statutory_days": _("Statutory limit (working days)"),
        "promised_days": _("Promised (working days)"),
        "fee": _("Fee"),
        "place": _("Where to go"),
        "hours": _("Office hours"),
        "phone": _("Phone for questions"),
        "online": _("Online"),
        "basis": _("Legal basis"),
        "source": _("Source"),
        "service_item": _("Proxied as"),
    }
    description_columns = {
        "edition": _("Such as 2026. A newer edition of the same code ends the one before."),
        "materials": _("One paper a line."),
        "steps": _("One step a line."),
    }
    list_columns = ["code", "name", "department_name", "audience", "promised_days", "edition", "service_item"]
    search_columns = ["name", "code", "department_name", "topic", "edition"]
    order_columns = ["code", "name", "department_name", "promised_days"]
    order_keys = {"name": "name_pinyin"}
    base_order = ("code", "asc")
    also_filters = {"name": named}
    eager = ("service_item",)
    _WHAT = ["code", "name", "edition", "department_name", "department_code", "topic", "level"]
    _HOW = ["audience", "conditions", "materials", "steps"]
    _WHERE = ["statutory_days", "promised_days", "fee", "place", "hours", "phone", "online"]
    _BASIS = ["basis", "source", "valid_from", "valid_to"]
    add_fieldsets = edit_fieldsets = [
        (_("Entry of the guide"), {"fields": _WHAT}),
        (_("Conditions and papers"), {"fields": _HOW}),
        (_("Limits and place"), {"fields": _WHERE}),
        (_("Basis"), {"fields": _BASIS}),
    ]
    show_fieldsets = [
        (_("Entry of the guide"), {"fields": [*_WHAT, "service_item"]}),
        (_("Conditions and papers"), {"fields": _HOW}),
        (_("Limits and place"), {"fields": _WHERE}),
        (_("Basis"), {"fields": _BASIS}),
    ]
    base_permissions = [
        "can_list",
        "can_show",
        "can_add",
        "can_edit",
        "can_delete",
        "can_restore",
        "can_history",
        "can_lookup",
    ]
    lookup_columns = ("name", "name_initials", "name_pinyin")
    opens_with = {"_flt_0_current": "1"}
    own_filters = {"current": current_or_former()}
    show_template = "proxy/guide.html"
    empty_hint = _("Nothing was found. The county's guide comes in by sheet: Sheets, Import.")
    row_actions = [(_("Book it"), lambda row: booking_url(row), "can_use:ProxyDesk")]

    def loads(self, columns: list[str]) -> list[Any]:
        """A list holds no long texts, however many entries a county has."""
        texts = [defer(getattr(GuideItem, name)) for name in guide.LONG if name not in columns]
        return [*super().loads(columns), *texts]

    def save(self, session: Any, item: GuideItem, form: Any, is_new: bool) -> None:
        guide.settle(session, item)
        session.add(item)

    def show_context(self, item: GuideItem) -> dict[str, Any]:
        others = [row for row in guide.editions_of(self.session, item) if row.id != item.id]
        return super().show_context(item) | {
            "editions": others,
            "print_url": url_for("GuideView.printed", pk=item.uid),
        }

    @expose("/print/<pk>")
    @has_access
    @permission_name("show")
    def printed(self, pk: str) -> Response:
        """The guide of one service on one page, to hand over."""
        item = self.datamodel.by_key(self.session, pk)
        with in_paper_language():
            context = guide_context(item, clock.now())
        self.session.rollback()  # drawing takes a while: nothing is held meanwhile
        pdf = drawing.preview(site_press(), FORM, context, "")
        return pdf_response(pdf, f"{FORM}-{item.code}" if item.code.isascii() else FORM)


def booking_url(row: GuideItem) -> str | None:
    """The booking page with the service chosen, where the entry is proxied and the role books."""
    if row.service_item is None or not row.service_item.active or not may_book(current_actor()):
        return None
    return url_for("ProxyDesk.book", item=row.service_item.code)
