"""The settings: documented one by one, and refused where they are not safe."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from flask import Flask

from app import startup
from config import Config

ROOT = Path(__file__).resolve().parents[2]


def names_in_code():
    """The GEBAN_… that config.py reads: first arguments of calls."""
    tree = ast.parse((ROOT / "config.py").read_text(encoding="utf-8"))
    given = [n.args[0] for n in ast.walk(tree) if isinstance(n, ast.Call) and n.args]
    names = {arg.value for arg in given if isinstance(arg, ast.Constant)}
    return {name for name in names if isinstance(name, str) and re.fullmatch(r"GEBAN_[A-Z_]+", name)}


def names_elsewhere():
    """Variables that commands and tools read by themselves."""
    files = [*(ROOT / "app").rglob("*.py"), *(ROOT / "tools").glob("*.py")]
    return {
        n
        for f in files
        for n in re.findall(r"environ[^\n]*?\"(GEBAN_[A-Z_]+)\"", f.read_text(encoding="utf-8"))
    }


def test_every_setting_is_documented_and_nothing_else():
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `(GEBAN_[A-Z_]+)` \|", page, re.MULTILINE)
    assert set(documented) == names_in_code() | names_elsewhere()
    assert len(documented) == len(set(documented))


def test_web_and_worker_read_no_setting_past_the_configuration():
    """Commands may take a secret from the environment; nothing that serves requests may."""
    for path in (ROOT / "app").rglob("*.py"):
        if path.name not in {"cli.py", "commands.py"}:
            assert not re.search(r"environ[^\n]*GEBAN_", path.read_text(encoding="utf-8")), path


def site(tmp_path, monkeypatch, **settings):
    for name in names_in_code():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GEBAN_HOME", str(tmp_path / "home"))
    for name, value in settings.items():
        monkeypatch.setenv(f"GEBAN_{name}", value)
    app = Flask(__name__)
    app.config.from_object(Config())
    return app


@pytest.mark.parametrize("secret", ["secret", "dev", "short-but-random-92kd", "a" * 64, "ab" * 32])
def test_production_refuses_weak_secrets(tmp_path, monkeypatch, secret):
    with pytest.raises(startup.Refused, match="GEBAN_SECRET_KEY"):
        startup.check(site(tmp_path, monkeypatch, SECRET_KEY=secret))


def test_without_a_secret_a_strong_one_is_made_and_kept(tmp_path, monkeypatch):
    made = []
    for _n in range(2):
        app = site(tmp_path, monkeypatch)
        startup.check(app)
        made.append(app.config["SECRET_KEY"])
    assert made[0] == made[1]
    assert len(made[0]) == 64
    path = tmp_path / "home" / "keys" / "session-secret"
    assert path.stat().st_mode & 0o077 == 0


def test_a_home_that_takes_no_log_is_told_in_one_sentence(tmp_path):
    (tmp_path / "logs").write_text("a file where the folder should be")
    with pytest.raises(startup.Refused, match="GEBAN_HOME: no log can be written below"):
        startup.keep_log(tmp_path)


def test_production_refuses_the_demo(tmp_path, monkeypatch):
    with pytest.raises(startup.Refused, match="GEBAN_DEMO"):
        startup.check(site(tmp_path, monkeypatch, DEMO="1"))
    startup.check(site(tmp_path, monkeypatch, DEMO="1", ENV="demo"))


def test_production_refuses_a_home_with_demo_accounts(tmp_path, monkeypatch):
    app = site(tmp_path, monkeypatch)
    startup.check(app)
    (tmp_path / "home" / "demo-accounts.json").write_text("[]")
    with pytest.raises(startup.Refused, match="demo"):
        startup.check(app)


def test_production_refuses_debug_mode(tmp_path, monkeypatch):
    app = site(tmp_path, monkeypatch)
    app.debug = True
    with pytest.raises(startup.Refused, match="debug"):
        startup.check(app)


@pytest.mark.parametrize(("days", "refused"), [("183", True), ("1", True), ("184", False), ("0", False)])
def test_less_than_half_a_year_of_the_access_log_is_refused(tmp_path, monkeypatch, days, refused):
    app = site(tmp_path, monkeypatch, ACCESS_LOG_DAYS=days)
    if refused:
        with pytest.raises(startup.Refused, match="GEBAN_ACCESS_LOG_DAYS"):
            startup.check(app)
    else:
        startup.check(app)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "70000"),
        ("PORT", "\u2460"),
        ("PROXIES", "-1"),
        ("PROXIES", "x"),
        ("RENDER_WORKERS", "0"),
        ("LOCK_ADDRESS_TRIES", "9" * 5000),
        ("ACCESS_LOG_DAYS", "a year"),
        ("PASSWORD_DAYS", "1.5"),
        ("CIPHER", "AES"),
        ("OUTBOX", "nonsense"),
        ("HTTPS", "maybe"),
        ("DEMO", "2"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://user@host/name"),
        ("DATABASE_URL", "sqlite://"),
    ],
)
def test_a_setting_that_means_nothing_is_named(tmp_path, monkeypatch, name, value):
    with pytest.raises(startup.Refused, match=f"^GEBAN_{name} "):
        site(tmp_path, monkeypatch, **{name: value})


@pytest.mark.parametrize("kind", ["postgres", "postgresql", "postgresql+psycopg"])
def test_an_address_of_postgresql_is_known_by_its_usual_names(tmp_path, monkeypatch, kind):
    app = site(tmp_path, monkeypatch, DATABASE_URL=f"{kind}://user@host/name")
    assert app.config["SQLALCHEMY_DATABASE_URI"] == "postgresql+psycopg://user@host/name"


@pytest.mark.parametrize("kind", ["file", "below a file"])
def test_a_home_that_cannot_be_made_is_a_sentence(tmp_path, monkeypatch, kind):
    (tmp_path / "home").write_text("")
    app = site(tmp_path, monkeypatch)
    if kind == "below a file":
        app.config["GEBAN_HOME"] = tmp_path / "home" / "inner"
    with pytest.raises(startup.Refused, match="GEBAN_HOME"):
        startup.check(app)


@pytest.mark.parametrize("name", ["prod", "Production", "prodution"])
def test_a_misspelt_environment_is_refused(tmp_path, monkeypatch, name):
    with pytest.raises(startup.Refused, match="GEBAN_ENV"):
        site(tmp_path, monkeypatch, ENV=name)


def test_the_default_is_production(tmp_path, monkeypatch):
    assert site(tmp_path, monkeypatch).config["GEBAN_ENV"] == "production"


def test_the_public_address_is_a_trusted_host(tmp_path, monkeypatch):
    app = site(
        tmp_path, monkeypatch, PUBLIC_URL="https://grid.example.cn:8443", HOSTS="a.example.cn, b.example.cn"
    )
    assert app.config["TRUSTED_HOSTS"] == ["a.example.cn", "b.example.cn", "grid.example.cn"]
