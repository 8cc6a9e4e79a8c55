"""What every view in the menu keeps: sign-in, permission, scope, one audit row a write. A new view is tested by
standing in the table (house, section 5)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from app.areas.roles import ROLES
from app.audit.models import ChangeLog
from app.core.scope import unscoped
from app.extensions import db
from app.registers.base import Register
from tests.support.marked import Marked
from tests.support.pages import form_of
from tests.support.world import csrf_of, sign_in

# whose account stands for a role in town A
ACCOUNT_OF = {
    "system_admin": "admin_system",
    "security_admin": "admin_security",
    "auditor": "admin_audit",
    "center_operator": "operator",
    "dispatcher": "dispatcher",
    "supervisor": "supervisor",
    "town_staff": "town_clerk_a",
    "workstation": "clerk_a",
    "office_clerk": "office_a",
    "grid_worker": "worker_a",
    "department": "health",
    "hotline": "hotline",
    "leader": "leader",
}
PAGES = {
    "can_list": "list/",
    "can_show": "show/{key}",
    "can_edit": "edit/{key}",
    "can_add": "add",
    "can_delete": "delete/{key}",
    "can_history": "history/{key}",
}
OUTSIDERS = ("clerk_t", "worker_t")
# light registers are granted by one pattern of names (tests/architecture/test_registers.py): one who may not, one who may
OF_REGISTERS = ("auditor", "grid_worker")


def model_views() -> list[type]:
    """The model views of the menu, without needing an app."""
    from app import menu
    from app.core.views import ModelView

    return [e.view for e in menu.entries() if issubclass(e.view, ModelView)]


def make_rows(session: Any, world: Any) -> dict[str, dict[str, Any]]:
    """One row of every table in grid A11 and one in grid T11."""
    made = {}
    for side, grid, account in (("own", "grid_a11", "worker_a"), ("foreign", "grid_t11", "worker_t")):
        fact = world.accounts[account]
        made[side] = Marked(session, world.areas[grid], fact.user_id, fact.staff_id).make_all()
        session.commit()
    return made


@pytest.fixture
def rows(system, world):
    return make_rows(system, world)


@pytest.fixture(scope="class")
def opened(_app, _database):
    """(app, keys of the rows by side and table, a client of each role): the cases only open pages, so both are made once.

    A test in between that puts the seeded rows back would end these sessions, and the cases after it fail.
    """
    _database.restore(_app)
    with _app.app_context():
        with unscoped("tests arrange") as session:
            made = make_rows(session, _database.world)
            keys = {side: {t: key_of(row) for t, row in rows.items()} for side, rows in made.items()}
        clients = {role: sign_in(_app, _database.world, name) for role, name in ACCOUNT_OF.items()}
        db.session.remove()
    _database.close(_app)
    return _app, keys, clients


def key_of(row: Any) -> str:
    return str(getattr(row, "uid", None) or row.id)


class TestPages:
    """One class: the order of tests is shuffled, and these stay together on rows made once."""

    @pytest.mark.any_database  # who may open which page; the edits below run on both
    @pytest.mark.parametrize("cls", model_views(), ids=lambda c: c.__name__)
    def test_a_model_view_keeps_the_contract(self, cls, opened):
        app, keys, signed_in = opened
        view = app.extensions["geban_pages"][cls.__name__]
        table = view.datamodel.obj.__tablename__
        own, foreign = keys["own"].get(table), keys["foreign"].get(table)
        client = app.test_client()
        if issubclass(cls, Register):
            signed_in = {role: signed_in[role] for role in OF_REGISTERS}
        problems: list[str] = []
        for permission, page in PAGES.items():
            if permission not in view.base_permissions:
                continue
            if own is None and "{key}" in page:
                continue
            url = f"{view.route_base}/{page.format(key=own or '')}"
            anonymous = client.get(url)
            if anonymous.status_code not in {302, 303} or "/login/" not in anonymous.headers["Location"]:
                problems.append(f"anonymous gets {anonymous.status_code} at {url}")
            problems += _by_roles(url, cls, permission, signed_in)
        if foreign is not None:
            problems += _out_of_scope(view, cls, foreign, signed_in)
        assert problems == []


def _by_roles(url: str, cls: type, permission: str, signed_in: dict[str, Any]) -> list[str]:
    """Who lacks the permission is refused, who has it gets an answer."""
    found = []
    for role, visitor in signed_in.items():
        status = visitor.get(url).status_code
        if not ROLES[role].permits(permission, cls.__name__):
            if status != 403:
                found.append(f"{role} lacks {permission} and gets {status} at {url}")
        elif status >= 500:
            found.append(f"{role}: {status} at {url}")
    return found


def _out_of_scope(view: Any, cls: type, key: str, signed_in: dict[str, Any]) -> list[str]:
    """Roles of town A that hold the permission still find nothing of town T."""
    from app.core.scope import is_guarded

    if not is_guarded(view.datamodel.obj):
        return []
    found = []
    for permission, page in PAGES.items():
        if "{key}" not in page or permission not in view.base_permissions:
            continue
        for role in ("town_staff", "workstation", "office_clerk", "grid_worker"):
            if role in signed_in and ROLES[role].permits(permission, cls.__name__):
                status = signed_in[role].get(f"{view.route_base}/{page.format(key=key)}").status_code
                if status != 404:
                    found.append(f"{role} gets {status} for a foreign row at {page}")
    return found


NOTE_VIEWS = [
    c
    for c in model_views()
    if "note"
    in (getattr(c, "edit_columns", None) or [n for _l, f in (c.edit_fieldsets or []) for n in f["fields"]])
]


@pytest.mark.parametrize("cls", NOTE_VIEWS, ids=lambda c: c.__name__)
def test_an_edit_leaves_one_audit_row_and_a_stale_one_none(cls, app, login_as, rows, system):
    view = app.extensions["geban_pages"][cls.__name__]
    table = view.datamodel.obj.__tablename__
    row = rows["own"].get(table)
    role = next(
        (
            r
            for r in ("workstation", "town_staff", "center_operator", "system_admin")
            if ROLES[r].permits("can_edit", cls.__name__)
        ),
        None,
    )
    if row is None or role is None:
        pytest.skip("nobody edits this here")
    visitor = login_as(ACCOUNT_OF[role])
    url = f"{view.route_base}/edit/{key_of(row)}"
    page = visitor.get(url)
    assert page.status_code == 200
    data = form_of(page.text) | {"csrf_token": csrf_of(page)}
    model, row_id = type(row), row.id
    before = system.scalar(select(func.count()).select_from(ChangeLog).where(ChangeLog.table_name == table))
    answer = visitor.post(url, data=data | {"note": "changed by the contract test"})
    if answer.status_code == 422:
        pytest.skip("a marked row does not pass this view's own checks")
    assert answer.status_code in {302, 303}
    system.rollback()  # a new snapshot
    assert system.get(model, row_id).note == "changed by the contract test"
    logged = select(func.count()).select_from(ChangeLog).where(ChangeLog.table_name == table)
    assert system.scalar(logged) == before + 1
    stale = visitor.post(url, data=data | {"note": "the second writer"})
    assert stale.status_code == 409
    assert "changed by the contract test" in stale.get_data(as_text=True)
    system.rollback()  # a new snapshot
    assert system.get(model, row_id).note == "changed by the contract test"
    refused = visitor.post(url, data={k: v for k, v in data.items() if k != "csrf_token"})
    assert refused.status_code == 400
