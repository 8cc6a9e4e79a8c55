"""The pictures that README and manual show are there, and small enough to be cloned."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    *(ROOT / "docs" / "manual").glob("*.md"),
    ROOT / "docs" / "pictures" / "README.md",
]
MOST_EACH, MOST_TOGETHER = 150_000, 8_000_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_picture_of_a_page_is_there(page):
    wanted = re.findall(r'!\[[^\]]*\]\(([^)]+)\)|<img src="([^"]+)"', page.read_text(encoding="utf-8"))
    assert [link for pair in wanted for link in pair if link and not (page.parent / link).is_file()] == []


def test_pictures_stay_small():
    weights = {p.name: p.stat().st_size for p in (ROOT / "docs" / "pictures").iterdir() if p.suffix != ".md"}
    assert weights
    assert {name: weight for name, weight in weights.items() if weight > MOST_EACH} == {}
    assert sum(weights.values()) <= MOST_TOGETHER
