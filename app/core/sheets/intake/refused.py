"""Why a file is not read: a word that the parent turns into a sentence."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """``code`` is a key of ``core.sheets.refusals.SENTENCES``; ``params`` are its numbers, never contents of cells."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params
