"""The card with relations and trips of a case, and writing either down."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import flash
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Staff
from app.core import clock
from app.core.actor import Actor, current_actor
from app.core.views import expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.widgets import CheckField, ChoiceField, DayField, LongTextField, Needed, TextField
from app.proxy.choices import Entry
from app.proxy.models import ProxyCase
from app.proxy.queries import case_page
from app.proxy.queries.names import sees_names
from app.proxy.rules.fairness import Relation, Verified, declaration_due, is_verifiable, verification_due
from app.proxy.rules.stages import MARKING_STATES
from app.proxy.service import fairness, owners
from app.proxy.views.form_pages import by_post, form_page, ready
from app.proxy.views.parts import part


def _shown(session: Session, case: ProxyCase, actor: Actor, now: datetime) -> dict[str, Any] | None:
    note, may_write = case.relation_note or {}, fairness.may_write(actor, now, case)
    trips = [s.data or {} for s in case.steps if s.action == Entry.accompany]
    if not (case.relation_flag or note.get("verified") or trips or may_write):
        return None
    more, verified = case.item_version.more, note.get("verified")
    due = verification_due(more, case.relation_flag, note)
    at_work = case.state in MARKING_STATES and is_verifiable(case.relation_flag, note)
    return {
        "due": due,
        "verified": verified,
        "outcome": Verified.__members__.get((verified or {}).get("result", "")),
        "may_verify": at_work and fairness.verifies(actor, now, case) and (due or not verified),
        "may_give": owners.may_give(actor, case),
        "flag": Relation.__members__.get(case.relation_flag or ""),
        "name": note.get("name", ""),
        "words": note.get("words", ""),
        "asked": declaration_due(more, note),
        "trips": trips,
        "may_write": may_write,
        "sees": sees_names(actor),
        # a relation is shown to all, between whom it is only to who handles or decides the case
        "reads": bool(case.relation_flag or verified) and fairness.reads_relations(actor, now, case),
    }


part("fairness", "left", _shown)


class DeclareForm(RecordForm):
    """What the applicant declares."""

    relation = ChoiceField(
        _("Is the applicant related to the worker or to a cadre?"),
        [Needed()],
        source=[("no", _("No")), ("yes", _("Yes"))],
    )
    words = LongTextField(_("To whom, and how"), length=300)


class AccompanyForm(RecordForm):
    """A step that only the resident may take."""

    day = DayField(_("Day"), [Needed()])
    place = TextField(_("Where"), [Needed()], length=160)
    what = TextField(
        _("Which step"), [Needed()], length=160, description=_("e.g. photo for the card, assessment")
    )


class VerifyForm(RecordForm):
    """What somebody who is not related has found."""

    day = DayField(_("Day"), [Needed()])
    result = ChoiceField(_("What was found"), [Needed()], source=[(v.value, v.label) for v in Verified])
    words = LongTextField(
        _("What was looked at: who was visited, which papers, which neighbours"), [Needed()], length=300
    )
    unrelated = CheckField(_("I am not related to the applicant and have not handled this case."))


class GiveForm(RecordForm):
    """Who has the case from now on."""

    staff = ChoiceField(_("In charge"), [Needed()])
    reason = LongTextField(_("Why somebody else takes it"), [Needed()], length=300)
    overbook = CheckField(_("Give it even if the worker has no room at the time of the appointment"))


class FairnessMixin:
    """Relations and trips of a case."""

    session: Any

    @expose("/<pk>/relation", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def relation(self, pk: str) -> Any:
        """The declaration of a relation, or of none."""
        actor, now = current_actor(), clock.now()
        fairness.need_writer(actor, now, case_page.load(self.session, pk))

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            fairness.declare(actor, now, case, form.relation.data == "yes", form.words.data or "")

        title = gettext("Declare a relation")
        make = lambda data: ready(DeclareForm(formdata=data))  # noqa: E731
        return form_page(self, pk, make, take, title=title, press=gettext("Save"))

    @expose("/<pk>/verify", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def verify(self, pk: str) -> Any:
        """A case with a relation is verified by somebody who is not related (MCA 2021 art. 17)."""
        actor, now = current_actor(), clock.now()
        fairness.need_verifier(actor, now, case_page.load(self.session, pk))

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            said = (form.day.data, form.result.data, form.words.data or "", form.unrelated.data)
            fairness.verify(actor, now, case, *said)

        title = gettext("Verify the case")
        told = gettext("Every case with a relation is visited or checked before it can be granted.")
        make = lambda data: ready(VerifyForm(formdata=data))  # noqa: E731
        return form_page(self, pk, make, take, title=title, press=gettext("Save"), told=told)

    @expose("/<pk>/give", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def give(self, pk: str) -> Any:
        """Another worker has the case from now on."""
        actor, now = current_actor(), clock.now()
        case = case_page.load(self.session, pk)
        owners.need_giver(actor, case)
        offered = [(one.uid, by_post(one)) for one in owners.receivers(self.session, case, now)]

        def make(data: Any) -> Any:
            form = GiveForm(formdata=data)
            form.staff.source = offered
            return ready(form)

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            staff = session.scalars(select(Staff).where(Staff.uid == form.staff.data)).one_or_none()
            row = owners.give(
                session, actor, now, case, staff, form.reason.data or "", agreed=bool(form.overbook.data)
            )
            if day := (row.data or {}).get("off_round"):
                words = gettext(
                    "The case is off the round of %(day)s: the new worker plans the visit.", day=day
                )
                flash(words, "warning")

        title = gettext("Give the case to another worker")
        told = gettext("Originals stay with who holds them until they are handed on.")
        return form_page(self, pk, make, take, title=title, press=gettext("Save"), told=told)

    @expose("/<pk>/accompany", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def accompany(self, pk: str) -> Any:
        """The worker went along with the resident."""
        actor, now = current_actor(), clock.now()
        fairness.need_writer(actor, now, case_page.load(self.session, pk))

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            fairness.accompany(actor, now, case, form.day.data, form.place.data or "", form.what.data or "")

        title = gettext("Went along with the resident")
        make = lambda data: AccompanyForm(formdata=data)  # noqa: E731
        return form_page(self, pk, make, take, title=title, press=gettext("Save"))
