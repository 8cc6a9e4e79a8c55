"""Commands: thin, each calls a service."""

from __future__ import annotations

import json
import os
from copy import copy
from functools import wraps
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError

from app import site
from app.areas.accounts.commands import reset_password
from app.audit import grants as rights
from app.audit.verify import verify
from app.core import clock
from app.core.crypto import KeyProblem
from app.core.errors import DomainError
from app.core.scope import unscoped
from app.extensions import db
from app.registry import walls
from app.site import backup as backups
from app.site import routes
from app.site.sealed_file import Secret
from app.site.worker import run as run_worker
from app.startup import unreachable


@click.command("init")
@with_appcontext
def init() -> None:
    """Prepare the database: schema, roles, code lists, first administrators. Safe to repeat."""
    report = site.first_start(current_app._get_current_object())  # type: ignore[attr-defined]
    click.echo(f"ready: {report.codes} codes, {report.items} service items, {report.grants} grants changed")
    for username, (role, password) in report.passwords.items():
        click.echo(f"account {username} ({role}), password shown only now: {password}")


@click.command("worker")
@click.option("--once", is_flag=True, help="Empty the queue and end.")
@with_appcontext
def worker(once: bool) -> None:
    """Run jobs, seal the logs each minute, hand over messages; ends in good order at TERM or INT."""
    run_worker(current_app._get_current_object(), once=once)  # type: ignore[attr-defined]


def _locked(command: click.Command) -> click.Command:
    """Options that say what a backup is locked with."""
    key = click.option(
        "--key-file", type=click.Path(exists=True, path_type=Path), help="Key (default: keys/backup.key)."
    )
    words = click.option(
        "--passphrase", is_flag=True, help="Ask for a passphrase (or take GEBAN_BACKUP_PASSPHRASE)."
    )
    return key(words(command))


def _secret(key_file: Path | None, passphrase: bool, *, confirm: bool) -> Secret:
    given = os.environ.get("GEBAN_BACKUP_PASSPHRASE")
    if passphrase or given:
        return Secret.from_passphrase(
            given or click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm)
        )
    return Secret.from_file(key_file or backups.own_key_file(current_app.config["GEBAN_HOME"]))


def _site() -> backups.Site:
    config = current_app.config
    return backups.Site(db.engine, config["GEBAN_HOME"], config["GEBAN_ATTACHMENTS"])


@click.command("backup")
@click.argument("target", required=False, type=click.Path(path_type=Path))
@_locked
@with_appcontext
def backup(target: Path | None, key_file: Path | None, passphrase: bool) -> None:
    """Write database, attachments and seals into one encrypted file; the site goes on running. Keys are not inside."""
    now = clock.now()
    home = current_app.config["GEBAN_HOME"]
    path = target or home / "backups" / f"geban-{clock.to_local(now):%Y%m%d-%H%M%S}.gbk"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        manifest = backups.backup(_site(), path, _secret(key_file, passphrase, confirm=True), now)
    except backups.FAILURES as error:
        raise click.ClickException(str(error)) from error
    rows, files = sum(manifest["rows"].values()), sum(map(len, manifest["files"].values()))
    click.echo(f"{path}: {rows} rows, {files} files. Keep keys.json and the backup's key somewhere else.")


@click.command("restore")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@_locked
@with_appcontext
def restore(source: Path, key_file: Path | None, passphrase: bool) -> None:
    """Bring a backup into an empty site, compare it with its manifest and check the logs."""
    try:
        manifest, found = backups.restore(_site(), source, _secret(key_file, passphrase, confirm=False))
    except backups.FAILURES as error:
        raise click.ClickException(str(error)) from error
    with unscoped("restore: the logs of the whole site are read") as session:
        verdict = verify(session, current_app.config["GEBAN_HOME"] / "seals")
    for line in (*found.differences, *map(str, verdict.flaws)):
        click.echo(line)
    click.echo(f"state of {manifest['at']}: {found.kinds} tables, {found.rows} rows, {found.files} files")
    if found.differences or verdict.flaws:
        raise SystemExit(1)


@click.command("verify-audit")
@click.option(
    "--seals", type=click.Path(path_type=Path), help="Folder of seals kept outside (default: of this home)."
)
@with_appcontext
def verify_audit(seals: Path | None) -> None:
    """Check the change log and the access log from the first row to the last; exit code 1 when something is wrong."""
    with unscoped("verify-audit: the logs of the whole site are read") as session:
        verdict = verify(session, seals or current_app.config["GEBAN_HOME"] / "seals")
    for flaw in verdict.flaws:
        click.echo(str(flaw))
    click.echo(f"{verdict.rows} rows, {verdict.seals} seals, {verdict.unsealed} rows wait for their seal")
    if verdict.purged:
        click.echo(f"{verdict.purged} rows of the access log were removed after their time")
    if not verdict.is_clean:
        raise SystemExit(1)


@click.command("grants")
@click.option("--role", required=True, help="Database role of the site; it must exist and own no table.")
@click.option("--apply", "run", is_flag=True, help="Run the statements (as the owner of the tables).")
@with_appcontext
def grants(role: str, run: bool) -> None:
    """Print what the site's PostgreSQL role may do and see: no UPDATE, DELETE or TRUNCATE on logs and histories, and what
    stands encrypted about a person only where the session says who asks.
    """
    if db.engine.dialect.name != "postgresql":
        raise click.ClickException("SQLite has no roles: whoever reads the file may change it")
    try:
        with db.engine.begin() as connection:
            found = [*rights.statements(connection, role), *walls.statements()]
            if run:
                rights.run(connection, found)
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    if run:
        click.echo(f"{role}: {len(found)} statements run; start the site anew")
        return
    for statement in found:
        click.echo(f"{statement};")


@click.command("routes-json")
@with_appcontext
def routes_json() -> None:
    """Print every rule as JSON: methods, public or not, roles, and an address that the demo worker may open."""
    found = routes.table(current_app._get_current_object())  # type: ignore[attr-defined]
    click.echo(json.dumps(found, indent=1))


@click.command("demo")
@click.option("--city", default="liling", show_default=True, type=click.Choice(["liling"]))
@click.option("--persons", default=20_000, show_default=True, type=click.IntRange(100, 600_000))
@with_appcontext
def demo(city: str, persons: int) -> None:
    """Load an invented city into an empty database (refused on one with other rows, and in production)."""
    from app.demo.command import load  # its modules are of no use to any other command

    try:
        made = load(current_app._get_current_object(), city, persons, click.echo)  # type: ignore[attr-defined]
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    click.echo("demo city ready" if made else "the demo city is there already")


# A new command is a line here.
COMMANDS = (init, demo, worker, backup, restore, verify_audit, grants, reset_password, routes_json)


# what runs before there are tables
FIRST = (init, restore)


def _plainly(app: Flask, command: click.Command) -> click.Command:
    """The command with one sentence where the site is not ready for it; any other error keeps its traceback."""
    inner: Any = command.callback

    @wraps(inner)
    def run(*args: Any, **options: Any) -> Any:
        try:
            with app.app_context():
                began = inspect(db.engine).has_table("ab_role")
        except OperationalError as error:
            raise click.ClickException(unreachable(error)) from error
        if not began and command not in FIRST:
            raise click.ClickException("this site is empty: run `flask --app run init` first")
        try:
            return inner(*args, **options)
        except KeyProblem as error:
            raise click.ClickException(str(error)) from error

    found = copy(command)  # the commands are one set for all apps of a process
    found.callback = run
    return found


def register(app: Flask) -> None:
    """Hang the commands on the app."""
    for command in COMMANDS:
        app.cli.add_command(_plainly(app, command))
