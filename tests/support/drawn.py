"""Tables drawn in the process of the test: a rendering process of its own costs seconds to start."""

from __future__ import annotations

import re
from typing import Any

from app.documents import press, tables

# page n of m, as it is printed
NUMBER = re.compile("\u7b2c\\s*(\\d+)\\s*\u9875\\s*\u5171\\s*(\\d+)\\s*\u9875")


def draw_here(app: Any, monkeypatch: Any) -> None:
    """Let the press draw without its processes."""
    fonts = app.config["GEBAN_FONTS"]
    monkeypatch.setattr(press, "table", lambda part: tables.part_pdf(part, fonts_root=fonts))
    monkeypatch.setattr(press, "numbers", lambda n, size: tables.numbers_pdf(n, size, fonts_root=fonts))


def numbers_of(pages: Any) -> list[tuple[int, int]]:
    """(page, of how many) as it stands on each page; each has exactly one."""
    found = [NUMBER.findall(page.extract_text()) for page in pages]
    assert all(len(each) == 1 for each in found), found
    return [(int(n), int(m)) for ((n, m),) in found]
