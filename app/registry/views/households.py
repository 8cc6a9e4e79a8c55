"""Households, who belongs to them, and where people live."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import selectinload

from app.core import clock
from app.core.actor import current_actor
from app.core.errors import Invalid
from app.core.views import Interface, ModelView, RelatedList, expose, has_access, permission_name
from app.core.views.ending import EndPage
from app.core.widgets import Needed, RemoteField
from app.registry.choices import HouseholdKind, ResidenceKind
from app.registry.models import Dwelling, Household, HouseholdDwelling, HouseholdMember, Person, Residence
from app.registry.service import awaited, households, residences
from app.registry.views.common import NO_LOOKUP, ByService, EndByCodeForm, Loose, open_only
from app.registry.views.person_sheet import HOME_CELLS
from app.registry.views.place_pages import HouseholdPage, present
from app.registry.views.sections import Overview

TOLD = ("head", "homes")  # fields of a household that its page reads with its parts


class LooseHome(Loose, RemoteField):
    """The home of a new household."""


class HouseholdView(Overview, ByService, ModelView):
    """Households: registered, living, collective."""

    route_base = "/household"
    datamodel = Interface(Household)
    list_title = _("Households")
    show_title = _("Household")
    add_title = _("Add a household")
    edit_title = _("Change the household")
    label_columns = {
        "kind": _("Kind of household"),
        "household_no": _("Household number"),
        "name": _("Household"),
        "head": _("Head"),
        "homes": _("Home"),
        "dwelling": _("Home"),
    }
    choices_columns = {"kind": HouseholdKind}
    list_columns = ["name", "kind", "household_no", "homes", "area", "valid_to"]
    order_columns = ["name", "household_no", "valid_to"]
    search_columns = ["name", "kind", "household_no", "area", "valid_to"]
    eager = ("area",)
    add_columns = ["kind", "dwelling", "household_no", "note"]
    edit_columns = ["household_no", "note"]
    show_columns = ["name", "kind", "household_no", "head", "homes", "area", "note", "valid_from", "valid_to"]
    add_form_extra_fields = {"dwelling": LooseHome(_("Home"), [Needed()], model=Dwelling)}
    formatters_columns = {"homes": lambda row: _homes(row)}
    sheet_cells = HOME_CELLS
    page = HouseholdPage
    related = [
        RelatedList("HouseholdMemberView", "household_id", title=_("Members")),
        RelatedList("ResidenceView", "household_id", blocks=False),
        RelatedList("HelpRecordView", "household_id"),
    ]
    row_actions = [(_("What happened?"), lambda row: f"/life/household/{row.uid}", "can_use:LifeDesk")]
    lookup_columns = ("name", "household_no")
    lookup_eager = ("area",)

    def options(self, columns: list[str]) -> list[Any]:
        """The page reads head and homes with what hangs on the household; a list calls a household by its head."""
        if columns == self.show_columns:
            return super().options([name for name in columns if name not in TOLD])
        loads = super().options([*columns, "head"])
        if "homes" not in columns:
            return loads
        return [*loads, selectinload(Household.dwellings).joinedload(HouseholdDwelling.dwelling)]

    def told(self, page: Any) -> dict[str, Any]:
        return dict(zip(TOLD, page.head_and_homes(), strict=True))

    def base_where(self) -> tuple[Any, ...]:
        """Who was only asked for does not make a household."""
        return (awaited.begun(),)

    def heading(self, item: Household) -> str:
        return str(item) or gettext("Household without a head")

    def lookup_text(self, row: Household) -> str:
        kind = HouseholdKind.label_of(row.kind)
        return " · ".join(str(part) for part in (str(row), kind, row.household_no, row.area) if part)

    def is_editable(self, item: Household) -> bool:
        return item.valid_to is None

    def save(self, session: Any, item: Household, form: Any, is_new: bool) -> None:
        if not is_new:
            return
        form.made = households.create_household(
            session,
            form.dwelling.data,
            kind=HouseholdKind.parse(item.kind, field="kind"),
            household_no=item.household_no,
            note=item.note,
            now=clock.now(),
        )


def _homes(row: Household) -> str:
    """Addresses of the present homes."""
    return present((link, link.dwelling) for link in row.dwellings)


class HouseholdMemberView(EndPage, ByService, ModelView):
    """Who belongs to a household for a time, with the relation to its head."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/householdmember"
    datamodel = Interface(HouseholdMember)
    list_title = _("Household members")
    show_title = _("Household member")
    add_title = _("Add a member")
    edit_title = _("Change the relation")
    label_columns = {
        "household_id": _("Household"),
        "person_id": _("Resident"),
        "person": _("Resident"),
        "relation": _("Relation to head"),
    }
    list_columns = ["household", "person", "relation", "valid_from", "valid_to"]
    order_columns = ["relation", "valid_from", "valid_to"]
    search_columns = ["relation", "valid_to"]
    eager = ("household", "person")
    add_columns = ["household_id", "person_id", "relation", "valid_from"]
    edit_columns = ["relation"]
    show_columns = ["household", "person", "relation", "valid_from", "valid_to"]
    row_actions = [
        (_("No longer a member"), lambda row: open_only(row, "HouseholdMemberView.end"), "can_edit")
    ]
    end_form = EndByCodeForm

    def heading(self, item: HouseholdMember) -> str:
        return " · ".join(str(part) for part in (item.person, item.household) if part)

    def is_editable(self, item: HouseholdMember) -> bool:
        return item.valid_to is None

    def save(self, session: Any, item: HouseholdMember, form: Any, is_new: bool) -> None:
        actor, now = current_actor(), clock.now()
        household = session.get_one(Household, item.household_id)
        if is_new:
            if household.valid_to is not None:
                raise Invalid(_("This household has ended."), field="household_id")
            form.made = households.add_member(
                session,
                household,
                session.get_one(Person, item.person_id),
                item.relation,
                dwelling=households.home_of(session, household),
                since=item.valid_from,
                actor=actor,
                now=now,
            )
        households.settle_head(session, household)
        households.check_household(session, household, clock.today(), pending_head=is_new)

    def remove(self, session: Any, item: HouseholdMember, reason: str) -> None:
        """A row that was entered by mistake: the residence that hangs on it goes as well."""
        if item.valid_to is None:
            households.end_membership(session, item, reason="mistake", actor=current_actor(), now=clock.now())
        super().remove(session, item, reason)

    @expose("/end/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def end(self, pk: str) -> Any:
        """The person leaves the household, and the home that was held through it."""
        return self.end_page(
            pk,
            title=_("No longer a member"),
            note=_(
                "The home held through this household ends as well. A household without members is closed."
            ),
            end=lambda session, item, form, actor, now: households.end_membership(
                session,
                item,
                reason=form.reason.data,
                on=households.day_after(form.last_day.data, clock.today()),
                actor=actor,
                now=now,
            ),
        )

    def end_url(self, item: HouseholdMember) -> str:
        return f"{HouseholdView.route_base}/show/{item.household.uid}"


class ResidenceView(EndPage, ByService, ModelView):
    """Where people live and are registered; the areas that may see them follow."""

    exclude_route_methods = NO_LOOKUP
    route_base = "/residence"
    datamodel = Interface(Residence)
    list_title = _("Homes over time")
    show_title = _("Home of a resident")
    add_title = _("Add to the homes over time")
    edit_title = _("Change the entry")
    label_columns = {
        "person_id": _("Resident"),
        "person": _("Resident"),
        "dwelling_id": _("Home"),
        "dwelling": _("Home"),
        "household_id": _("Household"),
        "dwelling_type": _("Kind of home"),
        "inflow_reason": _("Reason of moving in"),
        "came_from": _("Came from"),
        "outside_division": _("Outside: division"),
        "outside_address": _("Outside: address"),
        "end_reason": _("Reason of the end"),
    }
    choices_columns = {"kind": ResidenceKind}
    list_columns = ["person", "kind", "dwelling", "outside_address", "valid_from", "valid_to"]
    order_columns = ["valid_from", "valid_to"]
    search_columns = ["kind", "inflow_reason", "valid_to"]
    eager = ("person", "dwelling")
    _MORE = ["dwelling_type", "inflow_reason", "came_from"]
    add_fieldsets = [
        (_("Home"), {"fields": ["person_id", "kind", "dwelling_id", "household_id", "valid_from", *_MORE]}),
        (
            _("Outside this site"),
            {
                "fields": ["outside_division", "outside_address"],
                "note": _("Only where there is no home to choose."),
            },
        ),
    ]
    edit_columns = [*_MORE, "outside_division", "outside_address"]
    show_columns = [
        "person",
        "kind",
        "dwelling",
        "household",
        *_MORE,
        "outside_division",
        "outside_address",
        "valid_from",
        "valid_to",
        "end_reason",
    ]
    row_actions = [(_("Has left"), lambda row: open_only(row, "ResidenceView.end"), "can_edit")]
    end_form = EndByCodeForm

    def heading(self, item: Residence) -> str:
        return str(item.person or "")

    def save(self, session: Any, item: Residence, form: Any, is_new: bool) -> None:
        if not is_new:
            return
        fields = {name: getattr(item, name) for name in residences.FIELDS if getattr(item, name)}
        form.made = residences.add_home(
            session,
            session.get_one(Person, item.person_id),
            session.get(Dwelling, item.dwelling_id) if item.dwelling_id else None,
            kind=ResidenceKind.parse(item.kind, field="kind"),
            household=session.get(Household, item.household_id) if item.household_id else None,
            since=item.valid_from,
            fields=fields,
            actor=current_actor(),
            now=clock.now(),
        )

    def remove(self, session: Any, item: Residence, reason: str) -> None:
        """A row that was entered by mistake takes its tie to the area with it."""
        if item.valid_to is None:
            residences.close_residence(
                session, item, reason="mistake", actor=current_actor(), now=clock.now()
            )
        super().remove(session, item, reason)

    @expose("/end/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def end(self, pk: str) -> Any:
        """The person has left this home."""
        return self.end_page(
            pk,
            title=_("Has left"),
            note=_("The grid of this home sees the person no longer unless something else ties them to it."),
            end=lambda session, item, form, actor, now: residences.close_residence(
                session,
                item,
                reason=form.reason.data,
                on=households.day_after(form.last_day.data, clock.today()),
                actor=actor,
                now=now,
            ),
        )

    def end_url(self, item: Residence) -> str:
        return f"/person/show/{item.person.uid}" if item.person else f"{self.route_base}/list/"
