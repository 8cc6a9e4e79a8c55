"""Cells that name a code or a choice: by code, by label in either language, or by the words that people use for it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from app.core import codes
from app.core.sheets import words
from app.core.sheets.declare import Field
from app.core.sheets.refusals import N_
from app.core.sheets.values import Read, Reader, nothing, shown, tidy

UNKNOWN = N_("“%(text)s” is not in the list “%(list)s”.")
UNKNOWN_NEAR = N_("“%(text)s” is not in the list “%(list)s”. Is “%(near)s” meant?")
READ_AS = N_("“%(text)s” was read as “%(label)s”.")
OUT_OF_FORCE = N_("“%(text)s” is a code that is not in force any more; it was kept.")
SHORTEST = 2  # one character alone begins too much


class Listed:
    """The reader of one column with a closed list. ``entries`` is (code, labels, in force) of each entry.

    A word that begins exactly one label, or that one label begins, is taken for it and told ("Han" for "Han group").
    """

    def __init__(
        self, name: str, entries: Iterable[tuple[str, list[str], bool]], more: dict[str, str]
    ) -> None:
        self.name = name
        self.known: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.old: set[str] = set()
        for code, labels, current in entries:
            self.labels[code] = labels[0]
            if not current:
                self.old.add(code)
            for word in (code, *labels, f"{code}{labels[0]}", f"{labels[0]}{code}"):
                if current or words.plain(word) not in self.known:
                    self.known[words.plain(word)] = code
        for word, code in more.items():
            if code in self.labels:
                self.known.setdefault(word, code)
        self.width = {len(code) for code in self.labels if code.isdigit()}
        self._read: dict[Any, Read] = {}

    def __call__(self, raw: Any) -> Read:
        key = raw if isinstance(raw, str | int | float) else shown(raw)
        found = self._read.get(key)
        if found is None:
            found = self._find(shown(raw))
            if len(self._read) < 10_000:
                self._read[key] = found
        return found

    def _find(self, text: str) -> Read:
        tidied, remarks = tidy(text)
        word = words.plain(tidied or "")
        code = self.known.get(word) or self._padded(word)
        if code is not None:
            if code in self.old:
                remarks = [*(remarks or ()), (OUT_OF_FORCE, {"text": tidied}, False)]
            return code, remarks
        if not word or nothing(text):
            return None, None
        code = self._near_by_beginning(word)
        if code is not None:
            return code, [(READ_AS, {"text": tidied, "label": self.labels[code]}, False)]
        return None, [self._unknown(tidied or text)]

    def _padded(self, word: str) -> str | None:
        """Excel drops the zeros before a code: 1 for 01."""
        if not word.isdigit():
            return None
        found = {self.known[word.zfill(size)] for size in self.width if word.zfill(size) in self.known}
        return found.pop() if len(found) == 1 else None

    def _near_by_beginning(self, word: str) -> str | None:
        if word.isdigit() or len(word) < SHORTEST:
            return None
        labels = {code: words.plain(label) for code, label in self.labels.items() if code not in self.old}
        found = [
            code
            for code, label in labels.items()
            if len(label) >= SHORTEST and (label.startswith(word) or word.startswith(label))
        ]
        return found[0] if len(found) == 1 else None

    def _unknown(self, text: str) -> tuple[str, dict[str, Any], bool]:
        near = difflib.get_close_matches(text, list(self.labels.values()), n=1, cutoff=0.5)
        params = {"text": text[:40], "list": self.name}
        if near:
            return UNKNOWN_NEAR, {**params, "near": near[0]}, True
        return UNKNOWN, params, True


def code_reader(session: Session | None, field: Field) -> Reader:
    """The reader of a column with a code list."""
    if session is None:
        raise ValueError(f"the field {field.key!r} has a code list: a session is needed to read it")
    known = codes.codes(session, field.code_list)
    entries = [(c.code, list(dict.fromkeys((c.label, c.label_en))), c.current) for c in known.values()]
    return Listed(str(field.label), entries, words.code_words(field.code_list))


def choice_reader(field: Field) -> Reader:
    """The reader of a column with choices: an enum of ``core.choices`` or pairs of code and label."""
    given = field.choices
    pairs = given.choices() if hasattr(given, "choices") else given() if callable(given) else given
    entries = [(str(code), words.in_both_languages(label), True) for code, label in pairs if str(code)]
    return Listed(str(field.label), entries, words.code_words(field.key))
