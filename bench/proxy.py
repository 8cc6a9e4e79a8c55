"""How the boards of the proxy service hold a year of cases (issue 5, lines 9 and 13, and "a simulated year").

python -m bench.proxy --db URL --cases-a-day 126 --days 365 --json FILE

A city is built (or used again), then the cases of the days before today: booked, collected, decided, delivered, rated,
called back, as the services would have written them. Liling had 99,407 in a year: ``--cases-a-day 272``. For the nightly
look for reviews ``--history 500000`` adds the closed cases of the years before, until there are so many.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
JOBS = ("alarms", "renewals")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", help="database URL; a SQLite file in var/bench by default")
    parser.add_argument("--home", type=Path, help="folder of the keys; one for each database by default")
    parser.add_argument("--persons", type=int, default=100_000, help="people of the city")
    parser.add_argument("--cases-a-day", type=int, default=126)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--history", type=int, default=0, help="with the years before: so many cases in all")
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=30, help="how often each page is opened")
    parser.add_argument("--only", default="", help="names of pages, separated by semicolons")
    parser.add_argument("--pages", choices=("yes", "no"), default="yes")
    parser.add_argument(
        "--jobs", choices=("alone", "here", "no"), default="alone", help="each in a process of its own"
    )
    parser.add_argument("--work", choices=JOBS, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    asked.db = (
        asked.db
        or f"sqlite:///{ROOT / 'var' / 'bench' / f'proxy-{asked.persons}-{asked.cases_a_day}.sqlite'}"
    )
    default = ROOT / "var" / "bench" / f"home-{hashlib.sha256(asked.db.encode()).hexdigest()[:10]}"
    asked.home = asked.home or default
    from bench.city import site

    site.make_database(asked.db)
    app = site.make_app(asked.db, asked.home)
    if asked.work:
        from bench.cases import jobs

        print(json.dumps(jobs.measure(app, asked.work)))
        return
    report = whole(app, asked)
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(report, indent=1))


def whole(app: Any, asked: argparse.Namespace) -> dict[str, Any]:
    """City, year, nights, pages."""
    from app.core import clock
    from app.extensions import db
    from bench.cases import fill, history, jobs, run
    from bench.city import fill as city

    city.fill(app, asked.persons)
    year = fill.fill(app, fill.Size(asked.days, asked.cases_a_day), clock.now())
    if asked.history:
        with app.app_context():
            year["cases"] = history.add(db.engine, asked.history)
    night = {"alone": partial(alone, asked), "here": partial(jobs.measure, app), "no": lambda _name: []}[
        asked.jobs
    ]
    nights = [one for name in JOBS for one in night(name)]
    if asked.pages == "no":
        asked.only = "none of them"
    return run.run(app, asked.db, asked, year) | {"nights": nights}


def alone(asked: argparse.Namespace, name: str) -> list[dict[str, Any]]:
    """A job in a process of its own, so that its peak of memory is its own."""
    command = [sys.executable, "-W", "ignore", "-m", "bench.proxy", "--work", name, "--db", asked.db]
    command += ["--home", str(asked.home), "--json", str(asked.json)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    for night in found:
        print(f"  {night}", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    main()
