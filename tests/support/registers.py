"""A light register as a clerk uses it, whichever it is: the values come from its columns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.core import codes
from app.core.codes import CodeItem, CodeList
from app.registers.found import REGISTERS
from tests.support.marked import Marked

WORD = "Zweig"  # begins each text, so that a search finds the row
# registers have no pages of their own (tests/architecture/test_registers.py): where every page is walked, one with
# protected columns and one with files, read from below, stand for all
WALKED = ("VolunteerRegister", "LibraryRegister")


def is_one_of_many(endpoint: str) -> bool:
    """Whether a route is one of a light register, and another register stands for it."""
    view = endpoint.partition(".")[0]
    return view not in WALKED and view in {cls.__name__ for cls in REGISTERS}


def typed(session: Any, world: Any, view: Any, more: dict[str, str] | None = None) -> dict[str, str]:
    """Whatever the add form asks for, as it is typed; a record that must be named is made in grid A11."""
    fact = world.accounts["worker_a"]
    rows = Marked(session, world.areas["grid_a11"], fact.user_id, fact.staff_id, tag=WORD)
    data = {name: _value(session, rows, view.datamodel.facts.get(name)) for name in view.add_columns}
    session.commit()
    return {k: v for k, v in data.items() if v} | {"area_id": world.uids["grid_a11"]} | (more or {})


def _value(session: Any, rows: Marked, fact: Any) -> str:
    if fact is None:
        return ""
    if fact.kind == "relation":
        return "" if fact.nullable or fact.name == "area_id" else str(rows.row(fact.target.__tablename__).uid)
    if fact.kind == "code":
        return next(iter(codes.codes(session, fact.code_list)))
    kinds = {"date": "2026-05-01", "int": "3", "decimal": "2.5", "bool": "1", "secret": "13900001234"}
    return kinds.get(fact.kind, f"{WORD} {fact.name}"[: fact.length])


def as_row(session: Any, view: Any, data: dict[str, str]) -> dict[str, Any]:
    """The same as a row of a sheet: days as days, numbers as numbers, records by their names."""
    facts, found = view.datamodel.facts, {}
    for name, value in data.items():
        kind = facts[name].kind
        if kind == "relation":
            target = facts[name].target
            found[name] = str(session.scalars(select(target).where(target.uid == value)).one())
        elif kind != "secret":
            read = {"date": date.fromisoformat, "int": int, "decimal": Decimal, "bool": bool}
            found[name] = read.get(kind, str)(value)
    return found


def first_text(view: Any) -> str:
    """The text that the register is searched by."""
    facts = view.datamodel.facts
    return next(n for n in view.search_columns if n in facts and facts[n].kind == "text")


def code_labels(session: Any, view: Any) -> set[str]:
    """The Chinese of the first code of each list of the register: what a row shows in place of its codes."""
    found = set()
    for name in view.list_columns:
        fact = view.datamodel.facts.get(name)
        if fact is not None and fact.kind == "code" and not fact.nullable:
            of_list = select(CodeItem.label).join(CodeList).where(CodeList.name == fact.code_list)
            found.add(session.scalars(of_list.order_by(CodeItem.seq, CodeItem.id)).first())
    return found
