"""Commands: thin, each calls a service."""

from __future__ import annotations

import json

import click
from flask import Flask, current_app


@click.command("routes-json")
def routes_json() -> None:
    """Print every rule with its methods."""
    rules = [
        {"rule": r.rule, "endpoint": r.endpoint, "methods": sorted(r.methods or ())}
        for r in current_app.url_map.iter_rules()
    ]
    click.echo(json.dumps(rules, indent=1))


def register(app: Flask) -> None:
    """Hang the commands on the app."""
    app.cli.add_command(routes_json)
