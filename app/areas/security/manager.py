"""Security manager: FAB asks here who is signed in and what the acting role may do."""

from __future__ import annotations

from typing import Any

from flask_appbuilder.security.sqla.manager import SecurityManager as FabSecurityManager
from flask_login import current_user

from app.areas.security import visitor
from app.areas.security.login import LoginView, SessionApi
from app.core import clock
from app.core.actor import current_actor


class SecurityManager(FabSecurityManager):
    """Rights come from the acting role of today's posts, never from the union of all FAB roles."""

    authdbview = LoginView

    def load_user(self, pk: str) -> Any | None:
        """The user behind the session token in the cookie; puts the actor in force for this request."""
        return visitor.load(str(pk), clock.now(), clock.today())

    def load_user_jwt(self, _jwt_header: Any, _jwt_data: Any) -> None:
        """FAB's bearer tokens open nothing: they know no lockout, no second factor and no end."""

    def auth_user_db(self, username: str, password: str) -> None:
        """FAB's own password check signs nobody in: ``accounts.login`` does, with lockout and second factor."""

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """The Public role holds nothing."""
        return False

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
        """FAB's security screens and API are replaced by ours (app/areas/views); only the sign-in is mounted here."""
        self.auth_view = self.appbuilder.add_view_no_menu(self.authdbview)
        self.appbuilder.add_view_no_menu(SessionApi)
