"""Papers are Chinese whatever language the clerk's screen speaks."""

from __future__ import annotations

from contextlib import AbstractContextManager

from flask_babel import force_locale

PAPER_LANGUAGE = "zh"


def in_paper_language() -> AbstractContextManager[None]:
    """Sentences taken inside are those of the printed form."""
    return force_locale(PAPER_LANGUAGE)
