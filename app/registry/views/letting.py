"""Rented homes with their tenancies, and venues."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import object_session

from app.core import clock
from app.core.errors import Invalid
from app.core.views import Interface, ModelView, RelatedList, expose, has_access, permission_name
from app.registry.models import Person, RentalHome, Tenancy, Venue
from app.registry.service import households, rentals, venues
from app.registry.views.common import NO_LOOKUP, ByService, EndPage, open_only


class RentalHomeView(ByService, ModelView):
    """Homes that are let, with risk and the next check."""

    route_base = "/rentalhome"
    datamodel = Interface(RentalHome)
    list_title = _("Rented homes")
    show_title = _("Rented home")
    add_title = _("Add a rented home")
    edit_title = _("Change the rented home")
    label_columns = {
        "crowding": _("Crowding"),
        "dwelling_id": _("Home"),
        "dwelling": _("Home"),
        "name": _("Called"),
        "rental_kind": _("Kind of letting"),
        "rental_use": _("Used as"),
        "risk": _("Risk"),
        "hazard": _("Hazard"),
        "landlord_person_id": _("Landlord (resident)"),
        "landlord": _("Landlord (resident)"),
        "landlord_name": _("Landlord"),
        "landlord_phone": _("Landlord's phone"),
        "agent_name": _("Agent"),
        "contract_no": _("Contract number"),
        "registered": _("Contract registered"),
        "lease_until": _("Lease until"),
        "next_check_on": _("Next check"),
    }
    list_columns = [
        "dwelling",
        "rental_kind",
        "risk",
        "landlord_name",
        "lease_until",
        "next_check_on",
        "area",
    ]
    order_columns = ["lease_until", "next_check_on", "landlord_name"]
    search_columns = [
        "rental_kind",
        "rental_use",
        "risk",
        "hazard",
        "registered",
        "lease_until",
        "next_check_on",
        "area",
    ]
    eager = ("area", "dwelling")
    _LET = ["name", "rental_kind", "rental_use", "registered", "contract_no", "lease_until"]
    _WHO = ["landlord_person_id", "landlord_name", "landlord_phone", "agent_name"]
    _SAFE = ["risk", "hazard", "next_check_on", "note"]
    add_fieldsets = [
        (_("Letting"), {"fields": ["dwelling_id", *_LET]}),
        (_("Landlord and agent"), {"fields": _WHO}),
        (_("Safety"), {"fields": _SAFE}),
    ]
    edit_fieldsets = [
        (_("Letting"), {"fields": _LET}),
        (_("Landlord and agent"), {"fields": _WHO}),
        (_("Safety"), {"fields": _SAFE}),
    ]
    show_fieldsets = [
        (_("Letting"), {"fields": ["dwelling", "area", *_LET, "crowding"]}),
        (_("Landlord and agent"), {"fields": ["landlord", "landlord_name", "landlord_phone", "agent_name"]}),
        (_("Safety"), {"fields": _SAFE}),
    ]
    formatters_columns = {"crowding": lambda row: _crowding(row)}
    related = [RelatedList("TenancyView", "rental_home_id")]
    lookup_columns = ("name", "landlord_name")
    lookup_eager = ("dwelling",)

    def heading(self, item: RentalHome) -> str:
        return str(item)

    def lookup_text(self, row: RentalHome) -> str:
        return " · ".join(str(part) for part in (row.name, row.dwelling, row.landlord_name) if part)

    def save(self, session: Any, item: RentalHome, form: Any, is_new: bool) -> None:
        rentals.settle_rental(session, item, now=clock.now())
        session.add(item)


def _crowding(row: RentalHome) -> str:
    session = object_session(row)
    finding = rentals.crowding(session, row) if session is not None else None
    return str(finding.message) if finding else ""


class TenancyView(EndPage, ByService, ModelView):
    """Who rents from when to when; the grid sees a tenant while the tenancy lasts."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/tenancy"
    datamodel = Interface(Tenancy)
    list_title = _("Tenancies")
    show_title = _("Tenancy")
    add_title = _("Add a tenant")
    edit_title = _("Change the tenancy")
    label_columns = {
        "rental_home_id": _("Rented home"),
        "rental_home": _("Rented home"),
        "person_id": _("Tenant"),
        "person": _("Tenant"),
        "head_count": _("People living here"),
        "relation_to_landlord": _("Relation to the landlord"),
    }
    list_columns = ["rental_home", "person", "head_count", "valid_from", "valid_to"]
    order_columns = ["head_count", "valid_from", "valid_to"]
    search_columns = ["head_count", "valid_from", "valid_to"]
    eager = ("rental_home.dwelling", "person")
    add_columns = ["rental_home_id", "person_id", "head_count", "relation_to_landlord", "valid_from"]
    edit_columns = ["head_count", "relation_to_landlord"]
    show_columns = ["rental_home", "person", "head_count", "relation_to_landlord", "valid_from", "valid_to"]
    row_actions = [(_("Has moved out"), lambda row: open_only(row, "TenancyView.end"), "can_edit")]

    def heading(self, item: Tenancy) -> str:
        return " · ".join(str(part) for part in (item.person, item.rental_home) if part)

    def check(self, session: Any, item: Tenancy, form: Any, is_new: bool) -> None:
        if item.head_count is None or not 1 <= item.head_count <= rentals.MOST_HEADS:
            raise Invalid(_("Please give the number of people, at least 1."), field="head_count")

    def save(self, session: Any, item: Tenancy, form: Any, is_new: bool) -> None:
        if not is_new:
            return
        form.made = rentals.open_tenancy(
            session,
            session.get_one(RentalHome, item.rental_home_id),
            session.get_one(Person, item.person_id),
            since=item.valid_from,
            head_count=item.head_count,
            relation_to_landlord=item.relation_to_landlord,
            now=clock.now(),
        )

    def remove(self, session: Any, item: Tenancy, reason: str) -> None:
        """A row that was entered by mistake takes its tie to the area with it."""
        if item.valid_to is None:
            rentals.end_tenancy(session, item, now=clock.now())
        super().remove(session, item, reason)

    @expose("/end/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def end(self, pk: str) -> Any:
        """The tenant has moved out."""
        return self.end_page(
            pk,
            title=_("Has moved out"),
            note=_("The grid sees this person no longer unless something else ties them to it."),
            end=lambda session, item, form, actor, now: rentals.end_tenancy(
                session, item, on=households.day_after(form.last_day.data, clock.today()), now=now
            ),
        )

    def end_url(self, item: Tenancy) -> str:
        return f"{RentalHomeView.route_base}/show/{item.rental_home.uid}"


class VenueView(ModelView):
    """Shops, workshops, schools, the nine small places."""

    route_base = "/venue"
    datamodel = Interface(Venue)
    list_title = _("Venues")
    show_title = _("Venue")
    add_title = _("Add a venue")
    edit_title = _("Change the venue")
    label_columns = {
        "name": _("Designation"),
        "venue_key": _("Kind of venue"),
        "nine_small": _("Nine small places"),
        "credit_code": _("Unified credit code"),
        "building_id": _("Building"),
        "dwelling_id": _("Home"),
        "dwelling": _("Home"),
        "operator_name": _("Operator"),
        "operator_phone": _("Operator's phone"),
        "area_m2": _("Floor area (m²)"),
        "staff_count": _("Number of staff"),
        "seats": _("Seats or beds"),
        "licence_no": _("Licence number"),
        "licence_until": _("Licence until"),
        "area_id": _("Grid"),
        "area": _("Grid"),
    }
    description_columns = {"address": _("Empty: the address of the home or building.")}
    list_columns = ["name", "venue_key", "nine_small", "address", "operator_name", "licence_until", "area"]
    order_columns = ["name", "operator_name", "licence_until"]
    search_columns = ["name", "venue_key", "nine_small", "credit_code", "address", "licence_until", "area"]
    eager = ("area",)
    _WHAT = ["name", "venue_key", "nine_small", "credit_code"]
    _RUN = [
        "operator_name",
        "operator_phone",
        "area_m2",
        "staff_count",
        "seats",
        "licence_no",
        "licence_until",
        "note",
    ]
    add_fieldsets = [
        (_("Venue"), {"fields": [*_WHAT, "area_id", "building_id", "dwelling_id", "address"]}),
        (_("Operation"), {"fields": _RUN}),
    ]
    edit_fieldsets = add_fieldsets
    show_fieldsets = [
        (_("Venue"), {"fields": [*_WHAT, "area", "building", "dwelling", "address"]}),
        (_("Operation"), {"fields": _RUN}),
    ]
    lookup_columns = ("name", "name_initials")

    def lookup_text(self, row: Venue) -> str:
        return f"{row.name} · {row.address}"

    def save(self, session: Any, item: Venue, form: Any, is_new: bool) -> None:
        venues.settle_venue(session, item)
        session.add(item)
