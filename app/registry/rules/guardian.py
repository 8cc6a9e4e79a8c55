"""Who may sign for a child, read off the household: parents first, then grandparents, grown-up siblings, others.

Civil Code art. 27: parents are the guardians; failing them grandparents, then grown-up siblings, then others who are
able. What the table says is a suggestion: the clerk asks at the door. Relations are those to the head (GB/T 4761).
"""

from flask_babel import lazy_gettext as _

from app.core.choices import Choice

GROWN_UP = 18


class Guardian(Choice):
    """What a guardian is to the child, in the order of the law."""

    parent = "parent", _("Parent"), "green"
    grandparent = "grandparent", _("Grandparent"), "blue"
    sibling = "sibling", _("Grown-up sibling"), "yellow"
    other = "other", _("Other guardian"), "grey"


_PARENT, _GRANDPARENT, _SIBLING = Guardian.parent, Guardian.grandparent, Guardian.sibling
# place of a relation code in the family of the head; codes with a place of their own, then by first digit
_PLACES = {"01": "head", "02": "head"} | dict.fromkeys(("28", "38"), "child_in_law")
_BY_DIGIT = {"1": "spouse", "2": "child", "3": "child", "4": "grandchild"}
_BY_DIGIT |= {"5": "parent", "6": "grandparent", "7": "sibling"}
# place of the child: {place of the adult: what the adult is to the child}
_TABLE: dict[str, dict[str, Guardian]] = {
    "child": {"head": _PARENT, "spouse": _PARENT, "parent": _GRANDPARENT, "child": _SIBLING},
    # the children of the head's children: which of them is the parent, the clerk knows
    "grandchild": {
        "child": _PARENT,
        "child_in_law": _PARENT,
        "head": _GRANDPARENT,
        "spouse": _GRANDPARENT,
        "grandchild": _SIBLING,
    },
    "head": {"parent": _PARENT, "grandparent": _GRANDPARENT, "sibling": _SIBLING},
    "sibling": {"parent": _PARENT, "grandparent": _GRANDPARENT, "head": _SIBLING, "sibling": _SIBLING},
}


def guardian_of(child: str, adult: str) -> Guardian:
    """What a grown-up of the household is to a child, from the relations of both to the head."""
    return _TABLE.get(_place(child), {}).get(_place(adult), Guardian.other)


def _place(relation: str) -> str:
    return _PLACES.get(relation) or _BY_DIGIT.get(relation[:1], "other")
