"""Counts the keystrokes of the main tasks in the browser and writes docs/keystrokes.md.

    python -m tools.keystrokes

The tests do the typing and the counting; this command only runs them and writes down what they found.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "keystrokes.md"
HEAD = """# Keystrokes of the main tasks

Counted by the browser tests while they do the task by keyboard alone; written by `python -m tools.keystrokes`.
A keystroke is 0.28 s. A Chinese word counts its pinyin letters and the key that chooses it; Ctrl+Enter counts two.

| task | keystrokes | seconds | bar (s) |
|---|---:|---:|---:|
"""
TAPS = """
## Taps on the phone

Counted in the browser at 390 × 844; a signature drawn with a finger counts as one tap.

| task | taps | bar |
|---|---:|---:|
"""


def page(lines: list[dict]) -> str:
    """The page from the counted lines; of a task that was counted several times the largest figure stands."""
    keys = {line["task"]: line for line in lines if "keystrokes" in line}
    taps: dict[str, dict] = {}
    for line in lines:
        if "taps" in line and line["taps"] >= taps.get(line["task"], line)["taps"]:
            taps[line["task"]] = line
    rows = [
        f"| {line['task']} | {line['keystrokes']} | {line['seconds']} | {line['bar']} |"
        for _task, line in sorted(keys.items())
    ]
    touched = [f"| {task} | {line['taps']} | {line['bar']} |" for task, line in sorted(taps.items())]
    return HEAD + "\n".join(rows) + "\n" + (TAPS + "\n".join(touched) + "\n" if touched else "")


def main() -> int:
    """Run the counting tests; exit status is theirs."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "keystrokes.jsonl"
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-m", "browser", "-k", "takes_less", "tests/browser"],
            cwd=ROOT,
            env={**os.environ, "KEYSTROKES_FILE": str(found)},
            check=False,
        )
        if run.returncode or not found.exists():
            return run.returncode or 1
        lines = [json.loads(line) for line in found.read_text().splitlines()]
    PAGE.write_text(page(lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
