"""Run every part of the tests, then say how long each took and what came out: `make test`.

    python tools/run_tests.py                 all parts
    python tools/run_tests.py unit browser    some parts
    python tools/run_tests.py --coverage …    the pytest parts under branch coverage

A part that fails does not stop the others. A test folder that does not exist yet, or holds no test, is left out and
said so. After the first, which are quick, three parts run at a time: each waits a good deal, for a server, for Chromium or
for a process of its own; what a part prints is shown when it ends.
"""

import argparse
import os
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "var" / "tests"
BIN = ROOT / ".venv" / "bin"
LIMIT_MINUTES = 15
# decisions of the business: every branch has a test, or `make test` fails
RULES = "tools/rules.coveragerc"
SCREEN = threading.Lock()
COUNTED = ("passed", "failed", "skipped")


@dataclass(frozen=True)
class Part:
    """One row of the table: a lint command, or pytest over `folder`."""

    name: str
    title: str
    command: tuple[str, ...] = ()
    folder: str = ""
    database: str = "sqlite"
    options: tuple[str, ...] = ()
    alone: bool = True
    half: int = 0  # 1 or 2 where two processes share a folder
    whole: str = ""  # coverage settings of the files whose every branch this part must run

    def has_tests(self) -> bool:
        return not self.folder or any((ROOT / self.folder).rglob("test_*.py"))


PARTS = (
    Part("lint", "ruff check", ("ruff", "check", ".")),
    Part("format", "ruff format", ("ruff", "format", "--check", "--quiet", ".")),
    Part("contracts", "import contracts", ("lint-imports", "--no-logo", "--no-cache")),
    # the longest: two processes share it
    *(
        Part(
            f"integration{half}",
            f"integration, SQLite, {half} of 2",
            folder="tests/integration",
            alone=False,
            options=("-p", "tests.support.halves"),
            half=half,
        )
        for half in (1, 2)
    ),
    Part(
        "postgres",
        "integration, PostgreSQL",
        folder="tests/integration",
        database="postgres",
        alone=False,
        options=("-p", "tests.support.only_database"),
    ),
    # the longest first, the short ones fill what is left
    Part("browser", "browser", folder="tests/browser", alone=False, options=("-k", "not test_axe_pages")),
    Part(
        "axe",
        "browser, axe on every page",
        folder="tests/browser",
        alone=False,
        options=("-k", "test_axe_pages"),
    ),
    Part("journeys", "journeys", folder="tests/journeys", alone=False),
    Part("unit", "unit", folder="tests/unit", alone=False, whole=RULES),
    Part("architecture", "architecture", folder="tests/architecture", alone=False),
    Part("types", "mypy, app/core", ("mypy",), alone=False),
    Part("compat", "Chromium 90 and later", ("node", "tools/compat/check.mjs"), alone=False),
)
AT_A_TIME = 3


@dataclass
class Result:
    """What a part did: `state` is ok, failed or absent; counts are pytest's."""

    part: Part
    state: str = "absent"
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))


def clean_environment(part: Part) -> dict[str, str]:
    """The environment without this machine's GeBan settings: a test must never open a real site's data."""
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("GEBAN_") or key == "GEBAN_FONTS"
    }
    # where Python may keep no compiled modules, each of the many processes compiles all of them: half of its start
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env["GEBAN_TEST_DB"] = part.database
    if part.half:
        env["GEBAN_TEST_HALF"] = str(part.half)
    env["PATH"] = f"{BIN}{os.pathsep}{env['PATH']}"
    return env


def command_of(part: Part, coverage: bool) -> list[str]:
    if part.command:
        return list(part.command)
    report = RESULTS / f"{part.name}.xml"
    pytest = [
        "pytest",
        part.folder,
        "-q",
        "--continue-on-collection-errors",
        "--maxfail=50",
        f"--junitxml={report}",
        *part.options,
    ]
    if not (coverage or part.whole):
        return pytest
    # the tracer has to be there before the app is imported, so coverage starts pytest and not the other way round
    limit = [] if coverage else [f"--rcfile={part.whole}", f"--data-file={RESULTS / part.name}.coverage"]
    return ["coverage", "run", *limit, "-m", *pytest]


