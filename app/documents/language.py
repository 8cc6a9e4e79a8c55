"""Papers are Chinese whatever language the clerk's screen speaks."""

from __future__ import annotations

from contextlib import AbstractContextManager

from flask_babel import force_locale
from flask_babel import lazy_gettext as _

PAPER_LANGUAGE = "zh"
DRAFT = _("Draft, not valid")  # across a preview


def in_paper_language() -> AbstractContextManager[None]:
    """Sentences taken inside are those of the printed form."""
    return force_locale(PAPER_LANGUAGE)
