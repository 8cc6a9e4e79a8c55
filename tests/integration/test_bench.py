"""The benchmark of the registry runs from end to end on a village of 300 people, and writes what it promises."""

from __future__ import annotations

import json
import os

import pytest

from tests.support.commands import run

FIGURES = (
    "n",
    "ours_ms",
    "ours_cpu_ms",
    "stock_ms",
    "limit_ms",
    "limit_cpu_ms",
    "ratio_stock",
    "ratio_limit",
)


@pytest.mark.any_database
def test_the_benchmark_measures_all_three_and_writes_ratios(tmp_path):
    out = tmp_path / "registry.json"
    command = ["-m", "bench.registry", "--db", f"sqlite:///{tmp_path / 'bench.sqlite'}"]
    command += ["--home", str(tmp_path / "home"), "--persons", "300", "--json", str(out), "--repeat", "1"]
    done = run(*command, "--only", "list;save", env=os.environ, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(out.read_text())
    entries = {entry["name"]: entry for entry in report["entries"]}
    assert set(entries) == {
        *(f"list · {name}" for name in ("worker", "clerk", "town", "center")),
        *(f"save · {name}" for name in ("worker", "clerk")),
    }
    for entry in entries.values():
        assert all(entry[figure] > 0 for figure in FIGURES), entry
    assert report["facts"]["persons"] == 300
    assert str(tmp_path) not in out.read_text()  # no paths of the machine
