"""The name under which a question of a service is kept. Pure."""

import re

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid

_KEY = re.compile(r"[a-z][a-z0-9_]{0,23}", re.ASCII)


def check_key(key: str | None, *, field: str = "key") -> None:
    """Raises Invalid for what is no short name of small letters and digits."""
    if not _KEY.fullmatch(key or ""):
        raise Invalid(
            _("Write the key with small letters and digits, a letter first, at most 24: income."), field=field
        )
