"""Commands for whoever runs the machine: the way back in when nobody else can give it."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.areas.accounts import administration
from app.areas.models import Account
from app.core import clock
from app.core.scope import session_actor, unscoped
from app.core.session import unit_of_work


@click.command("reset-password")
@click.argument("username")
@click.option("--codes", is_flag=True, help="Take the one-time codes away too (lost phone).")
@with_appcontext
def reset_password(username: str, codes: bool) -> None:
    """Give an account a new initial password, printed once; for administrators whom nobody else may administer."""
    with unscoped("command: reset of a password on the machine itself") as session, unit_of_work(session):
        query = select(User.id).join(Account, Account.user_id == User.id)
        user_id = session.scalar(query.where(User.username == username.strip().lower()))
        if user_id is None:
            raise click.ClickException(f"there is no account {username!r}")
        actor, now = session_actor(session), clock.now()
        secret = administration.reset_password(session, actor, user_id, now)
        if codes:
            administration.reset_second_factor(session, actor, user_id, now)
    click.echo(f"account {username}, new password shown only now: {secret}")
