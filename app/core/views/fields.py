"""From the columns of a model to a form class, once per view; from the policy to the fields of one actor."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from sqlalchemy import inspect

from app.core import policy
from app.core import widgets as w
from app.core.actor import Actor
from app.core.interface import Fact, Interface

SIMPLE: dict[str, type] = {
    "int": w.WholeField,
    "date": w.DayField,
    "instant": w.MomentField,
}


class RecordForm(FlaskForm):
    """A form over one record: the choices and masks of this request are filled in after construction."""

    class Meta:
        locales = False  # our own sentences, through our own catalogue

    def prepare(self, actor: Actor, model: type) -> None:
        """Load choices, mask protected values, take out what the acting role may not type."""
        for name in list(self._fields):
            field = self._fields[name]
            if isinstance(field, w.ChoiceField):
                field.load()
            rule = policy.rule_of(model, name)
            if rule is None:
                continue
            if not self.may_type(actor, model, name):
                del self[name]
            elif isinstance(field, w.SecretField):
                field.mask(rule)

    def may_type(self, actor: Actor, model: type, name: str) -> bool:
        """Whether the acting role may type a protected column."""
        return policy.may(actor, "edit", model, name)

    def refuse(self, name: str | None, message: Any) -> None:
        """Put a domain's refusal at its field, or above the form when there is no such field."""
        if name and name in self._fields:
            field = self._fields[name]
            field.errors = [*field.errors, str(message)]
        else:
            self.form_errors.append(str(message))

    @property
    def wrong(self) -> list[Any]:
        """Fields with errors in the order of the page."""
        return [field for field in self if field.errors and field.name != "csrf_token"]


class Builder:
    """Makes the form class of a view from an allow-list of columns."""

    def __init__(self, view: Any, columns: list[str], extra: dict[str, Any]) -> None:
        self.view, self.columns, self.extra = view, columns, extra
        self.interface: Interface = view.datamodel

    def form_class(self) -> type[RecordForm]:
        body = {name: self.extra.get(name) or self.field(name) for name in self.columns}
        return type(f"{type(self.view).__name__}Form", (RecordForm,), body)

    def field(self, name: str) -> Any:
        fact = self.interface.fact(name)
        if fact is None or "." in name:
            raise ValueError(f"{type(self.view).__name__}: {name!r} is not a column that can be typed")
        common = {
            "label": self.view.label(name),
            "description": self.view.description_columns.get(name, ""),
            "validators": self.validators(fact),
        }
        default = self.default(fact)
        if default is not None:
            common["default"] = default
        return self.typed(fact, common)

    def typed(self, fact: Fact, common: dict[str, Any]) -> Any:
        if fact.name in self.view.choices_columns:
            return w.ChoiceField(source=self.view.choices_columns[fact.name], **common)
        if fact.kind == "relation":
            as_id = fact.name == fact.fk
            return w.RemoteField(model=fact.target, as_id=as_id, **common)  # type: ignore[arg-type]
        if fact.kind == "code":
            return w.CodeField(source=fact.code_list, **common)
        if fact.kind == "bool":
            return w.YesNoField(**common) if fact.nullable else w.CheckField(**common)
        if fact.kind == "decimal":
            column = inspect(self.interface.obj).columns[fact.name]
            return w.NumberField(
                precision=column.type.precision or 12, scale=column.type.scale or 0, **common
            )
        if fact.kind in {"text", "longtext"}:
            cls = w.LongTextField if fact.kind == "longtext" else w.TextField
            return cls(length=fact.length, nullable=fact.nullable, **common)
        if fact.kind == "secret":
            return w.SecretField(length=64, **common)
        if fact.kind in SIMPLE:
            return SIMPLE[fact.kind](**common)
        raise ValueError(f"{type(self.view).__name__}: no field for {fact.name!r} ({fact.kind})")

    def validators(self, fact: Fact) -> list[Any]:
        given = list(self.view.validators_columns.get(fact.name, ()))
        if not fact.nullable and fact.kind not in {"bool", "secret"}:
            given.insert(0, w.Needed())
        return given

    def default(self, fact: Fact) -> Any:
        column = inspect(self.interface.obj).columns.get(fact.name)
        default = getattr(column, "default", None)
        return default.arg if default is not None and default.is_scalar else None
