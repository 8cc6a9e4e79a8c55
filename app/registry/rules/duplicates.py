"""When two records may be one person: conditions that a rule is made of, and what the rules of a site make of a pair.

A rule is data (seeds/duplicate_rules.yaml): names of conditions, all of which must hold, and a weight. Nothing here
merges: it only proposes (S0-69, S4-61). People are told apart by their documents: twins share birth date, phone, home
and often the sound of their names; father and son may share name and home.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid
from app.core.workflow import Machine, To
from app.registry.choices.duplicates import DuplicateAction, DuplicateState
from app.registry.rules.id_number import RESIDENT_KINDS
from app.registry.rules.names import name_key

RESIDENT = "resident"
FURTHER_RULE = 5  # a second rule that fires adds this much
HEAVIEST = 100
# how much of an ISO date is known
_KNOWN = {"day": 10, "month": 7, "year": 4}


@dataclass(frozen=True)
class Facts:
    """What the rules look at of one record. Documents and phones are blind indexes, homes are keys: no plain numbers.

    ``documents`` holds (family of kinds, index): an ID card and its temporary form are one family. ``doubtful`` are
    indexes of numbers that were taken in with a reason (a check digit that does not fit).
    """

    person_id: int
    name: str
    pinyin: str = ""
    birth: date | None = None
    precision: str = "day"
    sex: str | None = None
    documents: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    doubtful: frozenset[str] = field(default_factory=frozenset)
    phones: frozenset[str] = field(default_factory=frozenset)
    homes: frozenset[int] = field(default_factory=frozenset)

    @property
    def key(self) -> str:
        """The name as it is compared: dots, blanks and letter case do not matter; characters do."""
        return name_key(self.name)


@dataclass(frozen=True)
class Rule:
    """A rule of the site; ``conditions`` must all hold."""

    code: str
    conditions: tuple[str, ...]
    weight: int
    at_entry: bool = False


@dataclass(frozen=True)
class Verdict:
    """The rules that fired, heaviest first, and the weight of the pair (1–100)."""

    rules: tuple[Rule, ...]
    weight: int

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(rule.code for rule in self.rules)


def same_name(a: Facts, b: Facts) -> bool:
    """The same characters; a traditional and a simplified form are two names."""
    return bool(a.key) and a.key == b.key


def same_pinyin(a: Facts, b: Facts) -> bool:
    """The names sound alike, however they are written."""
    return bool(a.pinyin) and a.pinyin == b.pinyin


def similar_name(a: Facts, b: Facts) -> bool:
    """The same name, or the same sound. One character more or less is somebody else: so are twins often called."""
    return same_name(a, b) or same_pinyin(a, b)


def same_birth(a: Facts, b: Facts) -> bool:
    """The same birth date, known to the day on both records."""
    return a.birth is not None and a.birth == b.birth and a.precision == b.precision == "day"


def birth_agrees(a: Facts, b: Facts) -> bool:
    """The birth dates do not contradict each other, as far as both are known: 1985 agrees with 1985-02-21."""
    if a.birth is None or b.birth is None:
        return True
    known = min(_KNOWN[a.precision], _KNOWN[b.precision])
    return a.birth.isoformat()[:known] == b.birth.isoformat()[:known]


def sex_agrees(a: Facts, b: Facts) -> bool:
    """The same sex, or one of them does not say."""
    return not a.sex or not b.sex or a.sex == b.sex


def same_document(a: Facts, b: Facts) -> bool:
    """Some number of one kind stands on both records."""
    return bool(a.documents & b.documents)


def no_other_document(a: Facts, b: Facts) -> bool:
    """Not both bear a sound resident ID number that the other lacks: it is for life, so that would be two people.

    A passport gets a new number each time, and a doubtful number may be a typing error: neither tells people apart.
    """
    return same_document(a, b) or not (_for_life(a) and _for_life(b))


def same_phone(a: Facts, b: Facts) -> bool:
    """A phone number stands on both records."""
    return bool(a.phones & b.phones)


def same_home(a: Facts, b: Facts) -> bool:
    """Both live or are registered in the same home."""
    return bool(a.homes & b.homes)


def document_family(kind: str) -> str:
    """Kinds of documents that bear the same number are one family."""
    return RESIDENT if kind in RESIDENT_KINDS else kind


def _for_life(facts: Facts) -> bool:
    return any(family == RESIDENT and index not in facts.doubtful for family, index in facts.documents)


CONDITIONS: Mapping[str, Callable[[Facts, Facts], bool]] = {
    "document": same_document,
    "name": same_name,
    "pinyin": same_pinyin,
    "similar_name": similar_name,
    "birth": same_birth,
    "birth_agrees": birth_agrees,
    "sex_agrees": sex_agrees,
    "no_other_document": no_other_document,
    "phone": same_phone,
    "home": same_home,
}
LABELS: Mapping[str, object] = {
    "document": _("the same document number"),
    "name": _("the same name"),
    "pinyin": _("names that sound the same"),
    "similar_name": _("the same name or the same sound"),
    "birth": _("the same birth date"),
    "birth_agrees": _("no contradiction in the birth date"),
    "sex_agrees": _("no contradiction in the sex"),
    "no_other_document": _("no other number on the same kind of document"),
    "phone": _("the same phone number"),
    "home": _("the same home"),
}
_NAMES = ("name", "pinyin", "similar_name")
# what a search of a whole register can look for; a rule must contain one of these, else nothing would ever find a pair
PROBES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "document": (("document",),),
    "birth": tuple(("birth", name) for name in _NAMES),
    "phone": (("phone",),),
    "home": tuple(("home", name) for name in _NAMES),
}
# which facts a condition reads, for the digest of what a pair rests on
READS: Mapping[str, tuple[str, ...]] = {
    "document": ("documents",),
    "name": ("key",),
    "pinyin": ("pinyin",),
    "similar_name": ("key", "pinyin"),
    "birth": ("birth", "precision"),
    "birth_agrees": ("birth", "precision"),
    "sex_agrees": ("sex",),
    "no_other_document": ("documents", "doubtful"),
    "phone": ("phones",),
    "home": ("homes",),
}


CONTACT = frozenset({"phones", "homes"})


def probe_of(conditions: Iterable[str]) -> str | None:
    """By which search a rule's pairs are found; None when no search would."""
    given = set(conditions)
    for probe, groups in PROBES.items():
        if any(given.issuperset(group) for group in groups):
            return probe
    return None


