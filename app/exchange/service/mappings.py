"""Mappings that are remembered by the headings of a source: the next sheet of the police needs no second look."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.scope import unscoped
from app.exchange.models import SheetMapping


def of_mark(session: Session, sheet: str, mark: str) -> SheetMapping | None:
    """The newest mapping of a sheet with these headings, of the own areas."""
    query = select(SheetMapping).where(SheetMapping.sheet == sheet, SheetMapping.header_mark == mark)
    return session.scalars(query.order_by(SheetMapping.updated_at.desc(), SheetMapping.id.desc())).first()


def remember(
    session: Session, area_id: int, sheet: str, mark: str, name: str, columns: Mapping[str, str]
) -> SheetMapping:
    """Keep a mapping under the name of its source; the same name again takes its place. Where somebody whose mappings are
    out of sight bears the name in the area (a department beside the offices there), this one gets a number.
    """
    query = select(SheetMapping).where(
        SheetMapping.area_id == area_id, SheetMapping.sheet == sheet, SheetMapping.name == name
    )
    found = session.scalars(query).first()
    if found is None:
        name = _free(area_id, sheet, name)
        found = SheetMapping(area_id=area_id, sheet=sheet, name=name, header_mark=mark, columns=dict(columns))
        session.add(found)
    found.header_mark, found.columns = mark, dict(columns)
    session.flush()
    return found


def _free(area_id: int, sheet: str, name: str) -> str:
    """The name, with a number behind it where it is taken."""
    with unscoped("sheets: names of mappings that are taken, told to nobody") as wide:
        query = select(SheetMapping.name).where(SheetMapping.area_id == area_id, SheetMapping.sheet == sheet)
        taken = set(wide.scalars(query.where(SheetMapping.deleted_at.is_(None))))
    names = (name, *(f"{name[:74]} ({n})" for n in range(2, len(taken) + 3)))
    return next(one for one in names if one not in taken)
