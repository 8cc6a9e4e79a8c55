"""The user of a request: light, read in two selects, never written through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response, current_app, g, has_request_context, request
from flask_login import UserMixin

from app.areas.accounts import sessions
from app.areas.accounts.login import Visitor
from app.areas.accounts.passwords import is_due
from app.areas.actors import SessionFacts, request_actor
from app.areas.roles import ROLES
from app.core.actor import NOBODY, Actor, current_actor, set_actor
from app.core.crypto import token_hash
from app.core.scope import unscoped
from app.core.session import only_reading

OTP, PASSWORD, ENROL, POST = "otp", "new_password", "enrol", "post"


@dataclass(frozen=True)
class SignedInUser(UserMixin):
    """What templates and FAB ask of the current user."""

    id: int
    username: str
    label: str

    @property
    def first_name(self) -> str:
        """FAB's navigation asks for the two names."""
        return self.label

    last_name = ""
    active = True
    roles: tuple[Any, ...] = ()

    def get_full_name(self) -> str:
        """The staff member's name."""
        return self.label


def here() -> Visitor:
    """Address and browser of this request."""
    if not has_request_context():
        return Visitor("")
    return Visitor(request.remote_addr or "", request.user_agent.string)


SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def page_role() -> str | None:
    """The acting role of the page that sends this request, as its form or its script names it.

    What is sent acts as the page said it would, even when another tab switched the post meanwhile: a form must not be
    refused, nor a record be written, under a post that its page never showed.
    """
    if not has_request_context():
        return None
    role = request.headers.get("X-Acting")
    return role or (None if request.method in SAFE else request.form.get("_acting"))


def remember_role(response: Response) -> Response:
    """After a form was taken under another post than the session's, the session goes on with that post: the next page
    shows what was just saved. What scripts send in the background (drafts, look-ups) switches nothing.
    """
    found, role = g.get("sign_in"), current_actor().role
    if (
        found is None
        or request.method in SAFE
        or "X-Acting" in request.headers
        or response.status_code >= 400
    ):
        return response
    if role not in {"", found.acting_role} and request.form.get("_acting") == role:
        sessions.keep_role(found, role)
    return response


def load(token: str, now: datetime, day: Any) -> SignedInUser | None:
    """Put actor, seats and session facts of a token in force for this request; None when it is no good (any more)."""
    set_actor(NOBODY)
    g.sign_in, g.seats = None, []
    with unscoped("sign-in: posts decide the scope, so they are read before there is one") as session:
        only_reading(session)
        found = request_actor(session, token_hash(token), day, address=here().address, wanted=page_role)
    if found is None:
        return None
    actor, seats, facts = found
    config = current_app.config
    idle, longest = timedelta(minutes=config["IDLE_MINUTES"]), timedelta(hours=config["SESSION_HOURS"])
    reason = sessions.verdict(facts, now, idle, longest)
    if reason is not None:
        g.sign_in_ended = reason
        sessions.close_stale(facts, now, reason)
        return None
    sessions.touch(facts, now)
    set_actor(actor)
    g.sign_in, g.seats, g.large_type = facts, seats, facts.large_type
    return SignedInUser(facts.user_id, facts.username, actor.label)


def facts() -> SessionFacts:
    """The session facts of a signed-in request."""
    found: SessionFacts = g.sign_in
    return found


def still_needs(found: SessionFacts, actor: Actor, now: datetime) -> str | None:
    """What a signed-in user has to do before anything else: code, new password, enrolment, or a post is missing."""
    if found.enrolled and found.second_factor_at is None:
        return OTP
    days = current_app.config["PASSWORD_DAYS"]
    if found.must_change_password or is_due(found.password_changed_at, now, days):
        return PASSWORD
    role = ROLES.get(actor.role)
    if role is not None and role.second_factor and not found.enrolled:
        return ENROL
    return POST if role is None else None


def acting() -> Actor:
    """The actor of this request."""
    return current_actor()
