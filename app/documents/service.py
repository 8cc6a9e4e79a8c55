"""Issuing a paper and printing it again.

``issue`` numbers, renders and stores in one transaction: a paper that cannot be rendered takes no number. A reprint
is the stored bytes, whatever happened since to data, template, fonts or renderer; each print is a row.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from app.areas.models import Area
from app.audit.service import log_access
from app.core import crypto
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.numbering import coming_serial, next_serial
from app.core.serials import format_serial
from app.documents import registry
from app.documents.choices import DocumentAction, DocumentState
from app.documents.drawing import Press, Sheet, drawn
from app.documents.models import DocumentStep, IssuedDocument, PrintLog
from app.documents.preview import page_count
from app.documents.queries import office_of
from app.documents.rules import MACHINE, stands

PDF_CONTEXT = "issued_document.pdf"
MAX_COPIES = 20
FIRST_PRINT = "first print"  # what the log keeps where nobody had to say why
# follower(session, actor, now, paper, step): what the owner of a paper does when the paper takes a step
Follower = Callable[[Session, Actor, datetime, "IssuedDocument", DocumentAction], None]
_followers: dict[str, Follower] = {}


def follow(owner_kind: str, follower: Follower) -> None:
    """A domain above follows the papers of its records (ADR 0006), in the same transaction and after each step."""
    _followers[owner_kind] = follower


@dataclass(frozen=True)
class Wanted:
    """A paper that is asked for. ``context`` is the form's sample without ``issue``, which is filled here."""

    form_code: str
    owner_kind: str
    owner_uid: str
    area_id: int
    context: Mapping[str, Any]
    variant: str = "normal"


def lay_out(session: Session, actor: Actor, now: datetime, press: Press, **asked: Any) -> Sheet:
    """The paper as it will be when nobody takes its number first; takes no number. Keywords: see `Wanted`.

    Drawing takes up to a second, and on SQLite a unit of work holds the only write lock: so the edge lays a paper out,
    lets go of the database, draws it (`drawn`) and gives it to `issue`, which draws again only if number or words
    have changed meanwhile. Raises NotAllowed for a role that may not issue the form.
    """
    wanted = Wanted(**asked)
    form = _may_issue(actor, wanted.form_code)
    area = session.get_one(Area, wanted.area_id)
    return _filled(
        press, wanted, secrets.token_urlsafe(16), _heading(session, actor, now, form, area, coming_serial)
    )


def issue(
    session: Session,
    actor: Actor,
    now: datetime,
    press: Press,
    *,
    ahead: Sheet | None = None,
    replaces: Sequence[IssuedDocument] = (),
    reason: str = "",
    **asked: Any,
) -> IssuedDocument:
    """Number, render and store a paper (keywords: see `Wanted`); ``ahead`` is the sheet that was drawn before.

    ``replaces``: papers that stand for the same matter, newest first; they are replaced by this one for a ``reason``.
    Raises NotAllowed for a role that may not issue the form, Invalid when a character cannot be printed, the context
    does not fit or the reason is missing; then no number is taken.
    """
    wanted = Wanted(**asked)
    form = _may_issue(actor, wanted.form_code)
    area = session.get_one(Area, wanted.area_id)
    token = ahead.token if ahead is not None else secrets.token_urlsafe(16)
    sheet = _filled(press, wanted, token, _heading(session, actor, now, form, area, next_serial))
    if ahead is not None and (ahead.full, ahead.variant) == (sheet.full, sheet.variant):
        sheet = ahead
    else:
        sheet = drawn(press, wanted.form_code, sheet)
    document = _row(actor, now, form, wanted, sheet, replaces[0] if replaces else None)
    session.add(document)
    session.flush()
    _step(session, actor, now, document, DocumentAction.issue, {})
    for old in replaces:
        act(
            session,
            actor,
            now,
            old,
            DocumentAction.supersede,
            {"reason": reason, "successor": document.number},
        )
    session.flush()
    return document


def _may_issue(actor: Actor, form_code: str) -> registry.Form:
    form = registry.form(form_code)
    if actor.role not in form.issue_roles:
        raise NotAllowed(_("Your post may not issue this paper."))
    return form


def _filled(press: Press, wanted: Wanted, token: str, heading: Mapping[str, str]) -> Sheet:
    issue_part = {**heading, "verify_url": f"{press.public_url}/v/{token}", "seal": ""}
    return Sheet({**wanted.context, "issue": issue_part}, token, wanted.variant)


