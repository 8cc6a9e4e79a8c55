"""Delegated user administration: nobody gives what is not theirs to give, by any route (guards, section 2)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.areas.accounts import administration
from app.areas.models import Account, GridGroup, GridGroupArea, Post, SignIn, Staff
from app.audit.models import ChangeLog
from app.core import clock
from app.core.errors import NotAllowed
from tests.integration.test_security_sessions import state
from tests.support.world import PASSWORD, csrf_of, sign_in

pytestmark = pytest.mark.any_database


@pytest.fixture
def uid_of(world, system):
    return lambda name: system.scalar(select(Staff.uid).where(Staff.id == world.accounts[name].staff_id))


@pytest.fixture
def desk(app, world):
    """A client of an administrator who has just signed in, and a post helper."""

    def _desk(username):
        client = sign_in(app, world, username, second_factor=True)
        token = state(client)["csrf_token"]
        return lambda path, **data: client.post(path, data={"csrf_token": token, **data}), client

    return _desk


def new_staff(system, world, area, name="Newcomer"):
    system.rollback()
    staff = Staff(name=name, kind="employee", area_id=world.areas[area])
    system.add(staff)
    system.commit()
    return staff


def accounts_as_they_are(system):
    system.rollback()
    posts = [
        tuple(r)
        for r in system.execute(select(Post.id, Post.role, Post.area_id, Post.valid_to).order_by(Post.id))
    ]
    users = [tuple(r) for r in system.execute(select(User.id, User.password, User.active).order_by(User.id))]
    return posts, users


def test_a_new_account_gets_a_random_password_that_is_shown_once(app, desk, world, system):
    staff = new_staff(system, world, "grid_a11")
    post, client = desk("town_clerk_a")
    answer = post("/users/add", staff=staff.uid, username="New.Comer")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    secret = re.search(r"gb-secret\">([a-z0-9-]+)<", page).group(1)
    assert len(secret) == 19
    assert secret not in client.get(f"/users/show/{staff.uid}").get_data(as_text=True)
    other = app.test_client()
    token = state(other)["csrf_token"]
    body = {"username": "new.comer", "password": secret}
    assert other.post("/api/v1/session", json=body, headers={"X-CSRFToken": token}).status_code == 200
    assert state(other)["needs"] == "new_password"


def test_no_account_has_a_default_password(desk, world, system):
    post, _client = desk("town_clerk_a")
    seen = set()
    for n in range(3):
        staff = new_staff(system, world, "grid_a11", f"Newcomer {n}")
        page = post("/users/add", staff=staff.uid, username=f"newcomer{n}").get_data(as_text=True)
        seen.add(re.search(r"gb-secret\">([a-z0-9-]+)<", page).group(1))
    assert len(seen) == 3


# who tries, on whom: own rank, higher rank, another town, oneself, somebody whose second post lies elsewhere
FORBIDDEN = [
    ("town_clerk_a", "operator"),
    ("town_clerk_a", "dispatcher"),
    ("town_clerk_a", "worker_t"),
    ("town_clerk_a", "town_clerk_t"),
    ("town_clerk_a", "town_clerk_a"),
    ("town_clerk_a", "clerk_a_reads_t"),
    ("clerk_a", "clerk_a"),
    ("operator", "operator"),
    ("operator", "admin_system"),
    ("operator", "leader"),
    ("admin_security", "admin_system"),
    ("admin_security", "admin_audit"),
    ("admin_security", "admin_security"),
]


@pytest.mark.parametrize(("admin", "victim"), FORBIDDEN)
def test_escalation_is_refused_and_nothing_changes(desk, world, system, uid_of, admin, victim):
    post, _client = desk(admin)
    uid = uid_of(victim)
    post_uid = system.scalar(
        select(Post.uid).where(Post.staff_id == world.accounts[victim].staff_id).limit(1)
    )
    before = accounts_as_they_are(system)
    area = world.uids["grid_a11"]
    tries = {
        "password": post(f"/users/password/{uid}"),
        "codes": post(f"/users/codes/{uid}"),
        "active": post(f"/users/active/{uid}", active="0", reason="because"),
        "role": post(f"/users/roles/{uid}", role="grid_worker", area=area, position="grid_worker"),
        "end": post(f"/users/roles/{uid}/{post_uid}/end", reason="because"),
    }
    assert {name: a.status_code in {403, 404} for name, a in tries.items()} == dict.fromkeys(tries, True), {
        n: a.status_code for n, a in tries.items()
    }
    assert accounts_as_they_are(system) == before


@pytest.mark.parametrize(
    ("admin", "role", "area", "status"),
    [
        ("town_clerk_a", "grid_worker", "grid_a11", 303),
        ("town_clerk_a", "workstation", "com_a1", 303),
        ("town_clerk_a", "grid_worker", "grid_t11", 403),
        ("town_clerk_a", "grid_worker", "county", 403),
        ("town_clerk_a", "town_staff", "town_a", 422),  # not in the select: one's own rank
        ("town_clerk_a", "system_admin", "town_a", 422),
        ("clerk_a", "workstation", "com_a1", 422),
        ("clerk_a", "office_clerk", "com_a1", 303),
        ("clerk_a", "office_clerk", "com_a2", 403),
        ("admin_security", "center_operator", "county", 303),
        ("admin_security", "auditor", "county", 422),
        ("operator", "town_staff", "town_t", 303),
    ],
)
def test_which_role_may_be_given_where(desk, world, system, uid_of, admin, role, area, status):
    post, _client = desk(admin)
    before = system.scalars(select(Post.id)).all()
    answer = post(
        f"/users/roles/{uid_of('worker_a')}", role=role, area=world.uids[area], position="grid_worker"
    )
    assert answer.status_code == status
    system.rollback()
    assert len(system.scalars(select(Post.id)).all()) == len(before) + (status == 303)


def write_post(session, world, **values):
    given = {"position": "grid_worker", "staff_id": world.accounts["worker_a"].staff_id} | values
    session.add(Post(valid_from=clock.today(), **given))
    session.flush()


@pytest.mark.parametrize(
    ("admin", "values"),
    [
        ("town_clerk_a", {"role": "center_operator", "area_id": "town_a"}),
        ("town_clerk_a", {"role": "town_staff", "area_id": "town_a"}),
        ("town_clerk_a", {"role": "made_up_role", "area_id": "town_a"}),
        ("town_clerk_a", {"role": "department", "area_id": "town_a", "org_unit_id": "health"}),
        ("town_clerk_a", {"role": "grid_worker", "area_id": "grid_a11", "staff_id": "town_clerk_a"}),
        ("town_clerk_a", {"role": "grid_worker", "area_id": "grid_a11", "staff_id": "operator"}),
        ("admin_security", {"role": "grid_worker", "area_id": "county", "staff_id": "admin_security"}),
    ],
)
def test_the_guard_of_posts_holds_on_every_route(acting, world, admin, values):
    """Whatever view writes the post: the session refuses it."""
    values = dict(values)
    values["area_id"] = world.areas[values["area_id"]]
    if "staff_id" in values:
        values["staff_id"] = world.accounts[values["staff_id"]].staff_id
    if "org_unit_id" in values:
        values["org_unit_id"] = world.units[values["org_unit_id"]]
    with pytest.raises(NotAllowed):
        write_post(acting(admin), world, **values)


def test_a_grid_group_opens_no_foreign_area(acting, world, system):
    group = GridGroup(name="Mixed", area_id=world.areas["town_a"])
    system.add(group)
    system.flush()
    system.add(GridGroupArea(group_id=group.id, area_id=world.areas["grid_t11"]))
    system.commit()
    with pytest.raises(NotAllowed):
        write_post(
            acting("town_clerk_a"),
            world,
            role="grid_worker",
            area_id=world.areas["grid_a11"],
            grid_group_id=group.id,
        )


def test_raising_an_existing_post_is_refused(acting, world):
    session = acting("town_clerk_a")
    post = session.scalars(select(Post).where(Post.staff_id == world.accounts["worker_a"].staff_id)).one()
    post.role = "center_operator"
    with pytest.raises(NotAllowed):
        session.flush()


def test_a_post_without_a_role_is_ordinary_data(acting, world):
    write_post(acting("town_clerk_a"), world, area_id=world.areas["grid_a11"])


def test_the_three_administrators_never_meet_in_one_person(system, world):
    from app.areas.accounts.standing import must_be_disjoint

    with pytest.raises(NotAllowed):
        write_post(
            system,
            world,
            role="auditor",
            area_id=world.areas["county"],
            staff_id=world.accounts["admin_system"].staff_id,
        )
    must_be_disjoint(["auditor", "grid_worker"])


def test_a_staff_member_of_higher_rank_without_account_gets_none_from_below(desk, world, system):
    """Whoever makes the account reads its first password."""
    staff = new_staff(system, world, "town_a", "Coming operator")
    system.add(
        Post(staff_id=staff.id, role="center_operator", position="dispatcher", area_id=world.areas["county"])
    )
    system.commit()
    post, _client = desk("town_clerk_a")
    assert post("/users/add", staff=staff.uid, username="operator2").status_code == 403
    system.rollback()
    assert system.scalar(select(User.id).where(User.username == "operator2")) is None


def test_changes_are_audited_and_end_the_sessions(app, desk, world, system, uid_of):
    victim = sign_in(app, world, "worker_a")
    post, _client = desk("town_clerk_a")
    assert post(f"/users/active/{uid_of('worker_a')}", active="0", reason="left the job").status_code == 303
    assert state(victim)["signed_in"] is False
    system.rollback()
    row = system.scalars(
        select(ChangeLog).where(ChangeLog.table_name == "ab_user").order_by(ChangeLog.id.desc())
    ).first()
    assert (row.actor, row.reason, row.tag) == ("Town Clerk A", "left the job", "deactivate")


def test_deactivating_needs_a_reason(desk, system, uid_of):
    post, _client = desk("town_clerk_a")
    assert post(f"/users/active/{uid_of('worker_a')}", active="0", reason=" ").status_code == 400
    system.rollback()
    assert system.scalar(select(User.active).where(User.username == "worker_a"))


def test_a_reset_password_works_once_to_choose_an_own_one(app, desk, world, system, uid_of):
    victim = sign_in(app, world, "worker_a")
    post, _client = desk("town_clerk_a")
    page = post(f"/users/password/{uid_of('worker_a')}").get_data(as_text=True)
    assert re.search(r"gb-secret\">[a-z0-9-]+<", page)
    assert state(victim)["signed_in"] is False
    system.rollback()
    account = system.get(Account, world.accounts["worker_a"].user_id)
    assert account.must_change_password
    logged = " ".join(system.scalars(select(ChangeLog.changes)))
    assert system.scalar(select(User.password).where(User.username == "worker_a")) not in logged


def test_ending_a_role_ends_it_today(app, desk, world, system, uid_of):
    victim = sign_in(app, world, "worker_a")
    post, _client = desk("town_clerk_a")
    held = system.scalars(select(Post).where(Post.staff_id == world.accounts["worker_a"].staff_id)).one()
    assert post(f"/users/roles/{uid_of('worker_a')}/{held.uid}/end", reason="moved").status_code == 303
    assert state(victim)["signed_in"] is False
    again = sign_in(app, world, "worker_a")
    assert state(again)["needs"] == "post"
    assert again.get("/").headers["Location"].startswith("/account/")


def test_roles_need_a_fresh_password(app, world, uid_of):
    with clock.frozen(clock.now()) as watch:
        client = sign_in(app, world, "town_clerk_a")
        token = state(client)["csrf_token"]
        form = {
            "csrf_token": token, "role": "grid_worker", "area": world.uids["grid_a12"], "position": "grid_worker",
        }  # fmt: skip
        path = f"/users/roles/{uid_of('worker_a')}"
        watch.move(minutes=6)
        page = client.post(path, data=form)
        assert page.status_code == 403
        assert f'value="{world.uids["grid_a12"]}"' in page.get_data(as_text=True)  # nothing typed is lost
        json = client.post(path, data=form, headers={"Accept": "application/json"})
        assert (json.status_code, json.get_json()["code"]) == (403, "confirm_needed")
        assert client.post(path, data=form | {"confirm_password": "wrong"}).status_code == 401
        assert client.post(path, data=form | {"confirm_password": PASSWORD}).status_code == 303
        watch.move(minutes=4)
        assert client.get("/users/add").status_code == 200
        watch.move(minutes=2)
        assert client.get("/users/add").headers["Location"].startswith("/account/confirm")
        headers = {"X-CSRFToken": token}
        assert (
            client.post("/account/confirm", json={"password": PASSWORD}, headers=headers).status_code == 200
        )
        assert client.get("/users/add").status_code == 200


def test_the_list_shows_own_areas_only(desk):
    _post, client = desk("town_clerk_a")
    page = client.get("/users/list/").get_data(as_text=True)
    assert "worker_a" in page
    assert "worker_t" not in page
    assert "worker_t" not in client.get("/users/list/?q=worker_t").get_data(as_text=True).replace(
        'value="worker_t"', ""
    )


def test_outside_the_scope_is_not_found(desk, uid_of):
    _post, client = desk("town_clerk_a")
    assert client.get(f"/users/show/{uid_of('worker_t')}").status_code == 404
    assert client.get("/users/show/1").status_code == 404
    assert client.get("/users/show/zzz").status_code == 400


@pytest.mark.parametrize(
    "username", ["worker_a", "office_a", "leader", "health", "admin_system", "admin_audit"]
)
def test_roles_without_the_permission_are_refused(desk, username):
    _post, client = desk(username)
    assert client.get("/users/list/").status_code == 403


def test_who_is_online_and_ending_a_session_by_force(app, desk, world, system):
    victim, foreign = sign_in(app, world, "worker_a"), sign_in(app, world, "worker_t")
    sign_in(app, world, "admin_system", second_factor=True)
    post, client = desk("operator")
    page = client.get("/sign-ins/list/").get_data(as_text=True)
    assert "worker_a" in page
    assert page.count("/sign-ins/end/") == 2  # the two workers; no button on oneself and on a higher rank
    system.rollback()
    uid = system.scalar(select(SignIn.uid).where(SignIn.user_id == world.accounts["worker_a"].user_id))
    assert post(f"/sign-ins/end/{uid}").status_code == 303
    assert state(victim)["signed_in"] is False
    assert state(foreign)["signed_in"] is True


@pytest.mark.parametrize(
    ("username", "victim", "status"), [("admin_audit", "worker_a", 403), ("operator", "admin_system", 403)]
)
def test_force_obeys_permission_and_rank(app, desk, world, system, username, victim, status):
    target = sign_in(app, world, victim, second_factor=True)
    post, _client = desk(username)
    uid = system.scalar(select(SignIn.uid).where(SignIn.user_id == world.accounts[victim].user_id))
    assert post(f"/sign-ins/end/{uid}").status_code == status
    assert state(target)["signed_in"] is True


def test_a_taken_or_odd_user_name_is_told_at_its_field(desk, world, system):
    staff = new_staff(system, world, "grid_a11")
    post, _client = desk("town_clerk_a")
    for name in ("worker_a", "ab", "1abc", "a b c", "x" * 41):
        assert post("/users/add", staff=staff.uid, username=name).status_code in {400, 422}, name


def test_grantable_roles_are_below_the_own_rank(acting):
    from app.areas.roles import ROLES
    from app.core.scope import session_actor

    for username in ("admin_security", "operator", "town_clerk_a", "clerk_a"):
        actor = session_actor(acting(username))
        assert all(ROLES[key].rank < ROLES[actor.role].rank for key in administration.grantable(actor))


def test_a_role_that_begins_later_counts_too(acting, world, system):
    """A coming operator is not administered by the town of today."""
    staff_id = world.accounts["worker_a"].staff_id
    later = clock.today() + timedelta(days=30)
    system.add(
        Post(
            staff_id=staff_id,
            role="center_operator",
            position="dispatcher",
            area_id=world.areas["county"],
            valid_from=later,
        )
    )
    system.commit()
    session = acting("town_clerk_a")
    with pytest.raises(NotAllowed):
        administration.reset_password(
            session, session.info["actor"], world.accounts["worker_a"].user_id, clock.now()
        )


def test_pages_render_with_their_token(desk, uid_of):
    _post, client = desk("operator")
    for path in (
        "/users/list/",
        f"/users/show/{uid_of('worker_a')}",
        "/users/add",
        "/sign-ins/list/",
        "/account/",
    ):
        page = client.get(path)
        assert page.status_code == 200, path
        assert csrf_of(page), path
