"""Criteria of a service as they are typed: checked, and taken apart into lines of a form. Pure (see `entitlement`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid
from app.proxy.rules.appointments import OLDEST
from app.proxy.rules.entitlement import CODE_LISTS, LEAF_NAMES, MAYBE, Facts, Named, answer

MOST_LEAVES, DEEPEST, LONGEST = 24, 6, 120
HOWS = ("any", "all", "none")
HOUSEHOLDS = ("registered", "living", "collective")
# (code list, code) → whether the list has it
Knows = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Line:
    """One condition of the form: lines of the same number are alternatives, all numbers must hold."""

    number: int
    kind: str
    value: Any
    negated: bool = False


def check(criteria: Any, knows: Knows, closed: Collection[str]) -> None:
    """Raises Invalid for criteria that cannot be read: an unknown word, no value, ages that nobody has, a code that is in
    no list, a group of level 5 (the answer would tell of it), too many or too deep.
    """
    if _leaves(criteria, 0, knows, closed) > MOST_LEAVES:
        raise Invalid(_("A service has at most %(most)s conditions.", most=MOST_LEAVES), field="criteria")


def _leaves(node: Any, depth: int, knows: Knows, closed: Collection[str]) -> int:
    if not isinstance(node, Mapping) or len(node) != 1 or depth > DEEPEST:
        raise Invalid(_("These conditions cannot be read."), field="criteria")
    key, value = next(iter(node.items()))
    if key == "not":
        return _leaves(value, depth + 1, knows, closed)
    if key in {"all", "any"}:
        if not isinstance(value, list) or not value:
            raise Invalid(_("A condition is empty."), field="criteria")
        return sum(_leaves(one, depth + 1, knows, closed) for one in value)
    check_leaf(key, value, knows, closed)
    return 1


def check_leaf(
    kind: str, value: Any, knows: Knows, closed: Collection[str], *, field: str = "criteria"
) -> None:
    """Raises Invalid at ``field`` for a condition that cannot be read."""
    if kind not in LEAF_NAMES:
        raise Invalid(_("There is no such kind of condition."), field=field)
    if kind == "age":
        _check_age(value, field)
    elif kind == "registered":
        if not isinstance(value, bool):
            raise Invalid(_("Please say whether the person is to be registered here."), field=field)
    elif kind == "ask":
        if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST:
            text = _("Please write in at most %(most)s characters what is to be asked.", most=LONGEST)
            raise Invalid(text, field=field)
    else:
        _check_codes(kind, _codes_of(kind, value, field), knows, closed, field)


def _check_age(value: Any, field: str) -> None:
    low, high = (value.get("from"), value.get("to")) if isinstance(value, Mapping) else (None, None)
    years = [y for y in (low, high) if y is not None]
    if not years:
        raise Invalid(_("Please give an age from or up to which it holds."), field=field)
    if not all(isinstance(y, int) and 0 <= y <= OLDEST for y in years):
        raise Invalid(_("An age is between 0 and %(most)s years.", most=OLDEST), field=field)
    if low is not None and high is not None and high < low:
        raise Invalid(_("The upper age lies below the lower one."), field=field)


def _codes_of(kind: str, value: Any, field: str) -> Sequence[Any]:
    if kind != "groups":
        return value if isinstance(value, list) else []
    hows = [how for how in HOWS if how in value] if isinstance(value, Mapping) else []
    if len(hows) != 1 or value.get("absent", MAYBE.value) != MAYBE.value:
        raise Invalid(_("These conditions cannot be read."), field=field)
    return value[hows[0]]


def _check_codes(kind: str, codes: Sequence[Any], knows: Knows, closed: Collection[str], field: str) -> None:
    what = LEAF_NAMES[kind]
    if not codes:
        raise Invalid(_("Please choose at least one value: %(what)s.", what=what), field=field)
    for code in codes:
        known = code in HOUSEHOLDS if kind == "household" else knows(CODE_LISTS[kind], code)
        if not known:
            raise Invalid(_("“%(code)s” is no value of: %(what)s.", code=code, what=what), field=field)
        if kind == "groups" and code in closed:
            text = _("This group is open to named people only. A condition would tell of its members.")
            raise Invalid(text, field=field)


# --- lines of the form ------------------------------------------------------------------------------------------------


def lines_of(criteria: Mapping[str, Any] | None) -> list[Line] | None:
    """The lines of the form; None where conditions are nested deeper than it can show."""
    if not criteria:
        return []
    found: list[Line] = []
    for number, clause in enumerate(criteria.get("all", [criteria]), 1):
        for node in clause.get("any", [clause]):
            inner = node.get("not", node)
            kind, value = next(iter(inner.items()))
            if kind not in LEAF_NAMES:
                return None
            found.append(Line(number, kind, value, "not" in node))
    return found


def criteria_of(lines: Sequence[Line]) -> dict[str, Any] | None:
    """The criteria that lines mean, None for no lines."""
    clauses = []
    for number in sorted({line.number for line in lines}):
        nodes = [
            {"not": {line.kind: line.value}} if line.negated else {line.kind: line.value}
            for line in lines
            if line.number == number
        ]
        clauses.append(nodes[0] if len(nodes) == 1 else {"any": nodes})
    if not clauses:
        return None
    return clauses[0] if len(clauses) == 1 else {"all": clauses}


def described(criteria: Mapping[str, Any] | None, named: Named) -> list[str]:
    """The criteria in words, one line for each condition that must hold; nothing for none."""
    return [_words(node, named) for node in criteria.get("all", [criteria])] if criteria else []


def _words(node: Mapping[str, Any], named: Named) -> str:
    key, value = next(iter(node.items()))
    if key == "not":
        return str(_("not: %(what)s", what=_words(value, named)))
    if key in {"all", "any"}:
        joint = str(_(" and ")) if key == "all" else str(_(" or "))
        return joint.join(_words(one, named) for one in value)
    return str(answer(node, Facts(), named).reasons[0].condition)
