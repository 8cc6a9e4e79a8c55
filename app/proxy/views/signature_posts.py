"""The card with the signatures of a case, and the consent given later or taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor, current_actor
from app.core.errors import NotAllowed
from app.core.views import expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.widgets import ChoiceField, Needed, TextField
from app.proxy.choices import Signed, SignedFor
from app.proxy.forms.hands import CONSENT
from app.proxy.models import CaseSignature, ProxyCase
from app.proxy.queries import case_page
from app.proxy.queries.names import sees_names
from app.proxy.rules.signing import consent_of
from app.proxy.service import signing
from app.proxy.service.cases import write_entry
from app.proxy.service.custody import HANDS
from app.proxy.views.form_pages import form_page, ready
from app.proxy.views.parts import part

ON_PAPER = [(s.value, s.label) for s in (Signed.paper, Signed.fingerprint)]


def may_settle(actor: Actor) -> bool:
    """Whether the acting post writes down what the resident says to the use of data."""
    return not actor.read_only and actor.role in HANDS


def _shown(session: Session, case: ProxyCase, actor: Actor, now: datetime) -> dict[str, Any] | None:
    query = select(CaseSignature).where(CaseSignature.case_id == case.id).order_by(CaseSignature.id)
    rows = list(session.scalars(query))
    if not rows:
        return None  # a case from before: its steps say who signed
    return {
        "rows": rows,
        "kinds": {k.value: k.label for k in SignedFor},
        "ways": {w.value: w.label for w in Signed},
        "sees": sees_names(actor),
        "consent": consent_of(case.steps),
        "may_settle": may_settle(actor) and case.closed_at is None,
    }


part("signatures", "right", _shown)


class ConsentForm(RecordForm):
    """What the resident says, and who signed it how."""

    consent = ChoiceField(_("Use and handing on of data"), [Needed()], source=CONSENT)
    signature = ChoiceField(_("Signature"), [Needed()], source=ON_PAPER, default=Signed.paper.value)
    signed_by = TextField(_("Signed by"), length=50)
    relation = TextField(_("Relation to the applicant"), length=40)
    witness = TextField(_("Witness"), length=50, description=_("Needed where somebody cannot write."))


class SignaturesMixin:
    """Consent after the door."""

    session: Any

    @expose("/<pk>/consent", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def consent(self, pk: str) -> Any:
        """Write down that the resident agrees after all, or takes the consent back."""
        actor, now = current_actor(), clock.now()
        if not may_settle(actor):
            raise NotAllowed()
        told = signing.wording(SignedFor.consent)[1]

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            given = {f.name: f.data for f in form if f.data and f.name != "csrf_token"}
            entry = signing.settle_consent(session, actor, now, case, given)
            write_entry(actor, now, case, entry, given)

        def make(data: Any) -> Any:
            form = ConsentForm(formdata=data)
            if data is None:
                form.signed_by.data = case_page.load(self.session, pk).party_name
            return ready(form)

        title = gettext("Consent to use data")
        return form_page(self, pk, make, take, title=title, press=gettext("Save"), told=told)
