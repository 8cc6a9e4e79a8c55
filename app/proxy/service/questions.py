"""The questions of an item's own: asked when papers are collected, at the acceptance or at the decision (S3-49).

They are fields of the item's version (`ServiceField`), read and checked as custom fields are; a case keeps the answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.extra import ExtraColumn
from app.proxy.choices import Action
from app.proxy.models import ProxyCase, ServiceField, ServiceItemVersion
from app.proxy.rules.stages import QUESTION_STATES
from app.proxy.service import deciders

PREFIX = "q_"
EARLY = Action.collect.value  # these are there before anything is handed in


def column_of(field: ServiceField) -> ExtraColumn:
    """The question as a field that is read, checked and shown like any other."""
    return ExtraColumn(
        name=PREFIX + field.key,
        key=field.key,
        table=ProxyCase.__tablename__,
        label=field.label,
        kind=field.kind,
        code_list=field.code_list,
        level="L3",
        is_required=field.is_required,
        help=field.hint or "",
        seq=field.seq,
        in_list=False,
        paths=(),
        valid_from=None,
        valid_to=None,
    )


def asked_at(version: ServiceItemVersion, action: Action | str) -> list[ExtraColumn]:
    """The questions that come with a step."""
    return [column_of(field) for field in version.fields if field.at == str(getattr(action, "value", action))]


def unanswered(case: ProxyCase, given: Mapping[str, Any] | None = None) -> list[str]:
    """Labels of the required questions of the collection that have no answer yet."""
    known = {**(case.answers or {}), **_given(given)}
    return [c.label for c in asked_at(case.item_version, EARLY) if c.is_required and known.get(c.key) is None]


def need(case: ProxyCase, action: Action, given: Mapping[str, Any]) -> None:
    """Raises Invalid where a later step comes without an answer that it requires."""
    if action.value == EARLY:
        return  # may follow until the papers are handed in: `unanswered` bars that
    known = {**(case.answers or {}), **_given(given)}
    for column in asked_at(case.item_version, action):
        if column.is_required and known.get(column.key) is None:
            raise Invalid(_("Please answer: %(question)s", question=column.label), field=column.name)


def write(case: ProxyCase, given: Mapping[str, Any]) -> None:
    """Keep what was answered in a step. Raises Invalid for what a question cannot hold."""
    values = _given(given)
    if not values:
        return
    known = {field.key: column_of(field) for field in case.item_version.fields}
    answers = dict(case.answers or {})
    for key, value in values.items():
        column = known.get(key)
        if column is None:
            raise Invalid(_("This question does not belong to the service."), field=PREFIX + key)
        try:
            stored = column.stored(value)
        except (ValueError, TypeError, ArithmeticError):
            raise Invalid(_("This answer does not fit the question."), field=column.name) from None
        if stored is None:
            answers.pop(key, None)
        else:
            answers[key] = stored
    case.answers = answers or None


def may_answer(actor: Actor, now: datetime, case: ProxyCase) -> bool:
    """Whether the acting post may answer the questions of the collection now."""
    return case.state in QUESTION_STATES and deciders.works_on(actor, case, to_local(now).date())


def answer(actor: Actor, now: datetime, case: ProxyCase, values: Mapping[str, Any]) -> None:
    """Answer questions between two steps. NotAllowed for posts that do not work on the case, Conflict once it is decided."""
    if not deciders.works_on(actor, case, to_local(now).date()):
        raise NotAllowed()
    if case.state not in QUESTION_STATES:
        raise Conflict(_("The questions are answered before the decision."))
    write(case, {"questions": values})


def _given(given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (given or {}).get("questions") or {}