def check_conditions(text: str | None, *, field: str = "conditions") -> tuple[str, ...]:
    """The conditions of a rule as typed (``name, birth``). Raises Invalid for unknown ones and for a rule that no
    search could find pairs for.
    """
    found = tuple(dict.fromkeys(word.strip() for word in (text or "").split(",") if word.strip()))
    unknown = [word for word in found if word not in CONDITIONS]
    if unknown:
        raise Invalid(_("Unknown condition: %(what)s", what=unknown[0]), field=field)
    if probe_of(found) is None:
        sentence = _("A rule needs a document, a phone, or a name together with a birth date or a home.")
        raise Invalid(sentence, field=field)
    return found


def may_fire(a: Facts, b: Facts, rules: Iterable[Rule]) -> bool:
    """Whether some rule can hold for a pair as far as names, births and documents say; phones and homes are not looked at.

    In a big register most people of one name and birth date are told apart by their numbers.
    """
    return any(
        all(CONDITIONS[name](a, b) for name in rule.conditions if not CONTACT.intersection(READS[name]))
        for rule in rules
    )


def judge(a: Facts, b: Facts, rules: Iterable[Rule]) -> Verdict | None:
    """Which rules hold for a pair, and how heavily; None when none does. One record is no pair."""
    if a.person_id == b.person_id:
        return None
    fired = [rule for rule in rules if all(CONDITIONS[name](a, b) for name in rule.conditions)]
    if not fired:
        return None
    fired.sort(key=lambda rule: (-rule.weight, rule.code))
    weight = min(HEAVIEST, fired[0].weight + FURTHER_RULE * (len(fired) - 1))
    return Verdict(tuple(fired), weight)


def read_of(rule: Rule, a: Facts, b: Facts) -> str:
    """What a rule looked at of both records, as one text that is the same whichever record comes first."""
    names = sorted({name for condition in rule.conditions for name in READS[condition]})
    return "||".join(sorted(";".join(_plain(getattr(facts, name)) for name in names) for facts in (a, b)))


def _plain(value: object) -> str:
    return ",".join(sorted(map(str, value))) if isinstance(value, frozenset) else str(value)


def is_news(settled: Mapping[str, str], found: Mapping[str, str]) -> bool:
    """Whether a pair that was found different must be looked at again: a rule fired that had not, or on other data."""
    return any(settled.get(code) != digest for code, digest in found.items())


DECIDERS = ("workstation", "town_staff", "center_operator")
FINDERS = (*DECIDERS, "grid_worker", "system")

MACHINE = Machine(
    {
        (None, DuplicateAction.found): To(DuplicateState.open, role=FINDERS),
        (DuplicateState.open, DuplicateAction.merge): To(
            DuplicateState.merged, role=DECIDERS, needs=("reason",)
        ),
        (DuplicateState.open, DuplicateAction.differ): To(
            DuplicateState.different, role=DECIDERS, needs=("reason",)
        ),
        (DuplicateState.different, DuplicateAction.reopen): To(
            DuplicateState.open, role=DECIDERS, needs=("reason",)
        ),
        (DuplicateState.different, DuplicateAction.found): To(DuplicateState.open, role=FINDERS),
        (DuplicateState.merged, DuplicateAction.undo): To(
            DuplicateState.open, role=DECIDERS, needs=("reason",)
        ),
        (DuplicateState.open, DuplicateAction.lapse): To(DuplicateState.lapsed, role=FINDERS),
    },
    finals=(DuplicateState.lapsed,),
    names={"reason": _("the reason")},
)
