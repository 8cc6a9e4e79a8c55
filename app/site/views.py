"""The page on which a system administrator sees whether the site is well."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _

from app.core import clock
from app.core.views import BaseView, expose, has_access, permission_name
from app.site import status


class SystemStatus(BaseView):
    """Worker, seals, jobs, messages, backups."""

    route_base = "/system-status"
    default_view = "index"
    title = _("State of the site")

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> Any:
        """One line for each thing to watch."""
        found = status.facts(self.session, current_app.config["GEBAN_HOME"], clock.now())
        return self.render_template("site/status.html", facts=found)
