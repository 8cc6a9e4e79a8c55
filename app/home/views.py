"""The first page after signing in, by role; and the one search box."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.core import clock
from app.core.actor import current_actor
from app.core.errors import Invalid
from app.core.views import BaseView, expose, has_access, permission_name
from app.home import panels, search

LONGEST = 60


class Home(BaseView):
    """The start page: today's queues of the acting role, not a menu of tables."""

    route_base = ""
    default_view = "index"
    title = _("Start page")

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> Any:
        """Figures and queues of today."""
        found = panels.of_role(self.session, current_actor(), clock.now())
        return self.render_template("home/index.html", **found)


class Search(BaseView):
    """The search box: what is typed goes by POST, so that no name or number stands in an address or a log."""

    route_base = "/search"
    default_view = "find"
    title = _("Search")

    @expose("/", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def find(self) -> Any:
        """Hits by kind; a single hit opens at once."""
        query = " ".join(request.form.get("q", "").split())
        if len(query) > LONGEST or "\x00" in query:
            raise Invalid(gettext("This is too long to search for."), field="q")
        kinds = search.find(self.session, current_actor(), query, clock.today()) if query else []
        hits = [hit for kind in kinds for hit in kind.hits]
        if len(hits) == 1:
            return self.go(hits[0].url)
        return self.render_template("home/search.html", query=query, kinds=kinds)
