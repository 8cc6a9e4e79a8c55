"""Proofs that a committee of villagers or residents may not issue, so that nobody is ever sent there for one.

Source: guidance of six ministries, MCA 2020 no. 20, annex: twenty kinds (seeds/forbidden_proofs.yaml). What is forbidden
is kind × issuer: a death certificate of a hospital is a paper like any other. A paper of such a kind whose issuer nobody
names is refused as well: in practice the resident would go to the committee for it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from app.proxy.choices import Issuer

COMMITTEES = frozenset({Issuer.village.value, Issuer.community.value})
GAP = 8  # characters that "…" may stand for
_SPACES = re.compile(r"\s+")
_PARTS = re.compile("[,;.!\n\uff0c\uff1b\u3002\uff01\u3001]")  # where one part of a note ends


@dataclass(frozen=True)
class Kind:
    """One kind of the list: how it is written, what only looks like it, who has the fact instead."""

    number: int
    name: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    instead: str


@dataclass(frozen=True)
class Proofs:
    """The whole list with how issuers are written, the longer words before the shorter."""

    source: str
    kinds: Sequence[Kind]
    not_asked: re.Pattern[str]
    issuers: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Refusal:
    """Why a paper may not be asked for; ``field`` is what to change."""

    kind: Kind
    field: str
    sentence: Any


def proofs_of(raw: Mapping[str, Any]) -> Proofs:
    """The list as `seeds/forbidden_proofs.yaml` writes it. Raises ValueError for an issuer that is none."""
    words = [(word.lower(), Issuer(name).value) for name, found in raw["issuers"].items() for word in found]
    kinds = [
        Kind(
            row["number"],
            row["name"],
            _any_of(row["words"]),
            _any_of(row["unless"]) if row.get("unless") else None,
            row["instead"],
        )
        for row in raw["kinds"]
    ]
    return Proofs(
        raw["source"], kinds, _any_of(raw["not_asked"]), sorted(words, key=lambda pair: -len(pair[0]))
    )


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    gap = f".{{0,{GAP}}}?"
    return re.compile("|".join(re.escape(_plain(word)).replace("…", gap) for word in words))


def _plain(text: str) -> str:
    """Without blanks that clerks put between characters, in small letters."""
    return _SPACES.sub("", text).lower()


def kind_of(text: str, proofs: Proofs) -> Kind | None:
    """The kind of the list that a name or a note speaks of, or None."""
    plain = _plain(text)
    for kind in proofs.kinds:
        rest = kind.unless.sub("", plain) if kind.unless else plain
        if kind.pattern.search(rest):
            return kind
    return None


def asking(note: str, proofs: Proofs) -> str:
    """A note without the parts that say what is *not* to be brought (a statement replaces the proof of kinship)."""
    return ",".join(part for part in _PARTS.split(note) if not proofs.not_asked.search(_plain(part)))


def issuers_in(text: str, kind: Kind, proofs: Proofs) -> set[str]:
    """Who is named as issuer in a text; the words of the kind itself do not count (community rehabilitation)."""
    rest, found = kind.pattern.sub(" ", _plain(text)), set()
    for word, issuer in proofs.issuers:
        plain = _plain(word)
        if plain in rest:
            rest = rest.replace(plain, " ")
            found.add(issuer)
    return found


def refusal(
    name: str, issuer: str | None, proofs: Proofs, *, note: str | None = None, field: str = "name"
) -> Refusal | None:
    """Why a paper of this name, issued by this body, may not be asked for; None when it may.

    A committee that name or note speak of counts even where another issuer was chosen: the words are what the resident
    reads. ``field`` is where the words stand.
    """
    note = asking(note or "", proofs)
    text = f"{name}\n{note}"
    kind, spoken = kind_of(name, proofs), name
    if kind is None:
        kind, spoken = kind_of(note, proofs), note
    if kind is None:
        return None
    named = issuers_in(text, kind, proofs)
    where = {"paper": spoken.strip(), "no": kind.number, "source": proofs.source, "instead": kind.instead}
    if issuer in COMMITTEES or named & COMMITTEES:
        sentence = _(
            "“%(paper)s” is a proof that a villagers' or residents' committee may not issue (%(source)s, no. %(no)s):"
            " it cannot be asked for. %(instead)s",
            **where,
        )
        return Refusal(kind, "issuer" if issuer in COMMITTEES else field, sentence)
    if issuer is None and not named:
        sentence = _(
            "Say who issues “%(paper)s”: a villagers' or residents' committee may not (%(source)s, no. %(no)s)."
            " %(instead)s",
            **where,
        )
        return Refusal(kind, "issuer", sentence)
    return None
