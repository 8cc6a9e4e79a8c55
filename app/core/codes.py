"""Code lists: data with a source (house, section 3). Standard codes are locked, local ones are edited by people.

Tables are small and read on every page, so a process keeps them in memory and re-reads when the stamp of the
newest change moves. A bad list locks nobody out: one without any code is the list that came with the program, one whose
codes have all ended counts as in force, of two rows with one code the one in force counts, attributes that are broken
count as the most protected.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import (
    Boolean,
    Date,
    Engine,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
    cast,
    event,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.core.models import BigKey, Keyed, Stamped, Versioned, args
from app.core.session import PlainGuardedSession


class CodeList(Keyed, Stamped, Versioned, Model):
    """One code list, its standard and whether its numbers are fixed by that standard."""

    __tablename__ = "code_list"

    name: Mapped[str] = mapped_column(String(40), unique=True)
    label: Mapped[str] = mapped_column(String(80))
    standard: Mapped[str | None] = mapped_column(String(200))
    locked: Mapped[bool] = mapped_column(Boolean, default=False)
    note: Mapped[str | None] = mapped_column(Text)
    items: Mapped[list[CodeItem]] = relationship(back_populates="code_list", order_by="CodeItem.seq")

    def __str__(self) -> str:
        return self.label


class CodeItem(Keyed, Stamped, Versioned, Model):
    """One code: valid from/to, never renumbered. ``extra`` carries list-specific attributes (JSON text)."""

    __tablename__ = "code_item"
    __table_args__ = args(UniqueConstraint("list_id", "code", "valid_from"))

    list_id: Mapped[int] = mapped_column(BigKey, ForeignKey("code_list.id"))
    code: Mapped[str] = mapped_column(String(24))
    label: Mapped[str] = mapped_column(String(120))
    label_en: Mapped[str | None] = mapped_column(String(120))
    seq: Mapped[int] = mapped_column(Integer, default=0)
    extra: Mapped[str | None] = mapped_column(Text)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    code_list: Mapped[CodeList] = relationship(back_populates="items")

    def __str__(self) -> str:
        return self.label


@dataclass(frozen=True, slots=True)
class Code:
    """A code as forms and lists use it."""

    code: str
    label: str
    label_en: str
    current: bool
    extra: str | None = None

    @property
    def attributes(self) -> dict[str, Any]:
        """What the list says about the code; broken attributes say the most protected."""
        try:
            found = json.loads(self.extra) if self.extra else {}
        except ValueError:
            found = None
        return found if isinstance(found, dict) else dict(CLOSED)


# broken attributes of a group must not open it
CLOSED = {"sensitivity": "L5"}
Shipped = Callable[[str], dict[str, Code]]
_shipped: list[Shipped] = []


def use_shipped(find: Shipped) -> None:
    """Hang in what finds the codes of a list that came with the program."""
    _shipped[:] = [find]


_cache: dict[str, dict[str, Code]] = {}
_stamp: list[object] = [None]


# what another process changed is seen after a second, what this one changed at once
TRUST = 1.0
_asked: list[float] = [0.0]


def _forget(*_event: object) -> None:
    _asked[0] = 0.0


@event.listens_for(PlainGuardedSession, "after_flush")
def _changed(session: Session, _context: object) -> None:
    if any(isinstance(row, CodeItem | CodeList) for row in (*session.new, *session.dirty, *session.deleted)):
        session.info["codes_changed"] = True


@event.listens_for(PlainGuardedSession, "after_commit")
def _kept(session: Session) -> None:
    if session.in_nested_transaction():  # the end of a savepoint: others still read the list as it was
        return
    if session.info.pop("codes_changed", None):
        _forget()


event.listen(Engine, "engine_disposed", _forget)


def _refresh(session: Session) -> None:
    if time.monotonic() - _asked[0] < TRUST and not session.info.get("codes_changed"):
        return
    _asked[0] = time.monotonic()
    newest = session.execute(select(func.max(CodeItem.updated_at), func.count(CodeItem.id))).one()
    from app.core.clock import today

    day = today()
    key = (str(session.get_bind().url), day, *newest)  # type: ignore[union-attr]
    if _stamp[0] == key:
        return
    lists: dict[str, dict[str, Code]] = {}
    i = CodeItem
    # days as text: one that is none must not keep everybody from every form
    query = (
        select(CodeList.name, i.code, i.label, i.label_en, i.extra, _iso(i.valid_from), _iso(i.valid_to))
        .join(CodeItem.code_list)
        .order_by(CodeList.id, CodeItem.seq, CodeItem.id)
    )
    for name, code, label, label_en, extra, first, last in session.execute(query):
        is_current = (first or "") <= day.isoformat() <= (last or "9999")
        words = label.strip() or code
        known = lists.setdefault(name, {}).get(code)
        if known is None or is_current or not known.current:
            lists[name][code] = Code(code, words, label_en or words, is_current, extra)
    for name, found in lists.items():
        if not any(code.current for code in found.values()):
            lists[name] = {key: replace(code, current=True) for key, code in found.items()}
    _cache.clear()
    _cache.update(lists)
    _stamp[0] = key


def _iso(column: Any) -> Any:
    return cast(column, String)


def codes(session: Session, list_name: str) -> dict[str, Code]:
    """All codes of a list by code, expired ones included (old records still show their label)."""
    if session.info.get("codes_checked") is None:
        _refresh(session)
        session.info["codes_checked"] = True
    found = _cache.get(list_name, {})
    return found if found or not _shipped else _shipped[0](list_name)


def label(session: Session, list_name: str, code: str | None) -> str:
    """The label of a code; the code itself when the list does not know it, empty for None."""
    if code is None:
        return ""
    found = codes(session, list_name).get(code)
    return found.label if found else code


def choices(session: Session, list_name: str, keep: str | None = None) -> list[tuple[str, str]]:
    """(code, label) of the codes in force today, plus ``keep`` (the row's own, possibly expired, value)."""
    return [(c.code, c.label) for c in codes(session, list_name).values() if c.current or c.code == keep]
