"""The change history in words: what the log keeps as codes, keys and ISO instants, as a clerk reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from flask_babel import gettext

from app.core import codes, extra, removal
from app.core.hooks import Change
from app.core.interface import facts_of
from app.core.views import cells
from app.core.views.base import COMMON_LABELS
from app.core.views.cells import Cells, name_of, plain

KEPT_BACK = frozenset(
    {"id", "uid", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_by"}
)


def action_words(action: str) -> str:
    """A logged action in words."""
    words = {
        "insert": gettext("Added"),
        "update": gettext("Changed"),
        "delete": gettext("Deleted"),
        "restore": gettext("Restored"),
    }
    return words.get(action, action)


def look_words(action: str) -> str:
    """What was done at a look, in words."""
    words = {
        "READ": gettext("Read"),
        "SEARCH": gettext("Searched"),
        "REVEAL": gettext("Revealed"),
        "EXPORT": gettext("Exported"),
        "PRINT": gettext("Printed"),
        "DOWNLOAD": gettext("Downloaded"),
    }
    return words.get(action, action)


class Wording:
    """Words for the changes of one record; related rows are read once each, inside the scope."""

    def __init__(self, view: Any) -> None:
        self.view, self.session = view, view.session
        self.known: dict[tuple[type, Any], str] = {}

    def lines(self, change: Change) -> Iterator[tuple[Any, str, str]]:
        """(label, before, after) of every field that means something to people; empty to empty is left out."""
        for name, old, new in change.fields:
            if name in KEPT_BACK or not self.is_for_people(name):
                continue
            before, after = self.words(name, old), self.words(name, new)
            if before or after:
                yield self.label(name), before, after

    def is_for_people(self, name: str) -> bool:
        """Columns without a label (paths, initials, hashes) are the machine's; the change log has them all."""
        if self.custom(name) is not None:
            return True
        facts = facts_of(self.view.datamodel.obj).values()
        known = self.view.label_columns.keys() | COMMON_LABELS.keys()
        return name in known or any(fact.fk == name and fact.name in known for fact in facts)

    def label(self, name: str) -> Any:
        """The view's label, also when it names the relation and the log the key column."""
        custom = self.custom(name)
        if custom is not None:
            return custom.label
        if name not in self.view.label_columns:
            for fact in facts_of(self.view.datamodel.obj).values():
                if fact.fk == name and fact.name != name:
                    return self.view.label(fact.name)
        return self.view.label(name)

    def custom(self, name: str) -> extra.ExtraColumn | None:
        """The custom field of a name, ended or not."""
        extra.all_columns(self.session, self.view.datamodel.obj)
        return extra.column_of(self.view.datamodel.obj, name)

    def is_coded(self, name: str) -> bool:
        """Whether the log keeps a code of the column that has words of its own: a choice or an entry of a code list."""
        fact = self.view.datamodel.fact(name)
        return name in self.view.choices_columns or (fact is not None and fact.kind == "code")

    def words(self, name: str, value: Any) -> str:
        """One value of the log in words."""
        if value is None or value == "":
            return ""
        if name == "delete_reason":
            return removal.words(value)
        custom = self.custom(name)
        if custom is not None:
            return cells.extra_words(self.session, custom, custom.parse(value), value)
        fact = facts_of(self.view.datamodel.obj).get(name)
        choices = self.view.choices_columns.get(name)
        if choices is not None:
            return str(Cells.choice(choices, value, badges=False))
        if fact is None:
            return plain(value)
        if fact.kind == "code":
            return codes.label(self.session, fact.code_list or "", str(value))
        if fact.kind == "relation" and isinstance(value, int):
            return self.related(fact.target, value)  # type: ignore[arg-type]
        if fact.kind in {"instant", "date"} and isinstance(value, str):
            return _day_or_moment(fact.kind, value)
        if isinstance(value, dict | list):
            return json.dumps(value, ensure_ascii=False)
        return plain(value)

    def related(self, target: type, key: int) -> str:
        """The name of a related row; what lies outside the scope stays a number."""
        if (target, key) not in self.known:
            row = self.session.get(target, key)
            self.known[target, key] = name_of(row) if row is not None else gettext("(outside your area)")
        return self.known[target, key]


def _day_or_moment(kind: str, text: str) -> str:
    try:
        return plain(datetime.fromisoformat(text) if kind == "instant" else date.fromisoformat(text[:10]))
    except ValueError:
        return text
