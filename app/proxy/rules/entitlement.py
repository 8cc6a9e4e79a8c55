"""Who qualifies for a service: the criteria of an item's version read against what the registry knows (S0-61). Pure.

Criteria are data. A node is ``{"all": [nodes]}``, ``{"any": [nodes]}``, ``{"not": node}`` or a leaf with one key:

``age`` {"from": 65, "to": 79} in full years · ``groups`` {"any" | "all" | "none": [codes], "absent": "maybe"} special groups
in force; ``absent`` says that the register does not know every member, so that a missing entry proves nothing ·
``household`` [kinds of a household] · ``registered`` true | false, in this county · ``disability_grade`` [codes] ·
``sex`` · ``marital`` · ``employment`` · ``population`` [codes] · ``ask`` "what nobody can tell from data".

Each leaf answers yes, no or maybe (unknown). ``all`` is the least of its answers, ``any`` the greatest, ``not`` turns yes
and no over and leaves maybe as it is (three-valued logic of Kleene). An answer advises; it refuses nobody anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from app.proxy.choices import Verdict

YES, NO, MAYBE = Verdict.yes, Verdict.no, Verdict.maybe
ORDER = {NO: 0, MAYBE: 1, YES: 2}
# leaf → code list of its values; the fact of the same name is compared with them
CODED = {
    "disability_grade": "disability_grade",
    "sex": "gender",
    "marital": "marital",
    "employment": "employment_status",
    "population": "population_kind",
}
GROUPS = "special_group"
CODE_LISTS = {**CODED, "groups": GROUPS}
# (code list, code) → the words of the code; kinds of households stand under "household"
Named = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a person on a day; None for what nobody has entered.

    ``groups`` are the special groups in force that the reader may see, ``registered`` whether the household
    registration is in this county.
    """

    age: int | None = None
    groups: frozenset[str] = frozenset()
    household: frozenset[str] | None = None
    registered: bool | None = None
    disability_grade: str | None = None
    sex: str | None = None
    marital: str | None = None
    employment: str | None = None
    population: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition and what was found about it."""

    verdict: Verdict
    condition: Any
    found: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes, no or maybe, with the conditions that decided it."""

    verdict: Verdict
    reasons: tuple[Reason, ...]


NOT_SAID = Answer(MAYBE, (Reason(MAYBE, _("Who qualifies is not laid down for this service"), ""),))


def answer(criteria: Mapping[str, Any] | None, facts: Facts, named: Named) -> Answer:
    """Whether somebody qualifies. Without criteria: maybe. The reasons are those that decide: what speaks against a no,
    what is open of a maybe, everything of a yes.
    """
    if not criteria:
        return NOT_SAID
    key, value = next(iter(criteria.items()))
    if key == "not":
        return _turned(answer(value, facts, named))
    if key in {"all", "any"}:
        return _joined(key, [answer(node, facts, named) for node in value])
    reason = _LEAVES.get(key, _coded)(key, value, facts, named)
    return Answer(reason.verdict, (reason,))


def _joined(key: str, answers: Sequence[Answer]) -> Answer:
    choose = min if key == "all" else max
    verdict = choose((a.verdict for a in answers), key=ORDER.__getitem__)
    return Answer(verdict, tuple(r for a in answers if a.verdict is verdict for r in a.reasons))


def _turned(given: Answer) -> Answer:
    turn = {YES: NO, NO: YES, MAYBE: MAYBE}
    reasons = (Reason(turn[r.verdict], _("not: %(what)s", what=r.condition), r.found) for r in given.reasons)
    return Answer(turn[given.verdict], tuple(reasons))


# --- leaves -----------------------------------------------------------------------------------------------------------

UNKNOWN = _("not known")


def _age(_key: str, limits: Mapping[str, int], facts: Facts, _named: Named) -> Reason:
    words = age_words(limits)
    if facts.age is None:
        return Reason(MAYBE, words, _("the birth date is not known"))
    low, high = limits.get("from"), limits.get("to")
    is_in = (low is None or facts.age >= low) and (high is None or facts.age <= high)
    return Reason(YES if is_in else NO, words, _("%(age)s years old", age=facts.age))


