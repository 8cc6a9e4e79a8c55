"""Chinese name search (speed.md): characters, prefix, pinyin initials, full pinyin, blind indexes.

Names have two or three characters and people type one or two, so trigram indexes cannot answer. PostgreSQL: GIN on
the array of characters plus a LIKE re-check. SQLite: FTS5 over one token per character, phrase query.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    column,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import ARRAY

# (table, column) with an index of characters (ensure() makes it)
CHARACTER_INDEXES: tuple[tuple[str, str], ...] = (
    ("person", "name"),
    ("staff", "name"),
    ("dwelling", "address"),
    ("area", "name"),
    ("venue", "name"),
    ("household", "name"),
    ("org_unit", "name"),
    ("service_item_version", "name"),
    ("building", "address"),
    ("proxy_case", "party_name"),
    ("person_name", "name"),
)
# columns searched by prefix; on PostgreSQL they need text_pattern_ops beside the ordinary btree
PREFIX_INDEXES: tuple[tuple[str, str], ...] = (
    ("person", "name_initials"),
    ("person", "name_pinyin"),
    ("staff", "name_initials"),
    ("area", "name_initials"),
    ("area", "code"),
    ("dwelling", "address_pinyin"),
    ("venue", "name_initials"),
    ("service_item_version", "name_initials"),
    ("proxy_case", "number"),
    ("household", "household_no"),
    ("person_name", "name_initials"),
    ("person_name", "name_pinyin"),
)
# tables of which a part is indexed: the column and the value that its rows do not have. Everybody's present name stands
# on the person; among the names only the other ones are looked for.
PARTS: dict[str, tuple[str, str]] = {"person_name": ("kind", "current")}
LAST = "\U0010ffff"
LATIN = re.compile(r"[a-z' ]+")


def tokens(value: str | None) -> str:
    """One token per character, as its code point in hex, so that FTS5 knows every character there will ever be."""
    return " ".join(map(_token, "".join((value or "").split())))


@lru_cache(maxsize=8192)
def _token(character: str) -> str:
    return f"{ord(character):x}"


@dataclass(frozen=True, slots=True)
class Slot:
    """A word that is filled in when the statement runs (``Slot.values``), so that the statement is made once: to put one
    together costs more than to run it. ``part`` is the word as it was typed, or its letters; ``has_letters`` whether the
    pinyin columns are searched.
    """

    has_letters: bool
    part: str = "word"

    @classmethod
    def of(cls, query: str) -> Slot | None:
        """The slot that a word fits into; None for one with blanks, which may be meant with and without them."""
        return cls(bool(letters_of(query))) if query and not re.search(r"\s", query) else None

    @staticmethod
    def values(query: str) -> dict[str, Any]:
        """What stands in the slot."""
        found: dict[str, Any] = {"tokens": f'"{tokens(query)}"', "chars": list(query)}
        for part, words in (("word", query), ("letters", letters_of(query))):
            escaped = re.sub(r"([/%_])", r"/\1", words)
            found |= {part: words, f"{part}_end": words + LAST, f"{part}_begins": f"{escaped}%"}
            found[f"{part}_holds"] = f"%{escaped}%"
        return found

    def letters(self) -> Slot | None:
        """The slot of the letters."""
        return replace(self, part="letters") if self.has_letters else None

    def value(self, form: str = "") -> Any:
        """The word as it stands in a statement."""
        return bindparam(f"{self.part}{form}", type_=String)


Word = str | Slot


def starts_with(attribute: Any, value: Word) -> ColumnElement[bool]:
    """Prefix match that an index can answer: a range on SQLite (binary order), LIKE on PostgreSQL."""
    if isinstance(value, Slot):
        if _dialect() == "sqlite":
            return and_(attribute >= value.value(), attribute < value.value("_end"))
        return attribute.like(value.value("_begins"), escape="/")
    if _dialect() == "sqlite":
        return and_(attribute >= value, attribute < value + LAST)
    return attribute.startswith(value, autoescape=True)


def _holds(attribute: Any, value: Word) -> ColumnElement[bool]:
    if isinstance(value, Slot):
        return attribute.like(value.value("_holds"), escape="/")
    return attribute.contains(value, autoescape=True)


def in_part(model: Any) -> ColumnElement[bool]:
    """The rows of a table that its indexes hold, spelled as the indexes spell it: a bound value would hide them."""
    key, value = PARTS[model.__table__.name]
    return getattr(model, key) != literal_column(f"'{value}'")


def near(model: Any, key: str, value: Word, *, part: bool = False) -> ColumnElement[bool] | None:
    """What the character index knows of “the column holds this text”: at least its characters, blanks left out. Stands
    beside an exact criterion, which the index then answers; None when there is no index.

    ``part``: the rows of ``in_part`` are wanted; an index of a part answers nobody else.
    """
    name = model.__table__.name
    if isinstance(value, str):
        value = "".join(value.split())
    if (name, key) not in CHARACTER_INDEXES or not value or (name in PARTS) != part:
        return None
    if _dialect() == "sqlite":
        fts = table(f"{name}_{key}_fts", column("rowid"))
        given = (
            bindparam("tokens", type_=String) if isinstance(value, Slot) else literal(f'"{tokens(value)}"')
        )
        hit = literal_column(f"{name}_{key}_fts").op("MATCH")(given)
        return model.id.in_(select(fts.c.rowid).where(hit))
    chars = func.string_to_array(getattr(model, key), None, type_=ARRAY(Text))
    wanted = bindparam("chars", type_=ARRAY(Text)) if isinstance(value, Slot) else list(value)
    return chars.op("@>")(cast(wanted, ARRAY(Text)))


def contains(model: Any, key: str, value: Word, *, part: bool = False) -> ColumnElement[bool] | None:
    """Criterion “the column holds these characters in a row” by the character index; None when there is none.

    Blanks in what was typed do not matter, and those of a name (as of one in Latin letters) may be typed or not.
    """
    found = near(model, key, value, part=part)
    if found is None or _dialect() == "sqlite":
        return found
    attribute = getattr(model, key)
    if isinstance(value, Slot):
        return and_(found, _holds(attribute, value))
    typed = {" ".join(value.split()), "".join(value.split())}
    return and_(found, or_(*(_holds(attribute, words) for words in sorted(typed))))


def matching(model: Any, columns: tuple[str, ...], query: Word, *, part: bool = False) -> ColumnElement[bool]:
    """What a look-up or the search box means by a word: letters go to the pinyin columns, the rest to the others.

    A word of which nothing is left (blanks) is no word: it means nobody, not everybody; so do the pinyin columns where
    it has no letter. ``part``: of a table in PARTS, the rows of its indexes.
    """
    if isinstance(query, str):
        query = query.strip()
    if not query:
        return false()
    letters: Word | None = letters_of(query) if isinstance(query, str) else query.letters()
    hits: list[ColumnElement[bool]] = []
    for key in columns:
        attribute = getattr(model, key)
        if key.endswith(("_initials", "_pinyin")):
            if letters:
                hits.append(starts_with(attribute, letters))
            continue
        if not isinstance(attribute.type, String):
            continue  # a number is not looked up by a part of it
        chars = contains(model, key, query, part=part)
        hits.append(chars if chars is not None else _holds(attribute, query))
    if part:  # beside each: SQLite sees an index of a part only from where its condition stands
        hits = [and_(in_part(model), hit) for hit in hits]
    return or_(false(), *hits)


def one_of(key: Any, chosen: Select[Any], *, few: bool) -> ColumnElement[bool]:
    """“The key is one of those chosen”, to stand beside another criterion with OR.

    PostgreSQL goes through the table for ``IN`` inside an OR; an array of the keys it looks up in the index of ``key``.
    Unless there are ``few`` whatever is typed, a row that it looks at for the other criterion is told by a hashed ``IN``
    beside: an array is searched from its beginning.
    """
    inside: ColumnElement[bool] = key.in_(chosen)
    if _dialect() == "sqlite":
        return inside
    listed = key == any_(func.array(chosen.scalar_subquery(), type_=ARRAY(BigInteger)))
    return listed if few else and_(inside, listed)


def letters_of(query: str) -> str:
    """What the pinyin columns are searched by: letters without the signs between syllables; empty for other words."""
    query = query.lower()
    return query.replace(" ", "").replace("'", "") if LATIN.fullmatch(query) else ""


def _dialect() -> str:
    from flask import current_app

    return str(current_app.appbuilder.session.get_bind().dialect.name)  # type: ignore[attr-defined]


# --- indexes ----------------------------------------------------------------------------------------------------


def prepare_sqlite(dbapi_connection: Any) -> None:
    """Give a SQLite connection the function that the triggers of the character indexes call."""
    dbapi_connection.create_function("geban_tokens", 1, tokens, deterministic=True)


def ensure(connection: Connection) -> None:
    """Make every index of this module that is not there; called after the migrations, as often as one likes.

    A table that Alembic rebuilt on SQLite has lost its triggers: its character index is made anew.
    """
    if connection.dialect.name == "postgresql":
        for name, key in CHARACTER_INDEXES:
            index = f"ix_{name}_{key}_chars ON {name} USING gin (string_to_array({key}::text, NULL))"
            connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {index}{_part_of(name)}")
        for name, key in PREFIX_INDEXES:
            index = f"ix_{name}_{key}_prefix ON {name} ({key} text_pattern_ops)"
            connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {index}{_part_of(name)}")
        return
    there = set(connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars())
    for name, key in CHARACTER_INDEXES:
        fts = f"{name}_{key}_fts"
        if not {fts, f"{fts}_i", f"{fts}_d", f"{fts}_u"} <= there:
            _make_fts(connection, name, key, fts)


def _part_of(name: str, row: str = "") -> str:
    """The condition of an index or a trigger of a table; empty where all rows are indexed."""
    if name not in PARTS:
        return ""
    key, value = PARTS[name]
    return f" WHERE {row}{key} <> '{value}'"


def _make_fts(connection: Connection, name: str, key: str, fts: str) -> None:
    for suffix in ("i", "d", "u"):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {fts}_{suffix}")
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {fts}")
    # names are constants of this module, nothing here comes from outside
    new, old, here = (_part_of(name, row) for row in ("new.", "old.", ""))
    add = f"INSERT INTO {fts}(rowid, chars) SELECT new.id, geban_tokens(new.{key}){new};"
    take = f"INSERT INTO {fts}({fts}, rowid, chars) SELECT 'delete', old.id, geban_tokens(old.{key}){old};"
    followed = ", ".join((key, *PARTS.get(name, ())[:1]))
    for statement in (
        f"CREATE VIRTUAL TABLE {fts} USING fts5(chars, content='', tokenize='ascii')",
        f"CREATE TRIGGER {fts}_i AFTER INSERT ON {name} BEGIN {add} END",
        f"CREATE TRIGGER {fts}_d AFTER DELETE ON {name} BEGIN {take} END",
        f"CREATE TRIGGER {fts}_u AFTER UPDATE OF {followed} ON {name} BEGIN {take} {add} END",
        f"INSERT INTO {fts}(rowid, chars) SELECT id, geban_tokens({key}) FROM {name}{here}",  # noqa: S608
    ):
        connection.exec_driver_sql(statement)
