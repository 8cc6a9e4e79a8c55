"""Rented homes with their tenancies."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import object_session

from app.core import clock, codes
from app.core.errors import Invalid
from app.core.views import Interface, ModelView, RelatedList, expose, has_access, permission_name
from app.core.views.ending import EndPage
from app.documents.qr import qr_svg
from app.registry.models import Person, RentalHome, Tenancy
from app.registry.queries import safety
from app.registry.service import households, rentals, risk
from app.registry.views.common import NO_LOOKUP, ByService, open_only
from app.registry.views.wording import colour_badge


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
        "landlord_document_kind": _("Landlord's document"),
        "landlord_document": _("Landlord's document number"),
        "landlord_address": _("Landlord's address"),
        "caretaker_name": _("Caretaker"),
        "caretaker_phone": _("Caretaker's phone"),
        "agent_name": _("Agent"),
        "agent_credit_code": _("Agent's unified credit code"),
        "structure": _("Structure and floors"),
        "deed_no": _("Number of the property deed"),
        "pledge_signed": _("Safety pledge signed"),
        "rent": _("Rent a month (yuan)"),
        "lease_from": _("Lease from"),
        "risk_reason": _("Why this colour"),
        "last_check_on": _("Last check"),
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
    _LET = [
        "name",
        "rental_kind",
        "rental_use",
        "structure",
        "deed_no",
        "registered",
        "contract_no",
        "pledge_signed",
        "rent",
        "lease_from",
        "lease_until",
        "note",
    ]
    _LANDLORD = [
        "landlord_name",
        "landlord_phone",
        "landlord_document_kind",
        "landlord_document",
        "landlord_address",
    ]
    _OTHERS = ["caretaker_name", "caretaker_phone", "agent_name", "agent_credit_code"]
    add_fieldsets = [
        (_("Letting"), {"fields": ["dwelling_id", *_LET]}),
        (_("Landlord"), {"fields": ["landlord_person_id", *_LANDLORD]}),
        (_("Caretaker and agent"), {"fields": _OTHERS}),
    ]
    edit_fieldsets = [
        (_("Letting"), {"fields": _LET}),
        (_("Landlord"), {"fields": ["landlord_person_id", *_LANDLORD]}),
        (_("Caretaker and agent"), {"fields": _OTHERS}),
    ]
    show_fieldsets = [
        (
            _("Safety"),
            {"fields": ["risk", "risk_reason", "crowding", "hazard", "last_check_on", "next_check_on"]},
        ),
        (_("Letting"), {"fields": ["dwelling", "area", *_LET]}),
        (_("Landlord"), {"fields": ["landlord", *_LANDLORD]}),
        (_("Caretaker and agent"), {"fields": _OTHERS}),
    ]
    formatters_columns = {
        "crowding": lambda row: _crowding(row),
        "risk": lambda row: colour_badge(row.risk),
    }
    show_template = "registry/rental.html"
    related = [
        RelatedList("TenancyView", "rental_home_id"),
        RelatedList("SafetyCheckView", "rental_home_id"),
        RelatedList("HazardView", "rental_home_id"),
    ]
    row_actions = [
        (
            _("Check now"),
            lambda row: url_for("CheckDesk.check", kind="home", uid=row.uid),
            "can_use:CheckDesk",
        ),
        (_("Plate with QR"), lambda row: url_for("RentalHomeView.plate", pk=row.uid), "can_show"),
    ]
    lookup_columns = ("name", "landlord_name")
    lookup_eager = ("dwelling",)

    def heading(self, item: RentalHome) -> str:
        return str(item)

    def lookup_text(self, row: RentalHome) -> str:
        return " · ".join(str(part) for part in (row.name, row.dwelling, row.landlord_name) if part)

    def save(self, session: Any, item: RentalHome, form: Any, is_new: bool) -> None:
        rentals.settle_rental(session, item, now=clock.now())

    def show_context(self, item: RentalHome) -> dict[str, Any]:
        hazards = safety.open_hazards(self.session, item)
        more = {"open_hazards": hazards, "qr": self._qr(item)}
        return super().show_context(item) | more

    def _qr(self, item: RentalHome) -> Any:
        """Leads to this page, for whoever is signed in and may see it; it says nothing about anybody."""
        return qr_svg(url_for("RentalHomeView.show", pk=item.uid, _external=True))

    @expose("/plate/<pk>", methods=["GET"])
    @has_access
    @permission_name("show")
    def plate(self, pk: str) -> str:
        """The plate of the house: its QR on the ground of its colour, for the screen or a sheet at the door."""
        item = self.datamodel.by_key(self.session, pk)
        return self.render_template(
            "registry/plate.html",
            title=_("Plate of the house"),
            item=item,
            qr=self._qr(item),
            colour=item.risk or "green",
            colour_words=codes.label(self.session, risk.COLOURS, item.risk),
            back=self.url_show(item),
        )


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
