"""The number on a door: which home it is, with two check digits, and nothing about anybody (S3-61).

ISO 7064 MOD 97-10: every single wrong digit and every pair of neighbours that changed places is found, so that a number
typed by hand never opens another home.
"""

import re

LONGEST = 20  # digits of a key and its check digits
_SIGNS = re.compile(r"[\s\-·.]")
_ASCII_DIGITS = re.compile(r"[0-9]{3,20}")
_PATH = re.compile(r"(?:^|/)d/([0-9]{3,20})/?(?:[?#].*)?$")


def code_of(key: int) -> str:
    """The number of a home by its key: 1234 → 123402 or the like, digits only."""
    rest = key * 100 % 97
    return f"{key}{98 - rest:02d}"


def spoken(code: str) -> str:
    """The number in groups of three, from the left, as it stands on the sheet: 123 402."""
    return " ".join(code[at : at + 3] for at in range(0, len(code), 3))


def key_of(typed: str) -> int | None:
    """The key of the home whose number was typed or scanned (bare, or as the end of an address); None for what is no number
    of ours.
    """
    text = typed.strip()
    found = _PATH.search(text)
    digits = found[1] if found else _SIGNS.sub("", text)
    if not _ASCII_DIGITS.fullmatch(digits) or int(digits) % 97 != 1:
        return None
    return int(digits[:-2])
