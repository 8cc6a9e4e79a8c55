"""Own forms (subforms) on screen: fields made from the data, values in words, the choice of the form by another field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from flask import current_app, jsonify, request
from flask_babel import get_locale, gettext
from markupsafe import Markup, escape
from wtforms import Field
from wtforms.validators import ValidationError

from app.core import codes, hooks, policy
from app.core.actor import current_actor
from app.core.dates import parse_day
from app.core.errors import NotAllowed, NotFound
from app.core.masks import mask_id_number, mask_phone
from app.core.views.fields import RecordForm
from app.core.views.removing import reason_given
from app.core.widgets import (
    CodeField,
    DayField,
    LongTextField,
    Needed,
    NumberField,
    SecretField,
    TextField,
    WholeField,
    Wire,
    YesNoField,
)
from app.registry.rules.subforms import LONGEST, SubField, SubForm

PREFIX = "d_"  # of the names of fields that stand for a value of an own form
REFUSED_AT = "details."
MASKS = {"phone": mask_phone, "document": mask_id_number}


def words_of(given: Any) -> str:
    """The label of a field or section in the reader's language: both stand in the data."""
    locale = get_locale()
    return str(given.zh if locale is not None and locale.language == "zh" else given.en)


class CodesField(Wire, Field):
    """Several codes of a list, as tick boxes."""

    def __init__(self, label: Any = None, validators: Any = None, *, source: str, **kw: Any) -> None:
        self.source = source
        super().__init__(label, validators, **kw)

    def widget(self, field: Field, **_kw: Any) -> Markup:
        """Tick boxes in a group that bears the label of the field."""
        boxes = (
            Markup(
                '<label class="form-check gb-check"><input type="checkbox" class="form-check-input" name="{n}"'
                ' value="{v}"{c}> <span class="form-check-label">{w}</span></label>'
            ).format(n=self.name, v=code, w=label, c=Markup(" checked") if code in (self.data or ()) else "")
            for code, label in self.pairs()
        )
        return Markup('<div class="gb-checks" role="group" id="{}" aria-label="{}">{}</div>').format(
            self.id, escape(str(self.label.text)), Markup("").join(boxes)
        )

    def pairs(self) -> list[tuple[str, str]]:
        """The codes in force, and those the record holds."""
        session = current_app.appbuilder.session()  # type: ignore[attr-defined]
        known = codes.codes(session, self.source)
        kept = self.data or ()
        return [(c.code, c.label) for c in known.values() if c.current or c.code in kept]

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = [code for text in valuelist for code in text.split(",") if code]

    def pre_validate(self, form: Any) -> None:
        offered = {code for code, _label in self.pairs()}
        if set(self.data or ()) - offered:
            raise ValidationError(gettext("This choice does not exist."))

    def wire(self) -> str:
        return ",".join(self.data or ())

    def words(self) -> str:
        chosen = set(self.data or ())
        return gettext(", ").join(label for code, label in self.pairs() if code in chosen)


def make_field(field: SubField) -> Any:
    """The form field of one value."""
    common: dict[str, Any] = {"label": words_of(field), "validators": [Needed()] if field.required else []}
    if field.kind in {"text", "long"}:
        cls = LongTextField if field.kind == "long" else TextField
        return cls(length=field.most or LONGEST[field.kind], **common)
    if field.kind == "date":
        return DayField(**common)
    if field.kind == "int":
        return WholeField(**common)
    if field.kind == "money":
        return NumberField(precision=12, scale=2, **common)
    if field.kind == "yesno":
        return YesNoField(**common)
    if field.kind == "code":
        return CodeField(source=field.code_list, **common)
    if field.kind == "codes":
        return CodesField(source=field.code_list or "", **common)
    return SecretField(length=40, **common)


class SubformForm(RecordForm):
    """A record's form with the fields of an own form beside its columns."""

    subform: SubForm | None = None
    names: tuple[str, ...] = ()  # of the values that this form asks for

    def populate_obj(self, obj: Any) -> None:
        """The columns only: the values of the own form go to the service."""
        for name, field in self._fields.items():
            if not name.startswith(PREFIX):
                field.populate_obj(obj, name)

    def refuse(self, name: str | None, message: Any) -> None:
        if name and name.startswith(REFUSED_AT):
            name = PREFIX + name.removeprefix(REFUSED_AT)
        super().refuse(name, message)

    def values(self) -> dict[str, Any] | None:
        """Typed values by name, numbers that were left alone as they were; None where the role may not type them."""
        if self.subform is None or not self.names:
            return None
        return {name: typed_value(self[PREFIX + name]) for name in self.names if PREFIX + name in self}

    def sections(self) -> list[tuple[str, list[Any], dict[str, Any]]]:
        """The own form as sections for ``lib.sections``."""
        if self.subform is None:
            return []
        found: list[tuple[str, list[Any], dict[str, Any]]] = []
        for section in self.subform.sections:
            fields = [self[PREFIX + f.name] for f in section.fields if PREFIX + f.name in self]
            if fields:
                found.append((words_of(section), fields, {}))
        return found

    def carried(self) -> list[tuple[str, str]]:
        """What was typed into the own form of another choice: it goes along, should that be chosen again."""
        return [(k, v) for k, v in request.form.items(multi=True) if k.startswith(PREFIX) and k not in self]


