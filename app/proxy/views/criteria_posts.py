"""Who qualifies for a service: said on its page, and edited line by line while the version is a draft (S0-61)."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.core import codes
from app.core.errors import Conflict, DomainError
from app.core.session import unit_of_work
from app.core.views import expose, has_access, permission_name
from app.proxy.forms import criteria as forms
from app.proxy.models import ServiceItemVersion
from app.proxy.rules import criteria as parts
from app.proxy.rules.entitlement import CODE_LISTS, LEAF_NAMES
from app.proxy.service import entitlement
from app.registry.choices import HouseholdKind

REFUSED = 422
HOWS = {"any": _("one of them"), "all": _("all of them"), "none": _("none of them")}


class CriteriaMixin:
    """The editor of the conditions; published versions only show them."""

    @expose("/criteria/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def criteria(self, pk: str) -> Any:
        """Lines of conditions. What cannot be read is said at its line and nothing that was typed is lost."""
        view: Any = self
        session = view.session
        version = view._one(session, pk)
        if version.state != "draft":
            raise Conflict(_("A published version stays as it is: make a draft of the next one."))
        if request.method == "GET":
            lines = parts.lines_of(version.criteria)
            return self._page(version, forms.rows_of(lines or []), is_deep=lines is None)
        rows = forms.typed(request.form)
        try:
            knows, closed = entitlement.knows(session), entitlement.closed_groups(session)
            criteria = forms.criteria_of(rows, knows, closed)
        except DomainError as refused:
            return self._page(version, rows, refused=refused), REFUSED
        with unit_of_work(session) as inside:
            version = view._one(inside, pk)
            version.criteria = criteria
            inside.flush()
            url = view.url_show(version)
        flash(gettext("Saved."), "success")
        return view.go(url)

    def _page(
        self,
        version: ServiceItemVersion,
        rows: list[forms.Row],
        *,
        refused: DomainError | None = None,
        is_deep: bool = False,
    ) -> str:
        view: Any = self
        page: str = view.render_template(
            "proxy/criteria.html",
            title=gettext("Who qualifies: %(name)s", name=version.name),
            item=version,
            rows=rows,
            refused=refused,
            is_deep=is_deep,
            now_in_words=criteria_in_words(view.session, version),
            kinds=LEAF_NAMES,
            with_codes=forms.WITH_CODES,
            hows=HOWS,
            values=_values(view.session),
            back=view.url_show(version),
        )
        return page


def criteria_in_words(session: Any, version: ServiceItemVersion) -> list[str]:
    """The conditions of a version in words."""
    return parts.described(version.criteria, entitlement.names(session))


def _values(session: Any) -> dict[str, list[tuple[str, str]]]:
    """What may be chosen for each kind of condition; groups of level 5 are not offered."""
    closed = entitlement.closed_groups(session)
    found = {
        kind: [(c, words) for c, words in codes.choices(session, name) if kind != "groups" or c not in closed]
        for kind, name in CODE_LISTS.items()
    }
    return found | {"household": [(k.value, str(k.label)) for k in HouseholdKind]}
