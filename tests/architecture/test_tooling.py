"""What the set-up, the import contracts and the licence rest on."""

import json
import os
import re
from pathlib import Path

import pytest

from tools import build_assets

ROOT = Path(__file__).resolve().parents[2]
PINNED = re.compile(r"^[A-Za-z0-9_.\-]+(\[[a-z,]+\])?==[0-9][0-9A-Za-z.]*\s+# \S")


def test_every_folder_with_python_is_a_package():
    """A folder without __init__.py is invisible to the import contracts."""
    folders = {path.parent for path in (ROOT / "app").rglob("*.py")}
    assert not [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_direct_dependency_is_pinned_with_its_reason(name):
    lines = [
        line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith(("#", "-r "))
    ]
    assert lines
    assert not [line for line in lines if not PINNED.match(line)]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.split("[")[0]).lower()


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_the_lock_holds_what_is_pinned(name):
    def pins(file: str) -> dict[str, str]:
        found = re.findall(r"^([^#\s]+?)==(\S+)", (ROOT / file).read_text(), re.M)
        return {normal(package): version for package, version in found}

    lock = pins(f"{name}.lock")
    assert pins(f"{name}.txt").items() <= lock.items()
    # both environments hold the same versions
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


def test_no_file_names_a_registry_host():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert not [path for path, package in lock["packages"].items() if "resolved" in package]
    for name in ("requirements.txt", "requirements-dev.txt", "requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text and "--" not in re.sub(r"#.*", "", text), name  # noqa: PT018 - one fact


def test_browser_files_are_those_of_the_locked_packages():
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert {package for package, _ in build_assets.FILES.values()} <= wanted.keys()
    made = json.loads((build_assets.VENDOR / "manifest.json").read_text())
    assert made.keys() == build_assets.FILES.keys()
    for name, row in made.items():
        data = (build_assets.VENDOR / row["file"]).read_bytes()
        assert build_assets.integrity(data) == row["integrity"], name
        assert row["version"] == wanted[build_assets.FILES[name][0]], name
        assert b"sourceMappingURL" not in data, name


def test_the_fonts_cover_the_standard_table():
    """GB/T 2312 fonts lack 1,467 of the 8,105 characters that a personal name may use."""
    folder = Path(os.environ.get("GEBAN_FONTS") or ROOT / "var" / "fonts")
    manifest = json.loads((folder / "manifest.json").read_text())
    standard = {n for first, last in manifest["standard_characters"] for n in range(first, last + 1)}
    assert len(standard) == 8105
    for row in manifest["fonts"]:
        assert (folder / row["file"]).stat().st_size > 1_000_000
        covered = {n for first, last in row["coverage"] for n in range(first, last + 1)}
        if row["role"] in {"song", "hei", "kai"}:
            assert standard <= covered, row["file"]
    assert {row["role"] for row in manifest["fonts"]} >= {"song", "hei", "kai"}


def test_help_names_every_target():
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", text, re.M)[1].split()
    assert set(phony) == set(re.findall(r"^([a-z]+):.*## ", text, re.M))
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_settings_of_web_server_and_supervisor_are_documented():
    page = (ROOT / "docs" / "operations.md").read_text()
    for file in ("deploy/gunicorn.conf.py", "tools/supervise.py"):
        names = set(re.findall(r"environ\.get\([\"'](GEBAN_[A-Z_]+)", (ROOT / file).read_text()))
        assert names, file
        assert not [name for name in names if f"`{name}`" not in page], file
