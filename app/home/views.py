"""The first page after signing in, by role; and the one search box."""

from __future__ import annotations

import re
from typing import Any

from flask import flash, jsonify, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.core import clock, drafts
from app.core.actor import current_actor
from app.core.errors import Invalid
from app.core.session import unit_of_work
from app.core.views import BaseView, expose, has_access, permission_name
from app.home import panels, search

LONGEST = 60
PAGE = re.compile(r"[A-Za-z]{3,60}:(new|[0-9a-f-]{36})")
NOT_KEPT = frozenset({"csrf_token", "next", "_again", "password"})


def _me() -> int:
    return current_actor().user_id or 0


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


class Drafts(BaseView):
    """What is being typed into a form, kept encrypted on the server until it is saved (look: survive a crash)."""

    route_base = "/drafts"
    default_view = "index"
    title = _("Drafts")

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> Any:
        """One's own unsaved forms, newest first."""
        kept = drafts.drafts_of(self.session, _me())
        return self.render_template("home/drafts.html", rows=[(d, panels.draft_url(d.page)) for d in kept])

    @expose("/save", methods=["POST"])
    @has_access
    @permission_name("use")
    def save(self) -> Any:
        """Keep the fields of a form: JSON {page, title, values: [[name, value], …]}."""
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or not isinstance(body.get("values"), list):
            raise Invalid()
        page, pairs = str(body.get("page", "")), body["values"]
        if not PAGE.fullmatch(page) or not all(isinstance(p, list) and len(p) == 2 for p in pairs):
            raise Invalid()
        kept = [[str(name), str(value)] for name, value in pairs if name not in NOT_KEPT]
        with unit_of_work(self.session) as session:
            drafts.save_draft(session, _me(), page, kept, title=str(body.get("title", "")))
        return jsonify(saved=True)

    @expose("/drop", methods=["POST"])
    @has_access
    @permission_name("use")
    def drop(self) -> Any:
        """Forget a draft."""
        with unit_of_work(self.session) as session:
            drafts.drop_draft(session, _me(), request.form.get("page", ""))
        return self.go(self.get_redirect())


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
            if hits[0].by_other_name:  # without the name itself: the message travels in a cookie
                flash(gettext("Found by a former or another name."), "info")
            elif hits[0].by_field:
                flash(gettext("Found by a custom field."), "info")
            return self.go(hits[0].url)
        return self.render_template("home/search.html", query=query, kinds=kinds)
