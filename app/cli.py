"""Commands: thin, each calls a service."""

from __future__ import annotations

import json

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from app import site


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


# A new command is a line here.
COMMANDS = (init, routes_json)


def register(app: Flask) -> None:
    """Hang the commands on the app."""
    for command in COMMANDS:
        app.cli.add_command(command)
