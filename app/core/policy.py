"""Field policy: which columns hold personal data, how they look, who may see, edit, export and print them.

The table stands in app/seeds/field_policy.yaml and is read by list, form, search, order, diff, export, paper and
API (guards, section 3). Its part ``attachments`` says who may open whole files, by level; ``logged_closed`` names
columns that are open on screen and protected in the change log. A column that is stored encrypted and has no row in the
table is hidden altogether: a new protected column is closed until somebody decides otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from app.core import extra
from app.core.actor import Actor
from app.core.interface import facts_of
from app.core.masks import mask_id_number, mask_name, mask_phone

TABLE = Path(__file__).resolve().parents[1] / "seeds" / "field_policy.yaml"
HIDDEN = "\u2022\u2022\u2022\u2022"
MASKS: dict[str, Callable[[str], str]] = {
    "id_number": mask_id_number,
    "phone": mask_phone,
    "name": mask_name,
    "hide": lambda value: HIDDEN if value else "",
    "none": lambda value: value,
}
VERBS = ("see", "edit", "export", "print")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table. A verb's roles are a set of role keys; ``*`` stands for every role.

    ``in_page`` columns (level L4) are plain on the page of one record for roles that may see them and masked in
    lists; the others are masked everywhere and shown by an audited reveal only.
    """

    table: str
    column: str
    level: str
    mask: str
    roles: tuple[tuple[str, frozenset[str]], ...] = ()
    in_page: bool = False
    in_list: bool = False
    grant: str = ""  # opened by this grant by name only, beside the role

    def allows(self, verb: str, role: str) -> bool:
        """Whether a role may ``see``, ``edit``, ``export`` or ``print`` the plain value."""
        roles = dict(self.roles).get(verb, frozenset())
        return "*" in roles or role in roles

    def allows_actor(self, verb: str, actor: Actor, paths: Collection[str] = ()) -> bool:
        """The same of somebody who acts, with the grants by name. ``paths`` are the areas of the record: a grant that
        holds in a part of the acting areas opens what stands inside that part.
        """
        return self.allows(verb, actor.role) and (not self.grant or actor.is_granted(self.grant, paths))

    def masked(self, value: Any) -> str:
        """How the value looks where it is not revealed."""
        return MASKS[self.mask]("" if value is None else str(value))


@lru_cache(maxsize=1)
def rules() -> dict[tuple[str, str], Rule]:
    """The whole table by (table, column)."""
    raw = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    groups = {name: frozenset(keys) for name, keys in raw["role_groups"].items()}
    found: dict[tuple[str, str], Rule] = {}
    for row in raw["columns"]:
        roles = tuple((verb, _roles(row.get(verb, ()), groups)) for verb in VERBS)
        rule = Rule(
            row["table"],
            row["column"],
            row["level"],
            row.get("mask", "hide"),
            roles,
            row.get("in_page", False),
            row.get("in_list", False),
        )
        if rule.mask not in MASKS:
            raise ValueError(f"{rule.table}.{rule.column}: unknown mask {rule.mask!r}")
        found[rule.table, rule.column] = rule
    return found


@lru_cache(maxsize=1)
def logged_closed() -> frozenset[tuple[str, str]]:
    """(table, column) of what is open on screen and yet never stands in plain in the change log."""
    raw = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return frozenset((table, name) for table, names in raw["logged_closed"].items() for name in names)


@lru_cache(maxsize=1)
def _attachments() -> dict[str, frozenset[str]]:
    raw = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    groups = {name: frozenset(keys) for name, keys in raw["role_groups"].items()}
    return {level: _roles(names, groups) for level, names in raw["attachments"].items()}


def may_open(actor: Actor, level: str) -> bool:
    """Whether the role may open attachments of a level (of a record it sees); an unknown level is closed."""
    return actor.is_system or actor.role in _attachments().get(level, frozenset())


def attachment_roles() -> dict[str, frozenset[str]]:
    """The roles that may open attachments, by level."""
    return dict(_attachments())


def _roles(names: Any, groups: dict[str, frozenset[str]]) -> frozenset[str]:
    listed = [names] if isinstance(names, str) else list(names)
    return (
        frozenset().union(*(groups.get(name, frozenset({name})) for name in listed))
        if listed
        else frozenset()
    )


def rule_of(model: type, column: str) -> Rule | None:
    """The rule of a column of a mapped class, or None when it is open to everybody who sees the row."""
    table = model.__table__.name  # type: ignore[attr-defined]
    rule = rules().get((table, column))
    if rule is None and column.startswith(extra.PREFIX):
        return _extra_rule(model, column)
    if rule is None:
        fact = facts_of(model).get(column)
        if fact is not None and fact.kind in {"secret", "json", "binary"}:
            return Rule(table, column, "L5", "hide")
    return rule


@lru_cache(maxsize=1)
def _extra_levels() -> dict[str, Rule]:
    """What the levels of custom fields mean that are not as open as the record."""
    raw = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    groups = {name: frozenset(keys) for name, keys in raw["role_groups"].items()}
    found = {}
    for level, row in raw["extra_levels"].items():
        roles = tuple((verb, _roles(row.get(verb, ()), groups)) for verb in VERBS)
        found[level] = Rule("", "", level, "hide", roles, row.get("in_page", False))
    return found


def _extra_rule(model: type, column: str) -> Rule | None:
    """The rule of a custom field, by its level. One that this process does not know is closed."""
    known = extra.column_of(model, column)
    if known is None:
        return Rule(model.__table__.name, column, "L5", "hide")  # type: ignore[attr-defined]
    if known.is_open:
        return None
    if known.level == "L4":
        return replace(_extra_levels()["L4"], table=known.table, column=column)
    return replace(_extra_levels()["L5"], table=known.table, column=column, grant=known.grant)


def shown(actor: Actor, model: type, column: str, value: Any, *, place: str = "list") -> Any:
    """The value as it may stand in a ``list`` or on a ``page`` for this actor: plain or masked."""
    rule = rule_of(model, column)
    if rule is None or value is None or value == "":
        return value
    plain = rule.in_list or (place == "page" and rule.in_page)
    return value if plain and rule.allows_actor("see", actor) else rule.masked(value)


def may(actor: Actor, verb: str, model: type, column: str, paths: Collection[str] = ()) -> bool:
    """Whether the actor's role may ``see`` (reveal), ``edit``, ``export`` or ``print`` the plain value; ``paths`` are the
    areas of the record, without which a grant of a part of the acting areas opens nothing.
    """
    rule = rule_of(model, column)
    return rule is None or actor.is_system or rule.allows_actor(verb, actor, paths)


def may_somewhere(actor: Actor, verb: str, model: type, column: str) -> bool:
    """The same where the area of the record is not known yet: a grant of a part of the acting areas may turn out to hold."""
    rule = rule_of(model, column)
    in_part = rule is not None and rule.grant in actor.named_groups and rule.allows(verb, actor.role)
    return in_part or may(actor, verb, model, column)


def is_open(model: type, column: str) -> bool:
    """Whether lists may sort and filter by the column: both would be an oracle for a masked value."""
    rule = rule_of(model, column)
    return rule is None or rule.in_list
