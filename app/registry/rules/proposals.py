"""What one qualifies for, or must end, after an event: pure rules over the data in ``seeds/proposals.yaml`` (S0-61).

Age is 周岁: years completed on the birthday itself; who was born on 29 February completes them on 1 March of a common
year (``rules.dates.age_on``). Where only the year or month of birth is known, the last possible day counts.
"""

import calendar
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.workflow import Machine, To
from app.registry.choices import ProposalAction, ProposalState, ProposalTopic
from app.registry.rules.dates import Birth, Precision, age_on

EVENTS = frozenset({"death", "birth", "new_name"})
# a renewal follows from a case that was decided: the proxy domain says when (app/proxy/service/renewals.py)
OCCASIONS = ("death", "birth", "age", "group", "stay", "new_name", "renewal")
MAYBE = "maybe"
DUE_DAYS = 30


@dataclass(frozen=True)
class Rule:
    """One line of the data file."""

    code: str
    on: str
    topic: ProposalTopic
    words: Mapping[str, str] = field(compare=False)
    item: str | None = None
    age: int | None = None
    ahead_days: int = 0
    within_days: int | None = None
    due_days: int = DUE_DAYS
    min_age: int | None = None
    max_age: int | None = None
    groups: frozenset[str] = frozenset()
    with_groups: tuple[frozenset[str], ...] = ()
    unless_groups: frozenset[str] = frozenset()
    level: str = "L3"
    source: str = ""
    asks: Mapping[str, str] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class About:
    """What a rule may know of a person on a day."""

    age: int | None = None
    groups: frozenset[str] = frozenset()
    unsure: frozenset[str] = (
        frozenset()
    )  # groups that nobody can tell: a disability whose grade was never entered


def parse(entries: Iterable[Mapping[str, Any]], closed_groups: Collection[str] = ()) -> tuple[Rule, ...]:
    """The rules of the data file. ValueError for an unknown occasion, a twin code, an age rule without an age, a rule
    about a group of level 5 (it would tell of the group) or one without a source.
    """
    rules, seen = [], set()
    for entry in entries:
        rule = _rule(entry)
        named = rule.groups.union(rule.unless_groups, *rule.with_groups)
        if rule.on not in OCCASIONS or rule.code in seen or not rule.source:
            raise ValueError(f"proposals: {rule.code} is unknown, twice, or without a source")
        if (rule.on == "age") is not (rule.age is not None) or named & set(closed_groups):
            raise ValueError(f"proposals: {rule.code} needs an age, or names a closed group")
        seen.add(rule.code)
        rules.append(rule)
    return tuple(rules)


def _rule(entry: Mapping[str, Any]) -> Rule:
    return Rule(
        code=entry["code"],
        on=entry["when"],
        topic=ProposalTopic(entry["topic"]),
        words={"zh": entry["zh"], "en": entry["en"]},
        item=entry.get("item"),
        age=entry.get("age"),
        ahead_days=entry.get("ahead_days", 0),
        within_days=entry.get("within_days"),
        due_days=entry.get("due_days", DUE_DAYS),
        min_age=entry.get("min_age"),
        max_age=entry.get("max_age"),
        groups=frozenset(entry.get("groups", ())),
        with_groups=tuple(frozenset(g) for g in entry.get("with_groups", ())),
        unless_groups=frozenset(entry.get("unless_groups", ())),
        level=entry.get("level", "L3"),
        asks={"zh": entry["ask_zh"], "en": entry["ask_en"]} if "ask_zh" in entry else None,
        source=entry.get("source", ""),
    )


def applies(rule: Rule, about: About) -> bool:
    """Whether the conditions of a rule hold. An age that is not known meets no condition on age."""
    if rule.groups and not rule.groups & about.groups:
        return False
    if rule.unless_groups & about.groups or not all(wanted & about.groups for wanted in rule.with_groups):
        return False
    if rule.min_age is not None and (about.age is None or about.age < rule.min_age):
        return False
    return rule.max_age is None or (about.age is not None and about.age <= rule.max_age)


@dataclass(frozen=True)
class Sure:
    """A rule applies, for certain or perhaps: then somebody asks."""

    certainty: str | None = None  # None: certain, or MAYBE


