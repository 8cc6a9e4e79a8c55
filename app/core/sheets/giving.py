"""What goes back to the user: the template and the marked copy. openpyxl is loaded when one of them is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.core.sheets.declare import Field, Finding


def template(
    fields: Sequence[Field],
    *,
    title: str,
    session: Session | None = None,
    rows: Sequence[Mapping[str, str]] = (),
) -> bytes:
    """Our own sheet for these fields as .xlsx, in the language of the request; ``session`` reads the code lists. ``rows``
    to be filled in stand in it by field key, in the place of the example.
    """
    from app.core.sheets import blank

    return blank.template(fields, title=title, session=session, rows=rows)


def marked(data: bytes, plan: Mapping[str, Any], findings: Iterable[Finding]) -> bytes:
    """The user's own sheet as .xlsx with what was found, in the language of the caller. Raises what ``read`` raises."""
    from app.core.sheets import marks

    return marks.marked(data, plan, findings)
