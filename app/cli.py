"""Commands: thin, each calls a service."""

from __future__ import annotations

import json

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from app import site
from app.core.errors import DomainError


@click.command("init")
@with_appcontext
def init() -> None:
    """Prepare the database: schema, roles, code lists, first administrators. Safe to repeat."""
    report = site.first_start(current_app._get_current_object())  # type: ignore[attr-defined]
    click.echo(f"ready: {report.codes} codes, {report.items} service items, {report.grants} grants changed")
    for username, (role, password) in report.passwords.items():
        click.echo(f"account {username} ({role}), password shown only now: {password}")


@click.command("routes-json")
@with_appcontext
def routes_json() -> None:
    """Print every rule with its methods."""
    rules = [
        {"rule": r.rule, "endpoint": r.endpoint, "methods": sorted(r.methods or ())}
        for r in current_app.url_map.iter_rules()
    ]
    click.echo(json.dumps(rules, indent=1))


@click.command("demo")
@click.option("--city", default="liling", show_default=True, type=click.Choice(["liling"]))
@click.option("--persons", default=20_000, show_default=True, type=click.IntRange(100, 2_000_000))
@with_appcontext
def demo(city: str, persons: int) -> None:
    """Load an invented city into an empty database (refused on one with other rows, and in production)."""
    from app.demo.make import make_demo

    if current_app.config["GEBAN_ENV"] == "production":
        raise click.ClickException("the demo has known accounts: set GEBAN_ENV=demo to load it")
    try:
        made = make_demo(city, persons, current_app.config["GEBAN_HOME"], click.echo)
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    click.echo("demo city ready" if made else "the demo city is there already")


# A new command is a line here.
COMMANDS = (init, demo, routes_json)


def register(app: Flask) -> None:
    """Hang the commands on the app."""
    for command in COMMANDS:
        app.cli.add_command(command)
