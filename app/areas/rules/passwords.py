"""What a password must be (guards, section 4): long enough, of two kinds of characters, not guessable, not used before.

Long beats complicated: beyond two kinds of characters nothing is prescribed.
"""

from collections.abc import Collection, Iterable

from flask_babel import lazy_gettext as _

from app.core.errors import Finding, error

LONGEST = 128
DISTINCT = 5
# runs that fingers make: keyboard rows, alphabet, digits; both directions are looked at
RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb",
)
RUN = 5


def password_findings(
    password: str, *, shortest: int, words: Iterable[str] = (), weak: Collection[str] = frozenset()
) -> list[Finding]:
    """Errors of a new password. ``words`` are the user's own (name, number), ``weak`` the list in lower case."""
    low = password.lower()
    found = []
    if len(password) < shortest:
        found.append(
            _finding("short", _("The password needs at least %(count)s characters.", count=shortest))
        )
    if len(password) > LONGEST:
        found.append(
            _finding("long", _("The password may have at most %(count)s characters.", count=LONGEST))
        )
    if kinds(password) < 2:
        found.append(_finding("kinds", _("Mix letters with digits or other signs.")))
    if is_weak(low, weak) or len(set(low)) < DISTINCT or _mostly_run(low):
        found.append(_finding("weak", _("This password is easy to guess. Choose another.")))
    if any(len(word) >= 3 and word.lower() in low for word in words):
        found.append(_finding("own_word", _("The password must not hold your name or user name.")))
    return found


def kinds(password: str) -> int:
    """How many of: letters, digits, other signs. Upper and lower case count as one: a capital first letter is no gain."""
    return sum(
        (
            any(c.isalpha() for c in password),
            any(c.isdigit() for c in password),
            any(not c.isalnum() for c in password),
        )
    )


def is_weak(low: str, weak: Collection[str]) -> bool:
    """On the list as it is, or a listed word with only digits and signs around it (``geban2026!``)."""
    core = low.strip("0123456789!@#$%^&*()-_=+.,?~ ")
    return low in weak or (len(core) >= 3 and core in weak)


def _mostly_run(low: str) -> bool:
    """More than half of the password is one run of neighbours (``abcdefgh12``, ``qwertyuiop``)."""
    rows = [r for run in RUNS for r in (run, run[::-1])]
    longest = 0
    for start in range(len(low)):
        end = start + RUN
        while end <= len(low) and any(low[start:end] in row for row in rows):
            longest = max(longest, end - start)
            end += 1
    return longest * 2 > len(low)


def _finding(code: str, message: object) -> Finding:
    return error(code, "password", message)
