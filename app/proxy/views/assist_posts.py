"""The card with opinions of other departments on the page of a case, and asking, answering, recalling."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.areas.models import OrgUnit
from app.core import clock
from app.core.actor import Actor, current_actor
from app.core.clock import to_local
from app.core.sla import due_date
from app.core.views import expose, has_access, permission_name
from app.core.views.fields import RecordForm
from app.core.widgets import ChoiceField, LongTextField, Needed, RemoteField, WholeField
from app.proxy.choices import Entry, Opinion
from app.proxy.models import CaseAssist, ProxyCase
from app.proxy.queries import case_page, desk
from app.proxy.queries.left import left_of
from app.proxy.queries.names import sees_names
from app.proxy.rules.escalation import short_at
from app.proxy.rules.stages import MARKING_STATES
from app.proxy.service import assist, deciders, notices
from app.proxy.service.cases import write_entry
from app.proxy.views.form_pages import form_page, ready
from app.proxy.views.parts import part


def _shown(session: Session, case: ProxyCase, actor: Actor, now: datetime) -> dict[str, Any] | None:
    asks = case.state in MARKING_STATES and deciders.decides(actor, case, to_local(now).date())
    if not case.assists and not asks:
        return None
    return {
        "rows": case.assists,
        "words": {o.value: o for o in Opinion},
        "mine": {a.uid for a in case.assists if assist.may_answer(actor, now, a)},
        "may_ask": asks,
        "sees": sees_names(actor),
        "lights": {
            a.uid: opinion_light(session, case, a, now) for a in case.assists if a.answered_at is None
        },
    }


part("assist", "left", _shown)


def opinion_light(session: Session, case: ProxyCase, row: CaseAssist, now: datetime) -> Markup:
    """Until when an opinion is awaited, as a light with what is left."""
    if row.due_at is None:
        return Markup("")
    level = desk.level_of(row.due_at, short_at(row.asked_at, row.due_at), now)
    words = gettext("opinion until %(day)s", day=due_date(row.due_at).isoformat())
    left = left_of(session, case.area, row.due_at, now)
    return Markup(
        '<span class="gb-light gb-light-{}"><span aria-hidden="true"></span>{}</span>'
        '<small class="gb-left">{}</small>'
    ).format(level, words, left)


def opinion_lights(session: Session, cases: Sequence[ProxyCase], now: datetime) -> dict[int, Markup]:
    """Case id → the light of the opinion that is due first; one statement for a page of cases."""
    waiting = desk.awaited(session, cases)
    return {c.id: opinion_light(session, c, waiting[c.id], now) for c in cases if c.id in waiting}


class AskForm(RecordForm):
    """Whom to ask, what, and how long they have."""

    unit = RemoteField(_("Department"), [Needed()], model=OrgUnit)
    days = WholeField(_("Within working days"), default=assist.DAYS)
    question = LongTextField(_("What is asked"), [Needed()], length=300)


class AnswerForm(RecordForm):
    """What the department says."""

    opinion = ChoiceField(
        _("Your department"), [Needed()], source=[(o.value, o.label) for o in assist.ANSWERS]
    )
    answer = LongTextField(_("In words"), length=1000, description=_("Needed unless your department agrees."))


class RecallForm(RecordForm):
    """Why it is no longer asked."""

    answer = LongTextField(_("Reason"), [Needed()], length=300)


class AssistMixin:
    """Opinions of other departments."""

    session: Any

    @expose("/<pk>/assist", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def assist_ask(self, pk: str) -> Any:
        """Ask another department."""
        actor, now = current_actor(), clock.now()
        assist.need_asker(actor, now, case_page.load(self.session, pk))

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            row = assist.ask(
                session, actor, now, case, form.unit.data, form.question.data or "", form.days.data
            )
            notices.tell_unit(session, now, case, row.org_unit_id, notices.ASKED)
            write_entry(actor, now, case, Entry.assist, {})

        title = gettext("Ask another department")
        return form_page(
            self, pk, lambda data: AskForm(formdata=data), take, title=title, press=gettext("Ask")
        )

    @expose("/<pk>/assist/<uid>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def assist_answer(self, pk: str, uid: str) -> Any:
        """The opinion of the department that was asked."""
        actor, now = current_actor(), clock.now()
        row = assist.row_of(case_page.load(self.session, pk), uid)
        assist.need_answerer(actor, now, row)

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            assist.answer(actor, now, case, uid, form.opinion.data, form.answer.data or "")
            if case.department_id:
                notices.tell_unit(session, now, case, case.department_id, notices.ANSWERED)
            write_entry(actor, now, case, Entry.opine, {})

        return form_page(
            self,
            pk,
            lambda data: ready(AnswerForm(formdata=data)),
            take,
            title=gettext("Opinion of %(unit)s", unit=str(row.org_unit)),
            press=gettext("Give the opinion"),
            told=row.question,
        )

    @expose("/<pk>/assist/<uid>/recall", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def assist_recall(self, pk: str, uid: str) -> Any:
        """The question is taken back by who asked."""
        actor, now = current_actor(), clock.now()
        case = case_page.load(self.session, pk)
        assist.need_asker(actor, now, case)
        row = assist.row_of(case, uid)

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            assist.recall(actor, now, case, uid, form.answer.data or "")
            write_entry(actor, now, case, Entry.assist, {})

        return form_page(
            self,
            pk,
            lambda data: RecallForm(formdata=data),
            take,
            title=gettext("No longer wait for %(unit)s", unit=str(row.org_unit)),
            press=gettext("Take the question back"),
            told=row.question,
        )