def typed_value(field: Any) -> Any:
    """The value of a field; a number that was not typed anew is kept."""
    if isinstance(field, SecretField):
        return field.data or (None if field.cleared else field.kept)
    if isinstance(field, YesNoField):
        return None if not field.data else field.data == "1"
    return field.data


def form_class(base: type[RecordForm], form: SubForm | None, fields: Iterable[SubField]) -> type[SubformForm]:
    """``base`` with the given fields of an own form added."""
    wanted = list(fields)
    body: dict[str, Any] = {PREFIX + f.name: make_field(f) for f in wanted}
    body |= {"subform": form, "names": tuple(f.name for f in wanted)}
    return type(f"{base.__name__}WithDetails", (SubformForm, base), body)


def stored(fields: Iterable[SubField], details: Mapping[str, Any] | None) -> dict[str, Any]:
    """Kept values as the form fields take them."""
    found = {}
    for field in fields:
        value = (details or {}).get(field.name)
        if value is None:
            continue
        if field.kind == "date":
            value = parse_day(value)
        elif field.kind == "money":
            value = Decimal(value)
        found[PREFIX + field.name] = value
    return found


def mask_numbers(form: SubformForm) -> None:
    """Numbers on file show through their mask as a hint."""
    if form.subform is None:
        return
    for name, field in form.subform.fields.items():
        if field.is_secret and PREFIX + name in form:
            control = form[PREFIX + name]
            control.hint = MASKS[field.kind](control.kept) if control.kept else ""


class DetailsMixin:
    """A ModelView whose records have an own form in ``details``. A view says which form it is."""

    add_template = edit_template = "registry/subform_edit.html"
    choice_column = ""  # the field by which the own form is chosen on the page of a new record

    def own_form(self, item: Any, data: Any) -> SubForm | None:
        """The own form of a record, or of what is chosen on the page of a new one."""
        raise NotImplementedError

    def fields_of(self, form: SubForm | None) -> list[SubField]:
        """The fields that the acting role may type."""
        view: Any = self
        if form is None or not policy.may(current_actor(), "edit", view.datamodel.obj, "details"):
            return []
        return list(form)

    def may_see_details(self) -> bool:
        """Whether the acting role sees own forms at all; which rows it sees is the guard's matter."""
        view: Any = self
        rule = policy.rule_of(view.datamodel.obj, "details")
        return rule is not None and rule.allows("see", current_actor().role)

    def make_form(self, *, is_new: bool, item: Any = None, data: Any = None) -> SubformForm:
        """The form of the record with the fields of its own form."""
        view: Any = self
        form_of = self.own_form(item, data)
        fields = self.fields_of(form_of)
        made = form_class(view.add_form if is_new else view.edit_form, form_of, fields)
        form = made(formdata=data, obj=item, data=stored(fields, item.details if item else None))
        form.prepare(current_actor(), view.datamodel.obj)
        mask_numbers(form)
        return form

    def reveal_detail(self, pk: str, column: str) -> Any:
        """A masked number of the own form (``details.guardian_phone``), with a reason, logged before it is answered."""
        view: Any = self
        item = view.datamodel.by_key(view.session, pk)
        form, name = self.own_form(item, None), column.removeprefix(REFUSED_AT)
        field = form.fields.get(name) if form else None
        if field is None or not field.is_secret:
            raise NotFound()
        if not self.may_see_details():
            raise NotAllowed()
        reason = reason_given()
        hooks.require_fresh_login()
        value = (item.details or {}).get(name) or ""
        table = view.datamodel.table_name
        hooks.record_access(
            hooks.Access("REVEAL", table, item.id, item.person.area_id, detail="details", reason=reason)
        )
        return jsonify(value=value)


def value_words(session: Any, field: SubField, value: Any) -> str:
    """One kept value in words; numbers of documents and phones behind their mask."""
    if value is None or value == "" or value == []:
        return ""
    if field.is_secret:
        return str(MASKS[field.kind](str(value)))
    if field.kind == "yesno":
        return gettext("Yes") if value else gettext("No")
    if field.kind == "code":
        return codes.label(session, field.code_list or "", str(value))
    if field.kind == "codes":
        return gettext(", ").join(codes.label(session, field.code_list or "", str(v)) for v in value)
    return str(value)


def shown_sections(session: Any, form: SubForm | None, details: Mapping[str, Any] | None) -> list[Any]:
    """[(heading, [{name, label, words, secret, wide}])] of an own form for the page of a record."""
    if form is None:
        return []
    kept = details or {}
    return [
        (
            words_of(section),
            [
                {
                    "name": f.name,
                    "label": words_of(f),
                    "words": value_words(session, f, kept.get(f.name)),
                    "secret": f.is_secret and bool(kept.get(f.name)),
                    "wide": f.kind == "long",
                }
                for f in section.fields
            ],
        )
        for section in form.sections
    ]
