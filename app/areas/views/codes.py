"""Pages of the code lists: standard ones are read, local ones are edited (house: code lists are data with a source)."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from app.areas.service import codes as service
from app.areas.views.common import at_form
from app.core import clock
from app.core.actor import current_actor
from app.core.codes import CodeItem, CodeList
from app.core.views import Interface, ModelView, RelatedList, badge


class CodeListView(ModelView):
    """Lists of codes with their standard. A locked list follows its standard and is not edited here."""

    route_base = "/code-lists"
    datamodel = Interface(CodeList)
    list_title = _("Code lists")
    show_title = _("Code list")
    add_title = _("Add a code list")
    edit_title = _("Change the code list")
    base_order = ("label", "asc")
    exclude_route_methods = {"delete", "restore", "deleted"}
    label_columns = {
        "name": _("Name in the system"),
        "label": _("Designation"),
        "standard": _("Standard or source"),
        "locked": _("Locked"),
        "lock": _("Edited"),
    }
    list_columns = ["label", "name", "standard", "lock"]
    search_columns = ["label", "name", "standard", "locked"]
    formatters_columns = {
        "lock": lambda row: (
            badge(_("by its standard only"), "grey") if row.locked else badge(_("by administrators"), "blue")
        )
    }
    add_fieldsets = [(_("Code list"), {"fields": ["label", "name", "standard", "note"]})]
    edit_fieldsets = [(_("Code list"), {"fields": ["label", "standard", "note"]})]
    show_fieldsets = [(_("Code list"), {"fields": ["label", "name", "standard", "lock", "note"]})]
    related = [RelatedList("CodeItemView", "list_id")]
    lookup_columns = ("label", "name")

    def is_editable(self, item: CodeList) -> bool:
        return not item.locked

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        with at_form(form):
            service.save_list(session, item, current_actor(), clock.now())


class CodeItemView(ModelView):
    """Codes of a list. A code is ended by its last day, never renumbered and never deleted."""

    route_base = "/codes"
    datamodel = Interface(CodeItem)
    list_title = _("Codes")
    show_title = _("Code")
    add_title = _("Add a code")
    edit_title = _("Change the code")
    base_order = ("seq", "asc")
    exclude_route_methods = {"delete", "restore", "deleted"}
    label_columns = {
        "list_id": _("Code list"),
        "code_list": _("Code list"),
        "label": _("Designation"),
        "label_en": _("English name"),
        "seq": _("Order"),
        "extra": _("Attributes (JSON)"),
    }
    description_columns = {
        "valid_to": _("Records keep an ended code and show its name; new records cannot choose it."),
        "extra": _("Only where a list asks for it."),
    }
    list_columns = ["code", "label", "label_en", "seq", "valid_from", "valid_to"]
    search_columns = ["code", "label", "code_list"]
    add_fieldsets = [
        (_("Code"), {"fields": ["list_id", "code", "label", "label_en", "seq"]}),
        (_("Further"), {"fields": ["valid_from", "valid_to", "extra"]}),
    ]
    edit_fieldsets = [
        (_("Code"), {"fields": ["label", "label_en", "seq"]}),
        (_("Further"), {"fields": ["valid_from", "valid_to", "extra"]}),
    ]
    show_fieldsets = [
        (
            _("Code"),
            {"fields": ["code_list", "code", "label", "label_en", "seq", "valid_from", "valid_to", "extra"]},
        )
    ]
    eager = ("code_list",)
    lookup_columns = ("label", "code")

    def is_editable(self, item: CodeItem) -> bool:
        return not item.code_list.locked

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        with at_form(form):
            service.save_item(session, item, current_actor(), clock.now())
