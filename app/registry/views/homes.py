"""Buildings and homes."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _
from sqlalchemy import inspect

from app.audit.service import give_reason
from app.core import clock
from app.core.errors import Invalid
from app.core.views import Interface, ModelView, RelatedList, expose, has_access, permission_name
from app.core.views.ending import EndPage
from app.registry.models import Building, Dwelling
from app.registry.rules import normalise_phone
from app.registry.service import closing, homes, households, regrid
from app.registry.views.common import open_only
from app.registry.views.place_pages import DwellingPage
from app.registry.views.sections import Overview

PROPERTY = "property"  # code list org_kind


class BuildingView(ModelView):
    """Buildings; a building that two grids share is seen by both through their own flats."""

    route_base = "/building"
    datamodel = Interface(Building)
    list_title = _("Buildings")
    show_title = _("Building")
    add_title = _("Add a building")
    edit_title = _("Change the building")
    label_columns = {
        "estate": _("Estate"),
        "name": _("Building"),
        "road": _("Road"),
        "door_no": _("Number on the road"),
        "building_type": _("Kind of building"),
        "floors": _("Floors"),
        "floors_below": _("Floors below ground"),
        "built_year": _("Built in"),
        "property_unit": _("Property company (organisation)"),
        "property_unit_id": _("Property company (organisation)"),
        "property_company": _("Property company"),
        "property_phone": _("Property company's phone"),
        "area_m2": _("Floor area (m²)"),
        "longitude": _("Longitude"),
        "latitude": _("Latitude"),
        "area_id": _("Area"),
    }
    list_columns = ["name", "estate", "address", "building_type", "floors", "area"]
    search_columns = ["name", "estate", "address", "building_type", "area"]
    eager = ("area",)
    _PLACE = ["estate", "name", "road", "door_no"]
    _BUILT = [
        "building_type",
        "floors",
        "floors_below",
        "built_year",
        "area_m2",
        "property_unit_id",
        "property_company",
        "property_phone",
        "longitude",
        "latitude",
        "note",
    ]
    add_fieldsets = [
        (_("Where it stands"), {"fields": ["area_id", *_PLACE]}),
        (_("How it is built"), {"fields": _BUILT}),
    ]
    edit_fieldsets = [(_("Where it stands"), {"fields": _PLACE}), (_("How it is built"), {"fields": _BUILT})]
    show_fieldsets = [
        (_("Where it stands"), {"fields": ["address", *_PLACE, "area"]}),
        (_("How it is built"), {"fields": _BUILT}),
    ]
    related = [
        RelatedList("BuildingUnitView", "building_id", blocks=False),
        RelatedList("BuildingChiefView", "building_id", blocks=False),
        RelatedList("DwellingView", "building_id"),
        RelatedList("VenueView", "building_id"),
    ]
    lookup_columns = ("name", "address")
    lookup_eager = ("area",)
    row_actions = [
        (_("Floor grid"), lambda row: _floor_grid(row), "can_use:CensusDesk"),
        (
            _("Door codes"),
            lambda row: url_for("DoorCodeDesk.building", building_uid=row.uid),
            "can_use:DoorCodeDesk",
        ),
    ]

    def lookup_text(self, row: Building) -> str:
        return row.address

    def check(self, session: Any, item: Building, form: Any, is_new: bool) -> None:
        unit = form.property_unit_id.data
        if unit is not None and unit.kind != PROPERTY:
            raise Invalid(_("This organisation is not a property company."), field="property_unit_id")

    def save(self, session: Any, item: Building, form: Any, is_new: bool) -> None:
        homes.settle_building(session, item)
        session.add(item)
        session.flush()
        if not is_new:
            homes.settle_flats(session, item)


def _floor_grid(row: Building) -> str:
    return url_for("CensusDesk.index", area=row.area.uid, building=row.uid)


class DwellingView(Overview, EndPage, ModelView):
    """Flats and houses; the address line is derived from its parts."""

    route_base = "/dwelling"
    datamodel = Interface(Dwelling)
    list_title = _("Homes")
    show_title = _("Home")
    add_title = _("Add a home")
    edit_title = _("Change the home")
    label_columns = {
        "building_id": _("Building"),
        "unit": _("Staircase"),
        "floor": _("Floor"),
        "room_no": _("Room"),
        "village_group": _("Village group"),
        "road": _("Road"),
        "door_no": _("House number"),
        "housing_use": _("Use"),
        "area_m2": _("Floor area (m²)"),
        "owner_name": _("Owner"),
        "owner_phone": _("Owner's phone"),
        "walk_order": _("Place in the walk"),
        "area_id": _("Grid"),
        "area": _("Grid"),
    }
    description_columns = {"area_id": _("Who lives here goes along to the other grid.")}
    list_columns = ["address", "housing_use", "owner_name", "area"]
    order_columns = ["address", "owner_name"]
    search_columns = ["address", "room_no", "housing_use", "owner_name", "area"]
    eager = ("area",)
    _PLACE = ["area_id", "building_id", "floor", "room_no", "village_group", "road", "door_no", "walk_order"]
    _USE = ["housing_use", "area_m2", "owner_name", "owner_phone", "note"]
    add_fieldsets = [(_("Where it is"), {"fields": _PLACE}), (_("Use and owner"), {"fields": _USE})]
    edit_fieldsets = add_fieldsets
    show_fieldsets = [
        (
            _("Where it is"),
            {
                "fields": [
                    "address",
                    "area",
                    "building",
                    "unit",
                    "floor",
                    "room_no",
                    "village_group",
                    "road",
                    "door_no",
                ]
            },
        ),
        (_("Use and owner"), {"fields": [*_USE, "valid_from", "valid_to"]}),
    ]
    bulk_columns = ("area_id", "building_id", "village_group", "road", "housing_use", "note")
    page = DwellingPage
    related = [
        RelatedList("ResidenceView", "dwelling_id"),
        RelatedList("RentalHomeView", "dwelling_id"),
        RelatedList("VenueView", "dwelling_id"),
    ]
    lookup_columns = ("address", "address_pinyin")
    row_actions = [
        (
            _("Open at the census desk"),
            lambda row: (
                url_for("CensusDesk.dwelling", dwelling_uid=row.uid) if row.valid_to is None else None
            ),
            "can_use:CensusDesk",
        ),
        (_("What happened?"), lambda row: f"/life/dwelling/{row.uid}", "can_use:LifeDesk"),
        (_("This home is no more"), lambda row: open_only(row, "DwellingView.close"), "can_edit"),
    ]

    def lookup_text(self, row: Dwelling) -> str:
        return row.address

    def lookup_where(self) -> tuple[Any, ...]:
        return (Dwelling.valid_to.is_(None),)

    @expose("/close/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def close(self, pk: str) -> Any:
        """Pulled down, joined to another."""

        def end(session: Any, item: Dwelling, form: Any, _actor: Any, _now: Any) -> None:
            give_reason(session, form.reason.data)
            on = households.day_after(form.last_day.data, clock.today())
            closing.close_dwelling(session, item, on)

        note = _("Who lived here stays in the history of the home. Look-ups and the walk leave it out.")
        return self.end_page(pk, title=_("This home is no more"), note=note, end=end)

    def check(self, session: Any, item: Dwelling, form: Any, is_new: bool) -> None:
        homes.home_area(session, item.area_id)
        if item.owner_phone and form.owner_phone and form.owner_phone.data:
            item.owner_phone = normalise_phone(item.owner_phone, field="owner_phone").number

    def save(self, session: Any, item: Dwelling, form: Any, is_new: bool) -> None:
        if is_new:
            item.valid_from = item.valid_from or clock.today()
            homes.settle_address(session, item)
            homes.refuse_twin(session, item)
            session.add(item)
            return
        moved = inspect(item).attrs.area_id.history
        wanted = item.area_id
        if moved.deleted and moved.deleted[0] != wanted:
            item.area_id = moved.deleted[0]
            regrid.move_dwelling(session, item, wanted, now=clock.now())
        homes.settle_address(session, item)
        homes.refuse_twin(session, item)
