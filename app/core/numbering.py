"""Gap-free serials: a counter row per (kind, area, year), raised inside the business transaction (guards, section 6)."""

from __future__ import annotations

from flask_appbuilder import Model
from sqlalchemy import Integer, String, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.models import BigKey


class SerialCounter(Model):
    """The last number given for a kind of paper, an issuing code and a local year."""

    __tablename__ = "serial_counter"

    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    code: Mapped[str] = mapped_column(String(24), primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(BigKey, default=0)


def next_serial(session: Session, kind: str, code: str, year: int) -> int:
    """The next number, starting at 1. A rollback gives it back: numbers have no gaps; voids stay in the register."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(SerialCounter).values(kind=kind, code=code, year=year, value=1)
    upsert = insert.on_conflict_do_update(
        index_elements=["kind", "code", "year"], set_={"value": SerialCounter.__table__.c.value + 1}
    )
    return session.execute(upsert.returning(SerialCounter.__table__.c.value)).scalar_one()


def coming_serial(session: Session, kind: str, code: str, year: int) -> int:
    """The number that `next_serial` would give if nobody else takes it first; takes none and locks nothing."""
    counter = SerialCounter.__table__.c
    row = select(counter.value).where(counter.kind == kind, counter.code == code, counter.year == year)
    return (session.execute(row).scalar() or 0) + 1
