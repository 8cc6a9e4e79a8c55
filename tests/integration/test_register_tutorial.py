"""The tutorial of a new register is followed word for word: in a copy of the checkout, on a copy of a running site."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pysqlite3.dbapi2 as sqlite
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "registers.md"
BLOCK = re.compile(r"^<!-- (?P<order>[^\n]+?) -->\n```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.S | re.M)
COPIED = ("app", "migrations", "tests", "tools", "translations")
FILES = ("config.py", "run.py", "Makefile", "pyproject.toml")  # the program looks beside them
LINKED = (".venv", "docs")
LONGEST, WIDEST = 40, 110


def blocks() -> list[tuple[str, str]]:
    """(what to do with it, text) of the blocks of the page, in order."""
    found = [(match["order"], match["text"]) for match in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]
    assert len(found) == PAGE.read_text(encoding="utf-8").count("\n```") // 2, "a block without its order"
    return found


def put(root: Path, order: str, text: str) -> None:
    """Do what stands above a block: write a file, or add to one."""
    how, _sep, where = order.rpartition(" ")
    path = root / where
    path.parent.mkdir(parents=True, exist_ok=True)
    if how == "write":
        assert not path.exists()
        path.write_text(text, encoding="utf-8")
        return
    before = path.read_text(encoding="utf-8")
    if how == "append":
        path.write_text(before.rstrip("\n") + "\n" + text, encoding="utf-8")
        return
    mark = re.fullmatch(r'above "(.+)"', how)[1]
    assert before.count(f"\n{mark}\n") == 1
    path.write_text(before.replace(f"\n{mark}\n", f"\n{text}{mark}\n"), encoding="utf-8")


def run(root: Path, home: Path, commands: str) -> str:
    """The commands of a block as they stand. The tools are there already, so `make` need not look for them."""
    env = {
        k: v for k, v in os.environ.items() if k not in {"GEBAN_DATABASE_URL", "GEBAN_TEST_DB", "PYTHONPATH"}
    }
    env |= {"GEBAN_HOME": str(home), "GEBAN_ENV": "demo"}
    said = ""
    for command in commands.replace("make messages", "make -s -o setup messages").splitlines():
        done = subprocess.run(
            ["sh", "-c", command], cwd=root, env=env, capture_output=True, text=True, timeout=240
        )
        said = done.stdout
        # words of others that wait for their Chinese are shown by test_catalogue
        is_merge = "merge_zh" in command and "not used" not in said
        assert done.returncode == 0 or is_merge, f"{command}\n{said[-3000:]}{done.stderr[-3000:]}"
    return said


@pytest.fixture
def checkout(tmp_path):
    """A copy that may be written to; what nothing writes to is linked."""
    root = tmp_path / "checkout"
    root.mkdir()
    for name in COPIED:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("vendor", "browser"))
    (root / "app" / "static" / "vendor").symlink_to(ROOT / "app" / "static" / "vendor")
    for name in FILES:
        shutil.copy2(ROOT / name, root / name)
    for name in LINKED:
        (root / name).symlink_to(ROOT / name)
    return root


@pytest.fixture
def site(tmp_path, home, _app, _database):
    """The home of a site that is in use: the test world with its keys."""
    place = tmp_path / "site"
    shutil.copytree(home / "keys", place / "keys")
    (place / "geban.sqlite").write_bytes(_database.snapshot)
    return place


@pytest.mark.any_database
def test_a_reader_who_follows_the_tutorial_has_a_register(checkout, site):
    with ThreadPoolExecutor(
        2
    ) as hands:  # the words and the table touch different files: both are made at once
        running = []
        for order, text in blocks():
            if order != "run":
                put(checkout, order, text)
                continue
            if "pytest" in text:
                wait(running)
            running.append(hands.submit(run, checkout, site, text))
        said = [block.result() for block in running]
    package = dict(blocks())["write app/registers/dogs/__init__.py"].splitlines()
    assert len(package) <= LONGEST
    assert max(map(len, package)) <= WIDEST
    written = (checkout / "migrations" / "versions").glob("0099*.py")
    migration = next(written).read_text()
    assert re.findall(r"op\.create_table\('(\w+)'", migration) == ["dog"]
    assert "drop_table('dog')" in migration
    assert not re.search(r"(drop|add)_column", migration)
    passed = re.search(r"(\d+) passed", said[-1])
    assert int(passed[1]) >= 5, said[-1]
    assert "failed" not in said[-1]
    with sqlite.connect(site / "geban.sqlite") as database:
        assert database.execute("SELECT count(*) FROM dog").fetchone() == (0,)
        codes = (
            "SELECT count(*) FROM code_item i JOIN code_list l ON l.id = i.list_id WHERE l.name = 'dog_breed'"
        )
        assert database.execute(codes).fetchone() == (4,)
        granted = (
            "SELECT count(DISTINCT r.name) FROM ab_permission_view_role g JOIN ab_role r ON r.id = g.role_id "
            "JOIN ab_permission_view p ON p.id = g.permission_view_id "
            "JOIN ab_view_menu v ON v.id = p.view_menu_id WHERE v.name = 'DogRegister'"
        )
        assert database.execute(granted).fetchone()[0] >= 5
