"""QR codes as vector drawings inside the page."""

from __future__ import annotations

import re

import segno
from markupsafe import Markup

from app.documents.errors import PaperError

_LOOKS_LIKE_ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")


def qr_svg(address: str) -> Markup:
    """Inline SVG of ``address``, error level M, with the quiet zone of four modules; its size is set by CSS.

    Only an address with an opaque token belongs here (paper.md): whoever sees the sheet can read the code, so
    something that looks like an ID number is refused.
    """
    if _LOOKS_LIKE_ID_NUMBER.search(address):
        raise PaperError("a QR code must not carry an ID number")
    code = segno.make(address, error="m", micro=False)
    return Markup(code.svg_inline(border=4, omitsize=True, svgclass="qr", lineclass=None, light="#fff"))  # noqa: S704
