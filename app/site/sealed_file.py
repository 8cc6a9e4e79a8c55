"""One encrypted file, written and read as a stream: AES-256-GCM in chunks (STREAM: counter and end mark in the nonce).

``magic | kind of key | salt(16) | nonce prefix(7) | {length(4) | chunk}``. A changed, exchanged or missing chunk and
a cut file are all told; the header is bound to every chunk.
"""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"GEBANBK1"
KEY_FILE, PASSPHRASE = b"K", b"P"
SALT, PREFIX, LENGTH = 16, 7, 4
HEADER = len(MAGIC) + 1 + SALT + PREFIX
CHUNK = 1024 * 1024
SHORTEST_PASSPHRASE = 12


class Unreadable(RuntimeError):
    """The file is no backup of ours, is damaged or cut, or the key is not the right one."""


class Secret:
    """What a backup is locked with: the content of a key file, or a passphrase."""

    def __init__(self, kind: bytes, value: bytes) -> None:
        self.kind, self.value = kind, value

    @classmethod
    def from_file(cls, path: Path) -> Secret:
        """A key file: 32 random bytes or more, readable by its owner only."""
        if path.stat().st_mode & 0o077:
            raise Unreadable(f"{path} may be read by other users: run chmod 600 on it")
        value = path.read_bytes()
        if len(value) < 32:
            raise Unreadable(f"{path} is too short for a key: 32 bytes at least")
        return cls(KEY_FILE, value)

    @classmethod
    def from_passphrase(cls, text: str) -> Secret:
        """A passphrase of 12 characters or more."""
        if len(text) < SHORTEST_PASSPHRASE:
            raise Unreadable(f"the passphrase is too short: {SHORTEST_PASSPHRASE} characters at least")
        return cls(PASSPHRASE, text.encode())

    def key(self, salt: bytes) -> bytes:
        """The key of one file: no two backups share one."""
        if self.kind == PASSPHRASE:
            return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(self.value)
        return HKDF(SHA256(), length=32, salt=salt, info=MAGIC).derive(self.value)


def _nonce(prefix: bytes, counter: int, last: bool) -> bytes:
    return prefix + struct.pack(">I", counter) + bytes([last])


class SealedWriter(io.RawIOBase):
    """A file to write into; ``close`` writes the end mark and flushes to the disk."""

    def __init__(self, out: BinaryIO, secret: Secret) -> None:
        salt, self._prefix = os.urandom(SALT), os.urandom(PREFIX)
        self._out, self._counter, self._buffer = out, 0, bytearray()
        self._header = MAGIC + secret.kind + salt + self._prefix
        self._aead = AESGCM(secret.key(salt))
        out.write(self._header)

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        plain = bytes(data)  # type: ignore[call-overload]
        self._buffer += plain
        while len(self._buffer) > CHUNK:
            self._put(bytes(self._buffer[:CHUNK]), last=False)
            del self._buffer[:CHUNK]
        return len(plain)

    def _put(self, plain: bytes, *, last: bool) -> None:
        sealed = self._aead.encrypt(_nonce(self._prefix, self._counter, last), plain, self._header)
        self._out.write(struct.pack(">I", len(sealed)) + sealed)
        self._counter += 1

    def finish(self) -> None:
        """Write the last chunk. Without it the file cannot be read: a broken backup never looks whole."""
        self._put(bytes(self._buffer), last=True)
        self._buffer.clear()
        self._out.flush()
        os.fsync(self._out.fileno())


class SealedReader(io.RawIOBase):
    """Reads what SealedWriter wrote; raises Unreadable at the first thing that is wrong."""

    def __init__(self, source: BinaryIO, secret: Secret) -> None:
        header = source.read(HEADER)
        if len(header) < HEADER or not header.startswith(MAGIC):
            raise Unreadable("this is no backup file of GeBan")
        if header[len(MAGIC) : len(MAGIC) + 1] != secret.kind:
            wanted = "a passphrase" if secret.kind == KEY_FILE else "a key file"
            raise Unreadable(f"this backup was locked with {wanted}")
        salt, self._prefix = header[-PREFIX - SALT : -PREFIX], header[-PREFIX:]
        self._source, self._header, self._counter = source, header, 0
        self._aead = AESGCM(secret.key(salt))
        self._buffer, self._ended = b"", False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._ended and (size < 0 or len(self._buffer) < size):
            self._buffer += self._next()
        taken, self._buffer = (self._buffer, b"") if size < 0 else (self._buffer[:size], self._buffer[size:])
        return taken

    def _next(self) -> bytes:
        head = self._source.read(LENGTH)
        if len(head) < LENGTH:
            raise Unreadable("the file is cut off: it cannot be trusted")
        (length,) = struct.unpack(">I", head)
        if length > CHUNK + 16:
            raise Unreadable("the file is damaged")
        sealed = self._source.read(length)
        for last in (False, True):
            try:
                plain = self._aead.decrypt(_nonce(self._prefix, self._counter, last), sealed, self._header)
            except InvalidTag:
                continue
            self._counter += 1
            self._ended = last
            return plain
        raise Unreadable("the key is wrong or the file is damaged")
