"""Codes of areas by level (GB/T 2260, GB/T 10114, GB/T 30428.1).

Division codes nest: county 6 digits, town 9, community or village 12, grid 12 + 3. The patterns are data; a level
may carry its own. Codes are unique per period, and a code is not the identity: the id is.
"""

import re
from collections.abc import Mapping

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid

CODE_PATTERNS: Mapping[str, str] = {
    "county": r"[0-9]{6}",
    "zone": r"[0-9]{6}Z[0-9]{2}",
    "town": r"[0-9]{9}",
    "park": r"[0-9]{9}",
    "community": r"[0-9]{12}",
    "grid": r"[0-9]{15}",
    "cell": r"[0-9]{17}",
}


def check_code(code: str, pattern: str | None, *, parent_code: str | None = None, field: str = "code") -> str:
    """The code without outer blanks. Raises Invalid when it does not fit the level's pattern or its parent's code.

    A parent counts when it is all digits (a zone between county and town has a local code and is passed over);
    `pattern` None or empty accepts any text.
    """
    plain = (code or "").strip()
    if not plain:
        raise Invalid(_("Please give a code."), field=field)
    if pattern and re.fullmatch(pattern, plain) is None:
        raise Invalid(_("The code does not have the form that this level asks for."), field=field)
    nests = parent_code is not None and parent_code.isdigit() and plain.isdigit()
    if nests and not plain.startswith(parent_code or ""):
        raise Invalid(
            _("The code must begin with the code of the area above (%(code)s).", code=parent_code),
            field=field,
        )
    return plain
