"""Field encryption and blind indexes (guards, section 3).

Ciphertext: ``version byte | key id length | key id | nonce(12) | ciphertext+tag``. The additional data binds a
value to its table, column and key, so that a ciphertext copied to another column does not decrypt.
The blind index is an HMAC under its own key: exact search without decryption. Keys live outside the database.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from sqlalchemy import LargeBinary, String
from sqlalchemy.types import TypeDecorator

VERSION = 1
NONCE = 12
TAG = 16


class KeyProblem(RuntimeError):
    """The key file is missing, readable by others or does not hold the key of a value."""


@dataclass(frozen=True, slots=True)
class Key:
    """One generation of keys; each purpose has its own 32 bytes (SM4 uses the first 16 of ``data``)."""

    id: str
    suite: str
    data: bytes
    index: bytes
    mac: bytes
    aead: AESGCM | None = None
    # keyed once and copied for each message: a third of what a fresh HMAC costs
    keyed: tuple[HMAC, HMAC] | None = None

    @classmethod
    def new(cls, key_id: str, suite: str = "aes") -> Key:
        """Make a random generation of keys; ``suite`` is ``aes`` or ``sm`` (SM4-GCM with HMAC-SM3)."""
        return cls.of(key_id, suite, *(secrets.token_bytes(32) for _ in range(3)))

    @classmethod
    def of(cls, key_id: str, suite: str, data: bytes, index: bytes, mac: bytes) -> Key:
        """Build a key from its stored parts."""
        algorithm = hashes.SHA256() if suite == "aes" else hashes.SM3()
        keyed = (HMAC(index, algorithm), HMAC(mac, algorithm))
        return cls(key_id, suite, data, index, mac, AESGCM(data) if suite == "aes" else None, keyed)

    def seal(self, plain: bytes, aad: bytes) -> bytes:
        """Encrypt; returns nonce, ciphertext and tag."""
        nonce = os.urandom(NONCE)
        if self.aead is not None:
            return nonce + self.aead.encrypt(nonce, plain, aad)
        enc = Cipher(algorithms.SM4(self.data[:16]), modes.GCM(nonce)).encryptor()
        enc.authenticate_additional_data(aad)
        return nonce + enc.update(plain) + enc.finalize() + enc.tag

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Decrypt what ``seal`` made; raises ``cryptography.exceptions.InvalidTag`` on any change."""
        nonce, body = sealed[:NONCE], sealed[NONCE:]
        if self.aead is not None:
            return self.aead.decrypt(nonce, body, aad)
        dec = Cipher(algorithms.SM4(self.data[:16]), modes.GCM(nonce, body[-TAG:])).decryptor()
        dec.authenticate_additional_data(aad)
        return dec.update(body[:-TAG]) + dec.finalize()

    def digest(self, purpose: bytes, message: bytes) -> bytes:
        """Keyed digest (32 bytes) under the index key, or the MAC key for the purpose ``b"mac"``."""
        h = self.begun(purpose)
        h.update(message)
        return h.finalize()

    def begun(self, purpose: bytes) -> HMAC:
        """A digest that has taken up its key and the purpose: to be copied for each of many messages."""
        assert self.keyed is not None  # noqa: S101
        h = self.keyed[purpose == b"mac"].copy()
        h.update(purpose + b"\x00")
        return h


