"""Role schemes as data, and the list of what is not settled: people, duties, tasks (S0-08, S4-21, S4-34)."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select

from app.areas import queries
from app.areas.choices import Settlement
from app.areas.models import Area, RoleScheme, RoleSchemeSeat
from app.areas.service import levels
from app.areas.views.common import AreaInterface, PlacedInterface, at_form, mine
from app.core import clock, codes
from app.core.actor import current_actor
from app.core.errors import Invalid, NotFound
from app.core.interface import checked_key
from app.core.views import BaseView, Interface, ModelView, RelatedList, expose, has_access

PAGE = 50


class RoleSchemeView(ModelView):
    """One grid five officers, seven officers three associations, three chiefs: seats that a level should have."""

    route_base = "/schemes"
    datamodel = PlacedInterface(RoleScheme)
    list_title = _("Role schemes")
    show_title = _("Role scheme")
    add_title = _("Add a role scheme")
    edit_title = _("Change the role scheme")
    base_order = ("id", "asc")
    label_columns = {
        "name": _("Designation"),
        "key": _("Key"),
        "level_id": _("Level"),
        "area_id": _("Only in this area"),
        "area_name": _("Only in this area"),
        "level_name": _("Level"),
        "active": _("In use"),
    }
    description_columns = {"area_id": _("Empty: everywhere."), "key": _("Small letters; never changes.")}
    list_columns = ["name", "level_id", "area_id", "active", "source"]
    search_columns = ["name", "active"]
    add_fieldsets = [
        (_("Role scheme"), {"fields": ["name", "key", "level_id", "area_id", "source", "active"]})
    ]
    edit_fieldsets = [(_("Role scheme"), {"fields": ["name", "level_id", "area_id", "source", "active"]})]
    show_fieldsets = [
        (_("Role scheme"), {"fields": ["name", "key", "level_id", "area_id", "source", "active"]})
    ]
    formatters_columns = {
        "level_id": lambda row: row.level or "",
        "area_id": lambda row: row.area or _("Everywhere"),
    }
    related = [RelatedList("RoleSchemeSeatView", "scheme_id", blocks=False)]

    def base_where(self) -> tuple[Any, ...]:
        inside = select(Area.id).where(*mine(Area.path, current_actor()))
        return (or_(RoleScheme.area_id.is_(None), RoleScheme.area_id.in_(inside)),)

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        with at_form(form):
            levels.save_scheme(session, item, current_actor(), clock.now())

    def remove(self, session: Any, item: Any, reason: str) -> None:
        for seat in list(item.seats):
            session.delete(seat)
        super().remove(session, item, reason)


class RoleSchemeSeatView(ModelView):
    """A seat of a scheme: the position and how many are needed."""

    route_base = "/scheme-seats"
    datamodel = Interface(RoleSchemeSeat)
    list_title = _("Seats")
    show_title = _("Seat")
    add_title = _("Add a seat")
    edit_title = _("Change the seat")
    base_order = ("id", "asc")
    label_columns = {"scheme_id": _("Role scheme"), "position": _("Position"), "needed": _("Needed")}
    list_columns = ["position", "needed"]
    search_columns = ["position"]
    add_fieldsets = [(_("Seat"), {"fields": ["scheme_id", "position", "needed"]})]
    edit_fieldsets = [(_("Seat"), {"fields": ["needed"]})]
    show_fieldsets = [(_("Seat"), {"fields": ["scheme", "position", "needed"]})]
    lookup_columns = ("position",)

    def heading(self, item: Any) -> str:
        return codes.label(self.session, "grid_role", item.position)

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        with at_form(form):
            levels.save_seat(session, item, current_actor(), clock.now())


class VacancyView(BaseView):
    """Every grid of an area with its people, duties and tasks; vacant ones first at hand."""

    route_base = "/vacancies"
    default_view = "list"
    title = _("Vacancies and the three settled things")

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        """Totals, seats of the schemes, first responsible persons, and a page of grids with a filter."""
        actor, day = current_actor(), clock.today()
        area = self._area(request.args.get("area", ""))
        missing = request.args.get("missing", "")
        wanted = Settlement.parse(missing, field="missing") if missing else None
        after = self._after(request.args.get("after", ""))
        states = queries.grid_states(
            self.session, area.path, day, missing=wanted, after=after, limit=PAGE + 1
        )
        page = states[:PAGE]
        return self.render_template(
            "areas/vacancies.html",
            area=area,
            missing=missing,
            choices=[(one.value, one.label) for one in Settlement],
            states=page,
            next_after=page[-1].uid if len(states) > PAGE else "",
            is_first=not after,
            people=queries.holders(self.session, [state.id for state in page], day),
            totals=queries.grid_totals(self.session, area.path, day),
            seats=queries.scheme_totals(self.session, area.path, day),
            responsible=queries.responsible_totals(self.session, area.path, day),
            code=lambda name, value: codes.label(self.session, name, value),
            whole=actor.whole_site,
        )

    def _area(self, key: str) -> Area:
        """The area asked for, or the actor's first; NotFound where there is none in the scope."""
        if key:
            return AreaInterface(Area).by_key(self.session, key)
        query = select(Area).where(*mine(Area.path, current_actor()), *queries.in_force(Area, clock.today()))
        area = self.session.scalars(query.order_by(Area.path).limit(1)).first()
        if area is None:
            raise NotFound()
        return area

    def _after(self, key: str) -> str:
        if not key:
            return ""
        path = self.session.scalar(select(Area.path).where(Area.uid == checked_key(key, uid=True)))
        if path is None:
            raise Invalid()
        return path
