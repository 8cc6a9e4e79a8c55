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
from app.core import clock, policy
from app.core.scope import acting_as, unscoped

WORKER = "worker"  # the grid worker of the demo city
# pages that are no ModelView and take the uid of a record
TABLES = {
    "AttachmentView": "attachment",
    "CensusDesk": "dwelling",
    "ConsentDesk": "person",
    "FieldDesk": "visit",
    "Inbox": "notice",
    "ProxyDesk": "proxy_case",
    "UserAdminView": "staff",
}
# arguments that name a record in words of their own
RECORDS = {"case_uid": "proxy_case", "stop_uid": "visit_stop", "request_uid": "move_in_request"}
# arguments that name none
PLAIN = {"code": "F10", "version": "1", "number": "1"}


def table(app: Flask) -> list[dict[str, Any]]:
    """One dict for each rule: rule, endpoint, methods, public, permission, roles, ids, example.

    ``roles`` is ``["*"]`` for a public page and every role where signing in is enough. ``ids`` has a value for each
    argument, of a record in the demo worker's scope (None where there is none), and ``example`` is the address with
    all of them filled in (None where one is missing, and without a demo).
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
        "ids": (ids := keys.of(rule, view)),
        "example": keys.fill(rule, ids),
    }


class _Keys:
    """Public keys of one record a table that the demo worker may see; each table is asked once."""

    def __init__(self, app: Flask) -> None:
        self.app, self.actor = app, _worker()
        self.known: dict[str, str | None] = {}

    def of(self, rule: Rule, view: Any) -> dict[str, str | None]:
        """A value for each argument of a rule."""
        return {name: self._key(name, view) for name in sorted(rule.arguments)}

    def fill(self, rule: Rule, ids: dict[str, str | None]) -> str | None:
        """The rule with its arguments filled in, or None."""
        if self.actor is None or None in ids.values():
            return None
        return re.sub(r"<(?:[^>]*:)?([^>]+)>", lambda found: ids[found[1]] or "", str(rule.rule))

    def _key(self, name: str, view: Any) -> str | None:
        model = getattr(getattr(view, "datamodel", None), "obj", None)
        if name == "child":
            names = [type(r.view).__name__ for r in view.related_here()]
            return next((n for n in names if self.actor is None or self.actor.may("can_list", n)), None)
        if name == "column":
            return next((c for t, c in policy.rules() if t == getattr(model, "__tablename__", "")), None)
        if name in PLAIN:
            return PLAIN[name]
        if name in {"uid", "pk"}:
            wanted = model.__tablename__ if model is not None else TABLES.get(type(view).__name__)
        else:
            wanted = RECORDS.get(name) or (name.removesuffix("_uid") if name.endswith("_uid") else None)
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
