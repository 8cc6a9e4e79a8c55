"""Errors of the rendering side as sentences for the clerk (the processes that draw know no languages)."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from app.core.errors import DomainError, Invalid
from app.documents.errors import MissingGlyphs, PaperError, RenderTimeout


def refusal(error: PaperError) -> DomainError:
    """What to show for ``error``; anything but missing characters and time is for the administrator and the log."""
    if isinstance(error, MissingGlyphs):
        named = ", ".join(f"{char} (U+{ord(char):04X})" for char in error.characters)
        return Invalid(
            _(
                "No font of this site can print: %(characters)s. Check the name or have a font added.",
                characters=named,
            )
        )
    if isinstance(error, RenderTimeout):
        return DomainError(_("Printing took too long. Please try again."))
    return DomainError(_("Printing failed. The administrator finds the reason in the log."))
