"""Issuing a paper and printing it again.

``issue`` numbers, renders and stores in one transaction: a paper that cannot be rendered takes no number. A reprint
is the stored bytes, whatever happened since to data, template, fonts or renderer; each print is a row.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from app.areas.models import Area, OrgUnit
from app.audit.service import log_access
from app.core import crypto
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.numbering import next_serial
from app.core.serials import format_serial
from app.documents import registry
from app.documents.choices import DocumentAction, DocumentState
from app.documents.errors import PaperError
from app.documents.models import DocumentStep, IssuedDocument, PrintLog
from app.documents.preview import page_count
from app.documents.refusals import refusal
from app.documents.rules import MACHINE

PDF_CONTEXT = "issued_document.pdf"
MAX_COPIES = 20
# follower(session, actor, now, paper, step): what the owner of a paper does when the paper takes a step
Follower = Callable[[Session, Actor, datetime, "IssuedDocument", DocumentAction], None]
_followers: dict[str, Follower] = {}
# render(form_code, context, variant, watermark) -> PDF bytes; the site gives its pool of processes, tests render in-process
Render = Callable[[str, Mapping[str, Any] | None, str, str | None], bytes]


@dataclass(frozen=True)
class Press:
    """What the service needs of the site: the renderer and the public address of the verification page."""

    render: Render
    public_url: str


def follow(owner_kind: str, follower: Follower) -> None:
    """A domain above follows the papers of its records (ADR 0011), in the same transaction and after each step."""
    _followers[owner_kind] = follower


def office_of(session: Session, area: Area) -> OrgUnit | None:
    """The office that issues for an area: the nearest workstation, sub-center or center above it."""
    query = (
        select(OrgUnit, Area.path)
        .join(Area, Area.id == OrgUnit.area_id)
        .where(OrgUnit.kind.in_(("workstation", "sub_center", "center")), OrgUnit.valid_to.is_(None))
        .where(Area.path.in_([area.path[:n] for n in range(4, len(area.path) + 1, 4)]))
    )
    found = sorted(session.execute(query).all(), key=lambda row: len(row[1]))
    return found[-1][0] if found else None


def preview(
    press: Press, form_code: str, context: Mapping[str, Any], mark: str, variant: str = "normal"
) -> bytes:
    """The paper as it would look, without number, marked as a draft. Raises the same refusals as ``issue``."""
    blank = {"number": "", "at": "", "by": "", "office": "", "verify_url": "", "seal": ""}
    return _rendered(
        press, form_code, {**context, "issue": {**blank, **context.get("issue", {})}}, variant, mark
    )


def blank_form(press: Press, form_code: str) -> bytes:
    """An empty form for the field."""
    return _rendered(press, form_code, None, "blank", None)


def issue(
    session: Session,
    actor: Actor,
    now: datetime,
    press: Press,
    *,
    form_code: str,
    owner_kind: str,
    owner_uid: str,
    area_id: int,
    context: Mapping[str, Any],
    variant: str = "normal",
    replaces: IssuedDocument | None = None,
) -> IssuedDocument:
    """Number, render and store a paper. ``context`` is the form's sample without ``issue``, which is filled here.

    Raises NotAllowed for a role that may not issue the form, Invalid when a character cannot be printed or the
    context does not fit; then no number is taken.
    """
    form = registry.form(form_code)
    if actor.role not in form.issue_roles:
        raise NotAllowed(_("Your post may not issue this paper."))
    token = secrets.token_urlsafe(16)
    heading = _heading(session, actor, now, form.numbering, session.get_one(Area, area_id))
    full = {**context, "issue": {**heading, "verify_url": f"{press.public_url}/v/{token}", "seal": ""}}
    pdf = _rendered(press, form_code, full, variant, None)
    document = IssuedDocument(
        number=heading["number"],
        form_code=form_code,
        template_version=form.template_version,
        title=form.title,
        owner_kind=owner_kind,
        owner_uid=owner_uid,
        sensitivity=form.sensitivity,
        area_id=area_id,
        context=full,
        pdf=crypto.ring().encrypt(pdf, PDF_CONTEXT),
        sha256=hashlib.sha256(pdf).hexdigest(),
        pages=page_count(pdf),
        verify_token_hash=crypto.token_hash(token),
        copy_no=replaces.copy_no + 1 if replaces else 1,
        replaces_id=replaces.id if replaces else None,
        issued_at=now,
        issued_by=actor.label,
        keep_until=(to_local(now) + timedelta(days=366 * form.retention_years)).date(),
    )
    session.add(document)
    session.flush()
    _step(session, actor, now, document, DocumentAction.issue, {})
    session.flush()
    return document


def _heading(session: Session, actor: Actor, now: datetime, kind: str, area: Area) -> dict[str, str]:
    """Number, time, clerk and office of a paper; the number is taken here and given back by a rollback."""
    office = office_of(session, area)
    local = to_local(now).replace(microsecond=0)
    code = (office.document_code or office.code) if office else area.code
    number = format_serial(kind, code, local.year, next_serial(session, kind, code, local.year))
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
    if document.state in (DocumentState.voided, DocumentState.expired):
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
            reason=reason.strip() or "first print",
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
    row = DocumentStep(
        document_id=document.id,
        at=now,
        by_label=actor.label,
        by_role=actor.role,
        action=str(action.value),
        from_state=str(state.value) if state else None,
        to_state=str(step.target.value),
        reason=given.get("reason") or given.get("collected_by"),
    )
    document.state = str(step.target.value)
    session.add(row)
    return row


def find_by_token(session: Session, token: str) -> IssuedDocument | None:
    """The paper behind a QR code; the session must be unscoped (the public page)."""
    query = select(IssuedDocument).where(IssuedDocument.verify_token_hash == crypto.token_hash(token))
    return session.scalars(query).one_or_none()


def _rendered(
    press: Press, form_code: str, context: Mapping[str, Any] | None, variant: str, mark: str | None
) -> bytes:
    try:
        return press.render(form_code, context, variant, mark)
    except PaperError as error:
        raise refusal(error) from error
