"""Named grants for special groups of level L5 (guards, section 3)."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _

from app.areas.models import SensitiveGrant
from app.areas.service import grants
from app.areas.views.common import at_form
from app.areas.views.staff import standing
from app.core import clock, codes
from app.core.actor import current_actor
from app.core.views import Interface, ModelView
from app.core.widgets import ChoiceField, Needed


def _groups() -> list[tuple[str, str]]:
    return grants.sensitive_groups(current_app.appbuilder.session())


def _called(row: SensitiveGrant) -> str:
    """What a grant opens: a group or a custom field, by its name."""
    session = current_app.appbuilder.session()  # type: ignore[attr-defined]
    fields = dict(grants.sensitive_groups(session)) if ":" in row.group_code else {}
    return fields.get(row.group_code) or codes.label(session, grants.LIST, row.group_code)


class SensitiveGrantView(ModelView):
    """Who may see which sensitive group where, until when and why. A grant is ended, never rewritten."""

    route_base = "/grants"
    datamodel = Interface(SensitiveGrant)
    list_title = _("Access to sensitive groups")
    show_title = _("Grant")
    add_title = _("Open a group to somebody")
    edit_title = _("Grant")
    base_order = ("id", "desc")
    exclude_route_methods = {"edit", "restore", "deleted"}
    label_columns = {
        "staff_id": _("Staff member"),
        "staff.name": _("Person's name"),
        "area_id": _("Area"),
        "group_code": _("Special group"),
        "standing": _("State"),
    }
    description_columns = {
        "valid_to": _("At most a year."),
        "reason": _("Which task needs it; it stands in the access log beside each view."),
    }
    list_columns = ["staff", "group_code", "area", "valid_from", "valid_to", "standing", "reason"]
    order_columns = ["valid_from", "valid_to"]
    search_columns = ["staff.name", "group_code", "area", "valid_to"]
    formatters_columns = {"standing": standing, "group_code": lambda row: _called(row)}
    add_fieldsets = [
        (_("Grant"), {"fields": ["staff_id", "group_code", "area_id", "valid_from", "valid_to", "reason"]})
    ]
    edit_fieldsets = add_fieldsets
    add_form_extra_fields = {"group_code": ChoiceField(_("Special group"), [Needed()], source=_groups)}
    show_fieldsets = [
        (
            _("Grant"),
            {"fields": ["staff", "group_code", "area", "valid_from", "valid_to", "standing", "reason"]},
        )
    ]
    lookup_columns = ("reason",)

    def heading(self, item: Any) -> str:
        return str(item.staff)

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        with at_form(form):
            grants.save_grant(session, item, current_actor(), clock.now())

    def remove(self, session: Any, item: Any, reason: str) -> None:
        """Taking a grant back ends it; the row stays as a record."""
        grants.end_grant(session, item, reason, current_actor(), clock.now())
