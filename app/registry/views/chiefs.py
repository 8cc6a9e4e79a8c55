"""Who looks after a building or a staircase from when to when (S4; GB/T 31000 building chief)."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.core import clock
from app.core.errors import Conflict, Invalid
from app.core.views import Interface, ModelView, expose, has_access, permission_name
from app.core.views.ending import EndPage
from app.registry.models import Building, BuildingChief, BuildingUnit
from app.registry.service import households
from app.registry.views.common import NO_LOOKUP, open_only


class BuildingUnitView(ModelView):
    """Staircases of a building; the wizard makes them with their flats."""

    exclude_route_methods = {"delete", "deleted", "restore"}
    route_base = "/buildingunit"
    datamodel = Interface(BuildingUnit)
    list_title = _("Staircases of the building")
    show_title = _("Staircase")
    add_title = _("Add a staircase")
    edit_title = _("Change the staircase")
    base_order = ("seq", "asc")
    label_columns = {
        "building_id": _("Building"),
        "seq": _("Order"),
        "floors": _("Floors"),
        "flats_per_floor": _("Flats on a floor"),
    }
    list_columns = ["building", "name", "floors", "flats_per_floor"]
    search_columns = ["name"]
    order_columns = ["name", "floors"]
    eager = ("building",)
    add_columns = ["building_id", "seq", "name", "floors", "flats_per_floor"]
    edit_columns = ["name", "floors", "flats_per_floor"]
    show_columns = ["building", "name", "floors", "flats_per_floor"]
    lookup_eager = ("building",)

    def lookup_text(self, row: BuildingUnit) -> str:
        return f"{row.building} · {row.name}"

    def check(self, session: Any, item: BuildingUnit, form: Any, is_new: bool) -> None:
        for name, most in (("floors", 200), ("flats_per_floor", 100)):
            value = getattr(item, name)
            if value is not None and not 1 <= value <= most:
                raise Invalid(_("Between 1 and %(most)s.", most=most), field=name)


class BuildingChiefView(EndPage, ModelView):
    """Chiefs of buildings: people of the staff list."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/buildingchief"
    datamodel = Interface(BuildingChief)
    list_title = _("Chiefs of buildings")
    show_title = _("Chief of a building")
    add_title = _("Name a chief")
    edit_title = _("Change the chief")
    label_columns = {
        "building_id": _("Building"),
        "staff_id": _("Staff member"),
        "unit_id": _("Staircase"),
        "unit": _("Staircase"),
        "staff.phone": _("Phone"),
    }
    description_columns = {"unit_id": _("Empty: the whole building.")}
    list_columns = ["building", "staff", "unit", "staff.phone", "valid_from", "valid_to"]
    search_columns = ["valid_from", "valid_to"]
    eager = ("building", "unit")
    add_columns = ["building_id", "staff_id", "unit_id", "valid_from", "note"]
    edit_columns = ["unit_id", "note"]
    show_columns = ["building", "staff", "unit", "staff.phone", "valid_from", "valid_to", "note"]
    row_actions = [(_("No longer"), lambda row: open_only(row, "BuildingChiefView.end"), "can_edit")]

    def options(self, columns: list[str]) -> list[Any]:
        """The phone stands in the list: it comes with the staff member instead of one by one."""
        rest = [name for name in columns if name.partition(".")[0] != "staff"]
        return [*super().options(rest), selectinload(BuildingChief.staff)]

    def heading(self, item: BuildingChief) -> str:
        return " · ".join(str(part) for part in (item.building, item.staff) if part)

    def check(self, session: Any, item: BuildingChief, form: Any, is_new: bool) -> None:
        """One open row for a building (or staircase) and person; the staircase is one of the building."""
        if item.unit_id is not None:
            unit = session.get(BuildingUnit, item.unit_id)
            if unit is None or unit.building_id != item.building_id:
                raise Invalid(_("This staircase belongs to another building."), field="unit_id")
        if not is_new:
            return
        item.valid_from = item.valid_from or clock.today()
        twin = select(BuildingChief.id).where(
            BuildingChief.building_id == item.building_id,
            BuildingChief.staff_id == item.staff_id,
            BuildingChief.unit_id.is_(None)
            if item.unit_id is None
            else BuildingChief.unit_id == item.unit_id,
            BuildingChief.valid_to.is_(None),
        )
        if session.scalars(twin).first() is not None:
            raise Conflict(_("This person looks after it already."), field="staff_id")

    def prefill(self, form: Any, item: BuildingChief | None) -> None:
        if item is None:
            form.valid_from.data = clock.today()

    @expose("/end/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def end(self, pk: str) -> Any:
        """Somebody else looks after it from now on."""

        def close(_session: Any, item: BuildingChief, form: Any, _actor: Any, _now: Any) -> None:
            day = households.day_after(form.last_day.data, clock.today())
            item.valid_to = max(form.last_day.data, item.valid_from or day)
            item.note = form.reason.data[:120]

        note = _("The row stays in the history of the building.")
        return self.end_page(pk, title=_("No longer"), note=note, end=close)

    def end_url(self, item: BuildingChief) -> str:
        building = self.session.get_one(Building, item.building_id)
        return f"/building/show/{building.uid}"
