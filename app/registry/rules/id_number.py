"""Resident ID numbers (GB 11643-1999) and the key by which documents are matched.

Eighteen characters: six of the region of first registration (which may have been abolished since, so it is never
compared with today's list), eight of the birth date, three of the sequence (odd: male), one check character.
Wrong check characters and impossible dates exist in old household books: they are warnings that ask for a reason,
never a wall.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from operator import mul
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Finding, error, warning
from app.registry.rules.dates import Birth, age_on

ID_CARD = "111"
# documents whose 18-character number follows the same build (GA/T 517 and local codes): resident ID card,
# temporary ID card, residence permits of Hong Kong/Macao and of Taiwan residents, permanent residence card
DERIVING_KINDS = frozenset({"111", "112", "Z10", "Z20", "553"})
# the number is given to a person once and stays, and whoever gets a new card hands the old one in: nobody has two of a
# kind in force (Resident Identity Card Law, art. 3 and 11; State Council measures on residence permits of residents of
# Hong Kong, Macao and Taiwan, 2018). Passports are not of them: one may be a citizen of two states.
ONE_EACH = DERIVING_KINDS
RESIDENT_KINDS = frozenset({"111", "112"})
MALE, FEMALE = "1", "2"  # GB/T 2261.1
OLDEST = 120

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_EIGHTEEN = re.compile(r"[0-9]{17}[0-9X]")
_FIFTEEN = re.compile(r"[0-9]{15}")
_DROP = re.compile(r"[\s\-\u2010-\u2015\u200b-\u200f\ufeff]+")
# what is typed or scanned for the check character X: Cyrillic and Greek capitals, multiplication sign, Roman ten
_X_ALIKE = re.compile("[\u0425\u0445\u03a7\u03c7\u00d7\u2169\u2179]$")


@dataclass(frozen=True)
class Derived:
    """What a number says of its holder."""

    number: str
    birth: date
    sex: str


def normalise_number(text: str | None) -> str:
    """Full-width characters to plain ones, blanks and dashes out, upper case, look-alikes of a final X to X."""
    plain = _X_ALIKE.sub("X", _DROP.sub("", text or ""))
    return _DROP.sub("", unicodedata.normalize("NFKC", plain)).upper()


def check_character(first17: str) -> str:
    """The 18th character for the first seventeen digits (ISO 7064 MOD 11-2)."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True)) % 11]


def has_right_check(number: str) -> bool:
    """Whether an 18-character number ends with the right check character."""
    if _EIGHTEEN.fullmatch(number) is None:
        return False
    return _CHECKS[sum(map(mul, map(int, number[:17]), _WEIGHTS)) % 11] == number[17]


def to_18(number15: str) -> str:
    """The 18-character form of an old 15-digit number; ValueError for anything else.

    Sequences 996 to 999 were kept for people of a hundred years and more, that is, born in the 1800s.
    """
    if _FIFTEEN.fullmatch(number15) is None:
        raise ValueError("an old number has 15 digits")
    century = "18" if number15[12:] in ("996", "997", "998", "999") else "19"
    first17 = number15[:6] + century + number15[6:]
    return first17 + check_character(first17)


def birth_of(number18: str) -> date | None:
    """The birth date inside an 18-character number; None when there is no such day."""
    try:
        return date(int(number18[6:10]), int(number18[10:12]), int(number18[12:14]))
    except ValueError:
        return None


def sex_of(number18: str) -> str:
    """`"1"` male or `"2"` female, from the 17th digit."""
    return MALE if int(number18[16]) % 2 else FEMALE


def derive(kind: str, text: str | None) -> Derived | None:
    """Birth date and sex from the number, where this kind of document has them in it; else None."""
    number = _as_18(kind, normalise_number(text))
    if number is None:
        return None
    birth = birth_of(number)
    return Derived(number, birth, sex_of(number)) if birth is not None else None


def document_key(kind: str, text: str | None) -> tuple[str, str] | None:
    """(kind, number) by which two entries are the same document; None when there is no number.

    Old numbers count as their 18-character form; a temporary ID card bears the number of the ID card.
    """
    number = normalise_number(text)
    if not number:
        return None
    if kind in RESIDENT_KINDS:
        return ID_CARD, _as_18(kind, number) or number
    return kind, number


def inspect_document(
    kind: str,
    text: str | None,
    today: date,
    *,
    birth: Birth | None = None,
    sex: str | None = None,
    field: str = "number",
) -> list[Finding]:
    """What is odd about a document number and the birth date and sex typed beside it.

    Error: a resident number of the wrong length or with wrong characters. Warnings that ask for a reason: check
    character, impossible or future birth date, age over 120, birth date or sex that differ from the number (both
    values are named). Warning: old 15-digit number. An empty number has no findings: a newborn has none.
    """
    number = normalise_number(text)
    if not number or kind not in DERIVING_KINDS:
        return []
    number18 = _as_18(kind, number)
    if number18 is None:
        return _shape_findings(kind, number, field)
    findings = _number_findings(number, number18, today, field)
    return findings + _difference_findings(number18, birth, sex)


def _as_18(kind: str, number: str) -> str | None:
    if kind in RESIDENT_KINDS and _FIFTEEN.fullmatch(number):
        return to_18(number)
    return number if kind in DERIVING_KINDS and _EIGHTEEN.fullmatch(number) else None


def _shape_findings(kind: str, number: str, field: str) -> list[Finding]:
    if kind == "553":  # permanent residence cards before 2023 have 15 characters of another build
        return []
    if len(number) != 18:
        text = _("An ID number has 18 characters; this one has %(count)s.", count=len(number))
        return [error("length", field, text)]
    return [error("characters", field, _("An ID number has 17 digits and a digit or X at the end."))]


def _number_findings(number: str, number18: str, today: date, field: str) -> list[Finding]:
    if number != number18:
        return [warning("old_number", field, _("This is an old number of 15 digits."))]
    findings = []
    if not has_right_check(number18):
        text = _("The check character does not fit. Compare with the card; if it is so, give a reason.")
        findings.append(warning("check_digit", field, text, needs_reason=True))
    born = birth_of(number18)
    if born is None:
        text = _("The birth date inside the number does not exist.")
        findings.append(warning("number_birth", field, text, needs_reason=True))
    elif born > today or (age_on(born, today) or 0) > OLDEST:
        text = _("The birth date inside the number (%(born)s) is not likely.", born=born.isoformat())
        findings.append(warning("number_birth", field, text, needs_reason=True))
    return findings


def _difference_findings(number18: str, birth: Birth | None, sex: str | None) -> list[Finding]:
    findings: list[Finding] = []
    born = birth_of(number18)
    if birth is not None and born is not None and not birth.agrees_with(born):
        text = _("Typed %(typed)s, the ID number says %(number)s.", typed=str(birth), number=born.isoformat())
        findings.append(warning("birth_differs", "birth_date", text, needs_reason=True))
    if sex in _SEX_LABELS and sex != sex_of(number18):
        text = _(
            "Typed %(typed)s, the ID number says %(number)s.",
            typed=_SEX_LABELS[sex],
            number=_SEX_LABELS[sex_of(number18)],
        )
        findings.append(warning("sex_differs", "sex", text, needs_reason=True))
    return findings


_SEX_LABELS: dict[str | None, Any] = {MALE: _("male"), FEMALE: _("female")}
