"""Names: stored as given, compared by a key.

No NFKC on what is stored: it would replace characters that the household register really uses. Rare characters
(Extension B and later, private-use ones of older systems) are letters like any other.
"""

import re
import unicodedata
from datetime import date

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid
from app.registry.rules.dates import Birth

LONGEST = 50
# dots between the parts of a minority or foreign name, as typed on different keyboards
_DOTS = re.compile("[\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff65\u16eb\u0387\u25cf\u3002.\uff0e]")
_PUNCTUATION = frozenset(
    "\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff65\u16eb\u0387\u25cf.\uff0e-\u2010\u2011'\u2019() \u3000\uff08\uff09"
)
_CATEGORIES = ("L", "M")
_ALSO = ("Nl", "Co")  # the character zero in names, and private-use characters


def check_name(text: str | None, *, field: str = "name") -> str:
    """The name without outer blanks, otherwise untouched.

    Raises Invalid when it is empty, longer than 50 characters, has no letter, or holds digits, symbols or
    invisible characters.
    """
    name = (text or "").strip()
    if not name:
        raise Invalid(_("Please give a name."), field=field)
    if len(name) > LONGEST:
        raise Invalid(_("A name has at most %(count)s characters.", count=LONGEST), field=field)
    if not all(_may_stand(character) for character in name) or not any(map(_is_letter, name)):
        raise Invalid(_("A name has letters only; digits and signs do not belong here."), field=field)
    return name


def name_key(text: str | None) -> str:
    """The form in which two spellings of a name are equal; for matching only, never stored as a name.

    Blanks and all variants of the separating dot go, wide Latin letters become narrow, case does not matter.
    """
    plain = unicodedata.normalize("NFKC", _DOTS.sub("", text or ""))
    return _DOTS.sub("", "".join(plain.split())).casefold()


def name_birth_key(name: str | None, birth: Birth | date | None) -> str | None:
    """Key for a possible match where there is no document: the same name and the same exact birth date.

    It only proposes: people are never merged by name (S0-69). None when either part is not known exactly.
    """
    known = birth if isinstance(birth, Birth) or birth is None else Birth(birth)
    key = name_key(name)
    if not key or known is None or known.precision != "day":
        return None
    return f"{key}|{known.date.isoformat()}"


def _is_letter(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "L" or category in _ALSO


def _may_stand(character: str) -> bool:
    category = unicodedata.category(character)
    return character in _PUNCTUATION or category[0] in _CATEGORIES or category in _ALSO
