"""Configuration: environment in, constants out. Every key is documented in docs/operations.md (a test checks it)."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
WEAK_SECRETS = frozenset({"", "secret", "change-me", "changeme", "geban", "dev", "test"})


def _flag(name: str, default: str = "0") -> bool:
    return os.environ.get(name, default).lower() in {"1", "true", "yes", "on"}


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
        self.GEBAN_PORT = int(env("GEBAN_PORT") or 8080)
        self.GEBAN_ENV = env("GEBAN_ENV") or "production"
        self.GEBAN_DEMO = _flag("GEBAN_DEMO")
        self.GEBAN_KEYS = Path(env("GEBAN_KEYS") or self.GEBAN_HOME / "keys" / "keys.json")
        self.GEBAN_ATTACHMENTS = Path(env("GEBAN_ATTACHMENTS") or self.GEBAN_HOME / "attachments")
        self.GEBAN_FONTS = Path(env("GEBAN_FONTS") or ROOT / "var" / "fonts")
        self.GEBAN_PUBLIC_URL = env("GEBAN_PUBLIC_URL") or f"http://127.0.0.1:{self.GEBAN_PORT}"
        self.GEBAN_SITE_NAME = env("GEBAN_SITE_NAME") or ""
        self.GEBAN_CIPHER = env("GEBAN_CIPHER") or "aes"
        self.GEBAN_RENDER_WORKERS = int(env("GEBAN_RENDER_WORKERS") or 1)
        self.GEBAN_OUTBOX = env("GEBAN_OUTBOX") or "hold"
        self.SECRET_KEY = env("GEBAN_SECRET_KEY") or ""
        self.SQLALCHEMY_DATABASE_URI = (
            env("GEBAN_DATABASE_URL") or f"sqlite:///{self.GEBAN_HOME / 'geban.sqlite'}"
        )
        self.RATELIMIT_STORAGE_URI = env("GEBAN_REDIS_URL") or "memory://"
        self.SESSION_COOKIE_SECURE = _flag("GEBAN_HTTPS")
        self.GEBAN_PROXIES = int(env("GEBAN_PROXIES") or 0)
        self.LOCK_ADDRESS_TRIES = int(env("GEBAN_LOCK_ADDRESS_TRIES") or 5)
        self.ACCESS_LOG_DAYS = int(env("GEBAN_ACCESS_LOG_DAYS") or 366)
        self.PASSWORD_DAYS = int(env("GEBAN_PASSWORD_DAYS") or 0)
        hosts = (env("GEBAN_HOSTS") or "127.0.0.1,localhost").split(",")
        hosts.append(urlsplit(self.GEBAN_PUBLIC_URL).hostname or "")
        self.TRUSTED_HOSTS = [h.strip() for h in hosts if h.strip()]

    SQLALCHEMY_TRACK_MODIFICATIONS = False
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
