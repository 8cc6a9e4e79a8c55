"""A saving from the phone: once only, with the signature that came along."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import drafts, files
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid
from app.core.session import unit_of_work
from app.proxy.models import ProxyCase
from app.proxy.views import field_forms as forms
from app.proxy.views.kept import forget


def once(
    session: Session, actor: Actor, write: Callable[[Session, Actor], str], page: str
) -> Mapping[str, Any]:
    """Run a saving and keep its answer under the page's own id; a repetition gets the same answer.

    The draft of the ``page`` goes with it.
    """
    user, uid, body = actor.user_id or 0, forms.client_uid(request), forms.body(request)
    known = drafts.replayed(session, user, uid, body)
    if known is None:
        try:
            with unit_of_work(session):
                answer = {"url": write(session, actor)}
                drafts.remember(session, user, uid, body, answer)
                forget(session, page)
            return answer
        except (Conflict, IntegrityError):
            # the same saving may have come in on another connection while this one waited
            session.rollback()
            known = drafts.replayed(session, user, uid, body)
            if known is None:
                raise
    found: Mapping[str, Any] = known.response
    return found


def signed(session: Session, cases: Sequence[ProxyCase]) -> dict[str, Any]:
    """The signature as a step takes it; the picture is kept with the first case it was given for."""
    taken = forms.signature(request)
    if taken is None:
        raise Invalid(_("Let the resident sign, or photograph the signed paper."), field="signature")
    how, picture = taken
    kept = files.save(
        session,
        picture,
        area_id=cases[0].area_id,
        owner_kind="proxy_case",
        owner_uid=cases[0].uid,
        purpose="signature",
    )
    return {"signature": how, "signature_uid": kept.uid, **forms.witnessed(request)}
