"""Index of what stands in custom fields, for the search box (speed.md): a search never goes through a table.

Each open value (L1 to L3) is kept under the key of its field: as a whole (``f2=12.5``), and of texts the pieces as well:
letters and digits by the word (``f1:k12345``), of which the beginning is enough from four on; of other signs, such as
Chinese characters, every two that stand together, as one alone stands in too many records. PostgreSQL: GIN over a
tsvector of the rows that have custom fields at all. SQLite: FTS5.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, column, false, func, literal, literal_column, select, table
from sqlalchemy.dialects.postgresql import TSQUERY

# the tables of records that may have custom fields
TABLES = ("person", "household", "dwelling", "rental_home", "venue", "service_record")
FUNCTION = "geban_field_words"
RUN = re.compile(r"[a-z0-9]+|[^a-z0-9\s]+")
LONG_WORD = re.compile(r"[a-z0-9]{4,}")
_SMALL = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_LATIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
# the same as ``_words`` below; only names of pg_catalog, so that a dump is read back with any search path. The cost is
# told, so that PostgreSQL asks the index rather than every row of a scope
_POSTGRESQL = """
CREATE OR REPLACE FUNCTION geban_field_words(store jsonb) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5000 AS $$
  SELECT array_to_tsvector(array_agg(word)) FROM (
    SELECT key || '=' || lower(value COLLATE "C") AS word
    FROM jsonb_each_text(CASE WHEN jsonb_typeof(store) = 'object' THEN store ELSE '{}' END)
    WHERE jsonb_typeof(store -> key) IN ('string', 'number')
    UNION ALL
    SELECT key || ':' || CASE WHEN run[1] ~ '^[a-z0-9]' THEN run[1] ELSE substr(run[1], at, 2) END
    FROM jsonb_each_text(CASE WHEN jsonb_typeof(store) = 'object' THEN store ELSE '{}' END),
      regexp_matches(lower(value COLLATE "C"), '[a-z0-9]+|[^a-z0-9[:space:]]{2,}', 'g') AS run,
      generate_series(1, CASE WHEN run[1] ~ '^[a-z0-9]' THEN 1 ELSE length(run[1]) - 1 END) AS at
    WHERE jsonb_typeof(store -> key) = 'string'
  ) AS words
