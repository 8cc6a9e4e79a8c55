"""Counts kept per area, so that a list never counts a city (speed.md): a row per (kind, area)."""

from __future__ import annotations

from flask_appbuilder import Model
from sqlalchemy import String, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.models import BigKey


class AreaCounter(Model):
    """How many live rows of a kind an area holds itself (not its subtree)."""

    __tablename__ = "area_counter"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    area_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(BigKey, default=0)


def add(session: Session, kind: str, area_id: int, by: int) -> None:
    """Change a counter inside the business transaction."""
    if not by:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(AreaCounter).values(kind=kind, area_id=area_id, value=by)
    table = AreaCounter.__table__
    session.execute(
        insert.on_conflict_do_update(index_elements=["kind", "area_id"], set_={"value": table.c.value + by})
    )


def total(session: Session, kind: str, ranges: tuple[tuple[str, str], ...] | None = None) -> int:
    """Exact total of a kind in subtrees of the area tree (path ranges), or of the whole site for None."""
    area = Model.metadata.tables["area"]
    counter = AreaCounter.__table__
    query = select(func.coalesce(func.sum(counter.c.value), 0)).where(counter.c.kind == kind)
    if ranges is not None:
        from sqlalchemy import false, or_

        inside = or_(*(area.c.path.between(lo, hi) for lo, hi in ranges)) if ranges else false()
        query = query.where(counter.c.area_id.in_(select(area.c.id).where(inside)))
    return int(session.connection().execute(query).scalar_one())
