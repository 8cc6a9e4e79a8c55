"""From what was asked (a spec in plain JSON) to a layout and its lines: one way for lists, previews, ledgers and jobs.

A spec has ``view``, ``columns``, ``filters`` (arguments of the list), and for ledgers ``orders`` [[field, descending]],
``groups``, ``totals``, ``sums`` (fields that are added up), ``numbered`` and ``heading`` {title, unit, preparer, reviewer,
note, dated, size, landscape}.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.views.arguments import FILTER, ListArgs
from app.exchange.rules.ledgers import Line, grouped, moving_day, title_of
from app.exchange.service import export_order, export_rows
from app.exchange.service.export_fields import fields_of
from app.exchange.service.export_plan import Column, Plan
from app.exchange.service.export_words import NUMBERS, as_text

Spec = dict[str, Any]
WIDTHS = {"int": 9.0, "decimal": 11.0, "date": 12.0, "instant": 17.0}
NARROWEST, WIDEST, SAMPLE = 8.0, 44.0, 200
PLACES = ("area", "year", "month", "day")


@dataclass(slots=True)
class Layout:
    """How the sheet looks: heading, columns, groups, sums, paper, mark."""

    title: str
    columns: list[Column]
    heading: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    signs: list[str] = field(default_factory=list)
    below: list[str] = field(default_factory=list)
    numbered: bool = False
    mark: str = ""
    by: str = ""
    widths: list[float] = field(default_factory=list)

    @property
    def is_ledger(self) -> bool:
        return bool(self.heading)

    @property
    def labels(self) -> list[str]:
        """The headings of all columns, that of the numbers first."""
        return [*([gettext("No.")] if self.numbered else []), *(c.label for c in self.columns)]

    @property
    def kinds(self) -> list[str]:
        return [*(["int"] if self.numbered else []), *(c.kind for c in self.columns)]


@dataclass(slots=True)
class Built:
    """A layout with what is needed to read its lines."""

    view: Any
    asked: ListArgs
    layout: Layout
    plan: Plan
    where: tuple[Any, ...]
    order: list[Any]
    groups: list[int]
    sums: list[int]
    totals: bool

    def lines(self, session: Session, *, limit: int | None = None) -> Iterator[Line]:
        """The lines of the sheet, read as they are written; widths are known when the first one comes."""
        rows = export_rows.values(session, self.plan, self.where, self.order, limit=limit)
        first = list(itertools.islice(rows, SAMPLE))
        self.layout.widths = widths(self.layout, first)
        width = len(self.layout.columns)
        return grouped(itertools.chain(first, rows), width, self.groups, self.sums, totals=self.totals)


def build(
    session: Session, actor: Actor, spec: Spec, now: datetime, *, is_plain: bool = False, reason: str = ""
) -> Built:
    """Make ready what a spec asks, with the rights and areas that the actor has now.

    Raises NotAllowed for a role without the export of the list, Invalid for a subject, field, filter or order that is not
    there (any more) or not open.
    """
    view = export_rows.view_named(spec["view"])
    export_rows.need_export(view, actor)
    asked = export_rows.read_asked(view, resolved(view, spec.get("filters", ()), now))
    names, groups = list(spec["columns"]), list(spec.get("groups") or ())
    check_fields(view, session, actor, names, groups, is_ledger=bool(spec.get("heading")))
    hidden = [name for name in groups if name not in names]
    plan = Plan(view, [*names, *hidden], actor, session, is_plain=is_plain)
    columns = plan.columns[: len(names)]
    orders = _orders(spec, groups)
    order = export_order.order_by(session, view, orders) if orders else export_rows.orders_of(view, asked)
    all_names = [*names, *hidden]
    layout = _layout(spec, view, columns, session, actor, now, is_plain=is_plain, reason=reason)
    added = set(spec.get("sums") or ())
    sums = [at for at, column in enumerate(columns) if column.kind in NUMBERS and column.name in added]
    where = export_rows.where_of(view, asked)
    places = [all_names.index(name) for name in groups]
    return Built(view, asked, layout, plan, where, order, places, sums, bool(spec.get("totals")))


def _orders(spec: Spec, groups: Sequence[str]) -> list[tuple[str, bool]]:
    """Groups come first: a group stands together. An order of the same field says which way its groups go."""
    given = [(name, bool(down)) for name, down in spec.get("orders") or ()]
    ways = dict(given)
    return [*((name, ways.get(name, False)) for name in groups), *(o for o in given if o[0] not in groups)]


def check_fields(
    view: Any, session: Session, actor: Actor, names: list[str], groups: list[str], *, is_ledger: bool
) -> None:
    """Invalid, naming it, for a field that was removed since, or that the role may not have."""
    if not names:
        raise Invalid(gettext("Choose at least one field."), field="columns")
    known = (
        set(fields_of(view, session, actor))
        if is_ledger
        else {*view.offered_columns(), *view.list_columns_here()}
    )
    for name in (*names, *groups):
        if name not in known and name not in view.list_columns:
            raise Invalid(
                gettext("The field %(name)s is not there any more: choose the fields again.", name=name),
                field="columns",
            )


def resolved(view: Any, pairs: Iterable[Sequence[str]], now: datetime) -> list[tuple[str, str]]:
    """Filters with moving days (``today-80y``) as the day they mean now."""
    today, found = clock.to_local(now).date(), []
    for name, value in pairs:
        match = FILTER.fullmatch(name)
        fact = view.datamodel.fact(match["column"]) if match else None
        day = moving_day(value, today) if fact is not None and fact.kind in {"date", "instant"} else None
        found.append((name, day.isoformat() if day is not None else value))
    return found


def filter_words(view: Any, asked: ListArgs) -> str:
    """Which columns are filtered, without the values: for the log."""
    return ", ".join(dict.fromkeys(f.column for f in asked.filters))


def _layout(
    spec: Spec,
    view: Any,
    columns: list[Column],
    session: Session,
    actor: Actor,
    now: datetime,
    *,
    is_plain: bool,
    reason: str,
) -> Layout:
    local, heading = clock.to_local(now), dict(spec.get("heading") or {})
    at = local.strftime("%Y-%m-%d %H:%M")
    by = gettext("Exported by %(who)s at %(at)s", who=actor.label, at=at)
    mark = gettext("%(by)s. Reason: %(why)s", by=by, why=reason) if is_plain else ""
    if not heading:
        return Layout(str(spec.get("title") or view.list_title), columns, by=by, mark=mark)
    words = {"area": area_words(session, actor), "year": str(local.year), "month": str(local.month)}
    words["day"] = str(local.day)
    unit = heading.get("unit") or words["area"]
    notes = [gettext("Reporting unit: %(unit)s", unit=unit)]
    if heading.get("dated"):
        notes.append(gettext("Date: %(day)s", day=local.date().isoformat()))
    signs = [
        gettext("Prepared by: %(who)s", who=heading.get("preparer") or "\u3000" * 6),
        gettext("Reviewed by: %(who)s", who=heading.get("reviewer") or "\u3000" * 6),
    ]
    below = [gettext("Note: %(note)s", note=heading["note"])] if heading.get("note") else []
    title = title_of(heading.get("title") or str(view.list_title), words)
    numbered = bool(spec.get("numbered"))
    return Layout(title, columns, heading, notes, signs, below, numbered, mark, by)


def area_words(session: Session, actor: Actor) -> str:
    """The areas somebody acts in, by name: what stands on a ledger as its area."""
    names = [area.name for area in export_rows.top_areas(session, actor, 3)]
    return gettext(", ").join(names)


def widths(layout: Layout, sample: Sequence[Sequence[Any]]) -> list[float]:
    """Widths of the columns in digits: as wide as most of the first rows need, within bounds."""
    found = [6.0] if layout.numbered else []
    for at, column in enumerate(layout.columns):
        own = sorted(_cells(as_text(row[at])) for row in sample)
        most = own[int(len(own) * 0.95) - 1] if own else 0
        need = max(
            WIDTHS.get(column.kind, NARROWEST), min(most + 2, WIDEST), min(_cells(column.label) + 2, 20)
        )
        found.append(float(need))
    return found


def _cells(text: str) -> int:
    """Width of a text in digits: a Chinese sign takes two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def group_words(line: Line) -> str:
    """The heading of a group; an empty value has a word."""
    return as_text(line.label) or gettext("(empty)")


def sum_words(line: Line) -> str:
    """What stands at the beginning of a row of sums."""
    if line.kind == "total":
        return gettext("Total: %(n)s", n=line.count)
    return gettext("%(what)s, subtotal: %(n)s", what=group_words(line), n=line.count)
