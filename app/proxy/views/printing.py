"""Printing the papers of cases: drawn before the transaction, numbered inside it, one press one number."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.service import log_access
from app.core import clock, drafts
from app.core.actor import Actor, current_actor
from app.core.errors import Conflict
from app.core.session import unit_of_work
from app.core.views import Interface
from app.documents import drawing
from app.documents import service as paper_service
from app.documents.drawing import Press, Sheet
from app.documents.language import DRAFT, in_paper_language
from app.documents.models import IssuedDocument
from app.documents.press import site_press
from app.documents.views import pdf_response
from app.proxy.service.printing import Find, issue_job
from app.proxy.views import field_forms as forms


def previewed(session: Session, find: Find) -> Response:
    """The paper as it would look: no number, no code, a mark across it."""
    actor, now = current_actor(), clock.now()
    job = find(session, actor)
    with in_paper_language():
        context, mark = job.context(session, actor, now), str(DRAFT)
    for case in job.cases:
        log_access("READ", "proxy_case", case.id, case.area_id, job.code)
    session.rollback()  # drawing takes a while: nothing is held meanwhile
    return pdf_response(drawing.preview(site_press(), job.code, context, mark), f"{job.code}-draft")


def printed(session: Session, find: Find) -> Response:
    """Issue the paper and print it at once. The same press sent twice gets the same paper (``client_uid``)."""
    actor, now, press = current_actor(), clock.now(), site_press()
    uid = forms.client_uid(request) if request.form.get("client_uid") else ""
    known = _known(session, actor, uid)
    if known is not None:
        return known
    ahead = _drawn_ahead(session, actor, now, press, find)
    try:
        with unit_of_work(session):
            document = _issued(session, actor, now, press, find, ahead)
            pdf, number = paper_service.print_copy(session, actor, now, document), document.number
            if uid:
                drafts.remember(
                    session, actor.user_id or 0, uid, forms.body(request), {"paper": document.uid}
                )
    except (Conflict, IntegrityError):
        # the same press may have come in on another connection while this one waited
        session.rollback()
        known = _known(session, actor, uid)
        if known is None:
            raise
        return known
    return pdf_response(pdf, number)


def _drawn_ahead(session: Session, actor: Actor, now: datetime, press: Press, find: Find) -> Sheet:
    """The sheet as it will be when nobody takes its number first; the database is let go of before it is drawn."""
    job = find(session, actor)
    with in_paper_language():
        asked = job.asked(job.context(session, actor, now))
        sheet = paper_service.lay_out(session, actor, now, press, **asked)
    session.rollback()
    return drawing.drawn(press, job.code, sheet)


def _issued(
    session: Session, actor: Actor, now: datetime, press: Press, find: Find, ahead: Sheet
) -> IssuedDocument:
    """The paper as the database has it now that nobody else writes."""
    job = find(session, actor)
    with in_paper_language():
        context = job.context(session, actor, now)
    replaces, reason = request.form.get("replaces", ""), forms.text(request, "reason", 200)
    return issue_job(session, actor, now, press, job, context, ahead=ahead, replaces=replaces, reason=reason)


def _known(session: Session, actor: Actor, uid: str) -> Response | None:
    """The paper of a press that came in before: its bytes as stored; looking at it is logged."""
    before: Any = drafts.replayed(session, actor.user_id or 0, uid, forms.body(request)) if uid else None
    if before is None:
        return None
    document = Interface(IssuedDocument).by_key(session, before.response["paper"])
    log_access("READ", "issued_document", document.id, document.area_id, document.number)
    return pdf_response(paper_service.stored_pdf(session, document), document.number)
