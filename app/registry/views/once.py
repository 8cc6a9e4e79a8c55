"""A saving from the phone is written once, however often the network made the page send it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import drafts
from app.core.actor import current_actor
from app.core.errors import Conflict, Invalid
from app.core.interface import UUID_TEXT
from app.core.session import unit_of_work


def once(session: Session, write: Callable[[Session], str]) -> str:
    """Run a saving in a unit of work and keep its answer (an address) under the page's own id ``client_uid``; a
    repetition gets the same answer. Raises Conflict when the id comes back with something else.
    """
    user, uid, body = current_actor().user_id or 0, request.form.get("client_uid", ""), _body()
    if not UUID_TEXT.fullmatch(uid):
        raise Invalid(_("The page sent something that cannot be read."), field="client_uid")
    known = drafts.replayed(session, user, uid, body)
    if known is None:
        try:
            with unit_of_work(session):
                url = write(session)
                drafts.remember(session, user, uid, body, {"url": url})
            return url
        except (Conflict, IntegrityError):
            session.rollback()  # the same saving may have come in on another connection
            known = drafts.replayed(session, user, uid, body)
            if known is None:
                raise
    return str(known.response["url"])


def _body() -> dict[str, Any]:
    fields: dict[str, Any] = {k: v for k, v in request.form.to_dict(flat=False).items() if k != "csrf_token"}
    for name, uploads in request.files.lists():
        fields[f"file:{name}"] = [_digest(upload.stream) for upload in uploads if upload.filename]
    return {"path": request.path, "fields": fields}


def _digest(stream: Any) -> str:
    found = hashlib.sha256(stream.read()).hexdigest()
    stream.seek(0)
    return found
