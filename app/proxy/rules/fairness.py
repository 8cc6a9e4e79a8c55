"""Who is related to whom, as far as a fair decision asks: the applicant to the handling worker or to a cadre. Pure.

Minimum living allowance: relations of applicants to those who handle or decide the case are put on record and looked at
more closely (MCA rules on minimum living allowance, 2021, art. 17). The registry knows who shares a household today; the
rest is declared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.choices import Choice
from app.core.errors import Invalid

MOST_WORDS = 300
LEAST_WORDS = 2


class Relation(Choice):
    """How a relation came to be on record."""

    handler = "handler", _("Related to the worker who handles the case"), "red"
    cadre = "cadre", _("Related to a cadre of the community"), "red"
    declared = "declared", _("Relation declared"), "yellow"
    none = "none", _("Declared: no relation"), "green"


# a relation that somebody states replaces none that the registry shows
FOUND = frozenset({Relation.handler, Relation.cadre})


def found_relation(
    close: Collection[str], handler: str | None, cadres: Mapping[str, str]
) -> tuple[Relation, str] | None:
    """(what it is, name) of the nearest relation. ``close`` are the uids of the applicant and of everybody in the same
    household; ``handler`` is the person uid of the worker, ``cadres`` map person uids to names.
    """
    if handler is not None and handler in close:
        return Relation.handler, cadres.get(handler, "")
    named = sorted(uid for uid in cadres if uid in close and uid != handler)
    return (Relation.cadre, cadres[named[0]]) if named else None


def check_declared(has_relation: bool, words: str) -> tuple[Relation, str]:
    """A declaration as it is kept. Raises Invalid for a relation without a word on it."""
    said = words.strip()
    if has_relation and len(said) < LEAST_WORDS:
        raise Invalid(_("Say to whom the applicant is related, and how."), field="words")
    return (Relation.declared if has_relation else Relation.none), said[:MOST_WORDS]


def kept_flag(present: str | None, declared: Relation) -> str:
    """The flag after a declaration: what the registry has shown stays."""
    return str(present) if present in FOUND else declared.value


def asks_declaration(more: Mapping[str, Any] | None) -> bool:
    """Whether an item asks for the declaration before it is accepted (``declare_relation`` of its catalogue entry)."""
    return bool((more or {}).get("declare_relation"))
