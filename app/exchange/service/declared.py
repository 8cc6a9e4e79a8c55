"""Which registers take sheets, and by what a record is known again (issue 4).

Light registers (views whose class name ends with ``Register``) are declared by themselves.
"""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core import sheets
from app.core.actor import Actor, current_actor
from app.core.sheets import Field, Row, Sheet
from app.core.views.at_work import forms_at_work
from app.core.widgets import RemoteField
from app.exchange.service.case_results import RESULTS
from app.exchange.service.contracts import CONTRACTS, ContractWriter, contract_fields
from app.exchange.service.generic import FormWriter
from app.exchange.service.group_sheets import MEMBERSHIP, declare_groups, open_only
from app.exchange.service.specs import Spec, Way, spec_fields, view_called
from app.registers.base import Register
from app.registry import importing as _persons  # noqa: F401  declares the sheet of residents
from app.registry.models import Building, BuildingUnit, Dwelling
from app.registry.service import homes

REGISTER = "Register"
UNIT = "unit_no"


def _dwelling(writer: FormWriter, row: Row, related: dict[str, Any]) -> Way | None:
    """A home is known by its derived address in its grid; the mark holds for the rest of the sheet."""
    area, building = related.get("area_id"), related.get("building_id")
    if area is None and building is None:
        return None
    area_id = area.id if area is not None else building.area_id
    plain = {
        key: str(value)
        for key in ("room_no", "village_group", "road", "door_no")
        if (value := writer.value(row, key)) is not None
    }
    probe = Dwelling(area_id=area_id, building_id=building.id if building else None, **plain)
    unit = _unit_of(writer, building, row)
    probe.unit_id = unit.id if unit is not None else None
    address = homes.dwelling_address(writer.session, probe)
    query = select(Dwelling).where(
        Dwelling.area_id == area_id, Dwelling.address == address, Dwelling.valid_to.is_(None)
    )
    mark = (area_id, address, writer.value(row, UNIT))
    return Way(mark, lambda: writer.session.scalars(query).first())


def _unit_of(writer: FormWriter, building: Any, row: Row) -> BuildingUnit | None:
    number = writer.value(row, UNIT)
    if building is None or number is None:
        return None
    query = select(BuildingUnit).where(
        BuildingUnit.building_id == building.id, BuildingUnit.seq == int(number)
    )
    return writer.session.scalars(query).first()


def _settle_unit(writer: FormWriter, item: Dwelling, row: Row) -> None:
    """The staircase of a flat; it is made where the building has none of this number yet."""
    number = writer.value(row, UNIT)
    if number is None or item.building_id is None:
        return
    building = writer.session.get_one(Building, item.building_id)
    unit = _unit_of(writer, building, row)
    if unit is None:
        name = homes.wording.numbered("unit", str(number))
        unit = BuildingUnit(building_id=building.id, seq=int(number), name=name)
        writer.session.add(unit)
        writer.session.flush()
    item.unit_id = unit.id


def _unit_field() -> list[Field]:
    return [Field(UNIT, _("Staircase (number)"), "int")]


SPECS = (
    Spec("buildings", "BuildingView", (("area_id", "estate", "name"), ("area_id", "name"))),
    Spec("homes", "DwellingView", match=_dwelling, extra=_unit_field, before_save=_settle_unit),
    Spec("rented_homes", "RentalHomeView", (("dwelling_id",),)),
    Spec("venues", "VenueView", (("credit_code",), ("name", "address", "area_id"), ("name", "area_id"))),
    Spec("units", "ResidentUnitView", (("credit_code",), ("name", "area_id"))),
    Spec("schools", "SchoolView", (("venue_id",),)),
    Spec("conveniences", "ServiceResourceView", (("name", "area_id"),)),
    MEMBERSHIP,
    Spec("staff", "StaffView", (("name", "phone"), ("name", "area_id"))),
    Spec("areas", "AreaView", (("code",),), omit=frozenset({"polygon"})),
    Spec("guide", "GuideView", (("code", "edition"),)),
)


def register_spec(view: Any) -> Spec:
    """The spec of a light register: known again by what it declares; what it has no key for only where all is the same."""
    form = view.make_form(is_new=True)
    relations = [f.name for f in form if isinstance(f, RemoteField) and f.model is not Area]
    beside = relations if type(view).check is not Register.check else ()
    return Spec(
        view.datamodel.table_name,
        type(view).__name__,
        (view.known_by,) if view.known_by else (),
        beside=frozenset(beside),
        by_all=True,
    )


class LightWriter(FormWriter):
    """A light register's writer: its spec is read off its form when the job begins."""

    def __init__(self, session: Session, actor: Actor, options: dict[str, Any], view: str) -> None:
        with forms_at_work(session, options.get("language") or "zh"):
            spec = register_spec(view_called(view))
        super().__init__(session, actor, options, spec)


def declare_all() -> None:
    """Declare the sheets of every mounted register, once for each app."""
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    if app.extensions.get("geban_sheets"):
        return
    app.extensions["geban_sheets"] = True
    mounted = app.extensions["geban_pages"]
    for spec in SPECS:
        if spec.view in mounted:
            _declare(spec)
    declare_groups()
    sheets.declare(RESULTS)
    sheets.declare(
        Sheet(
            CONTRACTS, _("Old area contracts"), "PostView", lambda _session: contract_fields(), ContractWriter
        )
    )
    for name, view in mounted.items():
        if name.endswith(REGISTER):
            _declare_register(name, view)


def _declare(spec: Spec) -> None:
    sheets.declare(
        Sheet(
            spec.name,
            view_called(spec.view).list_title,
            spec.view,
            lambda _session: spec_fields(spec),
            lambda session, actor, options: FormWriter(session, actor, options, spec),
        )
    )


def _declare_register(name: str, view: Any) -> None:
    sheets.declare(
        Sheet(
            view.datamodel.table_name,
            view.list_title,
            name,
            lambda _session: spec_fields(Spec(view.datamodel.table_name, name)),
            lambda session, actor, options: LightWriter(session, actor, options, name),
            changes=bool(view.known_by),
        )
    )


def open_sheets(actor: Actor | None = None, session: Session | None = None) -> dict[str, Sheet]:
    """The sheets that the actor may bring: whoever may enter a record by hand. Of any other nothing is told."""
    who = actor or current_actor()
    declare_all()
    found = {name: s for name, s in sheets.sheets().items() if s.is_open(who)}
    told = open_only(found.keys(), who, session)
    return {name: s for name, s in found.items() if name in told}
