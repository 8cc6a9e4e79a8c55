"""Which columns of a list may be changed for many rows at once, and the form that asks for the new values."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from flask_babel import get_locale
from sqlalchemy import UniqueConstraint, inspect
from werkzeug.datastructures import MultiDict

from app.core import policy
from app.core.actor import current_actor
from app.core.views.extras import form_with
from app.core.views.fields import Builder, RecordForm

SIMPLE = frozenset({"text", "longtext", "code", "int", "decimal", "date", "bool", "relation"})


class PickMixin:
    """Changing many rows of a list at once (``bulk_editing``)."""

    # None: what the edit form has, but for names, keys and protected columns; a view may narrow it, () turns it off
    bulk_columns: tuple[str, ...] | None = None

    @cached_property
    def _bulk(self: Any) -> list[str]:
        """The declared columns that may be changed for many rows. Without a version nobody could tell a clash."""
        if not self.datamodel.is_versioned:
            return []
        if self.bulk_columns is not None:
            return [name for name in self.bulk_columns if self._is_simple(name)]
        facts = self.datamodel.facts
        named = {self._key(name) for name in (*self.lookup_columns, self.list_columns[0]) if name in facts}
        return [n for n in self.edit_columns if self._is_simple(n) and self._key(n) not in named]

    def _key(self: Any, name: str) -> str:
        """The column behind a name: ``staff`` and ``staff_id`` are the same."""
        return str(self.datamodel.facts[name].fk or name)

    def _is_simple(self: Any, name: str) -> bool:
        """Whether the edit form has a plain field for an open column that tells no row apart."""
        model, fact = self.datamodel.obj, self.datamodel.facts.get(name)
        if fact is None or fact.kind not in SIMPLE or name in self.edit_form_extra_fields:
            return False
        key = fact.fk or name
        if name not in self.edit_columns or any(policy.rule_of(model, n) is not None for n in (name, key)):
            return False
        return key not in _unique(model) and key != _parent(model)

    def bulk_here(self: Any) -> list[str]:
        """The columns that the acting user may change for many rows, with the open custom fields; none without the right."""
        if self.bulk_columns == () or not self.datamodel.is_versioned or not self.can("edit"):
            return []
        custom = [
            c.name for c in self.extras() if c.is_open and policy.rule_of(self.datamodel.obj, c.name) is None
        ]
        return [*self._bulk, *custom]

    @cached_property
    def _bulk_form(self: Any) -> type[RecordForm]:
        return Builder(self, self._bulk, {}).form_class()

    def bulk_form(self: Any, data: MultiDict[str, str] | None) -> RecordForm:
        """The form that asks for new values; nothing is filled in before somebody does."""
        base, here = self._bulk_form, set(self.bulk_here())
        custom = tuple((c, False) for c in self.extras() if c.name in here)
        form = (form_with(base, custom, str(get_locale())) if custom else base)(formdata=data)
        form.prepare(current_actor(), self.datamodel.obj)
        for item in form:
            if item.name not in here and item.name != "csrf_token":
                del form[item.name]
                continue
            item.flags.required = False  # it is asked for only where its column is ticked
            if data is None:
                item.data = None
        return form


def _unique(model: type) -> set[str]:
    """Columns that take part in a unique key."""
    table: Any = inspect(model).local_table
    keys = [c.columns for c in table.constraints if isinstance(c, UniqueConstraint)]
    keys += [index.columns for index in table.indexes if index.unique]
    return {column.name for columns in keys for column in columns} | {
        c.name for c in table.columns if c.unique
    }


def _parent(model: Any) -> str | None:
    """The column that hangs a row on the record it belongs to: it stays where it is."""
    return model.__scope_parent__()[0] if hasattr(model, "__scope_parent__") else None
