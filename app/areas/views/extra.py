"""Pages of the custom fields: an administrator adds a field to a record without code and without a migration."""

from __future__ import annotations

from typing import Any

from flask import current_app, g
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.areas.choices import ExtraKind, ExtraLevel, ExtraSubject
from app.areas.models import Area
from app.areas.service import extra as service
from app.areas.views.common import at_form
from app.core import clock
from app.core.actor import current_actor
from app.core.codes import CodeList
from app.core.extra import ExtraField, ExtraFieldArea
from app.core.views import Interface, ModelView, RelatedList, badge
from app.core.widgets import ChoiceField, RemoteField


def _lists() -> list[tuple[str, str]]:
    """Code lists by name, with their labels."""
    session = current_app.appbuilder.session()  # type: ignore[attr-defined]
    found = session.execute(select(CodeList.name, CodeList.label).order_by(CodeList.label))
    return [(name, label) for name, label in found]


def _standing(row: ExtraField) -> Any:
    day = clock.today()
    if row.valid_to is not None and row.valid_to < day:
        return badge(_("ended"), "grey")
    if row.valid_from is not None and row.valid_from > day:
        return badge(_("to come"), "blue")
    return badge(_("asked"), "green")


class FirstAreaField(RemoteField):
    """The first area of a new field; more are added on its page."""

    def populate_obj(self, obj: Any, name: str) -> None:
        """It becomes a row of its own."""


class ExtraFieldView(ModelView):
    """Fields that an administrator has added. One is ended by its last day, never deleted."""

    route_base = "/custom-fields"
    datamodel = Interface(ExtraField)
    list_title = _("Custom fields")
    show_title = _("Custom field")
    add_title = _("Add a custom field")
    edit_title = _("Change the custom field")
    base_order = ("seq", "asc")
    bulk_columns = ()  # each field is a decision of its own
    exclude_route_methods = {"delete", "restore", "deleted", "lookup"}
    label_columns = {
        "subject": _("Kind of record"),
        "label": _("Name of the field"),
        "kind": _("What it holds"),
        "code_list": _("Code list"),
        "is_required": _("Must be filled in"),
        "level": _("Protection"),
        "help": _("Help text"),
        "seq": _("Order"),
        "in_list": _("Shown in the list"),
        "where": _("Asked in"),
        "standing": _("State"),
        "area": _("Only in this area"),
        "valid_from": _("Asked from"),
        "valid_to": _("Asked until"),
    }
    description_columns = {
        "kind": _("Cannot change any more once a record holds a value."),
        "code_list": _("Only for a choice."),
        "is_required": _("Asked on forms from its first day on; records from before stay valid."),
        "valid_to": _("A field is ended, not deleted: what was answered stays on the page of the record."),
        "seq": _("Small numbers stand first; 0 puts a new field at the end."),
        "help": _("Stands below the field."),
    }
    choices_columns = {"subject": ExtraSubject, "kind": ExtraKind, "level": ExtraLevel}
    list_columns = [
        "label",
        "subject",
        "kind",
        "is_required",
        "level",
        "where",
        "valid_from",
        "valid_to",
        "standing",
    ]
    order_columns = ["label", "subject", "valid_from", "valid_to"]
    search_columns = ["subject", "label", "kind", "level", "is_required"]
    formatters_columns = {
        "standing": _standing,
        "where": lambda row: _where(row),
        "code_list": lambda row: dict(_lists()).get(row.code_list, row.code_list or ""),
    }
    _HOW = ["is_required", "level", "help", "seq", "in_list"]
    _WHAT = ["label", "kind", "code_list"]
    add_fieldsets = [
        (_("What is asked"), {"fields": ["subject", *_WHAT]}),
        (_("How it is asked"), {"fields": _HOW}),
        (_("Where and when"), {"fields": ["area", "valid_from", "valid_to"]}),
    ]
    edit_fieldsets = [
        (_("What is asked"), {"fields": _WHAT}),
        (_("How it is asked"), {"fields": _HOW}),
        (_("When"), {"fields": ["valid_from", "valid_to"]}),
    ]
    _LIST_FIELD = ChoiceField(_("Code list"), description=_("Only for a choice."), source=_lists)
    add_form_extra_fields = {
        "code_list": _LIST_FIELD,
        "area": FirstAreaField(
            _("Only in this area"),
            description=_("With all areas below it. Empty: everywhere. More areas are added afterwards."),
            model=Area,
        ),
    }
    edit_form_extra_fields = {"code_list": _LIST_FIELD}
    show_fieldsets = [
        (_("What is asked"), {"fields": ["subject", *_WHAT, "standing"]}),
        (_("How it is asked"), {"fields": _HOW}),
        (_("Where and when"), {"fields": ["where", "valid_from", "valid_to"]}),
    ]
    eager = ("areas",)
    related = [RelatedList("ExtraFieldAreaView", "field_id")]
    lookup_columns = ("label",)

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        area = form["area"].data if is_new else None
        with at_form(form):
            service.save_field(session, item, current_actor(), clock.now(), area=area)


def _where(row: ExtraField) -> str:
    if "extra_areas" not in g:
        session = current_app.appbuilder.session()  # type: ignore[attr-defined]
        query = select(Area.id, Area.name).where(Area.id.in_(select(ExtraFieldArea.area_id)))
        g.extra_areas = {row.id: row.name for row in session.execute(query)}
    names = [g.extra_areas.get(known.area_id, "") for known in row.areas]
    return gettext(", ").join(names) if names else gettext("Everywhere")


class ExtraFieldAreaView(ModelView):
    """Areas in which a custom field is asked, each with all below it."""

    route_base = "/custom-field-areas"
    datamodel = Interface(ExtraFieldArea)
    list_title = _("Asked in")
    show_title = _("Area of a custom field")
    add_title = _("Add an area")
    edit_title = _("Area of a custom field")
    base_order = ("id", "asc")
    exclude_route_methods = {"edit", "restore", "deleted", "lookup", "history"}
    label_columns = {"field_id": _("Custom field"), "field": _("Custom field")}
    list_columns = ["area_id"]
    show_columns = ["field", "area_id"]
    search_columns = ["area_id"]
    add_columns = ["field_id", "area_id"]
    eager = ("field",)
    empty_hint = _("Asked everywhere. The first area that is added narrows the field to it.")

    def heading(self, item: ExtraFieldArea) -> str:
        return str(item.field)

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        service.add_area(session, item, current_actor(), clock.now())

    def remove(self, session: Any, item: Any, reason: str) -> None:
        service.drop_area(session, item, reason, current_actor(), clock.now())
