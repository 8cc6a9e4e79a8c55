"""What is there already: which papers are the same thing, how long one serves again, what the registry says of a condition.

Type once, reuse (S3-49, State Council Office 2020 no. 42): what the office or an earlier case holds is not asked for again.
Papers of other people are never taken over, nor anything that would tell of a closed group.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _

from app.proxy.choices import PaperSource

DAYS_A_MONTH = 30


def source_words(source: str | None, note: str | None) -> Any:
    """Where a paper came from that nobody handed over, with its date; empty for the others. ``note`` is the day, for an
    earlier case after its number and a comma.
    """
    if source == PaperSource.case:
        number, _comma, day = (note or "").rpartition(", ")
        return _("from case %(number)s, %(day)s", number=number, day=day)
    return _("from the registry, %(day)s", day=note or "") if source else ""


@dataclass(frozen=True)
class SourceRule:
    """One thing under its different names, with what of the registry stands behind it."""

    kind: str
    words: tuple[str, ...]
    not_words: tuple[str, ...] = ()
    document: tuple[str, ...] = ()
    household: str = ""
    groups: tuple[str, ...] = ()
    months: int = 12

    def means(self, name: str) -> bool:
        """Whether a paper of this name is that thing."""
        return any(word in name for word in self.words) and not any(word in name for word in self.not_words)


@dataclass(frozen=True)
class ConditionRule:
    """A condition of a paper that the registry can answer."""

    words: tuple[str, ...]
    whose: str = "person"
    groups: tuple[str, ...] = ()
    below: int | None = None
    marital: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sources:
    """The whole of `seeds/paper_sources.yaml`."""

    unless: tuple[str, ...]
    months: int
    papers: tuple[SourceRule, ...]
    conditions: tuple[ConditionRule, ...]


@dataclass(frozen=True)
class Facts:
    """What the acting person may read of the applicant in the registry; groups as code → since when."""

    age: int | None = None
    marital: str | None = None
    groups: Mapping[str, date | None] | None = None
    household_groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Answer:
    """What the registry says of a condition: ``why`` is age, marital, group or household; ``code`` the group's code."""

    applies: bool
    why: str
    code: str = ""


def sources_of(raw: Mapping[str, Any]) -> Sources:
    """The file as rules."""
    lists = ("words", "not_words", "document", "groups", "marital")

    def plain(row: Mapping[str, Any]) -> dict[str, Any]:
        return {key: tuple(value) if key in lists else value for key, value in row.items()}

    months = int(raw["months"])
    papers = tuple(SourceRule(**({"months": months} | plain(row))) for row in raw["papers"])
    conditions = tuple(ConditionRule(**plain(row)) for row in raw["conditions"])
    return Sources(tuple(raw["unless"]), months, papers, conditions)


def is_of_others(name: str, sources: Sources) -> bool:
    """Whether a paper holds what belongs to other people: it is never taken over."""
    return any(word in name for word in sources.unless)


def rule_for(name: str, sources: Sources) -> SourceRule | None:
    """The thing that a paper is, or None; papers of other people are none."""
    if is_of_others(name, sources):
        return None
    return next((rule for rule in sources.papers if rule.means(name)), None)


def same_paper(one: str, other: str, sources: Sources) -> bool:
    """Whether two papers are the same thing under the same or different names."""
    if is_of_others(one, sources) or is_of_others(other, sources):
        return False
    rule = rule_for(one, sources)
    return one == other or (rule is not None and rule is rule_for(other, sources))


def serves_until(name: str, collected: date, valid_until: date | None, sources: Sources) -> date:
    """The last day on which a paper of an earlier case serves again: its own, else some months after it was collected."""
    if valid_until is not None:
        return valid_until
    rule = rule_for(name, sources)
    months = rule.months if rule else sources.months
    return date.fromordinal(collected.toordinal() + months * DAYS_A_MONTH)


def answer_for(condition: str, facts: Facts, sources: Sources) -> Answer | None:
    """What the registry says of a condition; None where it says nothing. Only what is there says yes: that a card is not
    in the registry does not mean that nobody has one. An age answers both ways.
    """
    rule = next((r for r in sources.conditions if any(word in condition for word in r.words)), None)
    if rule is None:
        return None
    if rule.below is not None:
        return _by_age(condition, rule, facts)
    if rule.marital:
        married = facts.marital in rule.marital
        return Answer(married, "marital") if facts.marital else None
    return _by_group(rule, facts)


def _by_age(condition: str, rule: ConditionRule, facts: Facts) -> Answer | None:
    if facts.age is None or rule.below is None:
        return None
    if facts.age < rule.below:
        return Answer(True, "age")
    # one of several conditions: that this one does not hold answers nothing
    alone = any(condition.strip() == word for word in rule.words)
    return Answer(False, "age") if alone else None


def _by_group(rule: ConditionRule, facts: Facts) -> Answer | None:
    own = facts.groups or {}
    for code in rule.groups:
        if code in own:
            return Answer(True, "group", code)
    if rule.whose == "household" and facts.household_groups & set(rule.groups):
        return Answer(True, "household")
    return None
