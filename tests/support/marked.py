"""One row of every table of ours in a given area, each text bearing a marker: what a sweep must never find elsewhere.

Rows are made from the columns, so that a new table takes part without anybody remembering it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import JSON, BigInteger, Boolean, Date, Integer, LargeBinary, Numeric, String, Text, select
from sqlalchemy.orm import Session

import app.all_models  # noqa: F401
from app.areas.roles import ROLES
from app.core import clock
from app.core.crypto import EncryptedJson, EncryptedText
from app.core.models import Instant
from app.core.scope import is_guarded

MARK = "ZZMARK"
SKIPPED = {"area", "area_level"}
# a row stands for one of these places only: the other one stays empty
LEFT_EMPTY = {("safety_check", "venue_id"), ("hazard", "venue_id")}


def classes() -> dict[str, type]:
    """Mapped classes of ours by table name."""
    return {
        m.class_.__tablename__: m.class_
        for m in Model.registry.mappers
        if m.class_.__module__.startswith("app.") and not m.class_.__module__.startswith("app.audit")
    }


class Marked:
    """Makes and remembers one row per guarded table in an area; ``tag`` tells several sets of rows apart."""

    def __init__(self, session: Session, area_id: int, user_id: int, staff_id: int, tag: str = "") -> None:
        self.session, self.area_id, self.tag = session, area_id, tag
        self.rows: dict[str, Any] = {}
        self.known = {"area": area_id, "ab_user": user_id}
        self.staff_id = staff_id
        self.classes = classes()

    def make_all(self) -> dict[str, Any]:
        """Rows by table name."""
        for name, cls in sorted(self.classes.items()):
            if is_guarded(cls) or name in {"issued_document", "proxy_case"}:
                self.row(name)
        return self.rows

    def row(self, name: str) -> Any:
        """The row of a table, made with its parents first."""
        if name in self.rows:
            return self.rows[name]
        cls = self.classes[name]
        values = {c.key: self._value(cls, c) for c in cls.__mapper__.column_attrs}
        row = cls(**{k: v for k, v in values.items() if v is not None})
        self.session.add(row)
        self.session.flush()
        self.rows[name] = row
        if name == "person":
            link = self.classes["person_area"]
            self.session.add(
                link(person_id=row.id, area_id=self.area_id, kind="residence", valid_from=date(2026, 1, 1))
            )
            self.session.flush()
        return row

    def _value(self, cls: type, attribute: Any) -> Any:
        column = attribute.columns[0]
        name = column.name
        if column.primary_key or name in {
            "uid",
            "version",
            "deleted_at",
            "deleted_by",
            "delete_reason",
            "deleted_step",
            "valid_to",
        }:
            return None
        if name.endswith("_index") or name in {
            "created_by",
            "updated_by",
            "by_user",
            "closed_at",
            "returned_at",
        }:
            return None
        if (cls.__tablename__, name) in LEFT_EMPTY:
            return None
        if name == "done_on" and column.nullable:  # an open matter: lists open with those
            return None
        for key in column.foreign_keys:
            return self._key(cls, column, key.column.table.name)
        if (
            column.default is not None
            and name not in {"note", "title"}
            and not isinstance(column.type, String | Text)
        ):
            return None
        return self._plain(cls, column)

    def _key(self, cls: type, column: Any, table: str) -> int | None:
        if table in self.known:
            return self.known[table]
        if table == cls.__tablename__ or table not in self.classes:
            return None
        if table in {
            "org_unit",
            "service_item",
            "service_item_version",
            "code_list",
            "area_level",
            "role_scheme",
        }:
            found = self.session.scalars(select(self.classes[table].id).limit(1)).first()
            return found if found is not None or column.nullable else self.row(table).id
        return self.row(table).id

    def _plain(self, cls: type, column: Any) -> Any:
        kind = column.type
        if (cls.__tablename__, column.name) == ("person_merge", "moved"):
            return []
        if (cls.__tablename__, column.name) == ("ledger", "shared_roles"):
            return sorted(ROLES)  # with everybody of its area
        if (cls.__tablename__, column.name) == ("ledger", "filters"):
            return [["_flt_0_name", MARK]]
        if (cls.__tablename__, column.name) == ("import_row", "findings"):
            return [[1, MARK, {}, True]]
        if isinstance(kind, EncryptedJson):
            return {"name": MARK, "document_number": MARK}
        if isinstance(kind, EncryptedText):
            return f"{MARK}{self.tag}{cls.__tablename__}{self.area_id}"
        if isinstance(kind, Instant):
            return clock.now()
        if "code_list" in column.info:
            return None if column.nullable else self._code(column.info["code_list"])
        if isinstance(kind, String | Text) or type(kind).__name__ == "Digest":
            return self._text(cls, column)
        simple = (
            (Date, date(2026, 5, 1)),
            (Boolean, False),
            (Integer, 1),
            (BigInteger, 1),
            (Numeric, Decimal("1.5")),
            (JSON, {}),
            (LargeBinary, b"0"),
        )
        return next((value for cls_, value in simple if isinstance(kind, cls_)), None)

    def _text(self, cls: type, column: Any) -> str | None:
        name, length = column.name, getattr(column.type, "length", None) or 200
        fixed = {
            ("household", "kind"): "living",
            ("person_group", "level"): "L3",
            ("person", "birth_precision"): "day",
            ("proxy_case", "state"): "processing",
            ("issued_document", "state"): "issued",
            ("issued_document", "form_code"): "F10",
            ("visit", "state"): "planned",
            ("move_in_request", "state"): "asked",
            ("case_material", "form"): "copy",
            ("case_material", "state"): "asked",
            ("case_clock", "kind"): "promise",
            ("case_clock", "unit"): "work_day",
            ("case_step", "action"): "book",
            ("case_step", "to_state"): "booked",
            ("case_step", "from_state"): "booked",
            ("clock_pause", "reason"): "supplement",
            ("case_delivery", "way"): "hand",
            ("document_step", "action"): "issue",
            ("document_step", "to_state"): "issued",
            ("post", "role"): "grid_worker",
            ("import_batch", "state"): "checked",
            ("import_batch", "sheet"): "conveniences",
            ("import_batch", "rule"): "skip",
            ("import_row", "outcome"): "bad",
            ("attachment", "level"): "L3",
            ("attachment", "owner_kind"): "proxy_case",
        }
        if (cls.__tablename__, name) == ("attachment", "owner_uid"):
            return self.row("proxy_case").uid
        if (cls.__tablename__, name) in fixed:
            return fixed[(cls.__tablename__, name)]
        if name in {
            "kind",
            "state",
            "status",
            "level",
            "birth_precision",
            "unit",
            "action",
            "to_state",
            "resume_to",
        }:
            default = column.default
            return (
                default.arg
                if default is not None and default.is_scalar
                else (None if column.nullable else name[:length])
            )
        if name in {"address_pinyin", "name_pinyin", "name_initials", "role", "by_role"}:
            return None
        return f"{MARK}{self.tag} {self.area_id} {cls.__tablename__} {name}"[:length]

    def _code(self, list_name: str) -> str:
        from app.core import codes

        return next(iter(codes.codes(self.session, list_name)))


def fingerprint(session: Session, tables: set[str] | None = None) -> dict[str, int]:
    """A number per table that changes with any row (logs, sessions and counters of reads aside)."""
    aside = {
        "change_log",
        "access_log",
        "audit_seal",
        "sign_in",
        "login_attempt",
        "draft",
        "submission",
        "notice",
        "job",
        "account",
        "ab_user",
    }
    found = {}
    for table in Model.metadata.sorted_tables:
        if table.name in aside or (tables is not None and table.name not in tables):
            continue
        rows = session.connection().execute(select(table)).all()
        found[table.name] = hash(
            tuple(sorted(repr(tuple(bytes(v) if isinstance(v, memoryview) else v for v in r)) for r in rows))
        )
    return found
