"""For which services somebody qualifies: a page of all answers with their reasons, and the answer at booking (S0-61)."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup

from app.audit.service import log_access
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import DomainError, Invalid
from app.core.views import BaseView, Interface, expose, has_access, permission_name
from app.core.widgets import view_of
from app.proxy.choices import Verdict
from app.proxy.service import entitlement
from app.proxy.service.catalogue import version_on
from app.proxy.service.proposed import served
from app.proxy.views.cases import may_book
from app.registry.models import Person
from app.registry.views.groups import LOGGED_AS

ORDER = (Verdict.yes, Verdict.maybe, Verdict.no)
TITLES = {
    Verdict.yes: _("Qualifies"),
    Verdict.maybe: _("To be asked: please ask the grid worker"),
    Verdict.no: _("Does not qualify by the data"),
}


class EntitlementDesk(BaseView):
    """Answers about one resident. They may tell of health, so that each look is written down."""

    route_base = "/entitlement"
    title = _("Entitlement")

    @expose("/show/<uid>")
    @has_access
    @permission_name("use")
    def show(self, uid: str) -> str:
        """Every service that is offered: whether the resident qualifies, why, and what runs already."""
        person = self.person(uid)
        day = clock.today()
        versions = entitlement.offered(self.session, day)
        facts = entitlement.facts_of(self.session, person, day)
        told = list(entitlement.told(self.session, versions, facts))
        have = served(self.session, [v.item.code for v in versions], [person.uid])
        groups = [(TITLES[v], v, [t for t in told if t.answer.verdict is v]) for v in ORDER]
        log_access("READ", "person", person.id, person.area_id, detail=LOGGED_AS)
        return self.render_template(
            "proxy/entitlement.html",
            title=gettext("Entitlement: %(name)s", name=person.name),
            person=person,
            groups=groups,
            have={code for _uid, code in have},
            may_book=may_book(current_actor()),
            may_use=person.status == "effective" and person.died_on is None,
            back=view_of(Person).url_show(person),
        )

    @expose("/answer", methods=["POST"])
    @has_access
    @permission_name("use")
    def answer(self) -> Any:
        """The answer for one resident and one service, as a piece of the booking page."""
        person = self.person(request.form.get("person", ""))
        try:
            version = version_on(self.session, request.form.get("item", "")[:12], clock.today())
        except Invalid:
            return jsonify(html="")
        return jsonify(html=self.piece(person, version))

    def piece(self, person: Person, version: Any) -> Markup:
        """The answer drawn; a look at what tells of health is written down."""
        found = entitlement.answer_for(self.session, person, version, clock.today())
        if version.sensitivity not in entitlement.OPEN_LEVELS:
            log_access("READ", "person", person.id, person.area_id, detail=LOGGED_AS)
        drawn = self.render_template("proxy/entitlement_piece.html", answer=found)
        return Markup(drawn)  # noqa: S704 - a template of ours, which escapes what it is given

    def person(self, uid: str) -> Person:
        """A resident of the scope."""
        return Interface(Person).by_key(self.session, uid)


def answer_at_booking(view: BaseView, person: Any, item_code: Any) -> Markup | str:
    """The answer where the booking page is opened with both chosen; nothing otherwise."""
    if person is None or not item_code or not current_actor().may("can_use", "EntitlementDesk"):
        return ""
    try:
        version = version_on(view.session, item_code, clock.today())
    except DomainError:
        return ""
    return EntitlementDesk.piece(view, person, version)
