"""The Public role holds nothing, and FAB's own doors are shut."""

from __future__ import annotations

import os

import pytest
from flask_appbuilder.security.sqla.models import PermissionView, User
from flask_appbuilder.security.sqla.models import Role as RoleRow
from sqlalchemy import select

from app import startup
from app.core import crypto
from tests.support.commands import FLASK, run

pytestmark = pytest.mark.any_database


def test_public_holds_nothing_after_the_first_start(app, system):
    public = system.scalars(select(RoleRow).where(RoleRow.name == "Public")).one()
    assert public.permissions == []
    startup.check_public_role(system)


def test_a_public_role_with_a_permission_stops_the_start(app, system):
    public = system.scalars(select(RoleRow).where(RoleRow.name == "Public")).one()
    public.permissions.append(system.scalars(select(PermissionView).limit(1)).one())
    system.commit()
    with pytest.raises(startup.Refused, match="Public"):
        startup.check_public_role(system)


def test_the_keys_of_the_site_are_taken(app, system):
    startup.check_keys(system, app.config["GEBAN_KEYS"])


def test_other_keys_stop_the_start(app, system, monkeypatch):
    monkeypatch.setattr(crypto, "_ring", [crypto.Keyring.fresh()])
    with pytest.raises(startup.Refused, match="is not the one of this database"):
        startup.check_keys(system, app.config["GEBAN_KEYS"])


def test_a_site_whose_key_file_is_gone_does_not_start_with_new_keys(app, tmp_path):
    """A mount that is not up: what would be written meanwhile could never be read, and every seal would look forged."""
    env = dict(os.environ) | {
        "GEBAN_HOME": str(app.config["GEBAN_HOME"]),
        "GEBAN_KEYS": str(tmp_path / "keys.json"),
    }
    done = run(*FLASK, "init", env=env)
    assert done.returncode == 3
    assert "keys.json is missing" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "keys.json").exists()


def test_a_key_file_that_is_none_is_a_sentence(tmp_path):
    path = tmp_path / "keys.json"
    for text in ("", "{}", '{"keys": {"k1": {}}, "active": "k1", "index": "k1"}', "[1]"):
        path.write_text(text)
        path.chmod(0o600)
        with pytest.raises(crypto.KeyProblem, match="no key file"):
            crypto.Keyring.load(path)


@pytest.mark.parametrize(
    ("command", "address", "sentence"),
    [
        ("worker", "sqlite:///{home}/site.sqlite", "init` first"),
        ("init", "sqlite:////no/such/folder/site.sqlite", "cannot be reached"),
        ("worker", "postgresql://nobody@127.0.0.1:9/none", "cannot be reached"),
    ],
)
def test_a_command_that_cannot_run_says_why(tmp_path, command, address, sentence):
    """Only what every newcomer meets."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GEBAN_")}
    env |= {"GEBAN_HOME": str(tmp_path), "GEBAN_DATABASE_URL": address.format(home=tmp_path)}
    done = run(*FLASK, command, env=env)
    assert done.returncode in {1, 3}
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_permission_of_public_opens_nothing_anyway(app, system, client):
    manager = app.extensions["appbuilder"].sm
    public = system.scalars(select(RoleRow).where(RoleRow.name == "Public")).one()
    pair = system.scalars(select(PermissionView).limit(1)).one()
    public.permissions.append(pair)
    system.commit()
    with app.test_request_context():
        assert not manager.is_item_public(pair.permission.name, pair.view_menu.name)
        assert not manager.has_access(pair.permission.name, pair.view_menu.name)


def test_roles_of_fab_give_nothing(app, system, world):
    """FAB unites the roles of a user; here only the acting post counts."""
    from app.areas.actors import build_actor
    from app.core import clock

    user = system.get(User, world.accounts["worker_a"].user_id)
    user.roles = list(
        system.scalars(select(RoleRow).where(RoleRow.name.in_(("system_admin", "security_admin"))))
    )
    system.commit()
    actor, _seats = build_actor(user.id, clock.today())
    assert actor.role == "grid_worker"
    assert not actor.may("can_list", "UserAdminView")


def test_bearer_tokens_and_fabs_password_check_sign_nobody_in(app, world):
    manager = app.extensions["appbuilder"].sm
    from tests.support.world import PASSWORD

    assert manager.auth_user_db("worker_a", PASSWORD) is None
    assert manager.load_user_jwt({}, {"sub": str(world.accounts["worker_a"].user_id)}) is None
