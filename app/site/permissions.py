"""FAB's permission tables follow the views that are mounted and the roles in code.

FAB's own sync gives its administrator role every permission and commits once a row; here the three administrators
hold disjoint powers (guards, section 2), and everything is one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask_appbuilder import AppBuilder
from flask_appbuilder.security.sqla.models import Permission, PermissionView, ViewMenu
from flask_appbuilder.security.sqla.models import Role as RoleRow
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app.areas.roles import ROLES, Role

PUBLIC = "Public"
Pair = tuple[str, str]


def mounted_pairs(appbuilder: AppBuilder) -> tuple[set[Pair], dict[str, set[str]]]:
    """(permission, view) pairs of all views and menu entries, and the entries of each menu section."""
    pairs = {(p, v.class_permission_name) for v in appbuilder.baseviews for p in v.base_permissions or ()}
    sections: dict[str, set[str]] = {}
    for category in appbuilder.menu.get_list():
        sections[category.name] = {item.name for item in category.childs if item.name != "-"}
        pairs |= {("menu_access", name) for name in (category.name, *sections[category.name])}
    return pairs, sections


def wanted_pairs(role: Role, pairs: Iterable[Pair], sections: dict[str, set[str]]) -> set[Pair]:
    """What a role holds; a menu section opens with the first of its entries."""
    held = {(p, v) for p, v in pairs if role.permits(p, v)}
    held |= {
        ("menu_access", s) for s, names in sections.items() if any(("menu_access", n) in held for n in names)
    }
    return held


def sync(session: Session, appbuilder: AppBuilder) -> int:
    """Write roles, permissions and grants of the named roles; returns the number of grants that changed."""
    pairs, sections = mounted_pairs(appbuilder)
    ids = _pair_ids(session, pairs)
    roles = _roles(session)
    changed = 0
    for key, role in ROLES.items():
        changed += _grant(session, roles[key], {ids[pair] for pair in wanted_pairs(role, pairs, sections)})
    return changed + _grant(session, roles[PUBLIC], set()) + _drop_unused(session, set(ids.values()))


def _roles(session: Session) -> dict[str, int]:
    known = dict(session.execute(select(RoleRow.name, RoleRow.id)).all())
    missing = [name for name in (PUBLIC, *ROLES) if name not in known]
    session.add_all(RoleRow(name=name) for name in missing)
    session.flush()
    return dict(session.execute(select(RoleRow.name, RoleRow.id)).all())


def _names(session: Session, model: type[Permission] | type[ViewMenu], names: set[str]) -> dict[str, int]:
    known = set(session.scalars(select(model.name)))
    session.add_all(model(name=name) for name in sorted(names - known))
    session.flush()
    return dict(session.execute(select(model.name, model.id)).all())


def _pair_ids(session: Session, pairs: set[Pair]) -> dict[Pair, int]:
    permissions = _names(session, Permission, {p for p, _ in pairs})
    views = _names(session, ViewMenu, {v for _, v in pairs})
    query = select(PermissionView.permission_id, PermissionView.view_menu_id)
    known = {tuple(row) for row in session.execute(query)}
    for p, v in sorted(pairs):
        if (permissions[p], views[v]) not in known:
            session.add(PermissionView(permission_id=permissions[p], view_menu_id=views[v]))
    session.flush()
    query = (
        select(Permission.name, ViewMenu.name, PermissionView.id)
        .join(PermissionView, PermissionView.permission_id == Permission.id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
    )
    return {(p, v): key for p, v, key in session.execute(query) if (p, v) in pairs}


def _grant(session: Session, role_id: int, wanted: set[int]) -> int:
    """Make the grants of one role exactly ``wanted``; returns how many rows changed."""
    table = RoleRow.permissions.property.secondary
    held = set(session.scalars(select(table.c.permission_view_id).where(table.c.role_id == role_id)))
    if held - wanted:
        old = table.c.permission_view_id.in_(held - wanted)
        session.execute(delete(table).where(table.c.role_id == role_id, old))
    if wanted - held:
        rows = [{"role_id": role_id, "permission_view_id": key} for key in sorted(wanted - held)]
        session.execute(insert(table), rows)
    return len(held ^ wanted)


def _drop_unused(session: Session, used: set[int]) -> int:
    """Remove permissions of views that are no longer mounted, from every role."""
    gone = set(session.scalars(select(PermissionView.id))) - used
    if gone:
        table = RoleRow.permissions.property.secondary
        session.execute(delete(table).where(table.c.permission_view_id.in_(gone)))
        session.execute(delete(PermissionView).where(PermissionView.id.in_(gone)))
        views = select(PermissionView.view_menu_id)
        session.execute(delete(ViewMenu).where(ViewMenu.id.not_in(views)))
    return len(gone)
