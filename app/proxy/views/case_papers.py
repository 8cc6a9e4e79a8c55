"""Papers and masked numbers of a case: each look and each print is logged."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from app.core import hooks, policy
from app.core.actor import current_actor
from app.core.errors import NotAllowed, NotFound
from app.core.views import expose, has_access, permission_name, reason_given
from app.proxy.service.printing import for_case
from app.proxy.views.printing import previewed, printed
from app.registry.models import PersonDocument, PersonPhone

# masked value of the snapshot: the column whose policy holds for it, and its key
PARTY = {"phone": (PersonPhone, "number", "phone"), "number": (PersonDocument, "number", "document_number")}


class PapersMixin:
    """What of a case is printed, looked at or revealed."""

    session: Any
    datamodel: Any
    can: Any

    def may_reveal(self) -> dict[str, bool]:
        """Which masked values of the party the role may ask for."""
        actor = current_actor()
        return {
            name: self.can("reveal") and policy.may(actor, "see", model, column)
            for name, (model, column, _key) in PARTY.items()
        }

    @expose("/<pk>/party/<name>", methods=["POST"])
    @has_access
    @permission_name("reveal")
    def party(self, pk: str, name: str) -> Any:
        """The applicant's phone or ID number in plain, once, with a reason, logged before it is answered."""
        case = self.datamodel.by_key(self.session, pk)
        if name not in PARTY:
            raise NotFound()
        if not self.may_reveal()[name]:
            raise NotAllowed()
        reason = reason_given()
        hooks.require_fresh_login()
        value = (case.party or {}).get(PARTY[name][2]) or ""
        hooks.record_access(
            hooks.Access("REVEAL", "proxy_case", case.id, case.area_id, detail=f"party.{name}", reason=reason)
        )
        return jsonify(value=value)

    @expose("/<pk>/paper/<code>", methods=["POST"])
    @has_access
    @permission_name("print")
    def paper(self, pk: str, code: str) -> Response:
        """Issue a form for one case and print it at once (two clicks); printed again from the register."""
        return printed(self.session, for_case(pk, code))

    @expose("/<pk>/preview/<code>", methods=["POST"])
    @has_access
    @permission_name("print")
    def preview(self, pk: str, code: str) -> Response:
        """The same without number."""
        return previewed(self.session, for_case(pk, code))