def found(rule: Rule, about: About) -> Sure | None:
    """Whether a rule holds with what is known: None where it does not. What is missing (an age, the grade of a
    disability, what the rule asks) makes a maybe, never a yes, and never hides somebody.
    """
    perhaps = rule.asks is not None
    if rule.unless_groups & about.groups:
        return None
    for wanted in (*((rule.groups,) if rule.groups else ()), *rule.with_groups):
        if not wanted & about.groups:
            if not wanted & about.unsure:
                return None
            perhaps = True
    if rule.min_age is not None or rule.max_age is not None:
        if about.age is None:
            perhaps = True
        elif not (rule.min_age or 0) <= about.age <= (about.age if rule.max_age is None else rule.max_age):
            return None
    return Sure(MAYBE if perhaps else None)


def completes_on(birth: Birth, years: int) -> date:
    """The day on which so many years are completed: the first on which ``age_on`` says so."""
    year, month, day = birth.date.year + years, birth.date.month, birth.date.day
    if birth.precision is Precision.year:
        month, day = 12, 31
    elif birth.precision is Precision.month:
        day = calendar.monthrange(year, month)[1]
        if day < 31:  # age_on waits for a 31st: the month must be over
            return date(year, month, day) + timedelta(days=1)
    if (month, day) == (2, 29) and not calendar.isleap(year):
        return date(year, 3, 1)
    return date(year, month, day)


def born_until(day: date, years: int) -> date:
    """Nobody born after this day has completed so many years on ``day``: the bound of a search."""
    if (day.month, day.day) == (2, 29) and not calendar.isleap(day.year - years):
        return date(day.year - years, 2, 28)
    return date(day.year - years, day.month, day.day)


def risen(rule: Rule, all_rules: Iterable[Rule]) -> tuple[int | None, int | None]:
    """(age of the step below, age of the step above) where one service rises with age, as the old-age allowance does."""
    ages = sorted(
        r.age for r in all_rules if r.on == "age" and r.item and r.item == rule.item and r.age is not None
    )
    below = [age for age in ages if rule.age is not None and age < rule.age]
    above = [age for age in ages if rule.age is not None and age > rule.age]
    return (below[-1] if below else None), (above[0] if above else None)


def reached(rule: Rule, birth: Birth | None, today: date) -> date | None:
    """The birthday that an age rule is about when it is reached (or near enough), else None."""
    if rule.age is None or birth is None:
        return None
    age = age_on(birth, today + timedelta(days=rule.ahead_days))
    return completes_on(birth, rule.age) if age is not None and age >= rule.age else None


def due_on(rule: Rule, day: date, today: date) -> date:
    """Until when it is to be seen to. Terms after an event run from its day, also when it is entered late; what somebody
    has long been entitled to is due from today.
    """
    return (day if rule.on in EVENTS else max(day, today)) + timedelta(days=rule.due_days)


# --- what becomes of a proposal ------------------------------------------------------------------------------------

HANDS = ("grid_worker", "workstation", "town_staff")
ITSELF = ("program",)  # steps that follow from something else: an event, a case, a revoked event
_OPEN, _TAKEN, _DECLINED = ProposalState.open, ProposalState.taken, ProposalState.declined
_BY_HAND = {
    (state, action): to
    for state in (_OPEN, _TAKEN)
    for action, to in (
        (ProposalAction.accept, To(ProposalState.done, role=HANDS)),
        (ProposalAction.decline, To(_DECLINED, role=HANDS, needs=("reason",))),
        (ProposalAction.unfit, To(_DECLINED, role=HANDS, needs=("reason",))),
        (ProposalAction.finish, To(ProposalState.done, role=ITSELF)),
        (ProposalAction.drop, To(ProposalState.dropped, role=ITSELF)),
    )
}
MACHINE = Machine(
    {
        (None, ProposalAction.propose): To(_OPEN, role=ITSELF),
        (_OPEN, ProposalAction.take): To(_TAKEN, role=ITSELF),
        **_BY_HAND,
        (_TAKEN, ProposalAction.reopen): To(_OPEN, role=(*HANDS, *ITSELF)),
        (_DECLINED, ProposalAction.reopen): To(_OPEN, role=HANDS),
        (_DECLINED, ProposalAction.drop): To(ProposalState.dropped, role=ITSELF),
        # a closed group that nobody but those with a grant knows of comes back with a revoked death
        (ProposalState.done, ProposalAction.drop): To(ProposalState.dropped, role=ITSELF),
    },
    finals=(ProposalState.dropped,),
    names={"reason": _("the reason")},
)
