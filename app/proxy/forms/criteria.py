"""Who qualifies for a service, as an administrator types it: one line a condition; equal numbers are alternatives."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid
from app.core.numbers import whole_number
from app.proxy.rules import criteria as parts
from app.proxy.rules.criteria import Line
from app.proxy.rules.entitlement import CODED, LEAF_NAMES, MAYBE

BLANK = 3  # empty lines below those that are there
MOST = 24


@dataclass
class Row:
    """One line of the page as typed; ``codes`` are ``kind:code``."""

    number: str = ""
    kind: str = ""
    negated: bool = False
    low: str = ""
    high: str = ""
    how: str = "any"
    absent: bool = False
    registered: str = "1"
    ask: str = ""
    codes: set[str] = field(default_factory=set)


def rows_of(lines: list[Line]) -> list[Row]:
    """The lines of the page for stored criteria, with some empty ones below."""
    return [_row(line) for line in lines] + [Row() for _n in range(BLANK)]


def _row(line: Line) -> Row:
    row, value = Row(str(line.number), line.kind, line.negated), line.value
    if line.kind == "age":
        row.low, row.high = (str(value.get(end, "")) for end in ("from", "to"))
    elif line.kind == "groups":
        row.how = next(how for how in parts.HOWS if how in value)
        row.absent = "absent" in value
        row.codes = {f"groups:{code}" for code in value[row.how]}
    elif line.kind == "registered":
        row.registered = "1" if value else "0"
    elif line.kind == "ask":
        row.ask = value
    else:
        row.codes = {f"{line.kind}:{code}" for code in value}
    return row


def typed(form: Any) -> list[Row]:
    """The lines as they were typed; those without a kind are left out, and some empty ones stand below."""
    found = []
    for n in range(min(len(form.getlist("kind")), MOST + BLANK)):
        at = lambda name, n=n: " ".join(form.get(f"{name}-{n}", "").split())  # noqa: E731
        kind = form.getlist("kind")[n]
        if not kind:
            continue
        codes = set(form.getlist(f"codes-{n}"))
        row = Row(at("number"), kind, bool(at("negated")), at("low"), at("high"), at("how") or "any")
        row.absent, row.registered, row.ask, row.codes = (
            bool(at("absent")),
            at("registered"),
            at("ask"),
            codes,
        )
        found.append(row)
    return [*found, *(Row() for _n in range(BLANK))]


def criteria_of(rows: list[Row], knows: parts.Knows, closed: Collection[str]) -> dict[str, Any] | None:
    """What the lines mean. Invalid names the line that cannot be read."""
    lines = []
    for n, row in enumerate(rows, 1):
        if not row.kind:
            continue
        try:
            value = _value(row)
            parts.check_leaf(row.kind, value, knows, closed, field=f"kind-{n}")
            lines.append(Line(_number(row, n), row.kind, value, row.negated))
        except Invalid as refused:
            text = _("Line %(line)s: %(what)s", line=n, what=refused.message)
            raise Invalid(text, field=refused.field) from None
    if len(lines) > parts.MOST_LEAVES:
        raise Invalid(_("A service has at most %(most)s conditions.", most=parts.MOST_LEAVES))
    return parts.criteria_of(lines)


def _number(row: Row, n: int) -> int:
    """The number of the condition; without one the line stands for itself."""
    return whole_number(row.number, 1, MOST) if row.number else MOST + n


def _value(row: Row) -> Any:
    if row.kind == "age":
        ends: Mapping[str, str] = {"from": row.low, "to": row.high}
        return {name: whole_number(text, 0, 999) for name, text in ends.items() if text}
    if row.kind == "registered":
        return row.registered != "0"
    if row.kind == "ask":
        return row.ask
    codes = sorted(c.partition(":")[2] for c in row.codes if c.partition(":")[0] == row.kind)
    if len(codes) != len(row.codes):
        what = LEAF_NAMES.get(row.kind, row.kind)
        raise Invalid(_("Some of the chosen values are not of this kind: %(what)s.", what=what))
    if row.kind != "groups":
        return codes
    how = row.how if row.how in parts.HOWS else "any"
    return {how: codes} | ({"absent": MAYBE.value} if row.absent else {})


KINDS = tuple(LEAF_NAMES)
WITH_CODES = ("groups", "household", *CODED)