class Keyring:
    """All generations of keys; ``active`` encrypts, every generation decrypts, ``index_id`` makes indexes."""

    def __init__(self, keys: dict[str, Key], active: str, index_id: str) -> None:
        self.keys, self.active, self.index_id = keys, active, index_id

    @classmethod
    def fresh(cls, suite: str = "aes") -> Keyring:
        """A new ring with one generation (first start, tests)."""
        return cls({"k1": Key.new("k1", suite)}, "k1", "k1")

    @classmethod
    def load(cls, path: Path) -> Keyring:
        """Read a key file. Refuses a file that others may read: the keys would be worth nothing."""
        if not path.exists():
            raise KeyProblem(f"no key file at {path}: run `flask --app run init` first")
        if path.stat().st_mode & 0o077:
            raise KeyProblem(f"{path} may be read by other users: run chmod 600 on it")
        try:
            raw = json.loads(path.read_text())
            keys = {
                i: Key.of(i, k["suite"], *(base64.b64decode(k[p]) for p in ("data", "index", "mac")))
                for i, k in raw["keys"].items()
            }
            return cls(keys, raw["active"], raw["index"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise KeyProblem(
                f"{path} is no key file, or a damaged one: put a copy of it into place"
            ) from error

    def save(self, path: Path) -> None:
        """Write the key file with mode 0600, never over an existing one in a half-written state."""
        self._write(path).replace(path)

    def save_first(self, path: Path) -> None:
        """The same unless there is a key file already: of several first starts at once one ring wins, for all."""
        tmp = self._write(path)
        try:
            os.link(tmp, path)
        except FileExistsError:
            pass
        finally:
            tmp.unlink()

    def _write(self, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        body = {
            "active": self.active,
            "index": self.index_id,
            "keys": {
                i: {
                    "suite": k.suite,
                    **{p: base64.b64encode(getattr(k, p)).decode() for p in ("data", "index", "mac")},
                }
                for i, k in self.keys.items()
            },
        }
        tmp = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        fd = os.open(tmp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w") as f:
            json.dump(body, f)
            f.flush()
            os.fsync(f.fileno())
        return tmp

    def encrypt(self, plain: bytes, context: str) -> bytes:
        """Encrypt for ``context`` (``table.column``) under the active key."""
        kid = self.active.encode()
        head = bytes([VERSION, len(kid)]) + kid
        return head + self.keys[self.active].seal(plain, context.encode() + b"|" + kid)

    def encrypt_many(self, plains: Sequence[bytes], context: str) -> list[bytes]:
        """``encrypt`` for many values of one context: what they share is put together once."""
        kid = self.active.encode()
        head, aad = bytes([VERSION, len(kid)]) + kid, context.encode() + b"|" + kid
        key = self.keys[self.active]
        if key.aead is None:
            return [head + key.seal(plain, aad) for plain in plains]
        seal, random = key.aead.encrypt, os.urandom(NONCE * len(plains))
        nonces = (random[at : at + NONCE] for at in range(0, len(random), NONCE))
        return [head + nonce + seal(nonce, plain, aad) for nonce, plain in zip(nonces, plains, strict=True)]

    def decrypt(self, sealed: bytes, context: str) -> bytes:
        """Decrypt a value of ``context``; raises KeyProblem for an unknown key, InvalidTag for a changed value."""
        n = sealed[1]
        kid = sealed[2 : 2 + n]
        key = self.keys.get(kid.decode())
        if sealed[0] != VERSION or key is None:
            raise KeyProblem(f"no key {kid!r} for {context}")
        return key.open(sealed[2 + n :], context.encode() + b"|" + kid)

    def blind_index(self, context: str, value: str) -> bytes:
        """Exact-search digest of a normalised value (16 bytes are enough for 10^9 rows)."""
        return self.keys[self.index_id].digest(b"index:" + context.encode(), value.encode())[:16]

    def mac(self, message: bytes) -> bytes:
        """Authenticate an audit row (32 bytes) under the first generation, which is never retired."""
        return self.keys[self.index_id].digest(b"mac", message)

    def macs(self, messages: Iterable[bytes]) -> list[bytes]:
        """``mac`` for many rows."""
        begin, found = self.keys[self.index_id].begun(b"mac").copy, []
        for message in messages:
            h = begin()
            h.update(message)
            found.append(h.finalize())
        return found


_ring: list[Keyring] = []


def use(ring: Keyring) -> None:
    """Install the keyring of this process (create_app does it; the last one wins)."""
    _ring[:] = [ring]


def ring() -> Keyring:
    """The keyring of this process."""
    if not _ring:
        raise KeyProblem("no keys loaded in this process")
    return _ring[0]


class EncryptedText(TypeDecorator[str]):
    """Text that is stored encrypted; ``context`` is ``table.column`` and never changes once data exist."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def process_bind_param(self, value: str | None, dialect: object) -> bytes | None:
        return None if value is None else ring().encrypt(value.encode(), self.context)

    def process_result_value(self, value: bytes | None, dialect: object) -> str | None:
        return None if value is None else ring().decrypt(bytes(value), self.context).decode()

    def plain(self, value: Any) -> str:
        """The text that is encrypted for a value."""
        return str(value)

    def sealed(self, values: Sequence[Any]) -> list[bytes | None]:
        """``process_bind_param`` for a whole column: each value has a ciphertext of its own, also where two are equal."""
        texts = [self.plain(value).encode() for value in values if value is not None]
        made = iter(ring().encrypt_many(texts, self.context))
        return [None if value is None else next(made) for value in values]


class EncryptedJson(EncryptedText):
    """A JSON value stored encrypted (snapshots, drafts, details of protected groups)."""

    cache_ok = True

    def process_bind_param(self, value: object, dialect: object) -> bytes | None:
        return None if value is None else super().process_bind_param(self.plain(value), dialect)

    def plain(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)

    def process_result_value(self, value: bytes | None, dialect: object) -> object:  # type: ignore[override]
        text = super().process_result_value(value, dialect)
        return None if text is None else json.loads(text)


class Digest(TypeDecorator[str]):
    """A 32-character hex digest column for blind indexes: text, so that it travels in forms and sheets."""

    impl = String(32)
    cache_ok = True


def blind(context: str, value: str | None) -> str | None:
    """Hex blind index of a normalised value, or None."""
    return None if not value else ring().blind_index(context, value).hex()


def token_hash(token: str) -> str:
    """SHA-256 of a random token of at least 128 bits (sessions, verification): no key needed for those."""
    return hashlib.sha256(token.encode()).hexdigest()
