"""Fresh keys of many rows, and rows that are handed over while the next are put together (``core/bulk``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.orm import Session

from app.core.copying import handed_over

KEPT = "bulk_keys"


def take_ids(session: Session, model: type, n: int) -> list[int]:
    """``n`` fresh keys of a table. SQLite moves the AUTOINCREMENT mark, so the keys are never given again."""
    kept = _reserved(session).get(model, [])
    if len(kept) >= n > 0:
        taken, kept[:] = kept[:n], kept[n:]
        return taken
    connection, table = session.connection(), model.__table__  # type: ignore[attr-defined]
    if connection.dialect.name == "postgresql":
        # asked for once: inside the other statement PostgreSQL would look it up for each key
        place = "SELECT pg_get_serial_sequence(%s, 'id')::regclass::oid::bigint"
        sequence = connection.exec_driver_sql(place, (table.name,)).scalar_one()
        keys = "SELECT array_agg(nextval(%s::bigint::regclass)) FROM generate_series(1, %s)"
        return list(connection.exec_driver_sql(keys, (sequence, n)).scalar_one() or ())
    connection.exec_driver_sql(
        "INSERT INTO sqlite_sequence(name, seq) SELECT ?, 0 WHERE NOT EXISTS"
        " (SELECT 1 FROM sqlite_sequence WHERE name = ?)",
        (table.name, table.name),
    )
    # a table that a migration made anew may have lost its AUTOINCREMENT: single rows do not move the mark there
    highest = f'(SELECT coalesce(max(id), 0) FROM "{table.name}")'  # noqa: S608 a table of ours
    answer = connection.exec_driver_sql(
        f"UPDATE sqlite_sequence SET seq = max(seq, {highest}) + ? WHERE name = ? RETURNING seq",  # noqa: S608
        (n, table.name),
    )
    last = answer.scalar_one()
    return list(range(last - n + 1, last + 1))


@contextmanager
def behind(session: Session, keys: Mapping[type, int]) -> Iterator[None]:
    """Rows written inside go to PostgreSQL behind our back: it works on them while the next are put together. Another
    statement, and the end of the block, wait for them. ``keys``: about how many rows each class will have; their keys are
    taken before, so that nobody has to wait for those.
    """
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        yield
        return
    made = {model: take_ids(session, model, n) for model, n in keys.items()}
    session.info[KEPT] = (session.get_transaction(), made)
    try:
        with handed_over(connection):
            yield
    finally:
        session.info.pop(KEPT, None)


def _reserved(session: Session) -> dict[type, list[int]]:
    transaction, keys = session.info.get(KEPT, (None, {}))
    return keys if transaction is session.get_transaction() else {}