def _row(
    actor: Actor, now: datetime, form: registry.Form, wanted: Wanted, sheet: Sheet, old: IssuedDocument | None
) -> IssuedDocument:
    return IssuedDocument(
        number=sheet.full["issue"]["number"],
        form_code=form.code,
        template_version=form.template_version,
        title=form.title,
        owner_kind=wanted.owner_kind,
        owner_uid=wanted.owner_uid,
        sensitivity=form.sensitivity,
        area_id=wanted.area_id,
        context=sheet.full,
        pdf=crypto.ring().encrypt(sheet.pdf, PDF_CONTEXT),
        sha256=hashlib.sha256(sheet.pdf).hexdigest(),
        pages=page_count(sheet.pdf),
        verify_token_hash=crypto.token_hash(sheet.token),
        copy_no=old.copy_no + 1 if old else 1,
        replaces_id=old.id if old else None,
        issued_at=now,
        issued_by=actor.label,
        keep_until=(to_local(now) + timedelta(days=366 * form.retention_years)).date(),
    )


def _heading(
    session: Session,
    actor: Actor,
    now: datetime,
    form: registry.Form,
    area: Area,
    serial: Callable[[Session, str, str, int], int],
) -> dict[str, str]:
    """Number, time, clerk and office of a paper; a number that is taken here is given back by a rollback."""
    office = office_of(session, area)
    local = to_local(now).replace(microsecond=0)
    code = (office.document_code or office.code) if office else area.code
    kind = form.numbering
    number = format_serial(kind, code, local.year, serial(session, kind, code, local.year))
    name = office.name if office else area.full_name or area.name
    return {"number": number, "at": local.isoformat(), "by": actor.label, "office": name}


def stored_pdf(session: Session, document: IssuedDocument) -> bytes:
    """The bytes as issued. Conflict when they are not what was issued (the audit hears of it)."""
    sealed = session.scalars(
        select(IssuedDocument).where(IssuedDocument.id == document.id).options(undefer(IssuedDocument.pdf))
    ).one()
    pdf = crypto.ring().decrypt(bytes(sealed.pdf), PDF_CONTEXT)
    if hashlib.sha256(pdf).hexdigest() != document.sha256:
        raise Conflict(_("The stored paper has been changed. Tell the auditor; do not print it."))
    return pdf


def print_copy(
    session: Session, actor: Actor, now: datetime, document: IssuedDocument, copies: int = 1, reason: str = ""
) -> bytes:
    """Print a stored paper: the bytes, a row in the print log, a PRINT line in the access log.

    The first print needs no reason, a reprint does; a void paper is not printed.
    """
    if not stands(document.state):
        raise Conflict(_("This paper is no longer valid and cannot be printed."))
    if not 1 <= copies <= MAX_COPIES:
        raise Invalid(_("Between 1 and %(most)s copies.", most=MAX_COPIES), field="copies")
    if document.prints and not reason.strip():
        raise Invalid(_("It was printed before: say why it is printed again."), field="reason")
    pdf = stored_pdf(session, document)
    session.add(
        PrintLog(
            document_id=document.id,
            at=now,
            user_id=actor.user_id,
            actor=actor.label,
            copies=copies,
            reason=reason.strip() or FIRST_PRINT,
        )
    )
    log_access(
        "PRINT", "issued_document", document.id, document.area_id, document.number, reason.strip() or None
    )
    session.flush()
    return pdf


def act(
    session: Session,
    actor: Actor,
    now: datetime,
    document: IssuedDocument,
    action: DocumentAction,
    given: Mapping[str, Any] | None = None,
) -> DocumentStep:
    """Take one step of the paper's life (sign, hand out, void, expire); whoever it was made for hears of it."""
    row = _step(session, actor, now, document, action, dict(given or {}))
    follower = _followers.get(document.owner_kind)
    if follower is not None:
        follower(session, actor, now, document, action)
    return row


def _step(
    session: Session,
    actor: Actor,
    now: datetime,
    document: IssuedDocument,
    action: DocumentAction,
    given: Mapping[str, Any],
) -> DocumentStep:
    state = None if action is DocumentAction.issue else DocumentState(document.state)
    step = MACHINE.apply(state, action, [actor.role], given)
    reason = given.get("reason") or given.get("collected_by")
    row = DocumentStep.of(
        action, state, step.target, actor=actor, now=now, reason=reason, document_id=document.id
    )
    document.state = str(step.target.value)
    session.add(row)
    return row
