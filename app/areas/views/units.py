"""Pages of the org units (S0-26…29, S1-09, S1-51, S4-08)."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _

from app.areas import queries
from app.areas.models import OrgUnit
from app.areas.service import units
from app.areas.views.common import at_form, may_write
from app.core import clock
from app.core.actor import current_actor
from app.core.views import Interface, ModelView, RelatedList, expose, has_access, permission_name
from app.core.views.ending import EndPage


class OrgUnitView(EndPage, ModelView):
    """Who there is: centers, stations, departments, teams, associations. Everybody may look them up."""

    route_base = "/units"
    datamodel = Interface(OrgUnit)
    exclude_route_methods = {"delete", "restore", "deleted"}
    list_title = _("Organisation units")
    show_title = _("Organisation unit")
    add_title = _("Add a unit")
    edit_title = _("Change the unit")
    base_order = ("path", "asc")
    label_columns = {
        "name": _("Designation"),
        "parent_id": _("Unit above"),
        "parent": _("Unit above"),
        "short_name": _("Short name"),
        "host_office": _("Host office"),
        "department_code": _("Department code of the catalogue"),
        "document_code": _("Code in paper numbers"),
        "pilot_batch": _("Pilot batch"),
        "go_live_on": _("In use since"),
        "serves_public": _("Serves the public"),
    }
    description_columns = {
        "department_code": _("MZ, WJ, RS …: which items of the service catalogue it decides."),
        "host_office": _("The office the center belongs to, such as the political and legal committee."),
        "document_code": _("Empty: the code of the area."),
    }
    list_columns = ["name", "kind", "area", "parent", "department_code", "phone", "valid_to"]
    search_columns = ["name", "kind", "area", "department_code", "code"]
    _UNIT = ["name", "short_name", "kind", "code", "area_id", "parent_id"]
    _MORE = [
        (_("Office"), {"fields": ["host_office", "phone", "address", "serves_public"]}),
        (_("Codes"), {"fields": ["department_code", "document_code"]}),
        (_("Start"), {"fields": ["pilot_batch", "go_live_on", "valid_from"]}),
    ]
    add_fieldsets = [(_("Facts"), {"fields": _UNIT}), *_MORE]
    edit_fieldsets = add_fieldsets
    show_fieldsets = [
        (
            _("Facts"),
            {"fields": ["name", "short_name", "kind", "code", "area", "parent", "valid_from", "valid_to"]},
        ),
        *_MORE[:2],
        (_("Start"), {"fields": ["pilot_batch", "go_live_on"]}),
    ]
    related = [
        RelatedList("OrgUnitView", "parent_id", title=_("Units below")),
        RelatedList("PostView", "org_unit_id"),
        RelatedList("StaffView", "org_unit_id"),
    ]
    lookup_columns = ("name", "short_name", "code")
    lookup_eager = ("area",)
    row_actions = [
        (_("Add a unit below"), lambda row: url_for("OrgUnitView.add", parent_id=row.uid), "can_add"),
        (_("Close this unit"), lambda row: _close_url(row), "can_edit"),
    ]

    def lookup_where(self) -> tuple[Any, ...]:
        return queries.in_force(OrgUnit, clock.today())

    def lookup_text(self, row: OrgUnit) -> str:
        return f"{row.name} · {row.area.name}"

    def actions_of(self, row: Any) -> list[tuple[str, str]]:
        return []

    def is_editable(self, item: OrgUnit) -> bool:
        return may_write(item.area.path)

    def links_of(self, item: Any = None) -> list[tuple[str, str]]:
        links = super().links_of(item)
        return links if item is None or may_write(item.area.path) else []

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        verb = units.create_unit if is_new else units.change_unit
        with at_form(form):
            verb(session, item, current_actor(), clock.now())

    @expose("/close/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def close(self, pk: str) -> Any:
        """End a unit on a day, with a reason."""
        return self.end_page(
            pk,
            title=_("Close this unit"),
            note=_("A unit with posts or units below it is closed after these have ended."),
            end=lambda session, item, form, actor, now: units.close_unit(
                session, item, form.last_day.data, form.reason.data or "", actor, now
            ),
        )


def _close_url(row: OrgUnit) -> str | None:
    return None if row.valid_to is not None else url_for("OrgUnitView.close", pk=row.uid)
