"""What a view knows about its model: kinds of columns, targets of relations, one row by its public key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import Boolean, Date, DateTime, Integer, LargeBinary, Numeric, String, Text, inspect
from sqlalchemy.orm import Mapper, RelationshipProperty, Session
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine

from app.core import extra, made_once
from app.core.crypto import EncryptedJson, EncryptedText
from app.core.errors import Invalid, NotFound
from app.core.models import Deletable, Instant, Versioned

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LONG_TEXT = 160
BIGGEST_KEY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Fact:
    """A column or relation as forms, lists and filters see it.

    ``kind`` is one of text longtext int decimal bool date instant code relation secret json binary other.
    ``fk`` names the local key column of a relation; ``target`` is the class on its far side.
    """

    name: str
    kind: str
    nullable: bool = True
    length: int | None = None
    code_list: str | None = None
    target: type | None = None
    fk: str | None = None
    has_default: bool = False
    attribute: str = ""

    @property
    def is_sortable(self) -> bool:
        return self.kind in {"text", "longtext", "int", "decimal", "bool", "date", "instant", "code"}


_KINDS: tuple[tuple[type, str], ...] = (
    (EncryptedJson, "json"),
    (EncryptedText, "secret"),
    (Instant, "instant"),
    (Boolean, "bool"),
    (Date, "date"),
    (DateTime, "instant"),
    (Integer, "int"),
    (Numeric, "decimal"),
    (Text, "longtext"),
    (String, "text"),
    (JSON, "json"),
    (LargeBinary, "binary"),
)


def kind_of(type_: TypeEngine[Any]) -> str:
    """The kind of a column type; a decorator of ours is recognised before what it is built on."""
    for candidate in (type_, type_.impl_instance if isinstance(type_, TypeDecorator) else type_):
        for cls, kind in _KINDS:
            if isinstance(candidate, cls):
                return kind
    return "other"


@lru_cache(maxsize=2048)
def facts_of(model: type) -> dict[str, Fact]:
    """All columns and many-to-one relations of a mapped class by name."""
    mapper: Mapper[Any] = inspect(model)
    found: dict[str, Fact] = {}
    for prop in mapper.column_attrs:
        column = prop.columns[0]
        kind = kind_of(column.type)
        code_list = column.info.get("code_list")
        length = getattr(column.type, "length", None)
        if code_list:
            kind = "code"
        elif kind == "text" and length and length > LONG_TEXT:
            kind = "longtext"
        found[prop.key] = Fact(
            prop.key,
            kind,
            nullable=bool(column.nullable),
            length=length,
            code_list=code_list,
            has_default=column.default is not None,
            attribute=prop.key,
        )
    for rel in mapper.relationships:
        if rel.direction.name != "MANYTOONE":
            continue
        (fk,) = rel.local_columns
        key = mapper.get_property_by_column(fk).key
        target = rel.mapper.class_
        found[rel.key] = Fact(
            rel.key, "relation", nullable=bool(fk.nullable), target=target, fk=key, attribute=rel.key
        )
        found[key] = Fact(
            key, "relation", nullable=bool(fk.nullable), target=target, fk=key, attribute=rel.key
        )
    _bare_keys(mapper, found)
    return found


def extra_fact(model: type, name: str) -> Fact | None:
    """The fact of a custom field of the class (``x_f1``); it has no attribute of its own."""
    column = extra.column_of(model, name)
    if column is None:
        return None
    length = extra.LONGEST if column.kind == "text" else None
    return Fact(name, column.kind, length=length, code_list=column.code_list)


def relation_of(model: type, name: str) -> RelationshipProperty[Any] | None:
    """The relation a class knows by a name of its own or of its key column; None for anything else."""
    fact = facts_of(model).get(name)
    found: RelationshipProperty[Any] | None = inspect(model).relationships.get(
        fact.attribute if fact else name
    )
    return found


def _bare_keys(mapper: Mapper[Any], found: dict[str, Fact]) -> None:
    """Foreign keys without a relation attribute become relations that are set by id."""
    tables = {m.local_table.name: m.class_ for m in mapper.registry.mappers if m.local_table is not None}
    for prop in mapper.column_attrs:
        column = prop.columns[0]
        if column.foreign_keys and found[prop.key].kind == "int":
            target = tables.get(next(iter(column.foreign_keys)).column.table.name)
            if target is not None:
                found[prop.key] = Fact(
                    prop.key, "relation", nullable=bool(column.nullable), target=target, fk=prop.key
                )


class Interface(SQLAInterface):
    """FAB's interface on top of the guarded session, with public keys and column facts."""

    obj: type

    @property
    def facts(self) -> dict[str, Fact]:
        return facts_of(self.obj)

    def fact(self, name: str) -> Fact | None:
        """The fact of a column, a relation, or a dotted path through relations (``person.name``)."""
        model: type = self.obj
        *steps, last = name.split(".")
        for step in steps:
            relation = facts_of(model).get(step)
            if relation is None or relation.target is None:
                return None
            model = relation.target
        return facts_of(model).get(last) or extra_fact(model, last)

    @property
    def has_uid(self) -> bool:
        return hasattr(self.obj, "uid")

    @property
    def is_versioned(self) -> bool:
        return issubclass(self.obj, Versioned)

    @property
    def is_deletable(self) -> bool:
        return issubclass(self.obj, Deletable)

    @property
    def table_name(self) -> str:
        return str(self.obj.__table__.name)  # type: ignore[attr-defined]

    def key_of(self, row: Any) -> str:
        """What stands for the row in URLs."""
        return str(row.uid if self.has_uid else inspect(row).identity[0])

    def by_key(
        self, session: Session, key: str, *, deleted: bool = False, options: tuple[Any, ...] = ()
    ) -> Any:
        """The row of a public key inside the actor's scope.

        Raises NotFound for a missing, deleted or foreign row, Invalid for what cannot be a key. ``deleted`` looks
        into the recycle bin only.
        """
        query = made_once.one_row(self.obj, self.key_column, deleted, options)
        how = {"by_key": True} | ({"with_deleted": True} if deleted else {})
        values = {"key": checked_key(key, uid=self.has_uid)}
        row = session.scalars(query, values, execution_options=how).unique().one_or_none()
        if row is None:
            raise NotFound()
        return row

    @property
    def key_column(self) -> Any:
        return self.obj.uid if self.has_uid else self.pk_column  # type: ignore[attr-defined]

    @property
    def pk_column(self) -> Any:
        mapper: Mapper[Any] = inspect(self.obj)
        return getattr(self.obj, mapper.get_property_by_column(mapper.primary_key[0]).key)


def checked_key(text: str, *, uid: bool) -> str | int:
    """A public key from a URL. A number that could be an id is simply not found where uids are used."""
    text = (text or "").strip()
    number = int(text) if re.fullmatch(r"[0-9]{1,20}", text) else None
    if uid and UUID_TEXT.fullmatch(text):
        return text
    if number is not None and number <= BIGGEST_KEY:
        if uid:
            raise NotFound()
        return number
    raise Invalid()
