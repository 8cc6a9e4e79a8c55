"""Household rules: one head, and kinship that ages and sexes make possible (GB/T 4761-2008).

The relation is always the relation to the head, so it changes for everybody when the head changes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Finding, error, warning
from app.registry.rules.dates import Birth, Precision, age_on
from app.registry.rules.id_number import FEMALE, MALE

HEAD = "02"
SELF = "01"
SPOUSES = frozenset({"10", "11", "12"})
YOUNGEST_PARENT_GAP = 14
YOUNGEST_GRANDPARENT_GAP = 30
ADULT = 18
MARRIAGE_AGE = {MALE: 22, FEMALE: 20}  # Civil Code art. 1047

# relations that follow blood: here a gap of years must be possible; adopted, step and in-law relations
# (27, 28, 37, 38, 45, 46, 53-57 …) only must not stand on their head
_CHILDREN = frozenset("20 21 22 23 24 25 26 29 30 31 32 33 34 35 36 39".split())
_CHILDREN_ANY = _CHILDREN | {"27", "37"}
_GRANDCHILDREN = frozenset("40 41 42 43 44 47 48 49".split())
_PARENTS = frozenset("50 51 52".split())
_PARENTS_ANY = _PARENTS | {"57", "58", "59"}
_GRANDPARENTS = frozenset("60 61 62 63 64 66 67 69".split())
_OLDER_SIBLINGS = frozenset({"71", "75"})
_YOUNGER_SIBLINGS = frozenset({"73", "77"})
_MALE = frozenset(
    "11 20 21 22 23 24 25 26 27 28 29 41 43 46 51 53 55 57 61 63 66 71 73 76 78 81 83 85 87 89 93 95".split()
)
_FEMALE = frozenset(
    "12 30 31 32 33 34 35 36 37 38 39 42 44 45 52 54 56 58 62 64 67 72 74 75 77 82 84 86 88 90 94 96".split()
)


@dataclass(frozen=True)
class Member:
    """One line of a household; `ref` comes back in the findings (row number, id, anything)."""

    relation: str
    birth: Birth | None = None
    sex: str | None = None
    ref: Any = None


def household_findings(members: Sequence[Member], today: date) -> list[Finding]:
    """Errors: no head, or more than one. Warnings: what age and sex make unlikely; nothing is forbidden by them."""
    if not members:
        return []
    heads = [member for member in members if member.relation == HEAD]
    findings = _head_findings(heads)
    spouses = [member for member in members if member.relation in SPOUSES]
    if len(spouses) > 1:
        findings.append(_odd("several_spouses", _("There is more than one spouse."), spouses[1]))
    for member in members:
        findings += _sex_findings(member)
        if len(heads) == 1 and member is not heads[0]:
            findings += _kin_findings(member, heads[0], today)
    if len(heads) == 1:
        age = age_on(heads[0].birth, today)
        if age is not None and age < ADULT:
            findings.append(_odd("minor_head", _("The head is under 18 years old."), heads[0]))
    return findings


def _head_findings(heads: list[Member]) -> list[Finding]:
    if not heads:
        return [error("no_head", "relation", _("A household needs a head."))]
    extra = _("A household has only one head.")
    return [error("several_heads", "relation", extra, ref=head.ref) for head in heads[1:]]


def _sex_findings(member: Member) -> Iterable[Finding]:
    wrong = (member.relation in _MALE and member.sex == FEMALE) or (
        member.relation in _FEMALE and member.sex == MALE
    )
    if wrong:
        yield _odd("sex_relation", _("Sex and relation to the head do not fit."), member)
    if member.relation == SELF:
        yield _odd("self_relation", _("“Self” is no relation to the head; choose “head”."), member)


def _kin_findings(member: Member, head: Member, today: date) -> Iterable[Finding]:
    if member.relation in SPOUSES:
        yield from _spouse_findings(member, head, today)
    older, younger, gap = _expected(member, head)
    if older is None or older.birth is None or younger is None or younger.birth is None:
        return
    most = _most_years_between(older.birth, younger.birth)
    if most < 0:
        text = _("By the birth dates, the order of age does not fit this relation.")
        yield _odd("age_relation", text, member)
    elif most < gap:
        text = _(
            "By the birth dates, only %(years)s years lie between them: not likely for this relation.",
            years=most,
        )
        yield _odd("age_relation", text, member)


def _expected(member: Member, head: Member) -> tuple[Member | None, Member | None, int]:
    """(who should be older, who younger, years there should be at least) for the relation."""
    relation = member.relation
    if relation in _CHILDREN_ANY:
        return head, member, YOUNGEST_PARENT_GAP if relation in _CHILDREN else 0
    if relation in _GRANDCHILDREN:
        return head, member, YOUNGEST_GRANDPARENT_GAP
    if relation in _PARENTS_ANY:
        return member, head, YOUNGEST_PARENT_GAP if relation in _PARENTS else 0
    if relation in _GRANDPARENTS:
        return member, head, YOUNGEST_GRANDPARENT_GAP
    if relation in _OLDER_SIBLINGS:
        return member, head, 0
    if relation in _YOUNGER_SIBLINGS:
        return head, member, 0
    return None, None, 0


def _spouse_findings(member: Member, head: Member, today: date) -> Iterable[Finding]:
    if member.sex is not None and member.sex == head.sex and member.sex in MARRIAGE_AGE:
        yield _odd("spouse_sex", _("Head and spouse have the same sex."), member)
    age = age_on(member.birth, today)
    if age is not None and age < MARRIAGE_AGE.get(member.sex or "", ADULT):
        yield _odd("spouse_age", _("The spouse is below the age of marriage."), member)


def _most_years_between(older: Birth, younger: Birth) -> int:
    """Most whole years by which the one can be older, as far as the birth dates are known; below zero: younger."""
    first, last = _parts(older, (1, 1)), _parts(younger, (12, 31))
    return last[0] - first[0] - (last[1:] < first[1:])


def _parts(birth: Birth, fill: tuple[int, int]) -> tuple[int, int, int]:
    """Year, month, day, with unknown parts replaced."""
    day = birth.date
    if birth.precision is Precision.year:
        return day.year, *fill
    return day.year, day.month, fill[1] if birth.precision is Precision.month else day.day


def _odd(code: str, message: Any, member: Member) -> Finding:
    return warning(code, "relation", message, ref=member.ref)
