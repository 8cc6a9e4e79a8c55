"""The routes as data, for whoever tests from outside: methods, who may come, and one address the demo worker may open."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask_appbuilder import Model
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app.areas.actors import build_actor
from app.areas.roles import ROLES
from app.areas.security import gate
from app.core import clock
from app.core.scope import acting_as, unscoped

WORKER = "worker"  # the grid worker of the demo city
# pages that are no ModelView and take the uid of a record
TABLES = {
    "CensusDesk": "dwelling",
    "FieldDesk": "visit",
    "Inbox": "notice",
    "ProxyDesk": "proxy_case",
    "UserAdminView": "staff",
}


def table(app: Flask) -> list[dict[str, Any]]:
    """One dict for each rule: rule, endpoint, methods, public, permission, roles, example.

    ``roles`` is ``["*"]`` for a public page and every role where signing in is enough. ``example`` is an address
    that the demo worker may open (None without a demo, and where the worker sees no such record).
    """
    keys = _Keys(app)
    return [
        _describe(app, rule, keys)
        for rule in sorted(app.url_map.iter_rules(), key=lambda r: (r.rule, r.endpoint))
    ]


def _describe(app: Flask, rule: Rule, keys: _Keys) -> dict[str, Any]:
    function = app.view_functions[rule.endpoint]
    view = getattr(function, "__self__", None)
    permission = getattr(function, "_permission_name", None)
    public = gate.is_public(rule.endpoint)
    roles = ["*"] if public else list(ROLES)
    if permission is not None and view is not None and not public:
        permission = f"can_{view.method_permission_name.get(function.__name__, permission)}"
        # a step that the view does not offer is refused to everybody
        offered = permission in view.base_permissions
        named = view.class_permission_name
        roles = [key for key, role in ROLES.items() if offered and role.permits(permission, named)]
    return {
        "rule": rule.rule,
        "endpoint": rule.endpoint,
        "methods": sorted(rule.methods or ()),
        "public": public,
        "permission": permission,
        "roles": roles,
        "example": keys.fill(rule, view),
    }


class _Keys:
    """Public keys of one record a table that the demo worker may see; each table is asked once."""

    def __init__(self, app: Flask) -> None:
        self.app, self.actor = app, _worker()
        self.known: dict[str, str | None] = {}

    def fill(self, rule: Rule, view: Any) -> str | None:
        """The rule with its arguments filled in, or None."""
        address: str = rule.rule
        for part in re.findall(r"<[^>]+>", rule.rule):
            key = self._key(part.strip("<>").rpartition(":")[2], view)
            if key is None:
                return None
            address = address.replace(part, key)
        return address if self.actor is not None else None

    def _key(self, name: str, view: Any) -> str | None:
        if name in {"uid", "pk"}:
            model = getattr(getattr(view, "datamodel", None), "obj", None)
            wanted = model.__tablename__ if model is not None else TABLES.get(type(view).__name__)
        else:
            wanted = (
                {"case_uid": "proxy_case"}.get(name, name.removesuffix("_uid"))
                if name.endswith("_uid")
                else None
            )
        if wanted is None or self.actor is None:
            return None
        if wanted not in self.known:
            with acting_as(self.actor) as session:
                # the view of a table may narrow what the guard shows (areas are no guarded table)
                shown = self.app.extensions.get("geban_views", {})
                narrow = next((v.base_where() for m, v in shown.items() if m.__tablename__ == wanted), ())
                self.known[wanted] = _first(session, wanted, self.actor.user_id, narrow)
        return self.known[wanted]


def _worker() -> Any:
    with unscoped("routes-json: the account of the demo worker") as session:
        user_id = session.scalar(select(User.id).where(User.username == WORKER))
    return build_actor(user_id, clock.today())[0] if user_id is not None else None


def _first(session: Session, name: str, user_id: int | None, narrow: tuple[Any, ...]) -> str | None:
    model = next((m.class_ for m in Model.registry.mappers if m.class_.__tablename__ == name), None)
    if model is None or not hasattr(model, "uid"):
        return None
    query = select(model.uid).where(*narrow).order_by(model.id).limit(1)
    if name == "notice":
        query = query.where(model.user_id == user_id)
    return session.scalar(query)
