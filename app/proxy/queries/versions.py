"""Versions of service items."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.proxy.models import ServiceItem, ServiceItemVersion


def newest_version(session: Session, item: ServiceItem) -> ServiceItemVersion | None:
    """The version of an item with the highest number."""
    query = select(ServiceItemVersion).where(ServiceItemVersion.item_id == item.id)
    return session.scalars(query.order_by(ServiceItemVersion.number.desc()).limit(1)).first()
