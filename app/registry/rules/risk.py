"""Which colour a rented home gets, and why: rules are data, this is how they are read (S3, F08).

A rule's condition is a JSON object of the words below; ``match`` says whether any or all of them must be met.
Rules are tried in their order, worst first as a site keeps them; the first that holds gives the colour. Sources of
the default rules: Housing Rental Regulations 2025 (no letting of non-living space, minimum area), four-colour practice
of Longgang and the Zhuhai draft art. 3.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid

GREEN = "green"
COLOURS = ("red", "orange", "yellow", GREEN)  # worst first
MATCH = ("any", "all")
DAYS = (1, 366)


@dataclass(frozen=True)
class HomeFacts:
    """What is known of a rented home. ``failed`` holds the items not in order at the last check, ``open_hazards`` the
    number of hazards that nobody has closed; ``heads`` the people living there, ``area_m2`` the floor area.
    """

    rental_kind: str | None = None
    housing_use: str | None = None
    heads: int = 0
    area_m2: float | None = None
    failed: frozenset[str] = frozenset()
    open_hazards: int = 0
    registered: bool = False
    pledge_signed: bool = False

    @property
    def m2_a_head(self) -> float | None:
        """Square metres a head; None where either is not known."""
        return self.area_m2 / self.heads if self.area_m2 and self.heads else None


@dataclass(frozen=True)
class Rule:
    """A rule as the site keeps it. ``check_days`` None: the cadence of the colour."""

    colour: str
    name: str
    condition: Mapping[str, Any]
    check_days: int | None = None


@dataclass(frozen=True)
class Verdict:
    """The colour and why: the name of the rule and what it met, in words."""

    colour: str
    rule: str = ""
    reasons: tuple[Any, ...] = ()
    check_days: int | None = None


@dataclass(frozen=True)
class Words:
    """The codes that a condition may name, with their labels (they are data)."""

    items: Mapping[str, str] = field(default_factory=dict)
    rental_kinds: Mapping[str, str] = field(default_factory=dict)
    housing_uses: Mapping[str, str] = field(default_factory=dict)


def verdict(rules: Sequence[Rule], facts: HomeFacts, words: Words) -> Verdict:
    """The first rule that holds, in the order given; green without a reason where none does."""
    for rule in rules:
        reasons = met(rule.condition, facts, words)
        if reasons is not None:
            return Verdict(rule.colour, rule.name, reasons, rule.check_days)
    return Verdict(GREEN)


def met(condition: Mapping[str, Any], facts: HomeFacts, words: Words) -> tuple[Any, ...] | None:
    """What a condition met, in words; None when it does not hold."""
    asked = [key for key in condition if key in TESTS]
    found = {key: TESTS[key](condition[key], facts, words) for key in asked}
    reasons = tuple(words_ for words_ in found.values() if words_ is not None)
    enough = len(asked) if condition.get("match") == "all" else 1
    return reasons if asked and len(reasons) >= enough else None


# --- the words of a condition ---------------------------------------------------------------------------------


def _failed(codes: Any, facts: HomeFacts, words: Words) -> Any:
    hit = [words.items.get(code, code) for code in codes if code in facts.failed]
    return _("not in order: %(items)s", items=", ".join(hit)) if hit else None


def _failed_count(least: Any, facts: HomeFacts, _words: Words) -> Any:
    n = len(facts.failed)
    return _("%(n)s items not in order", n=n) if n >= least else None


def _below(least: Any, facts: HomeFacts, _words: Words) -> Any:
    a_head = facts.m2_a_head
    if a_head is None or a_head >= least:
        return None
    return _(
        "%(people)s people in %(area)s m²: below %(limit)s m² a head.",
        people=facts.heads,
        area=f"{facts.area_m2:g}",
        limit=f"{least:g}",
    )


def _kind(codes: Any, facts: HomeFacts, words: Words) -> Any:
    return words.rental_kinds.get(facts.rental_kind or "", "") or None if facts.rental_kind in codes else None


def _use(codes: Any, facts: HomeFacts, words: Words) -> Any:
    return words.housing_uses.get(facts.housing_use or "", "") or None if facts.housing_use in codes else None


def _hazards(least: Any, facts: HomeFacts, _words: Words) -> Any:
    n = facts.open_hazards
    return _("%(n)s hazards not yet gone", n=n) if n >= least else None


def _unregistered(_yes: Any, facts: HomeFacts, _words: Words) -> Any:
    return None if facts.registered else _("contract not registered")


def _no_pledge(_yes: Any, facts: HomeFacts, _words: Words) -> Any:
    return None if facts.pledge_signed else _("pledge not signed")


TESTS: Mapping[str, Callable[[Any, HomeFacts, Words], Any]] = {
    "failed": _failed,
    "failed_count": _failed_count,
    "below_m2": _below,
    "rental_kind": _kind,
    "housing_use": _use,
    "open_hazards": _hazards,
    "unregistered": _unregistered,
    "no_pledge": _no_pledge,
}
LABELS = {
    "failed": _("One of these items not in order"),
    "failed_count": _("Items not in order, at least"),
    "below_m2": _("Square metres a head, below"),
    "rental_kind": _("Kind of letting"),
    "housing_use": _("Use of the home"),
    "open_hazards": _("Hazards not yet gone, at least"),
    "unregistered": _("Contract not registered"),
    "no_pledge": _("Pledge not signed"),
}
NUMBERS = {"failed_count": (1, 14), "below_m2": (0.5, 100), "open_hazards": (1, 99)}
LISTS = ("failed", "rental_kind", "housing_use")
FLAGS = ("unregistered", "no_pledge")


def check_condition(condition: Any, words: Words) -> dict[str, Any]:
    """The condition as it may be kept. Invalid with a sentence for anything that could never be evaluated: another
    shape, an unknown word or code, a number outside its limits, nothing at all.
    """
    if not isinstance(condition, Mapping):
        raise Invalid(_("A condition is made of the fields of this form."), field="condition")
    match = condition.get("match", "any")
    if match not in MATCH:
        raise Invalid(_("Say whether any or all of the conditions must be met."), field="match")
    kept: dict[str, Any] = {}
    for key, value in condition.items():
        if key == "match":
            continue
        if key not in TESTS:
            raise Invalid(_("The word %(word)s is not one that a rule knows.", word=key), field="condition")
        kept[key] = _checked(key, value, words)
    if not kept:
        raise Invalid(_("A rule needs at least one condition."), field="failed")
    return {"match": match, **kept}


def _checked(key: str, value: Any, words: Words) -> Any:
    if key in LISTS:
        return _codes(key, value, words)
    if key in FLAGS:
        if value is not True:
            raise Invalid(_("This condition is either there or not."), field=key)
        return True
    low, high = NUMBERS[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        text = _("%(name)s: between %(low)s and %(high)s.", name=LABELS[key], low=f"{low:g}", high=high)
        raise Invalid(text, field=key)
    if key != "below_m2" and not isinstance(value, int):
        raise Invalid(_("Please write a whole number."), field=key)
    return value


def _codes(key: str, value: Any, words: Words) -> list[str]:
    known: Collection[str] = {
        "failed": words.items,
        "rental_kind": words.rental_kinds,
        "housing_use": words.housing_uses,
    }[key]
    if not isinstance(value, (list, tuple)) or not value:
        raise Invalid(_("Choose at least one."), field=key)
    for code in value:
        if code not in known:
            raise Invalid(_("The code %(code)s is not in the list.", code=code), field=key)
    return list(dict.fromkeys(value))


def crowding_limit(rules: Sequence[Rule]) -> float | None:
    """The largest number of square metres a head that a rule asks for: below it a home is told to be crowded."""
    limits = [rule.condition["below_m2"] for rule in rules if "below_m2" in rule.condition]
    return max(limits) if limits else None
