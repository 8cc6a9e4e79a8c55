"""The card with the questions of a service on the page of a case, and answering them between two steps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from app.core import clock, codes
from app.core.actor import Actor, current_actor
from app.core.errors import Invalid
from app.core.views import expose, has_access, permission_name, plain
from app.proxy import forms
from app.proxy.choices import Entry
from app.proxy.models import ProxyCase
from app.proxy.queries import case_page
from app.proxy.queries.names import sees_names
from app.proxy.service import questions
from app.proxy.service.cases import write_entry
from app.proxy.views.form_pages import form_page
from app.proxy.views.parts import part


def _shown(session: Session, case: ProxyCase, actor: Actor, now: datetime) -> dict[str, Any] | None:
    known = [questions.column_of(field) for field in case.item_version.fields]
    if not known:
        return None
    given = case.answers or {}
    return {
        "lines": [(c.label, said(session, c, given)) for c in known] if sees_names(actor) else [],
        "open": questions.unanswered(case),
        "may_answer": questions.may_answer(actor, now, case),
    }


def said(session: Session, column: Any, answers: dict[str, Any]) -> str:
    """An answer in words; empty where there is none."""
    value = column.parse(answers.get(column.key))
    if value is None:
        return ""
    if column.kind == "code":
        return str(dict(codes.choices(session, column.code_list or "")).get(value, value))
    return str(plain(value))


part("questions", "left", _shown)


class QuestionsMixin:
    """Answering outside a step."""

    session: Any

    @expose("/<pk>/questions", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def questions(self, pk: str) -> Any:
        """All questions of the collection; what is refused comes back with everything typed."""
        case = case_page.load(self.session, pk)
        asked = questions.asked_at(case.item_version, questions.EARLY)
        if not asked or not questions.may_answer(current_actor(), clock.now(), case):
            raise Invalid(gettext("There is nothing to answer here now."))

        def take(session: Session, case: ProxyCase, form: Any) -> None:
            questions.answer(current_actor(), clock.now(), case, forms.answers_given(form, asked))
            write_entry(current_actor(), clock.now(), case, Entry.answer, {})

        return form_page(
            self,
            pk,
            lambda data: forms.question_form(asked, case.answers, data),
            take,
            title=gettext("Questions of the service"),
            press=gettext("Save"),
        )
