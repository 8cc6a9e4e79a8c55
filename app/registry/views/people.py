"""Persons: everybody the registry knows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import inspect
from sqlalchemy.orm import joinedload

from app.audit.service import log_access
from app.core import clock, hooks
from app.core.actor import Actor, current_actor
from app.core.errors import Conflict
from app.core.masks import mask_id_number, mask_phone
from app.core.paging import Page
from app.core.views import Interface, ModelView, RelatedList, badge, expose, has_access
from app.core.views.arguments import ListArgs
from app.core.views.showing import LOOKUP_SIZE
from app.registry.models import Person, PersonDocument, PersonPhone
from app.registry.queries import cards, names
from app.registry.rules import check_name
from app.registry.rules.corrections import DECIDERS
from app.registry.service import corrections, documents, duplicates, groups_gone, merging, persons
from app.registry.service.homes import home_area
from app.registry.views.common import (
    BirthField,
    LooseCode,
    LooseText,
    birth_of,
    born,
    look_before,
    renamed,
)
from app.registry.views.person_page import PersonPage
from app.registry.views.person_sheet import SHEET_CELLS
from app.registry.views.sections import Overview

IDENTITY = ["name", "sex", "birth_date", "ethnic", "nationality", "native_place"]
REGISTRATION = ["population_kind", "consistency", "separation", "register_division", "register_address"]
IDENTIFYING = {"name", "sex", "birth_date", "register_division", "register_address"}
STATUS = [
    "marital",
    "political_status",
    "education",
    "employment",
    "occupation_class",
    "occupation",
    "workplace",
    "note",
]
BIRTH = BirthField(_("Born"), description=_("Such as 1985-02-21, 19850221, or 1985 where no more is known"))


# columns that are made of documents and phones
NUMBERS = frozenset({"document", "document_checked", "phone_number"})


class PersonView(Overview, ModelView):
    """Everybody the registry knows, inside the actor's areas."""

    route_base = "/person"
    keeps_viewers = True
    datamodel = Interface(Person)
    list_title = _("Residents")
    show_title = _("Resident")
    add_title = _("Add a resident")
    edit_title = _("Change the resident")
    label_columns = {
        "name": _("Full name"),
        "sex": _("Sex"),
        "birth_date": _("Born"),
        "ethnic": _("Ethnic group"),
        "nationality": _("Nationality"),
        "native_place": _("Native place"),
        "marital": _("Marital status"),
        "political_status": _("Political status"),
        "education": _("Education"),
        "employment": _("Employment status"),
        "occupation_class": _("Class of occupation"),
        "occupation": _("Occupation"),
        "workplace": _("Workplace"),
        "population_kind": _("Kind of resident"),
        "consistency": _("Registered here"),
        "separation": _("Lives apart from the registration"),
        "register_division": _("Registered in (division)"),
        "register_address": _("Registered address"),
        "area_id": _("Managed by"),
        "area": _("Managed by"),
        "document": _("ID number"),
        "document_checked": _("ID number"),
        "phone_number": _("Phone"),
        "died_on": _("Died on"),
    }
    list_columns = ["name", "sex", "birth_date", "document", "phone_number", "population_kind", "area"]
    order_columns = ["name", "birth_date"]
    order_keys = {"name": "name_pinyin"}
    search_columns = [
        "name",
        "sex",
        "birth_date",
        "ethnic",
        "population_kind",
        "consistency",
        "education",
        "area",
    ]
    also_filters = {"name": names.filtered}
    eager = ("area",)
    add_fieldsets = [
        (
            _("Identity"),
            {"fields": [*IDENTITY, "doc_kind", "number", "number_reason", "dup_reason", "phone_text"]},
        ),
        (_("Household registration"), {"fields": ["area_id", *REGISTRATION]}),
        (_("Work and family"), {"fields": STATUS}),
    ]
    edit_fieldsets = [
        (_("Identity"), {"fields": IDENTITY}),
        (_("Household registration"), {"fields": REGISTRATION}),
        (_("Work and family"), {"fields": STATUS}),
    ]
    add_form_extra_fields = {
        "birth_date": BIRTH,
        "doc_kind": LooseCode(_("Kind of document"), source="id_document", default="111"),
        "number": LooseText(_("ID number"), length=40),
        "number_reason": LooseText(_("Reason, as the number stands on the document"), length=200),
        "dup_reason": LooseText(_("Why both records keep this number"), length=200),
        "phone_text": LooseText(_("Phone"), length=40),
    }
    edit_form_extra_fields = {"birth_date": BIRTH}
    show_fieldsets = [
        (_("Identity"), {"fields": [*IDENTITY, "document_checked", "phone_number"]}),
        (_("Household registration"), {"fields": ["area", *REGISTRATION]}),
        (_("Work and family"), {"fields": STATUS}),
    ]
    page = PersonPage
    related = [
        RelatedList("PersonDocumentView", "person_id", blocks=False),
        RelatedList("PersonPhoneView", "person_id", blocks=False),
        RelatedList("ResidenceView", "person_id"),
        RelatedList("HouseholdMemberView", "person_id", title=_("Households")),
        RelatedList("PersonGroupView", "person_id"),
        RelatedList("FloatingStayView", "person_id"),
        RelatedList("LeftBehindView", "person_id"),
        RelatedList("OverseasStayView", "person_id"),
        RelatedList("PersonNameView", "person_id", blocks=False),
        RelatedList("TenancyView", "person_id"),
        RelatedList("ConsentTaskView", "person_id", blocks=False),
        RelatedList("PersonMergeView", "kept_id", title=_("Records merged into this one")),
    ]
    formatters_columns = {
        "name": names.with_reason,
        "birth_date": born,
        "document": lambda row: _masked_document(row),
        "document_checked": lambda row: _checked_document(row),
        "phone_number": lambda row: _masked_phone(row),
    }
    row_actions = [
        (_("What happened?"), lambda row: f"/life/person/{row.uid}", "can_use:LifeDesk"),
        (_("Consent sheet"), lambda row: f"/consents/person/{row.uid}", "can_use:ConsentDesk"),
        (_("Ask for a correction"), lambda row: _door_url(row), "can_use:AgeingDesk"),
    ]
    sheet_cells = SHEET_CELLS
    # who somebody is, is no matter of many rows
    bulk_columns = ("population_kind", "consistency", "separation", *STATUS)
    lookup_columns = ("name", "name_initials", "name_pinyin")
    lookup_eager = ("area",)

    def loads(self, columns: list[str]) -> list[Any]:
        parts = ((Person.documents, PersonDocument), (Person.phones, PersonPhone))
        # one or two rows each: together with the person they cost less than a statement of their own
        shown = parts if NUMBERS & set(columns) else ()
        loads = [joinedload(rows).options(*self.without_stamps(model)) for rows, model in shown]
        # who entered a record today may put its identity right
        return [*super().loads([*columns, "created_by"]), *loads]

    def read_page(self, asked: ListArgs, *extra: Any, **more: Any) -> Page:
        page = super().read_page(asked, *extra, **more)
        for found in (f for f in asked.filters if f.column == "name"):
            names.tell_filtered(self.session, page.rows, found)
        return page

    def lookup_text(self, row: Person) -> str:
        """Birth year and managing area tell two people of one name apart."""
        year = row.birth_date.year if row.birth_date else ""
        return " · ".join(str(part) for part in (row.name, year, row.area) if part)

    def lookup_rows(self, query: str, page: int) -> list[Any]:
        """After the last one of the present name come those of a former or another name."""
        rows = super().lookup_rows(query, page)
        if query and len(rows) <= LOOKUP_SIZE:
            rows += names.formerly(self.session, query, LOOKUP_SIZE - len(rows), joinedload(Person.area))
        return rows

    def lookup_row(self, row: Any) -> dict[str, str]:
        if not isinstance(row, names.Called):
            return super().lookup_row(row)
        found = super().lookup_row(row.person)
        return found | {"text": f"{found['text']} · {row.hint}"}

    def reading(self, item: Person) -> None:
        log_access("READ", "person", item.id, item.area_id)

    def rows_about(self, item: Person, verb: str) -> list[tuple[Any, hooks.Rows]]:
        """The logs of records that were merged into this one stand in one line of time with its own."""
        (view, (table, ids, model)), *hanging = super().rows_about(item, verb)
        return [(view, (table, [*ids, *merging.merged_into(self.session, item.id)], model)), *hanging]

    def remove(self, session: Any, item: Person, reason: str) -> None:
        super().remove(session, item, reason)
        groups_gone.ask(session, item, now=clock.now())

    def restored(self, session: Any, item: Person) -> None:
        if item.merged_into_id is not None:
            raise Conflict(_("This record was merged. Take the merge apart instead."))
        groups_gone.ask(session, item, now=clock.now())

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """A new resident. A typed number is looked up first, with throttle and log, outside the unit of work."""
        if request.method == "POST":
            look_before(self.session, request.form.get("doc_kind"), request.form.get("number"))
        return super().add()

    def make_form(self, *, is_new: bool, item: Any = None, data: Any = None) -> Any:
        """Who may only ask for a correction of the identity does not get its fields (S4-54: four eyes)."""
        form = super().make_form(is_new=is_new, item=item, data=data)
        if item is not None and not corrections.is_free(item, current_actor(), clock.now()):
            for name in IDENTIFYING & {field.name for field in form}:
                del form[name]
        return form

    def prefill(self, form: Any, item: Any) -> None:
        if item is not None and "birth_date" in form:
            form.birth_date.data = birth_of(item)

    def check(self, session: Any, item: Person, form: Any, is_new: bool) -> None:
        item.name = check_name(item.name)
        if is_new:
            home_area(session, item.area_id)

    def save(self, session: Any, item: Person, form: Any, is_new: bool) -> None:
        actor, now = current_actor(), clock.now()
        if not is_new:
            changed = {a.key for a in inspect(item).attrs if a.history.has_changes()}
            name = item.name
            if "name" in changed:
                item.name = inspect(item).attrs.name.history.deleted[0]
                persons.rename(session, item, name)
            persons.settle_edit(session, item, changed, actor=actor, now=now)
            return
        persons.settle_new(session, item, actor=actor, now=now)
        self._parts(session, item, form, actor, now)
        duplicates.entered(session, [item], actor=actor, now=now)

    def _parts(self, session: Any, item: Person, form: Any, actor: Actor, now: datetime) -> None:
        """The document and the phone that were typed with a new resident."""
        if form.number.data:
            documents.add_document(
                session,
                item,
                kind=form.doc_kind.data or "111",
                number=form.number.data,
                warning_reason=form.number_reason.data,
                dup_reason=form.dup_reason.data,
                actor=actor,
                now=now,
            )
        if form.phone_text.data:
            with renamed("phone", "phone_text"):
                persons.set_phone(session, item, form.phone_text.data, actor=actor, now=now)


def _masked_document(row: Person) -> str:
    found = cards.primary(row.documents)
    return mask_id_number(found.number) if found else ""


def _checked_document(row: Person) -> str | Markup:
    """The number behind its mask, with what the record says against it until one of the two is put right."""
    found = documents.differences(row, birth_of(row), row.sex, clock.today())
    return Markup(" ").join([_masked_document(row), *(badge(f.message, "yellow") for f in found)])


def _masked_phone(row: Person) -> str:
    found = cards.latest_phone(row.phones)
    return mask_phone(found.number) if found else ""


def _door_url(row: Person) -> str | None:
    """Where a correction of the identity is asked for; clerks change it themselves."""
    return None if current_actor().role in DECIDERS else f"/ageing/door/{row.uid}"
