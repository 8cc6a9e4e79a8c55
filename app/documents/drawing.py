"""Drawing a paper through the site's press; needs no database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.documents.errors import PaperError
from app.documents.refusals import refusal

# render(form_code, context, variant, watermark) -> PDF bytes; the site gives its pool of processes, tests render in-process
Render = Callable[[str, Mapping[str, Any] | None, str, str | None], bytes]


@dataclass(frozen=True)
class Press:
    """What the service needs of the site: the renderer and the public address of the verification page."""

    render: Render
    public_url: str


@dataclass(frozen=True)
class Sheet:
    """The whole context of a paper with its heading, and the bytes once it is drawn."""

    full: Mapping[str, Any]
    token: str
    variant: str
    pdf: bytes = b""


def drawn(press: Press, form_code: str, sheet: Sheet) -> Sheet:
    """The sheet with its bytes; needs no database. Raises Invalid for what cannot be printed."""
    return replace(sheet, pdf=_rendered(press, form_code, sheet.full, sheet.variant, None))


def preview(
    press: Press, form_code: str, context: Mapping[str, Any], mark: str, variant: str = "normal"
) -> bytes:
    """The paper as it would look, without number, marked as a draft. Raises the same refusals as ``issue``."""
    blank = {"number": "", "at": "", "by": "", "office": "", "verify_url": "", "seal": ""}
    return _rendered(
        press, form_code, {**context, "issue": {**blank, **context.get("issue", {})}}, variant, mark
    )


def blank_form(press: Press, form_code: str) -> bytes:
    """An empty form for the field."""
    return _rendered(press, form_code, None, "blank", None)


def _rendered(
    press: Press, form_code: str, context: Mapping[str, Any] | None, variant: str, mark: str | None
) -> bytes:
    try:
        return press.render(form_code, context, variant, mark)
    except PaperError as error:
        raise refusal(error) from error
