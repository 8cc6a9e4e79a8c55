"""What a user keeps about a list: views by name, and edits of many rows that can be taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, Integer, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core import scope
from app.core.actor import Actor
from app.core.crypto import EncryptedJson
from app.core.models import Instant, Table, Versioned, args


class SavedView(Versioned, Table):
    """A list as somebody likes it: filters, order, size of a page, columns. Each belongs to one user.

    ``settings`` is {"query": [[argument, value], …], "columns": [name, …] or None}. A name is unique for the user and the
    view; the row without a name keeps the columns that were chosen for the plain list.
    """

    __tablename__ = "saved_view"
    __table_args__ = args(UniqueConstraint("user_id", "view", "name"))

    user_id: Mapped[int] = mapped_column(Integer)
    view: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(60))
    settings: Mapped[Any] = mapped_column(EncryptedJson("saved_view.settings"))
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)


class BulkEdit(Table):
    """One edit of many rows by one user; its uid is the batch of its rows in the change log.

    ``changes`` is {column: text that the form sent}; ``wanted`` is [[key, version at the preview], …] of the rows that are
    still to be changed, ``rows`` [[key, version after, {column: text before}], …] of those that were, ``left_out``
    [[key, why], …] of the others. Taking it back touches only rows that nobody has changed since. ``job_uid`` names the
    job where there were many rows.
    """

    __tablename__ = "bulk_edit"
    __table_args__ = args(Index("ix_bulk_edit_user_id_view", "user_id", "view"))

    user_id: Mapped[int] = mapped_column(Integer)
    view: Mapped[str] = mapped_column(String(60))
    changes: Mapped[Any] = mapped_column(EncryptedJson("bulk_edit.changes"))
    wanted: Mapped[Any] = mapped_column(EncryptedJson("bulk_edit.wanted"))
    rows: Mapped[Any] = mapped_column(EncryptedJson("bulk_edit.rows"))
    left_out: Mapped[Any] = mapped_column(EncryptedJson("bulk_edit.left_out"))
    count: Mapped[int] = mapped_column(Integer, default=0)
    job_uid: Mapped[str | None] = mapped_column(String(36))
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    undone: Mapped[int] = mapped_column(Integer, default=0)


def _own_views(actor: Actor) -> Any:
    return SavedView.user_id == actor.user_id


def _own_edits(actor: Actor) -> Any:
    return BulkEdit.user_id == actor.user_id


scope.guard(SavedView, _own_views, whole_site=True, readers=True)
scope.guard(BulkEdit, _own_edits, whole_site=True)


def lists_of(user: Any) -> Any:
    """For a statement about users (``user`` is the column of their key): the views of which they have saved something, as
    one string. Signing in asks for it on the way, so that lists of which nothing is saved need not ask.
    """
    return (
        select(func.aggregate_strings(SavedView.view, "\n"))
        .where(SavedView.user_id == user)
        .scalar_subquery()
    )