$$"""


def small(text: str) -> str:
    """Latin capitals as small letters, and nothing else changed: both databases do the same."""
    return text.translate(_SMALL)


def whole(key: str, value: Any) -> str:
    """The entry of a value as a whole."""
    return f"{key}={small(str(value))}"


def begun(key: str, text: str) -> list[str]:
    """The entries of a text; one that holds these words has them all. None for signs that stand alone."""
    found = []
    for run in RUN.findall(small(text)):
        pieces = [run] if run[0] in _LATIN else [run[at : at + 2] for at in range(len(run) - 1)]
        found += [f"{key}:{piece}" for piece in pieces]
    return found


def holding(model: Any, groups: Iterable[Sequence[str]]) -> ColumnElement[bool]:
    """Criterion: the record has all entries of one of these groups; the last entry of a group may go on where it is a
    word. Answered by the index alone, so it stands beside the exact criterion.
    """
    named = [group for group in groups if group]
    if not named:
        return false()
    name = model.__table__.name
    if name not in TABLES:
        raise ValueError(f"{name} has no index of custom fields")
    if _dialect() == "sqlite":
        asked = " OR ".join("(" + " AND ".join(_matched(group)) + ")" for group in named)
        fts = table(f"{name}_extra_fts", column("rowid"))
        hit = literal_column(f"{name}_extra_fts").op("MATCH")(literal(asked))
        return model.id.in_(select(fts.c.rowid).where(hit))
    asked = " | ".join("(" + " & ".join(_quoted(group)) + ")" for group in named)
    words = getattr(func, FUNCTION)(model.extra).op("@@")(literal(asked).cast(TSQUERY))
    return model.extra.is_not(None) & words


def _matched(group: Sequence[str]) -> list[str]:
    last = "*" if _may_go_on(group[-1]) else ""
    return [f'"{_token(entry)}"' for entry in group[:-1]] + [f'"{_token(group[-1])}"{last}']


def _quoted(group: Sequence[str]) -> list[str]:
    found = ["'" + entry.replace("\\", "\\\\").replace("'", "''") + "'" for entry in group]
    return [*found[:-1], found[-1] + (":*" if _may_go_on(group[-1]) else "")]


def _may_go_on(entry: str) -> bool:
    key, _sign, word = entry.partition(":")
    return "=" not in key and LONG_WORD.fullmatch(word) is not None


def _dialect() -> str:
    from flask import current_app

    return str(current_app.appbuilder.session.get_bind().dialect.name)  # type: ignore[attr-defined]


# --- keeping ----------------------------------------------------------------------------------------------------


def _words(store: str | None) -> set[str]:
    """All entries of a stored JSON object; a store that is none has none, and keeps nobody from saving."""
    try:
        values = json.loads(store) if store else {}
    except ValueError:
        values = {}
    found: set[str] = set()
    for key, value in values.items() if isinstance(values, dict) else ():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        found.add(whole(key, value))
        if isinstance(value, str):
            found.update(begun(key, value))
    return found


def _token(entry: str) -> str:
    """An entry as FTS5 takes it: letters and digits only; the beginning of a word is the beginning of its token."""
    at = min(at for at in (entry.find("="), entry.find(":")) if at >= 0)
    return f"{entry[:at]}{'x' if entry[at] == '=' else 'w'}{entry[at + 1 :].encode().hex()}"


def tokens(store: str | None) -> str:
    """The tokens of a stored JSON object, for SQLite."""
    return " ".join(sorted(map(_token, _words(store))))


def prepare_sqlite(dbapi_connection: Any) -> None:
    """Give a SQLite connection the function that the triggers of the index call."""
    dbapi_connection.create_function(FUNCTION, 1, tokens, deterministic=True)


def ensure(connection: Connection) -> None:
    """Make the index of every table where it is not there; called after the migrations, as often as one likes."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_POSTGRESQL)
        for name in TABLES:
            index = f"ix_{name}_extra_words ON {name} USING gin ({FUNCTION}(extra)) WHERE extra IS NOT NULL"
            connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {index}")
        return
    there = set(connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars())
    for name in TABLES:
        fts = f"{name}_extra_fts"
        if not {fts, f"{fts}_i", f"{fts}_d", f"{fts}_u"} <= there:
            _make_fts(connection, name, fts)


def _make_fts(connection: Connection, name: str, fts: str) -> None:
    for suffix in ("i", "d", "u"):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {fts}_{suffix}")
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {fts}")
    # names are constants of this module, nothing here comes from outside
    add = f"INSERT INTO {fts}(rowid, words) SELECT new.id, {FUNCTION}(new.extra) WHERE new.extra IS NOT NULL;"
    take = f"INSERT INTO {fts}({fts}, rowid, words) SELECT 'delete', old.id, {FUNCTION}(old.extra)"
    take = f"{take} WHERE old.extra IS NOT NULL;"
    some, moved = "new.extra IS NOT NULL", "old.extra IS NOT new.extra"
    for statement in (
        f"CREATE VIRTUAL TABLE {fts} USING fts5(words, content='', tokenize='ascii')",
        f"CREATE TRIGGER {fts}_i AFTER INSERT ON {name} WHEN {some} BEGIN {add} END",
        f"CREATE TRIGGER {fts}_d AFTER DELETE ON {name} WHEN old.extra IS NOT NULL BEGIN {take} END",
        f"CREATE TRIGGER {fts}_u AFTER UPDATE OF extra ON {name} WHEN {moved} BEGIN {take} {add} END",
        f"INSERT INTO {fts}(rowid, words) SELECT id, {FUNCTION}(extra) FROM {name} WHERE extra IS NOT NULL",  # noqa: S608
    ):
        connection.exec_driver_sql(statement)
