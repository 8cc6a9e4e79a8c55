"""Names under which a service and its questions are kept. Pure."""

import re

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid

_KEY = re.compile(r"[a-z][a-z0-9_]{0,23}", re.ASCII)
_CODE = re.compile(r"[A-Z]{2,4}-[0-9]{2,4}", re.ASCII)


def check_key(key: str | None, *, field: str = "key") -> None:
    """Raises Invalid for what is no short name of small letters and digits."""
    if not _KEY.fullmatch(key or ""):
        raise Invalid(
            _("Write the key with small letters and digits, a letter first, at most 24: income."), field=field
        )


def check_item_code(code: str | None, *, field: str = "code") -> str:
    """The code of a service as it is kept (RS-13). Raises Invalid for anything else."""
    written = (code or "").strip().upper()
    if not _CODE.fullmatch(written):
        raise Invalid(_("Write the code as letters, a dash and digits: RS-13."), field=field)
    return written
