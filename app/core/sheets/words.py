"""Words that people write in their sheets: headings for our fields, yes and no, nothing, totals (seeds/sheet_words.yaml)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from babel import Locale
from flask import has_app_context
from flask_babel import force_locale

from app.core.sheets.declare import Field

WORDS = Path(__file__).resolve().parents[2] / "seeds" / "sheet_words.yaml"
LANGUAGES = ("zh", "en")
_NOISE = re.compile(r"[\W_]+")
_ASIDE = re.compile(r"[(\[\u3010\uff08][^)\]\u3011\uff09]*[)\]\u3011\uff09]?")


def plain(text: Any) -> str:
    """A heading as it is compared: without blanks, signs and case, full width as plain."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", str(text))).lower()


def bare(text: Any) -> str:
    """The same without what stands in brackets: a unit, a hint."""
    return plain(_ASIDE.sub("", unicodedata.normalize("NFKC", str(text))))


@cache
def table() -> dict[str, Any]:
    """The file of words: ``headings`` by sheet and field key, ``codes`` by list and code, and sets of words."""
    read: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return read


@cache
def said(group: str) -> frozenset[str]:
    """A set of words: ``yes``, ``no``, ``nothing``, ``totals``."""
    return frozenset(plain(word) or str(word).strip() for word in table()[group])


def in_both_languages(label: Any) -> list[str]:
    """A lazy text in each language; outside the application as it is."""
    if not has_app_context():
        return [str(label)]
    texts = []
    for language in LANGUAGES:
        with force_locale(Locale.parse(language)):
            texts.append(str(label))
    return texts


Known = dict[str, tuple[str, ...]]


def by_heading(fields: Iterable[Field], sheet: str) -> Known:
    """{compared heading: field keys, the likeliest first}: labels and keys before the words of the file."""
    fields = list(fields)
    keys = {field.key for field in fields}
    found: Known = {}
    for field in fields:
        for word in (*in_both_languages(field.label), field.key):
            _know(found, word, field.key)
    headings: dict[str, dict[str, Sequence[str]]] = table()["headings"]
    for group in (headings.get(sheet.partition(".")[0], {}), headings.get("*", {})):
        for key, words in group.items():
            if key in keys:
                for word in words:
                    _know(found, word, key)
    return found


def _know(found: Known, word: Any, key: str) -> None:
    heading = plain(word)
    if heading and key not in found.get(heading, ()):
        found[heading] = (*found.get(heading, ()), key)


def code_words(code_list: str) -> dict[str, str]:
    """{compared word: code}: how people write the codes of a list beside its labels."""
    codes: dict[str, Sequence[str]] = table()["codes"].get(code_list, {})
    return {plain(word): str(code) for code, words in codes.items() for word in words}
