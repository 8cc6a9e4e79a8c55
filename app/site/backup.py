"""Backup, restore, compare (guards, section 6): database, attachments and seals in one encrypted file.

The keys are not inside: a stolen backup gives nothing without them, and a lost key file makes it worthless. They are
kept apart (docs/operations).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine

from app.core.crypto import ring
from app.core.files import LocalStore
from app.site import dump
from app.site.sealed_file import SealedReader, SealedWriter, Secret, Unreadable

FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 1024 * 1024


class NotEmpty(RuntimeError):
    """A restore goes into an empty site only; the message says what is in the way."""


FAILURES = (NotEmpty, Unreadable, dump.DumpFailed, OSError)


@dataclass(frozen=True)
class Site:
    """What a backup is taken of, or a restore goes into."""

    engine: Engine
    home: Path
    attachments: Path

    @property
    def folders(self) -> dict[str, Path]:
        """Folders in a backup by their name inside."""
        return {"attachments": self.attachments, "seals": self.home / "seals"}


@dataclass
class Comparison:
    """How a restored site compares with the manifest of its backup; empty lists mean that all is there."""

    kinds: int = 0
    rows: int = 0
    files: int = 0
    differences: list[str] = field(default_factory=list)


def key_mark() -> str:
    """Tells the keyring of a site without giving anything away."""
    return ring().mac(b"geban backup").hex()[:16]


def own_key_file(home: Path) -> Path:
    """The key file of this home's backups, made on first use."""
    path = home / "keys" / "backup.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
            f.write(secrets.token_bytes(32))
    return path


def backup(site: Site, target: Path, secret: Secret, now: datetime) -> dict[str, Any]:
    """Write the backup to ``target`` (which must not exist) and return its manifest. The site goes on running."""
    if target.exists():
        raise NotEmpty(f"{target} exists already")
    with _scratch(site.home) as folder:
        copy = folder / dump.name_of(site.engine)
        rows = dump.dump(site.engine, copy)
        # the database first: a file is stored before its row, so every row of the copy finds its file
        files = {name: list(_files(path)) for name, path in site.folders.items()}
        manifest = _manifest(site, copy, rows, files, now)
        part = target.with_name(target.name + ".part")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                writer = SealedWriter(cast(Any, out), secret)
                with tarfile.open(fileobj=cast(Any, writer), mode="w|") as tar:
                    _add_bytes(tar, MANIFEST, json.dumps(manifest).encode())
                    tar.add(copy, copy.name)
                    for name, path in site.folders.items():
                        for relative in manifest["files"][name]:
                            tar.add(path / relative, f"{name}/{relative}")
                writer.finish()
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return manifest


def _manifest(
    site: Site, copy: Path, rows: dict[str, int], files: dict[str, list[Path]], now: datetime
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "at": now.isoformat(),
        "database": copy.name,
        "database_sha256": _sha256(copy),
        "rows": rows,
        "keys": key_mark(),
        "files": {
            name: {str(p): _sha256(site.folders[name] / p) for p in found} for name, found in files.items()
        },
    }


def restore(site: Site, source: Path, secret: Secret) -> tuple[dict[str, Any], Comparison]:
    """Bring a backup into an empty site and compare it with its manifest; returns both.

    Raises NotEmpty, Unreadable (wrong key, damaged or cut file, keys of another site). Nothing is put into place before
    the whole file has been read and checked.
    """
    _refuse_full(site)
    with _scratch(site.home) as folder:
        with (
            source.open("rb") as raw,
            tarfile.open(
                fileobj=cast(Any, io.BufferedReader(cast(Any, _Rest(SealedReader(raw, secret))))), mode="r|"
            ) as tar,
        ):
            manifest = _unpack(tar, folder, site)
        dump.load(site.engine, folder / manifest["database"])
        for name, path in site.folders.items():
            if (folder / name).exists():
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.copytree(folder / name, path, dirs_exist_ok=True)
                path.chmod(0o700)
    return manifest, compare(site, manifest)


class _Rest(io.RawIOBase):
    """The reader as tarfile wants it; reads on to the end mark, so that a cut file is always told."""

    def __init__(self, reader: SealedReader) -> None:
        self.reader = reader

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self.reader.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


