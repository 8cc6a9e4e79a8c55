"""Re-authentication: reveal, export and role changes need a password that was given in the last minutes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from flask import Response, current_app, g, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _

from app.areas.accounts import login, sessions
from app.areas.security import visitor
from app.core import clock, hooks
from app.core.edge import wants_json
from app.core.errors import DomainError, NotAllowed
from app.core.session import unit_of_work

View = TypeVar("View", bound=Callable[..., Any])
FIELD = "confirm_password"  # in the same form: the password of whoever sends it


class ConfirmNeeded(NotAllowed):
    """The password must be given again; a script asks for it, posts it to ``confirm_url`` and repeats."""

    code = "confirm_needed"
    default = _("Please enter your password again to go on.")


class SecondFactorNeeded(NotAllowed):
    """Exports need one-time codes set up and given in this session."""

    code = "second_factor_needed"
    default = _("Set up one-time codes in your account first: exports need them.")


def is_confirmed() -> bool:
    """Whether the password was given in this session within CONFIRM_MINUTES."""
    at = g.sign_in.confirmed_at if g.get("sign_in") else None
    return at is not None and clock.now() - at <= timedelta(minutes=current_app.config["CONFIRM_MINUTES"])


def confirm(password: str) -> None:
    """Check the password of the signed-in user (counted like a sign-in) and note the time; WrongLogin, Throttled."""
    facts, now = visitor.facts(), clock.now()
    login.check_again(facts.user_id, facts.username, password, now, visitor.here())
    with unit_of_work(current_app.extensions["appbuilder"].session()) as session:
        sessions.confirm(session, facts.id, now)


def must_be_confirmed(second_factor: bool = False) -> None:
    """Raise ConfirmNeeded (or SecondFactorNeeded) unless this session is fresh enough."""
    if second_factor and (not g.get("sign_in") or g.sign_in.second_factor_at is None):
        raise SecondFactorNeeded(url=url_for("MyAccount.enrol"))
    if not is_confirmed():
        raise ConfirmNeeded(confirm_url=url_for("MyAccount.confirm"))


def recently_confirmed(view: View | None = None, *, second_factor: bool = False) -> Any:
    """Decorator of a view function: a fresh password, and for exports a second factor.

    A GET goes to the confirm page and comes back; a form is shown again with a password field and everything that
    was typed, and sent to the same address; scripts get 403 ``confirm_needed``.
    """
    if view is None:
        return functools.partial(recently_confirmed, second_factor=second_factor)
    wrapped = view

    @functools.wraps(wrapped)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            given = request.form.get(FIELD) if request.method == "POST" else None
            if given and not is_confirmed():
                confirm(given)
                must_be_confirmed_now(second_factor)
            else:
                must_be_confirmed(second_factor)
        except (ConfirmNeeded, login.WrongLogin) as refusal:
            if wants_json():
                raise
            return _ask(refusal)
        return wrapped(*args, **kwargs)

    return guarded


def must_be_confirmed_now(second_factor: bool) -> None:
    """After a password in the same form only the second factor is left to look at."""
    if second_factor and g.sign_in.second_factor_at is None:
        raise SecondFactorNeeded(url=url_for("MyAccount.enrol"))


def _ask(refusal: DomainError) -> Any:
    if request.method == "GET":
        return redirect(url_for("MyAccount.confirm", next=request.full_path.rstrip("?")), code=303)
    kept = [(k, v) for k, v in request.form.items(multi=True) if k not in {FIELD, "csrf_token"}]
    wrong = isinstance(refusal, login.WrongLogin)
    html = render_template(
        "account/confirm.html",
        title=_("Enter your password again"),
        action=request.full_path.rstrip("?"),
        field=FIELD,
        kept=kept,
        message=str(refusal) if wrong else "",
        appbuilder=current_app.extensions["appbuilder"],
        base_template=current_app.extensions["appbuilder"].base_template,
    )
    return Response(html, 401 if wrong else 403, mimetype="text/html")


hooks.use("fresh_login", must_be_confirmed)
