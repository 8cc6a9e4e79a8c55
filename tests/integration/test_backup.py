"""Backup of a running site, restore into an empty one, compare: nothing lost, nothing readable without the key."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, select, text

from app.audit.seal import seal
from app.audit.service import log_access
from app.core import clock
from app.core.actor import Actor
from app.core.scope import unscoped
from app.core.session import engine_options, prepare, unit_of_work
from app.registry.models import Person, PersonPhone
from app.site import backup as backups
from app.site import dump
from app.site.sealed_file import CHUNK, SealedReader, SealedWriter, Secret, Unreadable
from tests.support.commands import FLASK, run

SECRET = Secret.from_passphrase("a long enough passphrase")
NAME = "Zhang Backup"


@pytest.fixture
def site(app, tmp_path):
    from app.extensions import db

    return backups.Site(db.engine, _folder(tmp_path / "home"), _folder(tmp_path / "home" / "attachments"))


@pytest.fixture
def empty(app, tmp_path):
    """An empty site on the same kind of database."""
    from app.extensions import db

    home = _folder(tmp_path / "other")
    url = db.engine.url
    admin = None
    if url.get_backend_name() == "postgresql":
        admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("DROP DATABASE IF EXISTS restored"))
            connection.execute(text("CREATE DATABASE restored"))
        target = url.set(database="restored")
    else:
        target = make_url(f"sqlite:///{home / 'geban.sqlite'}")
    engine = create_engine(target, **engine_options(str(target)))
    prepare(engine)
    yield backups.Site(engine, home, home / "attachments")
    engine.dispose()
    if admin is not None:
        with admin.connect() as connection:
            connection.execute(text("DROP DATABASE restored WITH (FORCE)"))
        admin.dispose()


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture
def filled(site, world, system):
    with unit_of_work(system):
        person = Person(name=NAME, area_id=world.areas["grid_a11"])
        person.phones.append(PersonPhone(number="13812345678"))
        system.add(person)
    from app.core import files
    from app.core.crypto import ring

    key = "ab" * 32
    files.LocalStore(site.attachments).put(key, ring().encrypt(b"photo" * 1000, f"attachment.{key}"))
    log_access("READ", "person", person.id, actor=Actor(user_id=1))
    seal(clock.now(), site.home / "seals")
    return site


@pytest.mark.demand("S1-57")
def test_a_round_trip_brings_everything_back(filled, empty, tmp_path):
    target = tmp_path / "site.gbk"
    manifest = backups.backup(filled, target, SECRET, clock.now())
    assert manifest["rows"]["person"] == 1
    assert len(manifest["files"]["attachments"]) == 1
    assert {"last-change_log.json", "last-access_log.json"} <= set(manifest["files"]["seals"])
    restored, found = backups.restore(empty, target, SECRET)
    assert (restored, found.differences) == (manifest, [])
    assert (found.rows, found.files) == (
        sum(manifest["rows"].values()),
        sum(map(len, manifest["files"].values())),
    )
    with empty.engine.connect() as connection:
        table = Person.metadata.tables
        assert connection.execute(select(table["person"].c.name)).scalars().all() == [NAME]
        assert connection.execute(select(table["person_phone"].c.number)).scalar_one() == "13812345678"
        guarded = connection.execute(text(_TRIGGERS[empty.engine.dialect.name])).scalar_one()
    assert guarded >= 8  # the restored logs are append-only again
    assert (empty.attachments / "ab" / "ab" / ("ab" * 32)).read_bytes()


_TRIGGERS = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_no_%'",
    "postgresql": "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE '%_no_%'",
}


def test_the_restored_logs_verify(filled, empty, tmp_path):
    from sqlalchemy.orm import Session

    from app.audit.verify import verify

    backups.backup(filled, tmp_path / "b", SECRET, clock.now())
    backups.restore(empty, tmp_path / "b", SECRET)
    with Session(empty.engine) as session:
        verdict = verify(session, empty.home / "seals")
    assert (verdict.flaws, verdict.seals) == ([], 2)


def test_nothing_is_readable_without_the_key(filled, tmp_path):
    target = tmp_path / "site.gbk"
    backups.backup(filled, target, SECRET, clock.now())
    content = target.read_bytes()
    assert target.stat().st_mode & 0o077 == 0
    for plain in (NAME.encode(), b"manifest.json", b"PRAGMA", b"CREATE TABLE", b"PGDMP"):
        assert plain not in content
    assert list(filled.home.glob(".backup-*")) == []  # the plain copy is gone


@pytest.mark.any_database
def test_the_keys_are_not_inside(filled, empty, tmp_path, app):
    keys = app.config["GEBAN_KEYS"].read_bytes()
    (_folder(filled.home / "keys") / "keys.json").write_bytes(keys)
    manifest = backups.backup(filled, tmp_path / "b", SECRET, clock.now())
    assert not [f for files in manifest["files"].values() for f in files if "keys" in f]


@pytest.mark.any_database
def test_a_wrong_passphrase_and_a_wrong_kind_of_key(filled, empty, tmp_path):
    backups.backup(filled, tmp_path / "b", SECRET, clock.now())
    for wrong in (Secret.from_passphrase("another passphrase"), Secret(b"K", b"0" * 32)):
        with pytest.raises(Unreadable):
            backups.restore(empty, tmp_path / "b", wrong)
    assert dump.is_empty(empty.engine)


@pytest.mark.any_database
def test_keys_of_another_site_are_told_before_anything_is_written(filled, empty, tmp_path, monkeypatch):
    backups.backup(filled, tmp_path / "b", SECRET, clock.now())
    monkeypatch.setattr(backups, "key_mark", lambda: "other")
    with pytest.raises(Unreadable, match=r"keys\.json"):
        backups.restore(empty, tmp_path / "b", SECRET)
    assert dump.is_empty(empty.engine)


@pytest.mark.parametrize(
    "damage",
    [
        "cut",
        *(pytest.param(d, marks=pytest.mark.any_database) for d in ("cut_chunk", "flip", "append_other")),
    ],
)
def test_a_damaged_file_restores_nothing(filled, empty, tmp_path, damage):
    path = tmp_path / "b"
    backups.backup(filled, path, SECRET, clock.now())
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[:-40]
    elif damage == "cut_chunk":
        content = content[: 32 + 4 + CHUNK + 16] if len(content) > CHUNK + 200 else content[:32]
    elif damage == "flip":
        content[len(content) // 2] ^= 1
    else:
        content = b"GEBANBK2" + content[8:]
    path.write_bytes(content)
    with pytest.raises(Unreadable):
        backups.restore(empty, path, SECRET)
    assert dump.is_empty(empty.engine)
    assert not empty.attachments.exists()


def test_a_full_site_is_never_overwritten(filled, empty, tmp_path):
    backups.backup(filled, tmp_path / "b", SECRET, clock.now())
    with pytest.raises(backups.NotEmpty, match="database"):
        backups.restore(filled, tmp_path / "b", SECRET)
    (_folder(empty.attachments) / "x").write_text("x")
    with pytest.raises(backups.NotEmpty, match="attachments"):
        backups.restore(empty, tmp_path / "b", SECRET)
    with pytest.raises(backups.NotEmpty):
        backups.backup(filled, tmp_path / "b", SECRET, clock.now())


def test_a_backup_while_others_write_is_one_moment(filled, empty, tmp_path, world):
    """Every person has a phone, written in one transaction: so it must be in the backup."""
    stop, made = threading.Event(), []

    def write():
        while not stop.is_set():
            with unscoped("tests arrange and assert") as session, unit_of_work(session):
                person = Person(name="Li", area_id=world.areas["grid_a11"])
                person.phones.append(PersonPhone(number="13812345678"))
                session.add(person)
            made.append(1)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        while len(made) < 5:
            pass
        manifest = backups.backup(filled, tmp_path / "b", SECRET, clock.now())
    finally:
        stop.set()
        thread.join()
    assert manifest["rows"]["person"] == manifest["rows"]["person_phone"] >= 6
    _manifest, found = backups.restore(empty, tmp_path / "b", SECRET)
    assert found.differences == []


def test_an_attachment_without_its_file_is_told(filled, empty, tmp_path, world, system):
    from app.core.files import Attachment

    with unit_of_work(system):
        system.add(
            Attachment(
                area_id=world.areas["grid_a11"],
                owner_kind="person",
                owner_uid="x",
                purpose="photo",
                media_type="image/jpeg",
                size=1,
                sha256="0" * 64,
                storage_key="cd" * 32,
            )
        )
    backups.backup(filled, tmp_path / "b", SECRET, clock.now())
    _manifest, found = backups.restore(empty, tmp_path / "b", SECRET)
    assert [d for d in found.differences if "cdcd" in d]


class TestSealedFile:
    @pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7])
    def test_any_size_comes_back(self, tmp_path, size):
        content = os.urandom(size)
        with (tmp_path / "f").open("wb") as out:
            writer = SealedWriter(out, SECRET)
            writer.write(content)
            writer.finish()
        with (tmp_path / "f").open("rb") as source:
            assert SealedReader(source, SECRET).read() == content

    def test_an_unfinished_file_never_looks_whole(self, tmp_path):
        with (tmp_path / "f").open("wb") as out:
            SealedWriter(out, SECRET).write(b"x" * (CHUNK + 5))
        with (tmp_path / "f").open("rb") as source, pytest.raises(Unreadable, match="cut off"):
            SealedReader(source, SECRET).read()

    def test_key_files_must_be_private_and_long(self, tmp_path):
        path = tmp_path / "key"
        path.write_bytes(b"0" * 32)
        path.chmod(0o644)
        with pytest.raises(Unreadable, match="chmod"):
            Secret.from_file(path)
        path.chmod(0o600)
        assert Secret.from_file(path).kind == b"K"
        path.write_bytes(b"short")
        with pytest.raises(Unreadable, match="too short"):
            Secret.from_file(path)
        with pytest.raises(Unreadable, match="too short"):
            Secret.from_passphrase("short")


def test_the_commands_do_it(app, filled, empty, tmp_path):
    """As an administrator types them: back up, carry keys and file to another home, restore, with the logs checked."""
    key = tmp_path / "backup.key"
    key.write_bytes(os.urandom(32))
    key.chmod(0o600)
    made = app.test_cli_runner().invoke(args=["backup", str(tmp_path / "b.gbk"), "--key-file", str(key)])
    assert made.exit_code == 0, made.output
    assert "Keep keys.json" in made.output
    keys = _folder(empty.home / "keys") / "keys.json"
    keys.write_bytes(app.config["GEBAN_KEYS"].read_bytes())
    keys.chmod(0o600)
    env = {k: v for k, v in os.environ.items() if not k.startswith("GEBAN_")}
    url = empty.engine.url.render_as_string(hide_password=False)
    env |= {"GEBAN_HOME": str(empty.home), "GEBAN_DATABASE_URL": url, "GEBAN_ENV": "test"}
    done = run(*FLASK, "restore", str(tmp_path / "b.gbk"), "--key-file", str(key), env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert dump.counts(empty.engine)["person"] == 1


def test_a_refusal_is_a_sentence_not_a_traceback(app, tmp_path):
    (tmp_path / "b.gbk").write_bytes(b"no backup")
    key = tmp_path / "key"
    key.write_bytes(b"0" * 32)
    key.chmod(0o600)
    said = app.test_cli_runner().invoke(args=["restore", str(tmp_path / "b.gbk"), "--key-file", str(key)])
    assert said.exit_code == 1
    assert said.output.startswith("Error: the database is not empty")


def test_verify_and_routes_as_commands(app, filled):
    runner = app.test_cli_runner()
    checked = runner.invoke(args=["verify-audit", "--seals", str(filled.home / "seals")])
    assert (checked.exit_code, "2 seals" in checked.output) == (0, True)
    assert {"rule", "endpoint", "methods"} <= set(json.loads(runner.invoke(args=["routes-json"]).output)[0])
