"""Who is related to whom, as far as a fair decision asks: the applicant to the handling worker or to a cadre. Pure.

Minimum living allowance: relations of applicants to those who handle or decide the case are put on record, and every such
case is verified by the county (MCA rules on minimum living allowance, 2021, art. 17). The registry knows near relatives by
their households (`kin`); the rest is declared. Nothing is refused for a relation: acceptance waits for the declaration, a
grant for the verification by somebody who is not related and does not handle the case.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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


class Verified(Choice):
    """What the verification of a case with a relation came to."""

    ok = "ok", _("Verified: the application is true"), "green"
    bad = "bad", _("Verified: not as stated"), "red"


# what calls for a verification before a grant
RELATED = FOUND | {Relation.declared}


def found_relation(
    close: Collection[str], handlers: Mapping[str, str], cadres: Mapping[str, str]
) -> tuple[Relation, str] | None:
    """(what it is, name) of the nearest relation. ``close`` are the uids of the applicant and of everybody near;
    ``handlers`` and ``cadres`` map person uids of staff to their names.
    """
    for relation, staff in ((Relation.handler, handlers), (Relation.cadre, cadres)):
        near = sorted(uid for uid in staff if uid in close)
        if near:
            return relation, staff[near[0]]
    return None


def earlier_owners(given: Iterable[Mapping[str, Any] | None]) -> set[int]:
    """Staff ids of who had a case before it was given on; ``given`` are the data of its entries on that."""
    found = ((data or {}).get("from_id") for data in given)
    return {n for n in found if isinstance(n, int)}


def check_declared(has_relation: bool, words: str) -> tuple[Relation, str]:
    """A declaration as it is kept. Raises Invalid for a relation without a word on it."""
    said = words.strip()
    if has_relation and len(said) < LEAST_WORDS:
        raise Invalid(_("Say to whom the applicant is related, and how."), field="words")
    return (Relation.declared if has_relation else Relation.none), said[:MOST_WORDS]


def declared_note(note: Mapping[str, Any] | None, declared: Relation, words: str) -> dict[str, Any]:
    """The note after a declaration. Another relation than the one that was verified is verified anew; that a case was not
    as stated stays until somebody verifies that it is. Raises Invalid where a relation that stands declared is taken back:
    it bars the grant until it is verified, and whoever handles the case may not lift that.
    """
    before = note or {}
    if before.get("declared") == Relation.declared and declared is Relation.none:
        raise Invalid(
            _("A relation stands declared and stays: the verification says what is true."), field="relation"
        )
    kept = dict(before)
    if declared is Relation.declared and (before.get("declared"), before.get("words")) != (declared, words):
        _forget_verified(kept)
    return {**kept, "declared": declared.value, "words": words}


def kept_flag(present: str | None, declared: Relation) -> str:
    """The flag after a declaration: a relation that is on record stays."""
    return str(present) if present in RELATED else declared.value


def was_refuted(note: Mapping[str, Any] | None) -> bool:
    """Whether the last verification found that the case is not as stated."""
    return bool(((note or {}).get("verified") or {}).get("result") == Verified.bad)


def _forget_verified(note: dict[str, Any]) -> None:
    if not was_refuted(note):
        note.pop("verified", None)


def looked_at(
    note: Mapping[str, Any] | None, found: tuple[Relation, str] | None
) -> tuple[str | None, dict[str, Any] | None]:
    """(flag, note) after a look into the registry. What was declared stays; a verification holds while the relation is
    the one that was verified, and one that went against the applicant until there is another.
    """
    kept = {k: v for k, v in (note or {}).items() if k != "name"}
    if found is None:
        return kept.get("declared"), kept or None
    if (note or {}).get("name") != found[1]:
        _forget_verified(kept)
    return found[0].value, {**kept, "name": found[1]}


def declaration_due(more: Mapping[str, Any] | None, note: Mapping[str, Any] | None) -> bool:
    """Whether the item asks for a declaration that is not on record."""
    return asks_declaration(more) and "declared" not in (note or {})


def verification_due(
    more: Mapping[str, Any] | None, flag: str | None, note: Mapping[str, Any] | None
) -> bool:
    """Whether a case with a relation, of an item that asks for the declaration, has still to be verified, or was found not
    to be as stated, even if the relation is gone since: no grant then. In other services the relation is shown and bars
    nothing.
    """
    verified = (note or {}).get("verified") or {}
    return asks_declaration(more) and is_verifiable(flag, note) and verified.get("result") != Verified.ok


def is_verifiable(flag: str | None, note: Mapping[str, Any] | None) -> bool:
    """Whether there is anything to verify: a relation, or what was found not to be as stated."""
    return flag in RELATED or was_refuted(note)


def check_verified(result: Any, words: str, unrelated: bool) -> tuple[Verified, str]:
    """A verification as it is kept. Raises Invalid for an unknown result, without words, or where whoever verifies does
    not state to be no relative of the applicant.
    """
    outcome = Verified.parse(result, field="result")
    said = words.strip()
    if len(said) < LEAST_WORDS:
        raise Invalid(_("Say what was looked at and what was found."), field="words")
    if not unrelated:
        raise Invalid(_("Only somebody who is not related to the applicant may verify."), field="unrelated")
    return outcome, said[:MOST_WORDS]


def asks_declaration(more: Mapping[str, Any] | None) -> bool:
    """Whether an item asks for the declaration before it is accepted (``declare_relation`` of its catalogue entry)."""
    return bool((more or {}).get("declare_relation"))
