"""How quickly a sheet of residents comes in and a list goes out (issue 4, line 7).

python -m bench.sheets --db URL --rows N --json FILE

In: an .xlsx of N invented residents through the jobs of the import desk, without the web: read, checked, matched, encrypted,
written, logged, counted. Beside it the plain way: openpyxl, and the services' ORM objects row by row with a commit each, on
fewer rows, scaled. Out: the list of residents as the export job writes it, beside openpyxl. Each work runs in a process of
its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WORKS = ("prepare", "import", "plain_import", "export", "plain_export")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", help="database URL; a SQLite file that is deleted afterwards by default")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--plain-rows", type=int, default=400, help="rows of the plain way, which is scaled")
    parser.add_argument("--home", type=Path, help="folder of the keys and files; a temporary one by default")
    parser.add_argument("--only", default="", help="works, separated by commas: import, export")
    parser.add_argument("--work", choices=WORKS, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    if asked.work:
        from bench.exchange import works

        print(json.dumps(works.run(asked)))
        return
    with tempfile.TemporaryDirectory(prefix="geban-sheets-") as folder:
        asked.db = asked.db or f"sqlite:///{folder}/sheets.sqlite"
        asked.home = asked.home or Path(folder) / hashlib.sha256(asked.db.encode()).hexdigest()[:10]
        report = contest(asked)
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(report, indent=1))


def contest(asked: argparse.Namespace) -> dict[str, Any]:
    """Run the works one after the other and put them side by side."""
    wanted = {word.strip() for word in asked.only.split(",") if word.strip()} or {"import", "export"}
    facts = alone(asked, "prepare")
    entries = []
    for work in ("import", "export"):
        if work in wanted:
            ours, stock = alone(asked, work), alone(asked, f"plain_{work}")
            entries += [entry(name, asked.rows, values, stock) for name, values in ours.items()]
    return {"entries": entries, "facts": facts}


def entry(name: str, rows: int, ours: dict[str, Any], stock: dict[str, Any]) -> dict[str, Any]:
    """One line of the report; times are for all rows, ``ratio_stock`` is how many times quicker ours is."""
    other = stock.get(name)
    found = {
        "name": name,
        "n": rows,
        "ours_ms": round(ours["seconds"] * 1000),
        "ours_cpu_ms": round(ours["cpu"] * 1000),
        "rows_per_s": round(rows / ours["seconds"]),
        "rows_per_cpu_s": round(rows / ours["cpu"]),
        "rss_mb": ours["rss_mb"],
        "stock_ms": None,
        "ratio_stock": None,
    }
    found |= {key: ours[key] for key in ("rss_mb_at", "load") if key in ours}
    cores = {"own": "ours_writer_cpu_ms", "server": "ours_server_cpu_ms"}
    found |= {name: round(ours[key] * 1000) for key, name in cores.items() if key in ours}
    if other is not None:
        scaled = other["seconds"] / other["rows"] * rows
        found |= {
            "stock_ms": round(scaled * 1000),
            "stock_rows": other["rows"],
            "stock_rss_mb": other["rss_mb"],
            "ratio_stock": round(scaled / ours["seconds"], 1),
        }
    return found


def alone(asked: argparse.Namespace, work: str) -> dict[str, Any]:
    """One work in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "bench.sheets", "--work", work, "--db", asked.db]
    command += ["--rows", str(asked.rows), "--plain-rows", str(asked.plain_rows), "--home", str(asked.home)]
    command += ["--json", str(asked.json)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"  {work}: {found}", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    main()
