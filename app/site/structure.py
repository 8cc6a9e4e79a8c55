"""Code lists, area levels, role schemes and the root area of a new site, from ``app/seeds``."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import seeds
from app.areas.models import Area, AreaLevel, RoleScheme, RoleSchemeSeat
from app.areas.rules import child_path
from app.core.codes import Code, CodeItem, CodeList

# attributes of a list that belong to each of its codes
LIST_WIDE = ("sensitivity", "multi")
ITEM_COLUMNS = {"code", "zh", "en"}


def load_codes(session: Session) -> int:
    """Add missing lists and codes; correct the wording of standard ones; local wording belongs to the site.

    Lists marked optional (religion) need a site's own decision and are left out. Returns the number of new codes.
    """
    local = seeds.read("codes_local")
    lists = {**seeds.read("codes")["lists"], **local["lists"]}
    known = {row.name: row for row in session.scalars(select(CodeList))}
    by_list: dict[int, dict[str, CodeItem]] = {}
    for item in session.scalars(select(CodeItem)):
        by_list.setdefault(item.list_id, {})[item.code] = item
    added = 0
    for name, spec in lists.items():
        if spec.get("optional") and name not in known:
            continue
        row = known.get(name) or _new_list(session, name)
        if row.id is None or row.locked:
            _describe(row, spec)
        items = [*spec["items"], *local["extend"].get(name, ())]
        added += _load_items(session, row, spec, items, by_list.get(row.id, {}))
    session.flush()  # once for all: a flush for each list took most of the time of a first start
    return added


@lru_cache(maxsize=256)
def shipped(name: str) -> dict[str, Code]:
    """The codes of a list as they came with the program; none for a list of the site's own."""
    local = seeds.read("codes_local")
    spec = {**seeds.read("codes")["lists"], **local["lists"]}.get(name)
    if spec is None or spec.get("optional"):
        return {}
    items = [*spec["items"], *local["extend"].get(name, ())]
    return {
        raw["code"]: Code(raw["code"], raw["zh"], raw.get("en") or raw["zh"], True, _extra(spec, raw))
        for raw in items
    }


def _new_list(session: Session, name: str) -> CodeList:
    row = CodeList(name=name)
    session.add(row)
    return row


def _describe(row: CodeList, spec: dict[str, Any]) -> None:
    row.label = spec["name_zh"]
    row.standard = spec.get("standard")
    row.locked = spec["kind"] == "standard"
    # where the codes were seen is part of the list: whoever exchanges data must know how sure they are
    row.note = "\n".join(str(spec[k]) for k in ("note", "mark") if spec.get(k)) or None


def _load_items(
    session: Session,
    row: CodeList,
    spec: dict[str, Any],
    items: list[dict[str, Any]],
    known: dict[str, CodeItem],
) -> int:
    added = 0
    for seq, raw in enumerate(items, start=1):
        item = known.get(raw["code"])
        if item is None:
            item = CodeItem(code_list=row, code=raw["code"])
            session.add(item)
            added += 1
        elif not row.locked:
            continue
        item.label, item.label_en, item.seq = raw["zh"], raw.get("en"), seq
        item.extra = _extra(spec, raw)
    return added


def _extra(spec: dict[str, Any], raw: dict[str, Any]) -> str | None:
    more = {k: spec[k] for k in LIST_WIDE if k in spec}
    more |= {k: v for k, v in raw.items() if k not in ITEM_COLUMNS}
    aliases = [alias for alias, code in spec.get("aliases", {}).items() if code == raw["code"]]
    if aliases:
        more["aliases"] = aliases
    if raw["code"] in spec.get("common", ()):
        more["common"] = True
    return json.dumps(more, ensure_ascii=False, sort_keys=True) if more else None


def load_structure(session: Session, site_name: str = "") -> Area:
    """Add missing levels and schemes, and the root area when there is none; returns the root area."""
    spec = seeds.read("structure")
    levels = {row.key: row for row in session.scalars(select(AreaLevel))}
    for raw in spec["levels"]:
        if raw["key"] not in levels:
            plain = {k: v for k, v in raw.items() if k != "parents"}
            levels[raw["key"]] = AreaLevel(**plain, parent_keys=",".join(raw["parents"]))
            session.add(levels[raw["key"]])
    session.flush()
    _load_schemes(session, spec["schemes"], levels)
    return _root(session, spec["root"], levels, site_name)


def _load_schemes(session: Session, specs: list[dict[str, Any]], levels: dict[str, AreaLevel]) -> None:
    known = set(session.scalars(select(RoleScheme.key)))
    for raw in specs:
        if raw["key"] in known:
            continue
        seats = [
            RoleSchemeSeat(position=position, needed=needed) for position, needed in raw["seats"].items()
        ]
        plain = {k: raw[k] for k in ("key", "name", "source", "active")}
        session.add(RoleScheme(**plain, level_id=levels[raw["level"]].id, seats=seats))
    session.flush()


def _root(session: Session, spec: dict[str, Any], levels: dict[str, AreaLevel], site_name: str) -> Area:
    found = session.scalars(select(Area).where(Area.parent_id.is_(None)).order_by(Area.path)).first()
    if found is not None:
        return found
    name = site_name or spec["name"]
    root = Area(
        level_id=levels[spec["level"]].id,
        path=child_path("", 1),
        depth=0,
        code=spec["code"],
        name=name,
        full_name=name,
        settlement=spec["settlement"],
    )
    session.add(root)
    session.flush()
    return root
