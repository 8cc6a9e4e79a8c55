"""Near relatives as the registry can know them: by households of today and of the past. Pure.

A household says how each member is related *to its head* (GB/T 4761). Two members who stood under the same head are
compared by their codes; a child that left the parents' household stood there before. Near relatives are spouses, parents,
children, siblings, grandparents and grandchildren (Civil Code art. 1045). Where the codes leave a doubt (a son and a
daughter-in-law need not be a couple) the pair counts: what follows is a closer look, never a refusal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

HEADS = frozenset({"01", "02"})


class Kin(Enum):
    """What somebody is to somebody else."""

    spouse = "spouse"
    parent = "parent"
    child = "child"
    sibling = "sibling"
    grandparent = "grandparent"
    grandchild = "grandchild"
    # lives together today, or is the guardian: near enough, and nothing follows for others
    close = "close"


@dataclass(frozen=True)
class Stay:
    """A person (uid) in a household for a time, both days included; None is open. ``relation`` is the one to the head."""

    household: int
    person: str
    relation: str
    since: date | None = None
    until: date | None = None

    def meets(self, other: Stay) -> bool:
        """Whether two stays share a day."""
        return (self.since or date.min) <= (other.until or date.max) and (other.since or date.min) <= (
            self.until or date.max
        )


def _classes() -> dict[str, str]:
    """Relation code → class: head, spouse, child, wife or husband of a child, grandchild, parent, spouse's parent,
    grandparent, sibling. Others (uncles, cousins, housekeepers) are no near relatives.
    """
    codes = {
        "head": "01 02",
        "spouse": "10 11 12",
        "child": "20 21 22 23 24 25 26 27 29 30 31 32 33 34 35 36 37 39",
        "in_law": "28 38",
        "grandchild": "40 41 42 43 44 49",
        "parent": "50 51 52 57 58 59",
        "spouse_parent": "53 54 55 56",
        "grandparent": "60 61 62 63 64",
        "sibling": "70 71 73 75 77 79",
    }
    return {code: name for name, listed in codes.items() for code in listed.split()}


CLASSES: Mapping[str, str] = _classes()
BACK = {
    Kin.spouse: Kin.spouse,
    Kin.parent: Kin.child,
    Kin.child: Kin.parent,
    Kin.sibling: Kin.sibling,
    Kin.grandparent: Kin.grandchild,
    Kin.grandchild: Kin.grandparent,
}
# (class of one, class of the other) → what the other is to the one; the other way round follows
_PAIRS = {
    ("head", "spouse"): Kin.spouse,
    ("head", "child"): Kin.child,
    ("head", "grandchild"): Kin.grandchild,
    ("head", "parent"): Kin.parent,
    ("head", "grandparent"): Kin.grandparent,
    ("head", "sibling"): Kin.sibling,
    ("spouse", "child"): Kin.child,
    ("spouse", "grandchild"): Kin.grandchild,
    ("spouse", "spouse_parent"): Kin.parent,
    ("child", "child"): Kin.sibling,
    ("child", "in_law"): Kin.spouse,
    ("child", "grandchild"): Kin.child,
    ("child", "parent"): Kin.grandparent,
    ("child", "spouse_parent"): Kin.grandparent,
    ("in_law", "grandchild"): Kin.child,
    ("grandchild", "grandchild"): Kin.sibling,
    ("parent", "parent"): Kin.spouse,
    ("parent", "sibling"): Kin.child,
    ("parent", "grandparent"): Kin.parent,
    ("spouse_parent", "spouse_parent"): Kin.spouse,
    ("sibling", "sibling"): Kin.sibling,
    ("sibling", "grandparent"): Kin.grandparent,
    ("grandparent", "grandparent"): Kin.spouse,
}
PAIRS: Mapping[tuple[str, str], Kin] = {(b, a): BACK[kin] for (a, b), kin in _PAIRS.items()} | _PAIRS
# what the relative of a relative is, as far as it is near
NEXT = {
    (Kin.parent, Kin.parent): Kin.grandparent,
    (Kin.parent, Kin.child): Kin.sibling,
    (Kin.parent, Kin.spouse): Kin.parent,
    (Kin.child, Kin.child): Kin.grandchild,
    (Kin.child, Kin.parent): Kin.spouse,
    (Kin.child, Kin.sibling): Kin.child,
    (Kin.spouse, Kin.child): Kin.child,
    (Kin.sibling, Kin.parent): Kin.parent,
    (Kin.sibling, Kin.sibling): Kin.sibling,
}


def near_relatives(me: str, stays: Iterable[Stay], guardians: Iterable[str] = ()) -> dict[str, Kin]:
    """uid → what that person is to ``me``: near relatives, by one household or over one relative in between; who shares a
    household today; the ``guardians``. ``stays`` are those of my households and of my households' members.
    """
    known = relations(stays)
    found = dict(known.get(me, {}))
    for relative, kin in list(found.items()):
        for other, onward in known.get(relative, {}).items():
            through = NEXT.get((kin, onward))
            if through is not None and other != me:
                found.setdefault(other, through)
    for uid in guardians:
        found.setdefault(uid, Kin.close)
    return found


def relations(stays: Iterable[Stay]) -> dict[str, dict[str, Kin]]:
    """Person → person → what the second is to the first, household by household."""
    homes: dict[int, list[Stay]] = defaultdict(list)
    for stay in stays:
        homes[stay.household].append(stay)
    found: dict[str, dict[str, Kin]] = defaultdict(dict)
    for rows in homes.values():
        heads = [row for row in rows if row.relation in HEADS]
        for one in rows:
            for other in rows:
                if one.person != other.person and (kin := _between(one, other, heads)) is not None:
                    known = found[one.person].get(other.person, Kin.close)
                    found[one.person][other.person] = kin if known is Kin.close else known
    return found


def _between(one: Stay, other: Stay, heads: list[Stay]) -> Kin | None:
    """What the other is to the one: codes speak where both stood under one head; who lives together today is close."""
    under = {h.person for h in heads if h.meets(one)} & {h.person for h in heads if h.meets(other)}
    kin = PAIRS.get((CLASSES.get(one.relation, ""), CLASSES.get(other.relation, ""))) if under else None
    if kin is None and one.until is None and other.until is None:
        return Kin.close
    return kin
