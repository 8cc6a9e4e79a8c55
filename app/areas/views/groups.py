"""Pages of grid groups: teams that cover one or more grids (S1-19)."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from app.areas.models import GridGroup, GridGroupArea
from app.areas.service import staff as staff_service
from app.areas.views.common import at_form
from app.areas.views.staff import standing
from app.core import clock
from app.core.actor import current_actor
from app.core.views import Interface, ModelView, RelatedList


class GridGroupView(ModelView):
    """Teams that cover one or more grids."""

    route_base = "/groups"
    datamodel = Interface(GridGroup)
    list_title = _("Grid groups")
    show_title = _("Grid group")
    add_title = _("Add a grid group")
    edit_title = _("Change the grid group")
    label_columns = {"name": _("Designation"), "area_id": _("Area")}
    description_columns = {"area_id": _("The community or town in which all grids of the group lie.")}
    list_columns = ["name", "area"]
    search_columns = ["name", "area"]
    add_fieldsets = [(_("Grid group"), {"fields": ["name", "area_id"]})]
    edit_fieldsets = [(_("Grid group"), {"fields": ["name"]})]
    show_fieldsets = [(_("Grid group"), {"fields": ["name", "area"]})]
    related = [RelatedList("GridGroupAreaView", "group_id"), RelatedList("PostView", "grid_group_id")]
    lookup_columns = ("name",)
    lookup_eager = ("area",)

    def lookup_text(self, row: GridGroup) -> str:
        return f"{row.name} · {row.area.name}"

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        with at_form(form):
            staff_service.save_group(session, item, current_actor(), clock.now())


class GridGroupAreaView(ModelView):
    """Which grids a group covers, from when to when."""

    route_base = "/group-grids"
    datamodel = Interface(GridGroupArea)
    exclude_route_methods = {"delete", "restore", "deleted"}
    list_title = _("Grids of the group")
    show_title = _("Grid of a group")
    add_title = _("Add a grid")
    edit_title = _("Change the period")
    label_columns = {"group_id": _("Grid group"), "area_id": _("Grid"), "standing": _("State")}
    list_columns = ["area", "group", "valid_from", "valid_to", "standing"]
    search_columns = ["area", "group"]
    formatters_columns = {"standing": standing}
    add_fieldsets = [(_("Grid"), {"fields": ["group_id", "area_id", "valid_from", "valid_to"]})]
    edit_fieldsets = [(_("Grid"), {"fields": ["valid_from", "valid_to"]})]
    show_fieldsets = [(_("Grid"), {"fields": ["group", "area", "valid_from", "valid_to"]})]
    lookup_columns = ("id",)

    def heading(self, item: Any) -> str:
        return f"{item.group.name} · {item.area.name}"

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        with at_form(form):
            staff_service.cover(session, item, current_actor(), clock.now())
