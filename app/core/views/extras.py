"""Custom fields in the pages of a record: form, page, list and filters (issue text: low code).

A field is offered where it is asked: today, in one of the areas in which the actor works. What a record holds of a
field that has ended, or that is not asked in its area, stays on its page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import extra, policy, reach, scope
from app.core import widgets as w
from app.core.actor import Actor, current_actor
from app.core.clock import today
from app.core.errors import Invalid
from app.core.extra import ExtraColumn
from app.core.extra.column import PRECISION, SCALE
from app.core.views.fields import RecordForm

TITLE = _("Further fields")
SEALED = "L5"
NOT_YOURS = _("You may not fill this in for a record of this area. Please leave it empty.")


def is_name(name: str) -> bool:
    """Whether a name is one of a custom field."""
    return name.startswith(extra.PREFIX)


def stores(model: Any, names: Iterable[str]) -> set[str]:
    """The columns of a record that hold these custom fields."""
    found = (extra.column_of(model, name) for name in names if is_name(name))
    return {column.store for column in found if column is not None}


def value_of(item: Any, name: str) -> Any:
    """A value of a record by the name of a column or of a custom field."""
    column = extra.column_of(type(item), name)
    return getattr(item, name) if column is None else column.read(item)


def concerns(column: ExtraColumn, actor: Actor) -> bool:
    """Whether the field is asked somewhere in the areas of the actor."""
    if not column.paths or actor.is_system or actor.whole_site:
        return True
    return any(
        own.startswith(low) or low.startswith(own) for own in column.paths for low, _high in actor.ranges
    )


def is_asked_wherever(column: ExtraColumn, actor: Actor) -> bool:
    """Whether the field is asked in all areas of the actor."""
    if not column.paths:
        return True
    return bool(actor.ranges) and all(column.is_asked_in(low) for low, _high in actor.ranges)


def may(session: Session, actor: Actor, verb: str, item: Any, name: str) -> bool:
    """Whether the actor may ``see`` or ``edit`` the plain value of a column of this record: a grant by name may hold in a
    part of the acting areas only.
    """
    rule = policy.rule_of(type(item), name)
    if rule is None or not rule.grant or rule.grant in actor.grants or rule.grant not in actor.named_groups:
        return policy.may(actor, verb, type(item), name)
    return policy.may(actor, verb, type(item), name, reach.paths_of(session, item))


# --- forms ------------------------------------------------------------------------------------------------------


class Sealed:
    """A field of level L5: what is stored is not sent to the browser; left empty it stays."""

    kept: Any = None
    cleared = False

    def process_data(self, value: Any) -> None:
        self.kept = value
        super().process_data(None)  # type: ignore[misc]


# the names of the classes are what the templates draw a field by
_SEALED: dict[type, type] = {
    kind: type(kind.__name__, (Sealed, kind), {})
    for kind in (w.DayField, w.NumberField, w.CodeField, w.YesNoField)
}


def field_of(column: ExtraColumn, *, needed: bool) -> Any:
    """The (unbound) form field of a custom field."""
    is_sealed = column.level == SEALED
    help_text = column.help
    if is_sealed and column.kind != "text":
        help_text = f"{help_text} {gettext('Leave empty to keep it.')}".strip()
    common: dict[str, Any] = {
        "label": column.label,
        "description": help_text,
        "validators": [w.Needed()] if needed else [],
    }
    if column.kind == "text":
        cls = w.SecretField if is_sealed else w.TextField
        return cls(length=extra.LONGEST, **common)
    if column.kind == "code":
        common["source"] = column.code_list
    if column.kind == "decimal":
        common |= {"precision": PRECISION, "scale": SCALE}
    kind: type = {"decimal": w.NumberField, "date": w.DayField, "code": w.CodeField, "bool": w.YesNoField}[
        column.kind
    ]
    return (_SEALED[kind] if is_sealed else kind)(**common)


class ExtraForm(RecordForm):
    """A form with custom fields: these go into the stores of the record."""

    extra_columns: tuple[ExtraColumn, ...] = ()

    def populate_obj(self, obj: Any) -> None:
        for name, field in self._fields.items():
            if not is_name(name):
                field.populate_obj(obj, name)
        self.write_extras(obj)

    def may_type(self, actor: Actor, model: type, name: str) -> bool:
        # which custom fields are typed was decided for the record, not for its class alone
        return is_name(name) or super().may_type(actor, model, name)

    def write_extras(self, obj: Any) -> None:
        """Put the custom fields into a record."""
        for column in self.extra_columns:
            if column.name in self._fields:
                write(column, obj, self._fields[column.name])


def no_longer(column: ExtraColumn, typed: str) -> str:
    """The sentence about what was typed into a field that is not asked any more; closed words are not said again."""
    if not column.is_open:
        return gettext(
            "\u201c%(field)s\u201d is no longer asked here. What was typed there is not kept.",
            field=column.label,
        )
    return gettext(
        "\u201c%(field)s\u201d is no longer asked here. This is not kept: %(value)s",
        field=column.label,
        value=typed.strip(),
    )


def write(column: ExtraColumn, obj: Any, field: Any) -> None:
    """What was typed into one field; a sealed one that was left empty stays as it is."""
    value = field.data
    if column.level == SEALED and value in (None, "") and not getattr(field, "cleared", False):
        return
    if column.kind == "bool":
        value = None if not value else value == "1"
    column.write(obj, value)


@lru_cache(maxsize=256)
def form_with(
    base: type[RecordForm], asked: tuple[tuple[ExtraColumn, bool], ...], _language: str
) -> type[ExtraForm]:
    """A form class with custom fields behind its own; ``asked`` says of each whether it must be filled in."""
    body: dict[str, Any] = {column.name: field_of(column, needed=needed) for column, needed in asked}
    body["extra_columns"] = tuple(column for column, _needed in asked)
    return type(base.__name__, (base, ExtraForm), body)


def sets_of(form: Any) -> list[tuple[Any, dict[str, Any]]]:
    """The section of the custom fields of a form, if it has any."""
    names = [column.name for column in getattr(form, "extra_columns", ()) if column.name in form]
    return [(TITLE, {"fields": names})] if names else []


def is_asked_of(session: Any, column: ExtraColumn, item: Any) -> bool:
    """Whether the field is asked in the area of a record; looks the area up only for a field of some areas."""
    if not column.paths:
        return True
    area_id = getattr(item, "area_id", None)
    return area_id is not None and column.is_asked_in(scope._area_path(session, area_id))


class ExtraMixin:
    """Custom fields for a ModelView."""

    has_extras = True  # whether pages of this view show the custom fields of its model

    def extras(self: Any) -> list[ExtraColumn]:
        """The fields that are asked today somewhere in the actor's areas."""
        model = self.datamodel.obj
        if not self.has_extras or not extra.has_extra(model):
            return []
        actor = current_actor()
        return [c for c in extra.columns(self.session, model) if concerns(c, actor)]

    # --- list -----------------------------------------------------------------------------------------------

    def list_columns_here(self: Any) -> list[str]:
        """The columns of the list with the custom fields that are shown in it."""
        return [*self.list_columns, *(c.name for c in self.extras() if c.in_list)]

    def search_columns_here(self: Any) -> list[str]:
        """The columns that may be filtered by; of the custom fields those that stand in the open."""
        return [*self.search_columns, *(c.name for c in self.extras() if c.is_open)]

    # --- page -----------------------------------------------------------------------------------------------

    def known_extras(self: Any) -> list[ExtraColumn]:
        """All fields, ended and coming ones too."""
        model = self.datamodel.obj
        return extra.all_columns(self.session, model) if self.has_extras and extra.has_extra(model) else []

    def show_columns_here(self: Any) -> list[str]:
        """The columns of the page of a record with its custom fields."""
        return [*self.show_columns, *(c.name for c in self.known_extras())]

    def edit_columns_here(self: Any) -> list[str]:
        """The columns of the edit form with the custom fields."""
        return [*self.edit_columns, *(c.name for c in self.known_extras())]

    def show_sets(self: Any, item: Any) -> list[tuple[Any, dict[str, Any]]]:
        """The sections of a record: those that are declared, then what is asked by custom fields or was answered."""
        known = self.known_extras()
        if not known:
            return list(self.show_fieldsets)
        day = today()
        names = [
            c.name
            for c in known
            if c.read(item) is not None or (c.is_asked_on(day) and is_asked_of(self.session, c, item))
        ]
        return [*self.show_fieldsets, *([(TITLE, {"fields": names})] if names else [])]

    # --- form -----------------------------------------------------------------------------------------------

    def open_form(self: Any, base: type[RecordForm], item: Any, data: Any) -> RecordForm:
        """The form of a record, with the custom fields that are asked of it."""
        asked = self.asked(item)
        if not asked:
            return base(formdata=data, obj=item)
        values = {} if item is None else {c.name: c.read(item) for c, _needed in asked}
        return form_with(base, tuple(asked), str(get_locale()))(formdata=data, obj=item, **values)

    def asked(self: Any, item: Any) -> list[tuple[ExtraColumn, bool]]:
        """The custom fields of a form, and whether each must be filled in."""
        found, actor = self.extras(), current_actor()
        if not found:
            return []
        if item is not None:
            mine = [(c, is_asked_of(self.session, c, item)) for c in found]
            here = [(c, c.is_required and mine) for c, mine in mine if mine or c.read(item) is not None]
        else:
            # of a new record the area is known when it is sent: settle_extras looks again
            here = [(c, c.is_required and is_asked_wherever(c, actor)) for c in found]
        return [
            (c, needed and c.is_fillable(self.session) and (item is not None or self.is_mine(actor, c)))
            for c, needed in here
            if self.may_type_extra(actor, item, c)
        ]

    def is_mine(self: Any, actor: Actor, column: ExtraColumn) -> bool:
        """Whether the actor may type a field wherever the new record will stand."""
        return policy.may(actor, "edit", self.datamodel.obj, column.name)

    def may_type_extra(self: Any, actor: Actor, item: Any, column: ExtraColumn) -> bool:
        """Whether a field is typed; of a new record where it stands is known when it is sent (``settle_extras``)."""
        if item is not None:
            return may(self.session, actor, "edit", item, column.name)
        return policy.may_somewhere(actor, "edit", self.datamodel.obj, column.name)

    def lost_extras(self: Any, form: Any, item: Any, sent: Any) -> list[str]:
        """Sentences about what was typed into fields that are not asked any more, so that it goes nowhere unseen."""
        known = {c.name: c for c in self.known_extras()}
        typed = ((known[name], sent[name].strip()) for name in sent if name in known and name not in form)
        # a sealed field is never sent as it stands: to say nothing would be to say that it was guessed
        return [no_longer(c, t) for c, t in typed if t and (c.level == SEALED or t != c.wire(c.read(item)))]

    def settle_extras(self: Any, item: Any, form: Any) -> None:
        """After a record was saved: write what a service's own row has not got, and ask for what its area needs."""
        columns: Sequence[ExtraColumn] = getattr(form, "extra_columns", ())
        if not columns or not isinstance(item, self.datamodel.obj):
            return
        form.write_extras(item)
        actor = current_actor()
        for c in (c for c in columns if c.name in form):
            is_open = may(self.session, actor, "edit", item, c.name)
            if not is_open and form[c.name].data:
                raise Invalid(NOT_YOURS, field=c.name)
            is_needed = is_open and c.is_required and c.read(item) is None
            if is_needed and is_asked_of(self.session, c, item) and c.is_fillable(self.session):
                raise Invalid(_("Please fill this in."), field=c.name)
        self.session.flush()
