"""What the bare pages read: sign-in, rights, scope and rows by raw SQL through the driver."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from flask import abort, session

from app.core import crypto
from app.core.masks import mask_id_number, mask_phone

ROWS = 25
COLUMNS = "p.id, p.uid, p.name, p.sex, p.birth_date, p.population_kind, a.name"
FIELDS = (
    "name sex birth_date ethnic nationality native_place population_kind consistency register_division"
    " register_address marital political_status education employment occupation workplace note"
).split()
SIGN_IN = (
    "SELECT s.user_id, s.seen_at, s.ended_at, a.path, t.role,"
    " (SELECT count(*) FROM area WHERE parent_id IS NULL) FROM sign_in s"
    " JOIN account c ON c.user_id = s.user_id JOIN post t ON t.staff_id = c.staff_id"
    " JOIN area a ON a.id = t.area_id WHERE s.token_hash = ? AND t.valid_from <= ?"
)
RIGHTS = (
    "SELECT p.name, v.name FROM ab_role r JOIN ab_permission_view_role x ON x.role_id = r.id"
    " JOIN ab_permission_view pv ON pv.id = x.permission_view_id JOIN ab_permission p ON p.id = pv.permission_id"
    " JOIN ab_view_menu v ON v.id = pv.view_menu_id WHERE r.name = ?"
)
SCOPE = (
    "p.id IN (SELECT person_id FROM person_area WHERE valid_to IS NULL AND area_id IN"
    " (SELECT id FROM area WHERE path BETWEEN ? AND ?))"
)
SCOPE_OF_AREA = "p.area_id IN (SELECT id FROM area WHERE path BETWEEN ? AND ?)"
COUNTS = (
    "SELECT t.uid, t.name, sum(c.value) FROM area t JOIN area i ON i.path BETWEEN t.path AND t.path || '~'"
    " JOIN area_counter c ON c.area_id = i.id AND c.kind = 'household.living' WHERE t.parent_id ="
    " (SELECT id FROM area WHERE path = ?) GROUP BY t.uid, t.name ORDER BY t.name"
)


class Database:
    """One connection of the driver; ``?`` marks a value on both databases."""

    def __init__(self, engine: Any) -> None:
        self.sqlite = engine.dialect.name == "sqlite"
        self.raw: Any = engine.raw_connection()
        self.connection: Any = self.raw.driver_connection

    def rows(self, sql: str, *values: Any) -> list[Any]:
        return list(
            self.connection.execute(sql if self.sqlite else sql.replace("%", "%%").replace("?", "%s"), values)
        )

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        if self.sqlite:
            self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.rollback()

    def make_log(self) -> None:
        self.connection.execute(
            "CREATE TABLE IF NOT EXISTS bench_log (at text, user_id bigint, person_id bigint, words text)"
        )
        self.connection.commit()

    def log(self, user_id: int, person: int, words: str) -> None:
        marks = ", ".join("?" * 4 if self.sqlite else ["%s"] * 4)
        values = (datetime.now(UTC).isoformat(), user_id, person, words)
        self.connection.execute(f"INSERT INTO bench_log VALUES ({marks})", values)

    def contains(self, name: str) -> tuple[str, list[Any]]:
        if self.sqlite:
            tokens = " ".join(f"{ord(c):x}" for c in name)
            return "p.id IN (SELECT rowid FROM person_name_fts WHERE person_name_fts MATCH ?)", [
                f'"{tokens}"'
            ]
        return "string_to_array(p.name::text, NULL) @> ?::text[] AND p.name LIKE '%' || ? || '%'", [
            list(name),
            name,
        ]

    def begins(self, column: str) -> str:
        return f"{column} >= ? AND {column} < ? || '\U0010ffff'" if self.sqlite else f"{column} LIKE ? || '%'"

    def begins_values(self, value: str) -> list[Any]:
        return [value, value] if self.sqlite else [value]


class Visitor:
    """Who is signed in, where and with which rights."""

    def __init__(self, db: Database, right: tuple[str, str] = ("can_list", "PersonView")) -> None:
        token = hashlib.sha256(session.get("_user_id", "").encode()).hexdigest()
        found = db.rows(SIGN_IN, token, date(2026, 11, 1).isoformat() if db.sqlite else date(2026, 11, 1))
        if not found or found[0][2] is not None:
            abort(401)
        self.user_id, _seen, _ended, self.path, role, roots = found[0]
        self.rights = {(p, v) for p, v in db.rows(RIGHTS, role)}
        if right not in self.rights:
            abort(403)
        self.whole = roots == 1 and len(self.path) == 4

    def where(self) -> tuple[str, list[Any]]:
        return ("1 = 1", []) if self.whole else (SCOPE, [self.path, self.path + "~"])


def read_list(
    db: Database, who: Visitor, where: str, values: list[Any], order: str, offset: int = 0
) -> dict[str, Any]:
    """25 rows with their numbers behind a mask, and how many there are (10,000 at most)."""
    scope, scoped = who.where()
    base = f"FROM person p WHERE p.deleted_at IS NULL AND {scope} AND {where}"
    given = [*scoped, *values]
    if offset:  # the keys first: wide rows are not carried along
        keys = db.rows(f"SELECT p.id {base} ORDER BY {order} LIMIT {ROWS + 1} OFFSET {offset}", *given)
        marks = ", ".join("?" * len(keys))
        rows = db.rows(
            f"SELECT {COLUMNS} FROM person p JOIN area a ON a.id = p.area_id WHERE p.id IN ({marks}) ORDER BY {order}",
            *(k[0] for k in keys),
        )
    else:
        joined = base.replace("person p", "person p JOIN area a ON a.id = p.area_id", 1)
        rows = db.rows(f"SELECT {COLUMNS} {joined} ORDER BY {order} LIMIT {ROWS + 1}", *given)
    count = db.rows(f"SELECT count(*) FROM (SELECT p.id {base} LIMIT 10001) x", *given)[0][0]
    shown = rows[:ROWS]
    numbers = private(db, "person_document", [r[0] for r in shown], mask_id_number)
    phones = private(db, "person_phone", [r[0] for r in shown], mask_phone)
    return {"rows": shown, "more": len(rows) > ROWS, "count": count, "numbers": numbers, "phones": phones}


# the other kinds that the search box knows: table, what is shown of a row, columns that begin with the word
KINDS = (
    ("dwelling", "address", ("address_pinyin",)),
    ("household", "household_no", ("household_no",)),
    ("proxy_case", "party_name", ("number",)),
    ("venue", "name", ("name_initials",)),
    ("staff", "name", ("name_initials",)),
    ("area", "name", ("name_initials", "code")),
)


def read_others(db: Database, who: Visitor, word: str) -> list[tuple[str, list[Any]]]:
    """Eight rows of each other kind that begin with a word of letters, one statement for each."""
    found = []
    for table, shown, columns in KINDS:
        where = " OR ".join(db.begins(f"p.{name}") for name in columns)
        inside = "" if who.whole or table == "area" else f" AND {SCOPE_OF_AREA}"
        given = [*db.begins_values(word) * len(columns), *([who.path, who.path + "~"] if inside else [])]
        rows = db.rows(
            f"SELECT p.uid, p.{shown}, a.name FROM {table} p LEFT JOIN area a ON a.id = "
            f"{'p.parent_id' if table == 'area' else 'p.area_id'} WHERE ({where}){inside} ORDER BY p.id LIMIT 9",
            *given,
        )
        found.append((table, rows))
    return found


def private(db: Database, table: str, ids: list[int], mask: Callable[[str], str]) -> dict[int, str]:
    if not ids:
        return {}
    marks = ", ".join("?" * len(ids))
    ring, context = crypto.ring(), f"{table}.number"
    rows = db.rows(
        f"SELECT person_id, number FROM {table} WHERE deleted_at IS NULL AND person_id IN ({marks})", *ids
    )
    return {key: mask(ring.decrypt(bytes(sealed), context).decode()) for key, sealed in rows}


def one(db: Database, who: Visitor, uid: str) -> dict[str, Any]:
    scope, scoped = who.where()
    names = ", ".join(f"p.{f}" for f in FIELDS)
    found = db.rows(
        f"SELECT p.id, p.uid, p.version, a.name, {names} FROM person p JOIN area a ON a.id = p.area_id"
        f" WHERE p.uid = ? AND p.deleted_at IS NULL AND {scope}",
        uid,
        *scoped,
    )
    if not found:
        abort(404)
    key, uid, version, area, *values = found[0]
    return {
        "id": key,
        "uid": uid,
        "version": version,
        "area": area,
        "values": dict(zip(FIELDS, values, strict=True)),
    }
