"""Custom fields on pages that make or change records beside their own forms: the building wizard, life events.

A field is asked in the area in which the record will stand. Where that is not known yet, the fields of all areas of the
actor are offered and none is demanded; sent with the area, those of the area are. One of level L5 is asked of whoever holds
its grant there; what is stored is not sent to the browser, and left empty it stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import extra, policy, reach
from app.core.actor import Actor
from app.core.extra import ExtraColumn
from app.core.views import extras
from app.registry.models import Dwelling, Household, Person

TITLES: dict[type[Any], Any] = {
    Person: _("Further fields of the person"),
    Household: _("Further fields of the household"),
    Dwelling: _("Further fields of the home"),
}
_NAME = re.compile(r"(person|household|dwelling)_(x_f[0-9]{1,4})")


@dataclass(frozen=True)
class Asking:
    """The custom fields that a page asks of one record. ``item`` is one on record already, whose values stand in the
    fields; ``is_due`` is whether the page makes or changes the record as it was sent, so that required ones are demanded.
    """

    model: type[Any]
    columns: Sequence[ExtraColumn]
    item: Any = None
    is_due: bool = True
    note: Any = ""

    def name(self, column: ExtraColumn) -> str:
        """The name of a field on the page: keys are those of a kind of record."""
        return f"{self.model.__tablename__}_{column.name}"

    def fields(self, session: Session) -> dict[str, Any]:
        """The form fields."""
        return {
            self.name(c): extras.field_of(c, needed=self.is_due and c.is_required and c.is_fillable(session))
            for c in self.columns
        }

    def values(self) -> dict[str, Any]:
        """What stands in the fields before anything is typed."""
        return {} if self.item is None else {self.name(c): c.read(self.item) for c in self.columns}

    def section(self, form: Any) -> list[tuple[Any, list[Any], dict[str, Any]]]:
        """The part of the page; none without fields."""
        shown = [form[self.name(c)] for c in self.columns if self.name(c) in form]
        return [(TITLES[self.model], shown, {"note": self.note} if self.note else {})] if shown else []

    def write(self, form: Any, row: Any) -> None:
        """Put what was typed into a record."""
        for column in self.columns:
            if self.name(column) in form:
                extras.write(column, row, form[self.name(column)])


def asking(
    session: Session, actor: Actor, model: type[Any], area_id: int | None, *, is_due: bool = True, **more: Any
) -> Asking:
    """The fields of a class that are asked in an area today and that the actor may type."""
    found = extra.columns(session, model, area_id=area_id)
    if area_id is None:
        found = [c for c in found if extras.concerns(c, actor)]
        mine = [c for c in found if policy.may_somewhere(actor, "edit", model, c.name)]
    else:
        where = (reach.path_of(session, area_id),) if any(c.level == extras.SEALED for c in found) else ()
        mine = [c for c in found if policy.may(actor, "edit", model, c.name, where)]
    return Asking(model, mine, is_due=is_due and area_id is not None, **more)


def lost(session: Session, form: Any, sent: Mapping[str, str], asked: Iterable[Asking]) -> list[str]:
    """Sentences about what was typed into fields that are not asked any more, so that it goes nowhere unseen."""
    known = {each.model.__tablename__: each for each in asked}
    told = []
    for name in sent:
        found = _NAME.fullmatch(name)
        if found is None or name in form or not sent[name].strip():
            continue
        each = known.get(found[1])
        model = each.model if each else next(m for m in TITLES if m.__tablename__ == found[1])
        column = {c.name: c for c in extra.all_columns(session, model)}.get(found[2])
        item = each.item if each else None
        if column is None:
            continue
        is_told = item is None or column.level == extras.SEALED  # of a sealed one nothing is compared
        if is_told or column.wire(column.read(item)) != sent[name].strip():
            told.append(extras.no_longer(column, sent[name]))
    return told
