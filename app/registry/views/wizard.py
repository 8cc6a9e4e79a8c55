"""Making homes: a building with all its flats in one step, and houses of a village group."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.areas.models import Area
from app.audit.service import reason
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import Conflict, DomainError
from app.core.session import unit_of_work
from app.core.views import BaseView, expose, has_access, permission_name
from app.registry.choices import RoomPattern
from app.registry.forms import HouseForm, WizardForm
from app.registry.models import Building, Dwelling
from app.registry.queries import finder
from app.registry.rules.rooms import Room, house_numbers, plan_rooms, split_list, split_numbers
from app.registry.service import homes
from app.registry.views.asking import Asking, asking, lost

FIELDS = ("estate", "road", "door_no", "building_type")
SAME = _("The same for all homes that are made; one that differs is changed on its own page.")


class HomeWizard(BaseView):
    """Wizard of the census desk; whoever keys in the census may use it."""

    route_base = "/homes"
    class_permission_name = "CensusDesk"
    default_view = "building"
    title = _("New building")

    @expose("/building", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def building(self) -> Any:
        """Six floors of four flats: look at the plan, then make it. Making it again adds nothing."""
        form, asked = self._form(WizardForm)
        planned = None
        if form.is_submitted() and form.validate() and self._is_whole(form, asked):
            try:
                rooms = self._plan(form)
                building = homes.known_building(
                    self.session, form.name.data, form.area.data.id, self._fields(form)
                )
                planned = homes.preview_rooms(self.session, building, rooms)
                if request.form.get("step") == "make":
                    return self._make(form, rooms, asked)
            except DomainError as refused:
                form.refuse(refused.field, refused)
        status = 422 if form.wrong or form.form_errors else 200
        further = asked.section(form)
        page = self.render_template(
            "registry/wizard.html", form=form, units=_by_unit(planned), further=further
        )
        return page, status

    @expose("/houses", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def houses(self) -> Any:
        """Houses by village group (or road) and number; a span makes many."""
        form, asked = self._form(HouseForm)
        if form.is_submitted() and form.validate() and self._is_whole(form, asked):
            try:
                return self._make_houses(form, asked)
            except DomainError as refused:
                form.refuse(refused.field, refused)
        status = 422 if form.wrong or form.form_errors else 200
        further = asked.section(form)
        page = self.render_template("registry/houses.html", form=form, title=_("New houses"), further=further)
        return page, status

    def _form(self, form_class: type) -> tuple[Any, Asking]:
        """The form, with the custom fields that homes have in the grid that is chosen."""
        actor, bare = current_actor(), form_class()
        if not bare.is_submitted():
            area = finder.area_of(self.session, actor, request.args.get("area"))
            area = area if area is not None and finder.is_ground(area) else None
        else:
            area = bare.area.data
            area = area if area is not None and actor.covers(area.path) else None
        asked = asking(self.session, actor, Dwelling, area.id if area is not None else None, note=SAME)
        form = type(form_class.__name__, (form_class,), asked.fields(self.session))()
        form.prepare(actor, Building)
        form.area.data = area
        return form, asked

    def _is_whole(self, form: Any, asked: Asking) -> bool:
        form.form_errors += lost(self.session, form, request.form, [asked])
        return not form.form_errors

    def _plan(self, form: WizardForm) -> list[Room]:
        return plan_rooms(
            units=form.units.data,
            floors=form.floors.data,
            flats=form.flats.data,
            pattern=RoomPattern.parse(form.pattern.data, field="pattern"),
            first_floor=form.first_floor.data,
            skipped_floors=split_numbers(form.skipped_floors.data, field="skipped_floors"),
            skipped_rooms=split_list(form.skipped_rooms.data),
        )

    def _fields(self, form: WizardForm) -> dict[str, Any]:
        return {name: form[name].data or None for name in FIELDS}

    def _make(self, form: WizardForm, rooms: list[Room], asked: Asking) -> Any:
        session, area_id = self.session, form.area.data.id
        with unit_of_work(session), reason(tag="wizard"):
            building = homes.create_building(
                session, name=form.name.data, area_id=area_id, fields=self._fields(form)
            )
            building.floors = building.floors or form.floors.data
            made = homes.build(session, building, rooms, now=clock.now(), fill=partial(asked.write, form))
            uid, count = building.uid, len(made)
        _tell(count, len(rooms) - count)
        return self.go(url_for("CensusDesk.index", area=self._uid(area_id), building=uid))

    def _make_houses(self, form: HouseForm, asked: Asking) -> Any:
        session, area_id, made, known = self.session, form.area.data.id, 0, 0
        group = form.village_group.data or form.road.data or ""
        with unit_of_work(session), reason(tag="wizard"):
            for number in house_numbers(form.numbers.data):
                fields = {
                    "village_group": form.village_group.data,
                    "road": form.road.data,
                    "door_no": number,
                    "housing_use": form.housing_use.data,
                }
                try:
                    homes.create_dwelling(
                        session,
                        area_id=area_id,
                        now=clock.now(),
                        fields=fields,
                        fill=partial(asked.write, form),
                    )
                    made += 1
                except Conflict:
                    known += 1
        _tell(made, known)
        return self.go(url_for("CensusDesk.index", area=self._uid(area_id), group=group))

    def _uid(self, area_id: int) -> str:
        return str(self.session.scalar(select(Area.uid).where(Area.id == area_id)))


def _tell(made: int, known: int) -> None:
    """What came of it; nothing made is no success."""
    if made:
        flash(ngettext("%(num)s home was made.", "%(num)s homes were made.", made), "success")
    if known:
        flash(gettext("%(num)s were already there and stay as they are.", num=known), "info")


def _by_unit(planned: Any) -> list[dict[str, Any]] | None:
    """The plan as staircases with floors from the top down, for the preview."""
    if planned is None:
        return None
    units: dict[int, dict[int, list[Any]]] = {}
    for one in planned:
        units.setdefault(one.room.unit, {}).setdefault(one.room.floor, []).append(one)
    return [
        {"seq": seq, "floors": sorted(floors.items(), key=lambda item: -item[0])}
        for seq, floors in sorted(units.items())
    ]
