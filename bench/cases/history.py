"""The years before: closed cases once more for every year, the case itself only. That is what the nightly look for reviews
reads; half a million cases with all that hangs on them would take half an hour and none of it would be opened.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

# moved into the past by whole years; everything else is copied as it is
MOMENTS = ("accepted_at", "decided_at", "delivered_at", "opened_at", "closed_at")
DAYS = ("booked_for", "result_until")
OWN = ("id", "uid", "number", "visit_id", *MOMENTS, *DAYS)


def add(engine: Any, most: int) -> int:
    """Years of copies until there are ``most`` cases; returns how many there are."""
    from flask_appbuilder import Model

    columns = [c.name for c in Model.metadata.tables["proxy_case"].columns if c.name not in OWN]
    count = text("SELECT count(*), sum(CASE WHEN closed_at IS NULL THEN 0 ELSE 1 END) FROM proxy_case")
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        there, closed = connection.execute(count).one()
        year = 0
        while there < most:
            year += 1
            wanted = min(most - there, closed)
            connection.execute(text(_copy(engine.dialect.name, columns, year)), {"wanted": wanted})
            there += wanted
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return int(there)


def _copy(dialect: str, columns: list[str], year: int) -> str:
    days = 365 * year
    if dialect == "postgresql":
        uid = "gen_random_uuid()::text"
        moved = [f"{name} - interval '{days} days'" for name in MOMENTS] + [
            f"{name} - {days}" for name in DAYS
        ]
    else:
        uid = "lower(hex(randomblob(16)))"
        moved = [f"strftime('%Y-%m-%d %H:%M:%f000', {name}, '-{days} days')" for name in MOMENTS]
        moved += [f"date({name}, '-{days} days')" for name in DAYS]
    number = f"number || '-{year}'"
    names = ", ".join([*columns, "uid", "number", *MOMENTS, *DAYS])
    values = ", ".join([*columns, uid, number, *moved])
    # the numbers of copies have one part more
    return (
        f"INSERT INTO proxy_case ({names}) SELECT {values} FROM proxy_case WHERE closed_at IS NOT NULL"
        " AND number NOT LIKE '%-%-%-%-%' ORDER BY id LIMIT :wanted"
    )
