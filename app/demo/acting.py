"""The cast: the demo's accounts as actors, all in one session and one unit of work.

The loader is not a user: its session has no row scope (it is opened by ``unscoped`` in make.py). While one of the
accounts is playing, steps, stamps and logs bear that account, as they would had it pressed the button.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from app.areas.actors import build_actor
from app.core import hooks
from app.core.actor import Actor, as_actor
from app.demo import accounts

DEPARTMENTS = {"civil": "MZ", "disability": "CL", "health": "WJ", "labour": "RS"}


class Cast:
    """Accounts of the demo by username; ``by_post`` names the account of a role or of a department's code."""

    def __init__(self, session: Session, day: date) -> None:
        self.session = session
        self.actors: dict[str, Actor] = {}
        self.by_post: dict[str, str] = {}
        for username, user_id in accounts.user_ids(session).items():
            actor = build_actor(user_id, day, origin="demo")[0]
            self.actors[username] = actor
            self.by_post.setdefault(DEPARTMENTS.get(username, actor.role), username)

    @contextmanager
    def playing(self, username: str) -> Iterator[tuple[Session, Actor]]:
        """The session while this account is acting, and the actor that services take."""
        actor = self.actors[username]
        director = self.session.info["actor"]
        self.session.flush()
        self.session.info["actor"] = replace(actor, system_reason=director.system_reason)
        try:
            with as_actor(actor):
                yield self.session, actor
                self.session.flush()
        finally:
            self.session.info["actor"] = director
            # one transaction holds the whole play: a reason ends with its scene
            hooks.give_reason(self.session, "")
