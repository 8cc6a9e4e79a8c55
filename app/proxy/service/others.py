"""Other open cases of the same service for the same person."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Conflict
from app.proxy.models import ProxyCase, ServiceItemVersion


def need_none(session: Session, person_uid: str, name: str, item_id: int, *, apart_from: int = 0) -> None:
    """The same service twice at a time is a slip: Conflict names the case that is open."""
    query = (
        select(ProxyCase)
        .join(ServiceItemVersion, ServiceItemVersion.id == ProxyCase.item_version_id)
        .where(ProxyCase.person_uid == person_uid, ServiceItemVersion.item_id == item_id)
        .where(ProxyCase.closed_at.is_(None), ProxyCase.id != apart_from)
        .limit(1)
    )
    other = session.scalars(query).first()
    if other is not None:
        sentence = _("%(name)s has an open case of this service: %(number)s.", name=name, number=other.number)
        raise Conflict(sentence, field="item", case=other.uid)
