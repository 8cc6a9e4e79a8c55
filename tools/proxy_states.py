"""Writes docs/proxy-states.md from the case machine.

python -m tools.proxy_states            # writes the page
python -m tools.proxy_states --check    # exit status 1 when the page is not what the machine says
"""

from __future__ import annotations

import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "proxy-states.md"


def page() -> str:
    """The page as the machine says, in English: no app context, no language."""
    from app.proxy.rules import states_page

    return states_page()


def main(arguments: list[str]) -> int:
    """Write or check the page."""
    fresh = page()
    if "--check" in arguments:
        return 0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == fresh else 1
    PAGE.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
