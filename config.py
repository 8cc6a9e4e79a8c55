"""Configuration: environment in, constants out. Every key is documented in docs/operations.md (a test checks it)."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
WEAK_SECRETS = frozenset({"", "secret", "change-me", "changeme", "geban", "dev", "test"})


class Refused(RuntimeError):
    """A setting that GeBan cannot or must not start with; the message names it and says what to do."""


def _flag(name: str) -> bool:
    text = (os.environ.get(name) or "0").lower()
    if text not in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise Refused(f"{name} is {text!r}: it is 1 or 0")
    return text in {"1", "true", "yes", "on"}


def _whole(name: str, default: int, lowest: int, highest: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not lowest <= int(text) <= highest:
        raise Refused(f"{name} is {text!r}: it is a whole number from {lowest} to {highest}")
    return int(text)


def _one_of(name: str, *allowed: str) -> str:
    """The setting, the first of the words when it is not set."""
    text = os.environ.get(name) or allowed[0]
    if text not in allowed:
        # a misspelt "prodution" must not switch the checks off, nor "AES" the cipher over
        raise Refused(f"{name} is {text!r}: it is one of {', '.join(allowed)}")
    return text


def _database(home: Path) -> str:
    url = os.environ.get("GEBAN_DATABASE_URL") or f"sqlite:///{home / 'geban.sqlite'}"
    kind, mark, rest = url.partition("://")
    if kind in {"postgres", "postgresql"}:
        kind = "postgresql+psycopg"
    if not mark or not rest or kind not in {"sqlite", "postgresql+psycopg"}:
        raise Refused(
            f"GEBAN_DATABASE_URL begins with {kind[:20]!r}: "
            "it is sqlite:////folder/file or postgresql+psycopg://user:password@host/database"
        )
    return f"{kind}://{rest}"


def default_home() -> Path:
    """Data folder when GEBAN_HOME is not set: outside the code."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "geban"


class Config:
    """Settings of a site. Read when the app is made, so that tests may set the environment first."""

    TESTING = False

    def __init__(self) -> None:
        env = os.environ.get
        self.GEBAN_HOME = Path(env("GEBAN_HOME") or default_home()).expanduser()
        self.GEBAN_PORT = _whole("GEBAN_PORT", 8080, 1, 65535)
        self.GEBAN_ENV = _one_of("GEBAN_ENV", "production", "demo", "development", "test")
        self.GEBAN_DEMO = _flag("GEBAN_DEMO")
        self.GEBAN_KEYS = Path(env("GEBAN_KEYS") or self.GEBAN_HOME / "keys" / "keys.json")
        self.GEBAN_ATTACHMENTS = Path(env("GEBAN_ATTACHMENTS") or self.GEBAN_HOME / "attachments")
        self.GEBAN_FONTS = Path(env("GEBAN_FONTS") or ROOT / "var" / "fonts")
        self.GEBAN_PUBLIC_URL = env("GEBAN_PUBLIC_URL") or f"http://127.0.0.1:{self.GEBAN_PORT}"
        self.GEBAN_SITE_NAME = env("GEBAN_SITE_NAME") or ""
        self.GEBAN_CIPHER = _one_of("GEBAN_CIPHER", "aes", "sm")
        self.GEBAN_RENDER_WORKERS = _whole("GEBAN_RENDER_WORKERS", 1, 1, 64)
        self.GEBAN_OUTBOX = _one_of("GEBAN_OUTBOX", "hold", "file", "console")
        self.SECRET_KEY = env("GEBAN_SECRET_KEY") or ""
        self.SQLALCHEMY_DATABASE_URI = _database(self.GEBAN_HOME)
        self.SESSION_COOKIE_SECURE = _flag("GEBAN_HTTPS")
        self.GEBAN_PROXIES = _whole("GEBAN_PROXIES", 0, 0, 9)
        self.LOCK_ADDRESS_TRIES = _whole("GEBAN_LOCK_ADDRESS_TRIES", 5, 1, 100_000)
        self.ACCESS_LOG_DAYS = _whole("GEBAN_ACCESS_LOG_DAYS", 366, 0, 36_500)
        self.EXPORT_DAYS = _whole("GEBAN_EXPORT_DAYS", 7, 1, 90)
        self.PASSWORD_DAYS = _whole("GEBAN_PASSWORD_DAYS", 0, 0, 36_500)
        hosts = (env("GEBAN_HOSTS") or "127.0.0.1,localhost").split(",")
        hosts.append(urlsplit(self.GEBAN_PUBLIC_URL).hostname or "")
        self.TRUSTED_HOSTS = [h.strip() for h in hosts if h.strip()]

    SQLALCHEMY_TRACK_MODIFICATIONS = False
    # of FAB's own limiter, which is off: lockout counts in the database, for all nodes
    RATELIMIT_STORAGE_URI = "memory://"
    SESSION_COOKIE_NAME = "geban"
    SESSION_COOKIE_HTTPONLY = True
    SESSION_COOKIE_SAMESITE = "Lax"
    SESSION_PROTECTION = None  # Flask-Login's check of the address; our sessions live on the server
    WTF_CSRF_ENABLED = True
    WTF_CSRF_TIME_LIMIT = None
    MAX_CONTENT_LENGTH = 32 * 1024 * 1024
    MAX_FORM_MEMORY_SIZE = 4 * 1024 * 1024
    MAX_FORM_PARTS = 4000

    # Flask-AppBuilder: tables come from Alembic, permissions from `init` only, no public registration, no APIs of its own
    APP_NAME = "GeBan"
    AUTH_TYPE = 1
    AUTH_ROLE_ADMIN = "system_admin"
    AUTH_ROLE_PUBLIC = "Public"
    AUTH_USER_REGISTRATION = False
    AUTH_RATE_LIMITED = False
    FAB_CREATE_DB = False
    FAB_UPDATE_PERMS = False
    FAB_ADD_SECURITY_API = False
    FAB_ADD_SECURITY_VIEWS = True
    FAB_ADD_OPENAPI_VIEWS = False
    FAB_ADD_MENU_API = False
    FAB_API_SWAGGER_UI = False
    BABEL_DEFAULT_LOCALE = "zh"
    BABEL_DEFAULT_TIMEZONE = "Asia/Shanghai"
    BABEL_DEFAULT_FOLDER = str(ROOT / "translations")
    BABEL_TRANSLATION_DIRECTORIES = str(ROOT / "translations")
    LANGUAGES = {"zh": {"flag": "cn", "name": "\u4e2d\u6587"}, "en": {"flag": "gb", "name": "English"}}

    IDLE_MINUTES = 30
    SESSION_HOURS = 12
    CONFIRM_MINUTES = 5
    LOCK_TRIES = 5
    LOCK_MINUTES = 30
    PASSWORD_METHOD = "scrypt"  # noqa: S105 the name of a method
    PASSWORD_MIN = 10
    PASSWORD_HISTORY = 5


class TestConfig(Config):
    """For tests: a temporary home given by the fixture, cheap secrets, no rate limit store."""

    TESTING = True
    PASSWORD_METHOD = "pbkdf2:sha256:1"  # noqa: S105 quick

    def __init__(self) -> None:
        super().__init__()
        self.GEBAN_ENV = "test"
        self.SECRET_KEY = "test-secret-that-is-long-enough-for-tests"  # noqa: S105
        self.TRUSTED_HOSTS = ["127.0.0.1", "localhost"]
        self.BABEL_DEFAULT_LOCALE = (
            "en"  # tests read English words whether or not the catalogue has been compiled
        )
