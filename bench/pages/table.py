"""The figures of one or more runs as a Markdown table: ``python -m bench.pages.table FILE …``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HEAD = (
    "| page · account | stock ÷ ours | stock ÷ ours (CPU) | as it comes ÷ ours | ours ÷ bare (CPU) | ours CPU ms | ours ms"
    " | database ms | SQL |\n|---|---|---|---|---|---|---|---|---|"
)


def line(entry: dict[str, Any]) -> str:
    ratios = (entry.get(f"ratio_{kind}") for kind in ("stock", "stock_cpu", "shipped"))
    cells = (
        entry["name"],
        *("" if ratio is None else f"{ratio:g}" for ratio in ratios),
        f"{entry['ratio_limit']:g}",
        f"{entry['ours_cpu_ms']:.1f}",
        f"{entry['ours_ms']:.0f}",
        f"{entry['ours_db_ms']:.0f}",
        str(entry["ours_sql"]),
    )
    return "| " + " | ".join(cells) + " |"


def beside_one_record(entry: dict[str, Any]) -> str:
    """A second line of the page of a person: ours with everything, the others with one record."""
    cells = (
        f"{entry['name']}, beside one record",
        f"{entry['ratio_stock_one_record']:g}",
        f"{entry['ratio_stock_cpu_one_record']:g}",
        "",
        f"{entry['ratio_limit_one_record']:g}",
    )
    return "| " + " | ".join(cells) + " | | | | |"


def main() -> None:
    for name in sys.argv[1:]:
        report = json.loads(Path(name).read_text())
        facts = report["facts"]
        print(f"\n### {facts['persons']:,} people, {facts['database']}\n")
        print(f"Load of the machine at the end of the run: {facts['load']} on {facts['cores']} cores.\n")
        print(HEAD)
        for entry in report["entries"]:
            print(line(entry))
            if "ratio_stock_one_record" in entry:
                print(beside_one_record(entry))


if __name__ == "__main__":
    main()
