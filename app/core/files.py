"""Attachments: photos and papers, encrypted, in a local folder; each has an owner, a purpose, a level and a term.

Whoever sees the owner record sees its attachments, wherever either was filed since (a grid is divided, a department is
handed the case): the package of the owner says so with ``owned_by``. Kinds that nobody registered go by their area.
Contents are never shared between users by hash: every file has a random key and is encrypted for that key alone.
Uploads are checked and re-encoded in ``core.uploads``. A file is written before its row is committed: what a rollback
leaves behind is an unreadable orphan that ``orphans`` finds, never a row without a file.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from flask import Response
from sqlalchemy import Date, Integer, Select, String, false, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import scope
from app.core.actor import Actor
from app.core.crypto import ring
from app.core.errors import NotFound
from app.core.models import AreaBound, Deletable, Table
from app.core.uploads import Clean

KEY = re.compile(r"[0-9a-f]{64}")
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}


class Attachment(AreaBound, Deletable, Table):
    """One stored file. ``owner_kind``/``owner_uid`` name the record through which it may be downloaded.

    ``sha256`` is of the stored, encrypted bytes: a backup is compared without any key, and equal photos stay unlike.
    """

    __tablename__ = "attachment"

    owner_kind: Mapped[str] = mapped_column(String(40))
    owner_uid: Mapped[str] = mapped_column(String(36), index=True)
    purpose: Mapped[str] = mapped_column(String(40))
    level: Mapped[str] = mapped_column(String(2), default="L3")
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    storage_key: Mapped[str] = mapped_column(String(80), unique=True)
    keep_until: Mapped[date | None] = mapped_column(Date)


# owner kind -> select of the uids of the owners that an actor sees
_owners: dict[str, Callable[[Actor], Select[Any]]] = {}


def owned_by(kind: str, visible: Callable[[Actor], Select[Any]]) -> None:
    """Attachments of this owner kind are seen and written by whoever sees the owner; called while modules load."""
    _owners[kind] = visible


# owner kind -> since when -> select of the uids of owners that another record uses since then
_needed: dict[str, Callable[[datetime], Select[Any]]] = {}


def needed_by(kind: str, since: Callable[[datetime], Select[Any]]) -> None:
    """Attachments of these owners are kept as long as the record that uses them, whatever their own term says."""
    _needed[kind] = since


def is_needed(purpose_since: datetime) -> Any:
    """Criterion: another record uses the attachment, and has done so since a moment."""
    known = [
        (Attachment.owner_kind == kind) & _is_among(since(purpose_since)) for kind, since in _needed.items()
    ]
    return or_(false(), *known)


def _with_the_owner(actor: Actor) -> Any:
    known = [(Attachment.owner_kind == kind) & _is_among(visible(actor)) for kind, visible in _owners.items()]
    others = Attachment.owner_kind.not_in(list(_owners)) & scope.in_scope(Attachment.area_id, actor)  # type: ignore[arg-type]
    return or_(others, *known)


def _is_among(uids: Select[Any]) -> Any:
    """Asked of the owner itself, by its unique index: a record has few attachments, an actor sees many records."""
    return uids.where(uids.selected_columns[0] == Attachment.owner_uid).correlate(Attachment).exists()


scope.guard(Attachment, _with_the_owner)


class Store(Protocol):
    """Where encrypted bytes lie. The local folder is one; an object store has the same three verbs."""

    def put(self, key: str, sealed: bytes) -> None: ...

    def get(self, key: str) -> bytes: ...

    def delete(self, key: str) -> None: ...


class LocalStore:
    """Files in a folder, two levels deep, written whole or not at all, readable by the site's user only."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        """Where a key lies; a key that is not one of ours is refused before it touches the file system."""
        if not KEY.fullmatch(key):
            raise NotFound()
        return self.root / key[:2] / key[2:4] / key

    def put(self, key: str, sealed: bytes) -> None:
        """Store bytes durably: temporary file, fsync, rename, fsync of the folder."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
            f.write(sealed)
            f.flush()
            os.fsync(f.fileno())
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def get(self, key: str) -> bytes:
        """The stored bytes; NotFound when the file is gone."""
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError:
            raise NotFound() from None

    def delete(self, key: str) -> None:
        """Remove a file; a missing one is fine."""
        self.path(key).unlink(missing_ok=True)

    def keys(self, before: datetime) -> Iterator[str]:
        """Keys of the files written before a moment."""
        for path in self.root.glob("??/??/*"):
            if KEY.fullmatch(path.name) and path.stat().st_mtime < before.timestamp():
                yield path.name


_store: list[LocalStore] = []


def use(store: LocalStore) -> None:
    """Install the store of this process (create_app)."""
    _store[:] = [store]


def store() -> LocalStore:
    """The store of this process."""
    return _store[0]


def _context(key: str) -> str:
    """Binds the ciphertext to its key: a file copied over another does not open."""
    return f"attachment.{key}"


def save(
    session: Session,
    clean: Clean,
    *,
    area_id: int,
    owner_kind: str,
    owner_uid: str,
    purpose: str,
    level: str = "L3",
    keep_until: date | None = None,
) -> Attachment:
    """Encrypt and store a cleaned upload and add its row; flushes, so that the guard has judged the area."""
    key = secrets.token_hex(32)
    sealed = ring().encrypt(clean.data, _context(key))
    attachment = Attachment(
        area_id=area_id,
        owner_kind=owner_kind,
        owner_uid=owner_uid,
        purpose=purpose,
        level=level,
        media_type=clean.media_type,
        size=len(clean.data),
        sha256=hashlib.sha256(sealed).hexdigest(),
        storage_key=key,
        keep_until=keep_until,
    )
    session.add(attachment)
    session.flush()
    store().put(key, sealed)
    return attachment


def renew(session: Session, attachment: Attachment, clean: Clean) -> str:
    """Give a file new contents under its own uid (a page was straightened); returns the key of the old contents.

    The old file stays until the night, when ``sweep`` finds nothing that points to it; a row may take its key over.
    """
    old, key = attachment.storage_key, secrets.token_hex(32)
    sealed = ring().encrypt(clean.data, _context(key))
    attachment.media_type, attachment.size = clean.media_type, len(clean.data)
    attachment.sha256, attachment.storage_key = hashlib.sha256(sealed).hexdigest(), key
    session.flush()
    store().put(key, sealed)
    return old


def read(attachment: Attachment) -> bytes:
    """The plain bytes. Whoever calls this has checked the owner record and writes the access log."""
    key = attachment.storage_key
    return ring().decrypt(store().get(key), _context(key))


def of_owner(session: Session, owner_kind: str, owner_uid: str) -> list[Attachment]:
    """Attachments of a record inside the scope, oldest first."""
    query = select(Attachment).where(Attachment.owner_uid == owner_uid, Attachment.owner_kind == owner_kind)
    return list(session.scalars(query.order_by(Attachment.id)))


def response(attachment: Attachment, *, inline: bool = True) -> Response:
    """The answer of the download route: a neutral name, the stored kind, never run as a page, never kept."""
    answer = Response(read(attachment), mimetype=attachment.media_type)
    how = "inline" if inline and attachment.media_type in EXTENSIONS else "attachment"
    name = f"{attachment.uid}.{EXTENSIONS.get(attachment.media_type, 'bin')}"
    answer.headers["Content-Disposition"] = f'{how}; filename="{name}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def orphans(session: Session, now: datetime, older: timedelta = timedelta(days=1)) -> list[str]:
    """Keys of files without a row: left by a rollback, or by a purge that ended between row and file.

    ``session`` must see every row, deleted ones too: call it inside ``unscoped``.
    """
    query = select(Attachment.storage_key).execution_options(with_deleted=True)
    known = set(session.scalars(query))
    return [key for key in store().keys(now - older) if key not in known]


def sweep(session: Session, now: datetime) -> int:
    """Delete orphans; returns how many."""
    keys = orphans(session, now)
    for key in keys:
        store().delete(key)
    return len(keys)