def age_words(limits: Mapping[str, int]) -> Any:
    """The ages in words."""
    low, high = limits.get("from"), limits.get("to")
    if low is not None and high is not None:
        return _("%(low)s to %(high)s years", low=low, high=high)
    if low is not None:
        return _("%(low)s years and older", low=low)
    return _("up to %(high)s years", high=high)


def _groups(_key: str, wanted: Mapping[str, Any], facts: Facts, named: Named) -> Reason:
    how = next(k for k in ("any", "all", "none") if k in wanted)
    codes = list(wanted[how])
    there = [code for code in codes if code in facts.groups]
    words = group_words(how, codes, named)
    holds = {"any": bool(there), "all": len(there) == len(codes), "none": not there}[how]
    found = _listed(there, GROUPS, named) if there else _("not recorded")
    proved = not holds if how == "none" else holds  # by what is there, not by what is missing
    if proved or wanted.get("absent") != MAYBE.value:
        return Reason(YES if holds else NO, words, found)
    return Reason(MAYBE, words, _("%(found)s; the register may not know it", found=found))


def group_words(how: str, codes: Sequence[str], named: Named) -> Any:
    """The groups asked for in words."""
    what = _listed(codes, GROUPS, named)
    if how == "none":
        return _("none of: %(what)s", what=what) if len(codes) > 1 else _("not: %(what)s", what=what)
    if len(codes) == 1:
        return what
    return _("all of: %(what)s", what=what) if how == "all" else _("one of: %(what)s", what=what)


def _listed(codes: Sequence[str], list_name: str, named: Named) -> str:
    return str(_(", ")).join(named(list_name, code) for code in codes)


def _household(_key: str, kinds: Sequence[str], facts: Facts, named: Named) -> Reason:
    words = _("belongs to: %(what)s", what=_listed(kinds, "household", named))
    if facts.household is None:
        return Reason(MAYBE, words, UNKNOWN)
    found = _listed(sorted(facts.household), "household", named)
    return Reason(YES if facts.household & set(kinds) else NO, words, found)


def _registered(_key: str, wanted: bool, facts: Facts, _named: Named) -> Reason:
    words = _("registered in this county") if wanted else _("not registered in this county")
    if facts.registered is None:
        return Reason(MAYBE, words, UNKNOWN)
    found = _("registered here") if facts.registered else _("registered elsewhere")
    return Reason(YES if facts.registered is wanted else NO, words, found)


def _ask(_key: str, what: str, _facts: Facts, _named: Named) -> Reason:
    return Reason(MAYBE, what, _("cannot be told from the records"))


def _coded(key: str, codes: Sequence[str], facts: Facts, named: Named) -> Reason:
    list_name, value = CODED[key], getattr(facts, key)
    words = coded_words(key, codes, named)
    if value is None:
        return Reason(MAYBE, words, UNKNOWN)
    return Reason(YES if value in codes else NO, words, named(list_name, value))


def coded_words(key: str, codes: Sequence[str], named: Named) -> Any:
    """The values asked for in words, behind the name of what is asked."""
    return _("%(what)s: %(values)s", what=LEAF_NAMES[key], values=_listed(codes, CODED[key], named))


_LEAVES: dict[str, Callable[[str, Any, Facts, Named], Reason]] = {
    "age": _age,
    "groups": _groups,
    "household": _household,
    "registered": _registered,
    "ask": _ask,
}

LEAF_NAMES: dict[str, Any] = {
    "age": _("Age"),
    "groups": _("Member of a special group"),
    "household": _("Household"),
    "registered": _("Where registered"),
    "disability_grade": _("Grade of disability"),
    "sex": _("Sex"),
    "marital": _("Marital status"),
    "employment": _("Employment"),
    "population": _("Kind of resident"),
    "ask": _("To be asked"),
}
