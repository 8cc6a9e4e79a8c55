"""How a Chinese name is typed on a keyboard: full pinyin and initials, for searching only, never shown."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

SHORT = 4  # characters of a name that is read one by one
SURNAMES = Path(__file__).resolve().parents[1] / "seeds" / "surnames.yaml"


def spell(text: str | None, limit: int = 0, *, name: bool = False) -> tuple[str, str]:
    """(pinyin, initials) in lower case without tones; Latin letters and digits are kept, all else goes.

    ``limit`` cuts both to the width of a column; 0 does not cut. ``name``: see ``syllables``.
    """
    parts = syllables(text, name=name)
    full, first = "".join(parts), "".join(part if part[0].isdigit() else part[0] for part in parts)
    return (full[:limit], first[:limit]) if limit else (full, first)


def syllables(text: str | None, *, name: bool = False) -> list[str]:
    """Syllables; Latin words and numbers stay as they are.

    ``name``: the first characters are read as a surname, which often has a reading of its own (surnames.yaml). A
    character without a reading (rare, private use) is left out: it cannot be typed as pinyin.
    """
    plain = (text or "").strip()
    if plain.isascii():
        return _ascii(plain)
    head: list[str] = []
    if name:
        for size in (2, 1):
            reading = _surnames().get(plain[:size])
            if reading and len(plain) >= size:
                head, plain = list(reading), plain[size:]
                break
    return [*head, *(_given(plain) if name else _read(plain))]


def _read(plain: str) -> tuple[str, ...]:
    from pypinyin import lazy_pinyin  # 0.2 s to load: only where something is written

    return tuple(part for word in lazy_pinyin(plain) for part in _ascii(word))


def _given(plain: str) -> tuple[str, ...]:
    """A name; read anew, one costs as much as writing ten rows. Where no part of it is a word, each character is read by
    itself, and there are some thousand of those.
    """
    words, size = _words(), len(plain)
    if size <= SHORT and not any(
        plain[start:end] in words for start in range(size - 1) for end in range(start + 2, size + 1)
    ):
        return tuple(part for character in plain for part in _character(character))
    return _name(plain)


@lru_cache(maxsize=16384)
def _character(character: str) -> tuple[str, ...]:
    return _read(character)


@lru_cache(maxsize=4096)
def _name(plain: str) -> tuple[str, ...]:
    return _read(plain)


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    """Words whose characters are read otherwise than alone, as the library reads them."""
    from pypinyin.constants import PHRASES_DICT

    words: dict[str, Any] = PHRASES_DICT
    return words


@lru_cache(maxsize=1)
def _surnames() -> dict[str, list[str]]:
    raw = yaml.safe_load(SURNAMES.read_text(encoding="utf-8"))
    return {surname: str(reading).split() for surname, reading in raw.items()}


def _ascii(word: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", word.replace("\u00fc", "v")).encode("ascii", "ignore").decode()
    return "".join(c if c.isalnum() else " " for c in folded.lower()).split()
