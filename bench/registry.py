"""How quickly anybody is found in a registry of 100 k, 1 M or 6.62 M people (issue of the registry, line 10).

python -m bench.registry --db URL --persons N --json FILE
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", help="database URL; a SQLite file in var/bench by default")
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--home", type=Path, help="folder of the keys; one for each database by default")
    parser.add_argument("--repeat", type=int, default=30, help="how often each page is opened")
    parser.add_argument("--only", default="", help="names of works, separated by commas")
    parser.add_argument("--fill-only", action="store_true")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    url = asked.db or f"sqlite:///{ROOT / 'var' / 'bench' / f'registry-{asked.persons}.sqlite'}"
    home = asked.home or ROOT / "var" / "bench" / f"home-{hashlib.sha256(url.encode()).hexdigest()[:10]}"
    from bench.city import fill, site

    site.make_database(url)
    app = site.make_app(url, home)
    took = fill.fill(app, asked.persons)
    if asked.fill_only:
        return
    from bench.pages import run

    run.run(app, url, asked, took)


if __name__ == "__main__":
    main()
