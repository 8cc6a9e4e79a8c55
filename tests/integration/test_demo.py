"""The demo command on databases of its own: interrupted, gone on with, repeated, refused; what stands there then."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import pysqlite3.dbapi2 as sqlite
import pytest
from werkzeug.security import check_password_hash

from app.areas.roles import ROLES
from app.proxy.choices import State
from tests.support.commands import FLASK, run, start
from tests.support.postgres import ephemeral_postgres

PERSONS = "400"


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GEBAN_") or k == "GEBAN_FONTS"}
    return kept | {"GEBAN_HOME": str(home), "GEBAN_ENV": "demo"} | more


def flask(home: Path, *command: str, **more: str) -> subprocess.CompletedProcess:
    return run(*FLASK, *command, env=environment(home, **more))


def load(home: Path, **more: str) -> subprocess.CompletedProcess:
    return flask(home, "demo", "--persons", PERSONS, **more)


def interrupted(home: Path, at: str) -> int:
    """Start loading and press Ctrl+C when a line of progress holds these words."""
    process = start(*FLASK, "demo", "--persons", PERSONS, env=environment(home))
    if any(at in line for line in process.stdout):
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode is not None
    return process.returncode


def ask(home: Path, question: str) -> list:
    connection = sqlite.connect(home / "geban.sqlite")
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def one(home: Path, question: str) -> int:
    return ask(home, question)[0][0]


def accounts(home: Path) -> dict[str, dict]:
    rows = json.loads((home / "demo-accounts.json").read_text(encoding="utf-8"))
    return {row["username"]: row for row in rows}


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Path:
    """A home after ``init``."""
    home = tmp_path_factory.mktemp("empty") / "home"
    done = flask(home, "init")
    assert done.returncode == 0, done.stderr
    return home


def copied(empty: Path, folder: Path) -> Path:
    return Path(shutil.copytree(empty, folder / "home"))


@pytest.fixture(scope="module")
def city(empty, tmp_path_factory) -> Path:
    """The demo city, loaded in three runs of which two are interrupted."""
    home = copied(empty, tmp_path_factory.mktemp("city"))
    assert interrupted(home, "grids, ") != 0
    assert one(home, "SELECT count(*) FROM area") == 1
    assert one(home, "SELECT count(*) FROM account") == 3
    assert not (home / "demo-accounts.json").exists()
    assert interrupted(home, "cases") != 0
    assert one(home, "SELECT count(*) FROM person") > 300
    assert one(home, "SELECT count(*) FROM proxy_case") == 0
    done = load(home)
    assert done.returncode == 0, done.stderr
    assert "demo city ready" in done.stdout
    return home


@pytest.mark.demand("S3-06", "S3-08", "S3-09")
def test_the_shape_of_the_city(city):
    levels = dict(
        ask(city, "SELECT l.key, count(*) FROM area a JOIN area_level l ON l.id = a.level_id GROUP BY 1")
    )
    assert levels == {"county": 1, "zone": 5, "town": 23, "park": 1, "community": 270, "grid": 820}
    grids = dict(
        ask(
            city,
            "SELECT settlement, count(*) FROM area a JOIN area_level l ON l.id = a.level_id WHERE l.key = 'grid' GROUP BY 1",
        )
    )
    assert grids == {"urban": 220, "rural": 600}
    in_post = "SELECT count(DISTINCT staff_id) FROM post WHERE role = 'grid_worker' AND valid_to IS NULL"
    assert one(city, in_post) == 820
    vacant = (
        "SELECT count(*) FROM area a JOIN area_level l ON l.id = a.level_id WHERE l.key = 'grid' AND NOT EXISTS"
        " (SELECT 1 FROM post p WHERE p.area_id = a.id AND p.role = 'grid_worker' AND p.valid_to IS NULL)"
    )
    assert one(city, vacant) == 6
    assert one(city, "SELECT count(*) FROM post WHERE valid_to IS NOT NULL AND end_reason IS NOT NULL") >= 18


@pytest.mark.demand("S3-12", "S4-38", "S1-19")
def test_chiefs_helpers_and_groups_are_on_the_staff_list_without_an_account(city):
    filled = one(city, "SELECT count(DISTINCT area_id) FROM household")
    chiefs = "SELECT count(*) FROM post WHERE position = 'grid_chief' AND valid_to IS NULL"
    assert one(city, chiefs) == filled
    kinds = {
        row[0]
        for row in ask(
            city,
            "SELECT DISTINCT s.kind FROM staff s JOIN person p ON p.uid = s.person_uid"
            " WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.staff_id = s.id)",
        )
    }
    assert {"volunteer", "building_chief", "retired_cadre", "party_member", "backbone"} <= kinds
    assert one(city, "SELECT count(*) FROM grid_group") == 3
    assert one(city, "SELECT count(*) FROM post WHERE grid_group_id IS NOT NULL") == 9


def test_grids_nobody_has_been_to_carry_declared_totals_and_say_so(city):
    filled = {row[0] for row in ask(city, "SELECT DISTINCT area_id FROM dwelling")}
    marked = ask(
        city,
        "SELECT a.id, declared_households, declared_persons, a.note FROM area a JOIN area_level l ON l.id = a.level_id"
        " WHERE l.key = 'grid'",
    )
    for area, households, persons, note in marked:
        assert (households is None, persons is None, note is None) == ((area in filled,) * 3)


def test_cases_stand_in_every_state_and_light(city):
    states = {row[0] for row in ask(city, "SELECT DISTINCT state FROM proxy_case")}
    assert states == {str(s.value) for s in State}
    now = "strftime('%Y-%m-%d %H:%M:%f', 'now')"
    late = f"SELECT count(*) FROM proxy_case WHERE step_due_at < {now} OR promise_due_at < {now}"
    soon = (
        f"SELECT count(*) FROM proxy_case WHERE (step_warn_at < {now} AND step_due_at >= {now})"
        f" OR (promise_warn_at < {now} AND promise_due_at >= {now})"
    )
    assert one(city, late) >= 8
    assert one(city, soon) >= 2


@pytest.mark.demand("S3-65")
def test_five_elders_wait_today_and_five_tomorrow_and_one_walk_is_late(city):
    rounds = ask(
        city,
        "SELECT v.planned_on, count(s.id), count(DISTINCT c.id) FROM visit v JOIN visit_stop s ON s.visit_id = v.id"
        " LEFT JOIN proxy_case c ON c.visit_id = v.id AND c.person_uid ="
        " (SELECT uid FROM person WHERE id = s.person_id) WHERE v.state = 'planned' GROUP BY v.id ORDER BY 1",
    )
    (_day, doors, cases), *stamps = rounds
    assert (doors > 0, cases) == (True, 0)
    assert [row[1:] for row in stamps] == [(5, 5), (5, 5)]
    assert one(city, "SELECT count(*) FROM notice WHERE read_at IS NULL") > 20


def test_one_sheet_was_imported_with_its_marked_copy_and_one_waits_checked(city):
    found = ask(
        city, "SELECT sheet, state, rows_made, rows_bad, marked_uid IS NOT NULL FROM import_batch ORDER BY id"
    )
    assert found == [("venues", "done", 4, 3, 1), ("persons", "checked", 5, 1, 1)]
    assert (
        one(
            city,
            "SELECT count(*) FROM venue JOIN change_log ON row_id = venue.id WHERE batch IS NOT NULL "
            "AND table_name = 'venue' AND batch IN (SELECT uid FROM import_batch)",
        )
        == 4
    )


def test_there_is_an_account_for_each_role_that_only_its_owner_reads(city):
    path = city / "demo-accounts.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    known = accounts(city)
    assert {row["role"] for row in known.values()} == set(ROLES)
    for name, row in known.items():
        assert {"username", "password", "role", "area", "totp_secret"} <= row.keys()
        assert bool(row["totp_secret"]) == ROLES[row["role"]].second_factor
        (stored,) = ask(city, f"SELECT password FROM ab_user WHERE username = '{name}'")
        assert check_password_hash(stored[0], row["password"])
    assert len({row["password"] for row in known.values()}) == len(known)
    both = known["clerk2"]["posts"]
    assert [p["role"] for p in both] == ["workstation", "leader"]
    assert known["clerk2"]["area"] == both[0]["area"] == known["clerk"]["area"]


def test_what_the_bulk_wrote_is_counted_and_logged(city):
    script = (
        "from app import create_app\nfrom app.core import counters\nfrom app.core.scope import unscoped\n"
        "app = create_app()\nwith app.app_context(), unscoped('test') as s:\n    print(counters.verify(s))"
    )
    said = run("-c", script, env=environment(city))
    assert said.stdout.strip() == "[]"
    audit = flask(city, "verify-audit")
    assert audit.returncode == 0, audit.stdout
    # the reason of the merge stands beside what the merge changed, and beside nothing after it
    merged = "FROM change_log WHERE reason = (SELECT reason FROM person_merge)"
    assert 0 < one(city, f"SELECT count(*) {merged}") < 60
    assert one(city, f"SELECT count(*) {merged} AND table_name IN ('person_document', 'duplicate_pair')") > 0
    assert one(city, "SELECT count(*) FROM change_log") > one(city, "SELECT count(*) FROM person") * 8


def test_a_second_run_changes_nothing(city):
    before = ask(city, "SELECT (SELECT count(*) FROM change_log), (SELECT max(id) FROM notice)")
    file = (city / "demo-accounts.json").read_bytes()
    again = load(city)
    assert "is there already" in again.stdout
    assert ask(city, "SELECT (SELECT count(*) FROM change_log), (SELECT max(id) FROM notice)") == before
    assert (city / "demo-accounts.json").read_bytes() == file


def test_a_lost_file_of_accounts_is_made_anew_with_new_passwords(city, tmp_path):
    home = copied(city, tmp_path)
    old = accounts(home)
    (home / "demo-accounts.json").unlink()
    assert load(home).returncode == 0
    new = accounts(home)
    assert new.keys() == old.keys()
    assert not {row["password"] for row in new.values()} & {row["password"] for row in old.values()}
    assert [(r["role"], r["posts"]) for r in new.values()] == [(r["role"], r["posts"]) for r in old.values()]


def test_a_database_with_other_rows_is_refused(empty, tmp_path):
    home = copied(empty, tmp_path)
    connection = sqlite.connect(home / "geban.sqlite")
    connection.create_function("geban_tokens", 1, str)
    connection.execute(
        "INSERT INTO area (uid, parent_id, level_id, path, depth, code, name, full_name, next_child, created_at, updated_at,"
        " version) SELECT 'x', id, level_id, path || '0001', 1, '1', 'Town', 'Town', 1, created_at, updated_at, 1 FROM area"
    )
    connection.commit()
    connection.close()
    refused = load(home)
    assert refused.returncode == 1
    assert "GEBAN_HOME" in refused.stderr
    assert one(home, "SELECT count(*) FROM area") == 2


def test_production_refuses_the_demo(empty, tmp_path):
    home = copied(empty, tmp_path)
    refused = load(home, GEBAN_ENV="production")
    assert refused.returncode == 1
    assert "GEBAN_ENV=demo" in refused.stderr
    assert one(home, "SELECT count(*) FROM account") == 3


@pytest.mark.postgres
def test_the_demo_loads_into_postgresql(tmp_path):
    with ephemeral_postgres() as url:
        # without fonts the story has no papers: they are drawn in the other city, and take longest
        where = {"GEBAN_DATABASE_URL": url, "GEBAN_FONTS": str(tmp_path / "none")}
        for command in (("init",), ("demo", "--persons", "150")):
            done = flask(tmp_path / "home", *command, **where)
            assert done.returncode == 0, done.stderr
        assert "demo city ready" in done.stdout
        assert set(accounts(tmp_path / "home")) >= {"worker", "clerk", "civil", "audit"}
        assert flask(tmp_path / "home", "verify-audit", **where).returncode == 0
