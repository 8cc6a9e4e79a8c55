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


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """One folder for both: the second benchmark uses the village of the first."""
    return tmp_path_factory.mktemp("bench")


@pytest.mark.any_database
def test_the_benchmark_measures_all_three_and_writes_ratios(city):
    out = city / "registry.json"
    command = ["-m", "bench.registry", "--db", f"sqlite:///{city / 'bench.sqlite'}"]
    command += ["--home", str(city / "home"), "--persons", "300", "--json", str(out), "--repeat", "1"]
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
    assert str(city) not in out.read_text()  # no paths of the machine


@pytest.mark.any_database
def test_the_benchmark_of_the_proxy_service_builds_a_year_and_measures_nights_and_pages(city):
    out = city / "proxy.json"
    command = ["-m", "bench.proxy", "--db", f"sqlite:///{city / 'bench.sqlite'}", "--persons", "300"]
    command += ["--home", str(city / "home"), "--cases-a-day", "3", "--days", "40", "--repeat", "1"]
    command += ["--jobs", "here", "--only", "cases", "--json", str(out)]
    done = run(*command, env=os.environ, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(out.read_text())
    entries = {entry["name"]: entry for entry in report["entries"]}
    assert set(entries) == {f"cases · {desk}" for desk in ("worker", "clerk", "town", "department", "center")}
    for name, entry in entries.items():
        wanted = [figure for figure in FIGURES if "stock" not in figure or "department" not in name]
        assert all(entry[figure] > 0 for figure in (*wanted, "core_p95_ms")), entry
    nights = {night["name"]: night["made"] for night in report["nights"]}
    assert nights["alarms, night 1"] > 0
    # nothing is told twice
    assert nights["alarms, night 2"] == nights["renewals, night 2"] == 0
    assert report["facts"]["cases"] == 120
    assert str(city) not in out.read_text()
