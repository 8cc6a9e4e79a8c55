"""First start: repeatable, safe for three at once, and never more rights than the roles in code say."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from flask_appbuilder.security.sqla.models import PermissionView, Role
from sqlalchemy import create_engine, func, make_url, select, text

from app.areas.models import Area, AreaLevel, RoleScheme, RoleSchemeSeat
from app.areas.roles import ROLES
from app.core.codes import CodeItem, CodeList
from tests.support.commands import FLASK, start

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def fresh_url(app, tmp_path):
    """URL of an empty database of the kind this run tests."""
    from app.extensions import db

    url = db.engine.url
    if url.get_backend_name() == "sqlite":
        yield f"sqlite:///{tmp_path / 'home' / 'geban.sqlite'}"
        return
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE first_start"))
    yield url.set(database="first_start").render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE first_start WITH (FORCE)"))
    admin.dispose()


def first_start(url, home):
    env = {k: v for k, v in os.environ.items() if not k.startswith("GEBAN_")}
    env |= {"GEBAN_HOME": str(home), "GEBAN_DATABASE_URL": url, "GEBAN_ENV": "test"}
    return start(*FLASK, "init", env=env)


def test_three_starts_at_once_on_an_empty_site(fresh_url, tmp_path):
    home = tmp_path / "home"
    starts = [first_start(fresh_url, home) for _ in range(3)]
    outputs = [p.communicate(timeout=240) for p in starts]
    assert [p.returncode for p in starts] == [0, 0, 0], "\n".join(outputs)
    passwords = [re.findall(r"account (\w+) \((\w+)\), password shown only now: (\S+)", o) for o in outputs]
    assert sorted(len(p) for p in passwords) == [0, 0, 3]  # shown once, by the one that made them
    shown = next(p for p in passwords if p)
    assert {role for _name, role, _password in shown} == {"system_admin", "security_admin", "auditor"}
    assert len({password for *_rest, password in shown}) == 3
    assert all(len(password) >= 16 for *_rest, password in shown)
    engine = create_engine(make_url(fresh_url))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM ab_user")).scalar_one() == 3
        doubled = text("SELECT name, count(*) FROM code_list GROUP BY name HAVING count(*) > 1")
        assert connection.execute(doubled).all() == []
        assert connection.execute(text("SELECT count(*) FROM area")).scalar_one() == 1
        stored = connection.execute(text("SELECT password FROM ab_user")).scalars().all()
    engine.dispose()
    assert not any(password in row for *_rest, password in shown for row in stored)
    assert [p.name for p in (home / "keys").iterdir() if p.stat().st_mode & 0o077] == []
    assert {p.name for p in (home / "keys").iterdir()} == {"keys.json", "session-secret"}


def test_a_second_start_changes_nothing(app, system):
    from app import site

    report = site.first_start(app)
    assert (report.grants, report.codes, report.items, report.passwords) == (0, 0, 0, {})


def grants(connection):
    query = """
        SELECT r.name, p.name, v.name FROM ab_permission_view_role a
        JOIN ab_role r ON r.id = a.role_id JOIN ab_permission_view pv ON pv.id = a.permission_view_id
        JOIN ab_permission p ON p.id = pv.permission_id JOIN ab_view_menu v ON v.id = pv.view_menu_id
    """
    return {tuple(row) for row in connection.execute(text(query))}


def test_each_role_holds_what_the_code_says_and_no_more(app, system):
    held = grants(system.connection())
    sections = {category.name for category in app.extensions["appbuilder"].menu.get_list()}
    assert {role for role, *_rest in held} <= set(ROLES)  # nothing for Public, nothing for FAB's own Admin
    for role, permission, view in held:
        opened = permission == "menu_access" and view in sections
        assert opened or ROLES[role].permits(permission, view), (role, permission, view)
    per_view = Counter(
        (p, v)
        for r, p, v in held
        if r in {"system_admin", "security_admin", "auditor"} and v.endswith("View")
    )
    shared = {
        view
        for (permission, view), n in per_view.items()
        if n > 1 and permission in {"can_edit", "can_delete"}
    }
    assert shared == set()  # three disjoint powers


def test_grants_that_somebody_added_are_taken_back(app, system):
    from app import site

    connection = system.connection()
    before = grants(connection)
    table = Role.permissions.property.secondary
    roles = (
        connection.execute(select(Role.id).where(Role.name.in_(["Public", "grid_worker"]))).scalars().all()
    )
    pairs = connection.execute(select(PermissionView.id)).scalars().all()
    held = set(connection.execute(select(table.c.role_id, table.c.permission_view_id)).all())
    added = [{"role_id": r, "permission_view_id": p} for r in roles for p in pairs if (r, p) not in held]
    connection.execute(table.insert(), added)
    connection.execute(text("INSERT INTO ab_role (id, name) VALUES (9999, 'of the site')"))
    system.commit()
    assert site.first_start(app).grants > 0
    assert grants(system.connection()) == before
    names = system.connection().execute(text("SELECT name FROM ab_role WHERE id = 9999")).scalars().all()
    assert names == ["of the site"]  # other roles are left alone


class TestCodes:
    SOURCE = yaml.safe_load((ROOT / "app" / "seeds" / "codes.yaml").read_text())["lists"]
    LOCAL = yaml.safe_load((ROOT / "app" / "seeds" / "codes_local.yaml").read_text())

    def test_every_list_and_code_of_the_source_is_there(self, app, system):
        query = select(CodeList.name, CodeItem.code, CodeItem.label).join(CodeItem.code_list)
        found = {tuple(row) for row in system.execute(query)}
        for name, spec in {**self.SOURCE, **self.LOCAL["lists"]}.items():
            for item in spec["items"]:
                assert ((name, item["code"], item["zh"]) in found) != bool(spec.get("optional")), (name, item)

    def test_religion_is_absent_unless_a_site_decides_for_it(self, system):
        assert system.scalar(select(CodeList.id).where(CodeList.name == "religion")) is None

    def test_every_list_that_a_table_asks_for_is_there(self, system):
        from flask_appbuilder import Model

        wanted = {
            c.info["code_list"]
            for t in Model.metadata.tables.values()
            for c in t.columns
            if "code_list" in c.info
        }
        assert wanted <= set(system.scalars(select(CodeList.name))) | {"religion"}

    def test_standard_lists_are_locked_and_say_their_standard(self, system):
        for row in system.scalars(select(CodeList)):
            spec = {**self.SOURCE, **self.LOCAL["lists"]}[row.name]
            assert row.locked == (spec["kind"] == "standard"), row.name
            assert row.standard == spec["standard"]

    def test_words_of_the_site_survive_and_standard_words_are_put_right(self, app, system):
        from app import site

        local = system.scalars(
            select(CodeItem).join(CodeItem.code_list).where(CodeList.name == "staff_kind")
        ).first()
        standard = system.scalars(
            select(CodeItem).join(CodeItem.code_list).where(CodeList.name == "gender")
        ).first()
        was, local.label, standard.label = standard.label, "ours", "wrong"
        system.commit()
        site.first_start(app)
        system.expire_all()
        assert (local.label, standard.label) == ("ours", was)


@pytest.mark.demand("S1-46", "S3-12", "S4-34")
def test_role_schemes_are_data_and_name_known_positions(app, system):
    positions = set(
        system.scalars(select(CodeItem.code).join(CodeItem.code_list).where(CodeList.name == "grid_role"))
    )
    seats = system.execute(select(RoleScheme.key, RoleSchemeSeat.position).join(RoleScheme.seats)).all()
    assert Counter(key for key, _position in seats) == {
        "three_chiefs": 3,
        "five_officers": 5,
        "seven_and_three": 10,
    }
    assert {position for _key, position in seats} <= positions


@pytest.mark.demand("S0-07", "S1-35", "S3-06")
def test_levels_from_county_to_micro_cell_and_the_industrial_park(app, system):
    levels = {level.key: level for level in system.scalars(select(AreaLevel))}
    assert {"county", "zone", "town", "park", "community", "grid", "cell"} <= set(levels)
    for level in levels.values():
        parents = [p for p in level.parent_keys.split(",") if p]
        assert all(levels[p].rank < level.rank for p in parents), level.key
    assert (levels["grid"].band_min, levels["grid"].band_max) == (300, 500)
    assert "park" in levels["grid"].parent_keys.split(",")
    assert re.fullmatch(levels["grid"].code_pattern, "430281104007001")


def test_the_three_administrators_can_sign_in_and_must_change_their_password(fresh_url, tmp_path):
    if "postgresql" in fresh_url:
        pytest.skip("the same code path as on SQLite; the process costs seconds")
    output = first_start(fresh_url, tmp_path / "home").communicate(timeout=240)
    shown = re.findall(r"account (\w+) \((\w+)\), password shown only now: (\S+)", output)
    engine = create_engine(make_url(fresh_url))
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT u.username, a.must_change_password, p.role, u.password FROM ab_user u"
                " JOIN account a ON a.user_id = u.id JOIN post p ON p.staff_id = a.staff_id"
            )
        ).all()
    engine.dispose()
    from werkzeug.security import check_password_hash

    assert {(name, role) for name, _must, role, _hash in rows} == {
        (name, role) for name, role, _password in shown
    }
    stored = {name: value for name, _must, _role, value in rows}
    assert all(must for _name, must, *_rest in rows)
    assert all(check_password_hash(stored[name], password) for name, _role, password in shown)


def test_one_root_area_and_only_one(app, system):
    assert system.scalar(select(func.count()).select_from(Area).where(Area.parent_id.is_(None))) == 1
