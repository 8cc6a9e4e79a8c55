"""docs/guards.md names guards and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(
    r"^\| (?P<guard>[^|`]+) \| (?P<code>[^|]+) \| `(?P<path>tests/[^`:]+)(?:::(?P<test>\w+))?` \|$",
    re.MULTILINE,
)


def test_every_guard_of_the_page_has_its_code_and_its_test():
    page = (ROOT / "docs" / "guards.md").read_text(encoding="utf-8")
    rows = list(ROW.finditer(page))
    assert len(rows) == sum(line.startswith("| ") for line in page.splitlines()) - 1  # the head
    for row in rows:
        for code in re.findall(r"`([^`]+)`", row["code"]):
            assert (ROOT / code).exists(), code
        source = (ROOT / row["path"]).read_text(encoding="utf-8")
        assert row["test"] is None or f"def {row['test']}(" in source, row["test"]
