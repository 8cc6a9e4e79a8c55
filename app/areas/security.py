"""Security manager: FAB asks here who is signed in and what the acting role may do."""

from __future__ import annotations

from typing import Any

from flask import g, has_request_context, request
from flask_appbuilder.security.sqla.manager import SecurityManager as FabSecurityManager
from flask_login import current_user

from app.areas.actors import build_actor
from app.core import clock
from app.core.actor import NOBODY, current_actor, set_actor


class SecurityManager(FabSecurityManager):
    """Rights come from the acting role of today's posts, never from the union of all FAB roles."""

    def load_user(self, pk: int) -> Any | None:
        """Load the user of the session and put the actor in force for this request."""
        user = super().load_user(pk)
        if user is None:
            set_actor(NOBODY)
            return None
        address = (request.remote_addr or "") if has_request_context() else ""
        actor, held = build_actor(
            user.id, clock.today(), role=getattr(g, "wanted_role", None), address=address
        )
        g.seats = held
        set_actor(actor)
        return user

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """One set look-up; anonymous visitors have nothing (Public holds no permission)."""
        if not current_user.is_authenticated:
            return False
        return (permission_name, view_name) in current_actor().permissions

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        """Names of menu entries of the acting role."""
        if not current_user.is_authenticated:
            return set()
        return {view for permission, view in current_actor().permissions if permission == "menu_access"}

    def register_views(self) -> None:
        """FAB's security screens are replaced by ours (app/areas/views); only the login view is mounted here."""
        self.auth_view = self.appbuilder.add_view_no_menu(self.authdbview)
