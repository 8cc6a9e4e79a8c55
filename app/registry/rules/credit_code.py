"""Unified social credit code (GB 32100-2015): 18 characters with a check character."""

from __future__ import annotations

import unicodedata

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I O S V Z, which are mistaken for digits
WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
LENGTH = 18


def check_credit_code(text: str | None, *, field: str = "credit_code") -> str | None:
    """The code in its stored form, None for an empty one.

    Raises Invalid with the field for a wrong length, characters that do not occur and a check character that does not
    fit.
    """
    code = unicodedata.normalize("NFKC", text or "").replace(" ", "").replace("-", "").upper()
    if not code:
        return None
    if len(code) != LENGTH or any(c not in ALPHABET for c in code):
        raise Invalid(
            _("A unified credit code has 18 digits and letters, without I, O, S, V and Z."), field=field
        )
    if code[-1] != check_of(code[:17]):
        raise Invalid(_("The last character does not fit: please compare with the licence."), field=field)
    return code


def check_of(first17: str) -> str:
    """The check character of the first 17 characters."""
    total = sum(ALPHABET.index(c) * weight for c, weight in zip(first17, WEIGHTS, strict=True))
    return ALPHABET[-total % 31]
