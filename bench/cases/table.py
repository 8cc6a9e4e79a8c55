"""The figures of runs of ``bench.proxy`` as Markdown tables: ``python -m bench.cases.table FILE …``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HEAD = (
    "| page · desk | one core: p95 ms | median ms | by the clock: p95 ms | CPU ms | least CPU ms | bare CPU ms"
    " | ours ÷ bare | stock ÷ ours (CPU) | SQL |\n|---|---|---|---|---|---|---|---|---|---|"
)
NIGHTS = (
    "| night | wall s | CPU s | statements | longest statement ms | rows made | MB at most (before) |\n"
    "|---|---|---|---|---|---|---|"
)


def line(entry: dict[str, Any]) -> str:
    def shown(name: str) -> str:
        return "" if entry[name] is None else f"{entry[name]:.3g}"

    times = (f"{entry.get(name, 0):.0f}" for name in ("core_p95_ms", "core_ms", "ours_p95_ms"))
    figures = (
        shown(name)
        for name in ("ours_cpu_ms", "ours_least_cpu_ms", "limit_cpu_ms", "ratio_limit", "ratio_stock_cpu")
    )
    return "| " + " | ".join((entry["name"], *times, *figures, str(entry["ours_sql"]))) + " |"


def night(one: dict[str, Any]) -> str:
    names = ("name", "seconds", "cpu_s", "statements", "longest_statement_ms", "made")
    return (
        "| " + " | ".join(str(one[name]) for name in names) + f" | {one['rss_mb']} ({one['rss_mb_before']}) |"
    )


def main() -> None:
    for name in sys.argv[1:]:
        report = json.loads(Path(name).read_text())
        facts = report["facts"]
        print(f"\n### {facts['cases']:,} cases, {facts['open']:,} of them open, {facts['database']}\n")
        print(f"Load of the machine at the end of the run: {facts['load']} on {facts['cores']} cores.\n")
        for head, lines in (
            (NIGHTS, [night(one) for one in report["nights"]]),
            (HEAD, [line(entry) for entry in report["entries"]]),
        ):
            if lines:
                print("\n".join([head, *lines, ""]))


if __name__ == "__main__":
    main()
