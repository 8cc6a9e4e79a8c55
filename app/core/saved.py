"""What a user keeps about a list: views by name, and edits of many rows that can be taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import scope
from app.core.actor import Actor
from app.core.crypto import EncryptedJson
from app.core.models import Instant, Table, Versioned, args


class SavedView(Versioned, Table):
    """A list as somebody likes it: filters, order, columns.

    ``settings`` is {"query": [[argument, value], …], "columns": [name, …]}.
    """

    __tablename__ = "saved_view"
    __table_args__ = args(UniqueConstraint("user_id", "view", "name"))

    user_id: Mapped[int] = mapped_column(Integer)
    view: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(60))
    settings: Mapped[Any] = mapped_column(EncryptedJson("saved_view.settings"))
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)


class BulkEdit(Table):
    """One edit of many rows by one user. ``changes`` is {attribute: new value}; ``rows`` is [[key, version after,
    {attribute: old value}], …]: taking it back touches only rows that nobody has changed since.
    """

    __tablename__ = "bulk_edit"
    __table_args__ = args(Index("ix_bulk_edit_user_id_view", "user_id", "view"))

    user_id: Mapped[int] = mapped_column(Integer)
    view: Mapped[str] = mapped_column(String(60))
    changes: Mapped[Any] = mapped_column(EncryptedJson("bulk_edit.changes"))
    rows: Mapped[Any] = mapped_column(EncryptedJson("bulk_edit.rows"))
    count: Mapped[int] = mapped_column(Integer)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    undone: Mapped[int] = mapped_column(Integer, default=0)


def _own_views(actor: Actor) -> Any:
    return SavedView.user_id == actor.user_id


def _own_edits(actor: Actor) -> Any:
    return BulkEdit.user_id == actor.user_id


scope.guard(SavedView, _own_views, whole_site=True)
scope.guard(BulkEdit, _own_edits, whole_site=True)