def _unpack(tar: tarfile.TarFile, folder: Path, site: Site) -> dict[str, Any]:
    manifest: dict[str, Any] = {}
    for member in tar:
        if not manifest:
            manifest = _read_manifest(tar, member, site)
            continue
        if not _is_expected(member, manifest):
            raise Unreadable(f"the backup holds something unexpected: {member.name}")
        _write(tar, member, folder / member.name)
        wanted = manifest["database_sha256"]
        if member.name != manifest["database"]:
            name, _, relative = member.name.partition("/")
            wanted = manifest["files"][name][relative]
        if _sha256(folder / member.name) != wanted:
            raise Unreadable(f"{member.name} differs from the manifest")
    tar.fileobj.read(CHUNK)  # type: ignore[union-attr]  the end mark stands behind the last member
    if not manifest or not (folder / manifest["database"]).exists():
        raise Unreadable("the backup is not complete")
    return manifest


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    """One file of the backup. Nothing but its bytes is taken over; Debian 12's Python knows no extraction filters."""
    content = tar.extractfile(member)
    if content is None or path.exists() or ".." in path.parts:
        raise Unreadable(f"the backup holds something unexpected: {member.name}")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        shutil.copyfileobj(content, target, CHUNK)


def _read_manifest(tar: tarfile.TarFile, member: tarfile.TarInfo, site: Site) -> dict[str, Any]:
    content = tar.extractfile(member) if member.name == MANIFEST else None
    if content is None:
        raise Unreadable("the backup has no manifest")
    manifest: dict[str, Any] = json.loads(content.read())
    if manifest["format"] != FORMAT:
        raise Unreadable(f"format {manifest['format']} is not known to this version")
    if manifest["database"] != dump.name_of(site.engine):
        raise Unreadable(f"{manifest['database']} is for the other kind of database")
    if manifest["keys"] != key_mark():
        raise Unreadable(
            "the keys of this home are not those of the backup: put the site's keys.json into place first,"
            " else nothing encrypted could ever be read again"
        )
    return manifest


def _is_expected(member: tarfile.TarInfo, manifest: dict[str, Any]) -> bool:
    name, _, relative = member.name.partition("/")
    return member.isfile() and (
        member.name == manifest["database"] or relative in manifest["files"].get(name, {})
    )


def _refuse_full(site: Site) -> None:
    if not dump.is_empty(site.engine):
        raise NotEmpty("the database is not empty: a restore goes into an empty one only")
    for name, path in site.folders.items():
        if any(_files(path)):
            raise NotEmpty(f"the folder {path} is not empty ({name})")


def compare(site: Site, manifest: dict[str, Any]) -> Comparison:
    """Count every table and hash every file again."""
    found, result = dump.counts(site.engine), Comparison()
    for table, rows in manifest["rows"].items():
        result.kinds, result.rows = result.kinds + 1, result.rows + rows
        if found.get(table) != rows:
            result.differences.append(f"{table}: {rows} rows in the backup, {found.get(table)} here")
    for name, files in manifest["files"].items():
        for relative, digest in files.items():
            result.files += 1
            path = site.folders[name] / relative
            if not path.exists() or _sha256(path) != digest:
                result.differences.append(f"{name}/{relative} is missing or differs")
    result.differences += _attachments_without_file(site)
    return result


def _attachments_without_file(site: Site) -> Iterator[str]:
    """Every attachment of the database must have its file: the row holds the digest of the stored bytes."""
    store = LocalStore(site.attachments)
    with site.engine.connect() as connection:
        for key, digest in connection.exec_driver_sql("SELECT storage_key, sha256 FROM attachment"):
            path = store.path(key)
            if not path.exists() or _sha256(path) != digest:
                yield f"the file of attachment {key} is missing or differs"


# --- small things ---------------------------------------------------------------------------------------------


def _files(folder: Path) -> Iterator[Path]:
    """Files of a folder, relative to it, without those that are just being written."""
    if not folder.exists():
        return
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and path.suffix not in {".tmp", ".part"}:
            yield path.relative_to(folder)


def _sha256(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    tar.addfile(info, io.BytesIO(content))


@contextmanager
def _scratch(home: Path) -> Iterator[Path]:
    """A private folder on the home's own disk, gone afterwards: it holds the database in plain for a moment."""
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=home) as folder:
        yield Path(folder)
