"""Mappings that are remembered by the headings of a source: the next sheet of the police needs no second look."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.exchange.models import SheetMapping


def of_mark(session: Session, sheet: str, mark: str) -> SheetMapping | None:
    """The newest mapping of a sheet with these headings, of the own areas."""
    query = select(SheetMapping).where(SheetMapping.sheet == sheet, SheetMapping.header_mark == mark)
    return session.scalars(query.order_by(SheetMapping.updated_at.desc(), SheetMapping.id.desc())).first()


def remember(
    session: Session, area_id: int, sheet: str, mark: str, name: str, columns: Mapping[str, str]
) -> SheetMapping:
    """Keep a mapping under the name of its source; the same name again takes its place."""
    query = select(SheetMapping).where(
        SheetMapping.area_id == area_id, SheetMapping.sheet == sheet, SheetMapping.name == name
    )
    found = session.scalars(query).first()
    if found is None:
        found = SheetMapping(area_id=area_id, sheet=sheet, name=name, header_mark=mark, columns=dict(columns))
        session.add(found)
    found.header_mark, found.columns = mark, dict(columns)
    session.flush()
    return found
