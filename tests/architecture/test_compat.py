"""The lint that holds the oldest browser of package.json, fed with trespasses: it bites."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tools import setup

ROOT = Path(__file__).resolve().parents[2]

# file: its lines, each with a word of the complaint that it must bring, or None
TRESPASSES = {
    "app/static/js/sample.js": [
        ("export const last = [1, 2].at(-1);", '"at" came with Chromium 92'),
        ("export const copy = structuredClone({});", "structuredClone"),
        ("export const own = Object.hasOwn(copy, 'a');", "Object.hasOwn"),
        ("document.body.showPopover();", "showPopover"),
        ("class Kept { static { this.first = 1; } }", "static block"),
        ("export const fine = window.last?.first ?? document.body.replaceChildren();", None),
    ],
    "app/static/css/sample.css": [
        ("a:has(b) { color: red; }", "css-has"),
        ("a { accent-color: red; }", "accent-color"),
        ("a { color: color-mix(in srgb, red, blue); }", "color-mix"),
        ("@layer base { a { color: red; } }", "css-cascade-layers"),
        ("a { inset: 0; position: sticky; }", None),
    ],
    "app/templates/sample.html": [
        ("<p>{{ _('x') }}</p>", None),
        ('<script type="application/json">{{ data|tojson }}</script>', None),
        ('<script type="module" nonce="{{ csp_nonce() }}">import "geban/form";', None),
        ("structuredClone({{ data|tojson }});</script>", "structuredClone"),
    ],
}


@pytest.mark.parametrize("path", TRESPASSES)
def test_what_chromium_90_lacks_is_a_complaint(path):
    lines = TRESPASSES[path]
    search = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [shutil.which("node", path=search), "tools/compat/check.mjs", path],
        input="\n".join(text for text, _ in lines),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    *said, advice = done.stdout.splitlines()
    assert '"browserslist" in package.json' in advice
    for number, (text, word) in enumerate(lines, 1):
        complaints = [line for line in said if line.startswith(f"{path}:{number}:")]
        assert word or not complaints, (text, complaints)
        if word:
            assert any(word in line for line in complaints), (text, complaints)


def test_a_server_gets_no_lint():
    """The set-up for serving leaves the packages of the tests out; one for the tests serves both."""
    calls = []
    run, npm = setup.run, setup.npm
    setup.run, setup.npm = lambda command, hint: calls.append(command), lambda: ["npm"]
    try:
        for step in (setup.NODE_RUN, setup.NODE_TEST):
            step.action()
    finally:
        setup.run, setup.npm = run, npm
    assert ["--omit=dev" in call for call in calls] == [True, False]
    assert setup.NODE_RUN in setup.STEPS["run"]
    assert setup.NODE_TEST.holds is setup.NODE_RUN
