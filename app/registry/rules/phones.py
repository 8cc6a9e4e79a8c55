"""Phone numbers as people say them, in one written form each."""

import re
import unicodedata
from dataclasses import dataclass

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid

MOBILE, FIXED, FOREIGN = "mobile", "fixed", "foreign"

_NOISE = re.compile(r"[\s().\u200b-\u200f\ufeff]+")
_DASHES = re.compile("[\u2010-\u2015\u2212_]")
_MOBILE = re.compile(r"(?:\+?86-?|0086-?)?(1[3-9][0-9]-?[0-9]{4}-?[0-9]{4})")
# area codes: 010 and 02x have three digits, all others four; an extension may follow
_FIXED = re.compile(
    r"(?:(?:\+?86|0086)-?(?=[1-9])|(?=0))0?(10|2[0-9]|[3-9][0-9]{2})-?([2-9][0-9]{6,7})(?:(?:-|#|ext)([0-9]{1,6}))?"
)
_LOCAL = re.compile(r"([2-9][0-9]{6,7})(?:(?:-|#|ext)([0-9]{1,6}))?")
_SERVICE = re.compile(r"([48]00)-?([0-9]{3})-?([0-9]{4})")
_FOREIGN = re.compile(r"(?:\+|00)([1-9][0-9-]{5,18})")


@dataclass(frozen=True)
class Phone:
    """A number in its stored form: ``13812345678``, ``0731-83881234``, ``0731-83881234-801``, ``+85291234567``."""

    number: str
    kind: str


def normalise_phone(text: str | None, *, area_code: str = "", field: str = "phone") -> Phone:
    """The stored form; `area_code` (such as 0731) completes a local number typed without one.

    Raises Invalid with a sentence when it is no phone number.
    """
    plain = _DASHES.sub("-", _NOISE.sub("", unicodedata.normalize("NFKC", text or ""))).lower()
    if match := _MOBILE.fullmatch(plain):
        return Phone(match[1].replace("-", ""), MOBILE)
    if match := _FIXED.fullmatch(plain):
        return _fixed(f"0{match[1]}-{match[2]}", match[3])
    if match := _LOCAL.fullmatch(plain):
        return _fixed(f"{area_code}-{match[1]}" if area_code else match[1], match[2])
    if match := _SERVICE.fullmatch(plain):
        return Phone("".join(match.groups()), FIXED)
    if match := _FOREIGN.fullmatch(plain):
        digits = match[1].replace("-", "")
        # a number of China that is written internationally but fits neither pattern above is a typing error
        if not digits.startswith("86") and 7 <= len(digits) <= 15:
            return Phone("+" + digits, FOREIGN)
    sentence = _(
        "Please give 11 digits for a mobile, an area code for a fixed line, or + and the country code."
    )
    raise Invalid(sentence, field=field)


def _fixed(number: str, extension: str | None) -> Phone:
    return Phone(f"{number}-{extension}" if extension else number, FIXED)
