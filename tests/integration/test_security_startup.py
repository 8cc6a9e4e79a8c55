"""The Public role holds nothing, and FAB's own doors are shut."""

from __future__ import annotations

import pytest
from flask_appbuilder.security.sqla.models import PermissionView, User
from flask_appbuilder.security.sqla.models import Role as RoleRow
from sqlalchemy import select

from app import startup

pytestmark = pytest.mark.any_database


def test_public_holds_nothing_after_the_first_start(app, system):
    public = system.scalars(select(RoleRow).where(RoleRow.name == "Public")).one()
    assert public.permissions == []
    startup.check_public_role()


def test_a_public_role_with_a_permission_stops_the_start(app, system):
    public = system.scalars(select(RoleRow).where(RoleRow.name == "Public")).one()
    public.permissions.append(system.scalars(select(PermissionView).limit(1)).one())
    system.commit()
    with pytest.raises(startup.Refused, match="Public"):
        startup.check_public_role()


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
