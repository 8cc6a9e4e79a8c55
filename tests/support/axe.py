"""axe-core on the page that is open in Chromium: it is put in once a page, and only its words come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python

SCRIPT = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
# head and menu, which are the same on all pages of an account
FRAME = {"exclude": [[".gb-side"], [".gb-top"]]}
RUN = """([context, options]) => axe.run(context || document, options).then(
  found => found.violations.map(v => `${v.id}: ${v.nodes[0].html.slice(0, 160)}`))"""


def violations(page: Any, *, frame: bool = True, **options: Any) -> list[str]:
    """What axe finds, as "rule: markup"; without ``frame`` head and menu are left out. ``options`` are those of axe.run."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(SCRIPT)
    return page.evaluate(RUN, [None if frame else FRAME, {"resultTypes": ["violations"], **options}])
