"""The base of every page of ours: session, rights of the acting role, local redirects, no history in the cookie."""

from __future__ import annotations

from typing import Any

from flask import current_app, redirect, request
from flask_appbuilder import BaseView as FabView
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.actor import current_actor

COMMON_LABELS: dict[str, Any] = {
    "area": _("Area"),
    "area_id": _("Area"),
    "name": _("Designation"),
    "code": _("Code"),
    "kind": _("Kind"),
    "state": _("State"),
    "status": _("Status"),
    "note": _("Note"),
    "valid_from": _("Valid from"),
    "valid_to": _("Valid until"),
    "created_at": _("Created at"),
    "updated_at": _("Changed at"),
    "deleted_at": _("Deleted at"),
    "delete_reason": _("Reason of deletion"),
    "person": _("Person"),
    "household": _("Household"),
    "dwelling": _("Dwelling"),
    "building": _("Building"),
    "staff": _("Staff member"),
    "org_unit": _("Organisation unit"),
    "address": _("Address"),
    "phone": _("Phone"),
    "reason": _("Reason"),
    "source": _("Source"),
    "decided_at": _("Decided at"),
    "closed_at": _("Closed at"),
    "result_no": _("Number of the result"),
    "result_until": _("Result valid until"),
    "rating": _("Rating"),
    "post": _("Post"),
    "group": _("Grid group"),
    "scheme": _("Role scheme"),
    "version_of": _("Service"),
}


def is_local(url: str | None) -> bool:
    """Whether a redirect target stays on this site (``//host`` and backslashes do not)."""
    return bool(url) and url.startswith("/") and not url.startswith("//") and "\\" not in url  # type: ignore[union-attr]


class BaseView(FabView):
    """A page of ours. FAB keeps full URLs in the cookie for its back button; we pass ``next`` along instead."""

    template_folder = None
    title: Any = ""

    @property
    def session(self) -> Session:
        """The guarded session of this request; nothing yet while FAB looks a new view over for permissions."""
        return self.appbuilder and self.appbuilder.session()  # type: ignore[no-any-return]

    @property
    def permission_key(self) -> str:
        return self.class_permission_name or type(self).__name__

    def can(self, verb: str) -> bool:
        """Whether the acting role may ``list``, ``edit`` … on this view."""
        permission = f"can_{verb}"
        return permission in self.base_permissions and current_actor().may(permission, self.permission_key)

    def update_redirect(self) -> None:
        """FAB would store the full URL in the cookie (guards, section 3): nothing is stored."""

    def get_redirect(self) -> str:
        """Where to go after a step: the ``next`` of the request when it is local, else the start of this view."""
        wanted = request.values.get("next")
        return wanted if wanted and is_local(wanted) else self.home_url()

    def home_url(self) -> str:
        """The first page of the view."""
        return self.route_base or "/"

    def go(self, url: str) -> Any:
        """Redirect after a POST."""
        return redirect(url, code=303)

    def render_template(self, template: str, **kwargs: Any) -> str:
        kwargs.setdefault("view", self)
        kwargs.setdefault("title", self.title)
        return super().render_template(template, **kwargs)  # type: ignore[no-any-return]

    def create_blueprint(
        self, appbuilder: Any, endpoint: str | None = None, static_folder: str | None = None
    ) -> Any:
        current_app.extensions.setdefault("geban_pages", {})[type(self).__name__] = self
        return super().create_blueprint(appbuilder, endpoint, static_folder)