def covers_all(part: Part) -> bool:
    """True when the part left no line and no branch of its `whole` files untried; prints the others."""
    done = subprocess.run(
        [BIN / "coverage", "report", f"--rcfile={part.whole}", f"--data-file={RESULTS / part.name}.coverage"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout + "A rule without a test for each branch: write the test, or take the branch out.")
    return not done.returncode


def counts_of(part: Part) -> dict[str, int]:
    """Passed, failed and skipped out of pytest's own report; all zero when it wrote none."""
    report = RESULTS / f"{part.name}.xml"
    counts = dict.fromkeys(COUNTED, 0)
    if report.exists():
        for suite in ElementTree.parse(report).iter("testsuite"):  # noqa: S314 - written by our own pytest just now
            number = {key: int(suite.get(key) or 0) for key in ("tests", "failures", "errors", "skipped")}
            bad = number["failures"] + number["errors"]
            counts["failed"] += bad
            counts["skipped"] += number["skipped"]
            counts["passed"] += number["tests"] - bad - number["skipped"]
    return counts


def execute(part: Part, coverage: bool) -> int:
    """Run the command of a part; returns its exit code. In company its output is held back until it ends."""
    command, env = command_of(part, coverage), clean_environment(part)
    if part.alone:
        print(f"\n=== {part.title}", flush=True)
        return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
    print(f"\n=== {part.title}: started", flush=True)
    done = subprocess.run(
        command, cwd=ROOT, env=env, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    with SCREEN:
        print(f"\n=== {part.title}", flush=True)
        sys.stdout.buffer.write(done.stdout)
        sys.stdout.flush()
    return done.returncode


def run(part: Part, coverage: bool) -> Result:
    result = Result(part)
    if not part.has_tests():
        return result
    for old in RESULTS.glob(f"{part.name}.*"):
        old.unlink()
    began = time.monotonic()
    code = execute(part, coverage)
    result.seconds = time.monotonic() - began
    complete = coverage or not part.whole or covers_all(part)
    result.state = "ok" if complete and not code else "failed"
    if part.folder:
        result.counts = counts_of(part)
    return result


def run_all(parts: list[Part], coverage: bool) -> list[Result]:
    """Run the parts in their order: one that wants to be alone waits for those before it."""
    results = []
    for alone, group in groupby(parts, key=lambda part: part.alone):
        with ThreadPoolExecutor(1 if alone else AT_A_TIME) as pool:
            results += pool.map(lambda part: run(part, coverage), group)
    return results


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def summary(results: list[Result], total: float) -> Iterator[str]:
    """The table at the end; its last line is `N passed, N failed, N skipped`, a failed lint counted as one."""
    yield "\n=== time of each part"
    for result in results:
        counts = ", ".join(f"{number} {word}" for word, number in result.counts.items() if number)
        state = "no tests yet" if result.state == "absent" else result.state
        yield f"{result.part.title:<26}{clock(result.seconds):>6}  {state:<13}{counts}".rstrip()
    late = f"  over the {LIMIT_MINUTES} minutes it may take" if total > LIMIT_MINUTES * 60 else ""
    yield f"{'all':<26}{clock(total):>6}{late}\n"
    for result in results:
        # a part that broke before its first test must not read as green
        if result.state == "failed" and not result.counts["failed"]:
            result.counts["failed"] = 1
    sums = {word: sum(result.counts[word] for result in results) for word in COUNTED}
    yield ", ".join(f"{number} {word}" for word, number in sums.items())


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the parts of the tests.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(part.name for part in PARTS))
    parser.add_argument("--coverage", action="store_true")
    given = parser.parse_args()
    shared = {"integration": ["integration1", "integration2"]}
    given.parts = [name for part in given.parts for name in shared.get(part, [part])]
    if unknown := set(given.parts) - {part.name for part in PARTS}:
        parser.error(f"no part is called {', '.join(sorted(unknown))}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    chosen = [part for part in PARTS if not given.parts or part.name in given.parts]
    began = time.monotonic()
    results = run_all(chosen, given.coverage)
    if given.coverage:
        for step in (["combine", "--quiet"], ["report"]):
            subprocess.run([BIN / "coverage", *step], cwd=ROOT, check=False)
    print("\n".join(summary(results, time.monotonic() - began)), flush=True)
    return 1 if any(result.state == "failed" for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
