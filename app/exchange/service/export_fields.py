"""What may stand in a sheet about one list: its own columns, those of related records one step away, custom fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.core import extra, policy
from app.core.actor import Actor
from app.core.views.sheet_cells import SheetCell
from app.core.widgets import view_of
from app.exchange.service.export_order import is_sortable
from app.exchange.service.export_words import KINDS, NUMBERS, column_label


@dataclass(frozen=True, slots=True)
class Field:
    """One field that may be chosen. ``guarded``: it is masked without a reason; ``plain``: the role may have it in
    plain; ``adds``: a sum of it may mean something.
    """

    name: str
    label: str
    kind: str
    group: str
    guarded: bool = False
    plain: bool = False
    sortable: bool = False
    adds: bool = False

    @property
    def is_number(self) -> bool:
        return self.kind in NUMBERS


def fields_of(view: Any, session: Session, actor: Actor) -> dict[str, Field]:
    """All fields of a list that the acting role may take into a sheet, in the order of the list and its page."""
    extra.all_columns(session, view.datamodel.obj)
    found: dict[str, Field] = {}
    for name in own_names(view, session):
        _add(found, view, name, actor, "")
    for step, target in _related(view):
        extra.all_columns(session, target.datamodel.obj)
        if target.permission_key == view.permission_key or not target.can("list"):
            continue
        group = str(view.label_text(step))
        for last in own_names(target, session):
            if "." not in last and not last.startswith("deleted"):
                _add(found, view, f"{step}.{last}", actor, group)
    return found


def own_names(view: Any, session: Session) -> list[str]:
    """Columns of the list, of the page of a record, of sheets only, and the custom fields."""
    extras = [column.name for column in extra.all_columns(session, view.datamodel.obj)]
    shown = [*view.list_columns, *view.show_columns, *view.sheet_cells, *extras]
    return [name for name in dict.fromkeys(shown) if "." not in name or _is_one_step(view, name)]


def _is_one_step(view: Any, name: str) -> bool:
    fact = view.datamodel.facts.get(name.partition(".")[0])
    return name.count(".") == 1 and fact is not None and view_of(fact.target) is not None


def _related(view: Any) -> list[tuple[str, Any]]:
    """Relations that the list or the page of a record names, each once, with the mounted view of their records."""
    found: dict[str, tuple[str, Any]] = {}
    for name in dict.fromkeys((*view.list_columns, *view.show_columns, *view.eager)):
        fact = view.datamodel.facts.get(name)
        if fact is not None and fact.kind == "relation" and fact.target is not None:
            target = view_of(fact.target)
            if target is not None:
                found.setdefault(fact.fk or name, (name, target))
    return list(found.values())


def _add(found: dict[str, Field], view: Any, name: str, actor: Actor, group: str) -> None:
    label = column_label(view, name)
    if any(field.label == label for field in found.values()):
        return
    model, column, cell = _owner(view, name)
    rule = policy.rule_of(model, column) if column else None
    guarded = rule is not None and not (rule.in_list and rule.allows("see", actor.role))
    plain = guarded and policy.may(actor, "export", model, column)
    if guarded and not plain and rule is not None and rule.mask == "hide":
        return  # nothing but dots would stand there
    if rule is None and cell is None and _is_machine(column):
        return
    kind = cell.kind if cell is not None else _kind(view, name, model, column)
    sortable = "." not in name and not guarded and is_sortable(view, name)
    kind = "text" if guarded else kind
    adds = kind in NUMBERS and (cell is None or cell.adds)
    found[name] = Field(name, label, kind, group, guarded, plain, sortable, adds)


def _is_machine(column: str) -> bool:
    return column in {"id", "uid", "version"}


def _owner(view: Any, name: str) -> tuple[Any, str, SheetCell | None]:
    """The class and column that a field reads, and what the view says of it."""
    step, dot, last = name.partition(".")
    if dot:
        view, name = view_of(view.datamodel.facts[step].target), last
    cell = view.sheet_cells.get(name)
    if cell is not None:
        model, column = cell.protects or (view.datamodel.obj, "")
        return model, column, cell
    known = view.datamodel.fact(name) is not None and name not in view.formatters_columns
    return view.datamodel.obj, name if known else "", None


def _kind(view: Any, name: str, model: Any, column: str) -> str:
    fact = view.datamodel.fact(name)
    if not column or fact is None:
        return "text"
    own = view if "." not in name else view_of(model)
    return "text" if column in own.choices_columns else KINDS.get(fact.kind, "text")
