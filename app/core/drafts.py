"""What a person has typed and not yet saved, kept on the server and encrypted; the truth after a crash."""

from __future__ import annotations

import json
from typing import Any

from flask_appbuilder import Model
from flask_babel import lazy_gettext as _
from sqlalchemy import Integer, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.crypto import EncryptedJson, ring
from app.core.errors import Conflict, Invalid
from app.core.models import Keyed, Stamped, args


class Draft(Keyed, Stamped, Model):
    """A draft belongs to one user and one page (``page`` is a stable key such as ``census:<dwelling uid>``)."""

    __tablename__ = "draft"
    __table_args__ = args(UniqueConstraint("user_id", "page"))

    user_id: Mapped[int] = mapped_column(Integer)
    page: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(120), default="")
    payload: Mapped[Any] = mapped_column(EncryptedJson("draft.payload"))


class Submission(Keyed, Stamped, Model):
    """A submission with the client's own id: a replay answers what the first one answered (guards, section 6)."""

    __tablename__ = "submission"
    __table_args__ = args(UniqueConstraint("user_id", "client_uid"))

    user_id: Mapped[int] = mapped_column(Integer)
    client_uid: Mapped[str] = mapped_column(String(36))
    body_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer)
    response: Mapped[Any] = mapped_column(EncryptedJson("submission.response"))


# --- drafts: each belongs to one user, so every verb takes the user ------------------------------------------------

LARGEST = 400_000  # characters of JSON: a home with sixty people has some 60,000


def save_draft(session: Session, user_id: int, page: str, payload: Any, *, title: str = "") -> Draft:
    """Keep what was typed; a later save of the same page replaces it. Raises Invalid when it is far too large."""
    if len(json.dumps(payload, ensure_ascii=False)) > LARGEST:
        raise Invalid(_("This is too much to keep as a draft."))
    draft = read_draft(session, user_id, page)
    if draft is None:
        draft = Draft(user_id=user_id, page=page)
        session.add(draft)
    draft.payload, draft.title = payload, title[:120]
    session.flush()
    return draft


def read_draft(session: Session, user_id: int, page: str) -> Draft | None:
    """The user's draft of a page."""
    query = select(Draft).where(Draft.user_id == user_id, Draft.page == page)
    return session.scalars(query).one_or_none()


def drop_draft(session: Session, user_id: int, page: str) -> bool:
    """Forget a draft (after a save, or because the user says so); False when there was none."""
    draft = read_draft(session, user_id, page)
    if draft is not None:
        session.delete(draft)
        session.flush()
    return draft is not None


def drafts_of(session: Session, user_id: int, prefix: str = "") -> list[Draft]:
    """The user's drafts, newest first; ``prefix`` narrows to one kind of page (``census:``)."""
    query = select(Draft).where(Draft.user_id == user_id).order_by(Draft.updated_at.desc(), Draft.id.desc())
    if prefix:
        query = query.where(Draft.page.startswith(prefix, autoescape=True))
    return list(session.scalars(query))


# --- submissions: the same thing sent twice is done once ----------------------------------------------------------


def fingerprint(body: Any) -> str:
    """Keyed digest of what was sent: a plain hash of a form with an ID number could be tried out."""
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return ring().mac(text.encode()).hex()


def replayed(session: Session, user_id: int, client_uid: str, body: Any) -> Submission | None:
    """The earlier submission with this client id; None when it is new.

    Raises Conflict when the id comes back with something else: then the client's memory is broken.
    """
    query = select(Submission).where(Submission.user_id == user_id, Submission.client_uid == client_uid)
    known = session.scalars(query).one_or_none()
    if known is not None and known.body_hash != fingerprint(body):
        raise Conflict(_("This was already sent with other contents. Please reload the page."))
    return known


def remember(
    session: Session, user_id: int, client_uid: str, body: Any, response: Any, status: int = 200
) -> Submission:
    """Note what was answered, in the transaction of what was done."""
    row = Submission(
        user_id=user_id,
        client_uid=client_uid,
        body_hash=fingerprint(body),
        status=status,
        response=response,
    )
    session.add(row)
    session.flush()
    return row
