"""Re-authentication: reveal, export and role changes need a password that was given in the last minutes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime, timedelta
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
CODE = "confirm_code"  # and a one-time code, where the step needs one


class ConfirmNeeded(NotAllowed):
    """The password must be given again; a script asks for it, posts it to ``confirm_url`` and repeats."""

    code = "confirm_needed"
    default = _("Please enter your password again to go on.")


class CodeNeeded(ConfirmNeeded):
    """Password and a new one-time code must be given; a script posts both to ``confirm_url`` and repeats."""

    code = "code_needed"
    default = _("Please enter your password and a one-time code to go on.")


class SecondFactorNeeded(NotAllowed):
    """Exports of protected values in plain need one-time codes set up."""

    code = "second_factor_needed"
    default = _("Set up one-time codes in your account first: exports need them.")


def is_recent(at: datetime | None) -> bool:
    """Whether something was given in the last CONFIRM_MINUTES."""
    return at is not None and clock.now() - at <= timedelta(minutes=current_app.config["CONFIRM_MINUTES"])


def is_confirmed(*, second_factor: bool = False) -> bool:
    """Whether the password, and with ``second_factor`` a one-time code as well, was given in this session lately."""
    found = g.get("sign_in")
    if not found or not is_recent(found.confirmed_at):
        return False
    return not second_factor or (found.enrolled and is_recent(found.second_factor_at))


def has_codes() -> bool:
    """Whether the signed-in user has one-time codes set up."""
    return bool(g.get("sign_in") and g.sign_in.enrolled)


def confirm(password: str, code: str | None = None) -> None:
    """Check password and code of the signed-in user (counted like a sign-in) and note the time; WrongLogin, Throttled."""
    facts, now = visitor.facts(), clock.now()
    login.check_again(facts.user_id, facts.username, password, now, visitor.here(), code=code)
    with unit_of_work(current_app.extensions["appbuilder"].session()) as session:
        sessions.confirm(session, facts.id, now)
        if code is not None:
            sessions.pass_second_factor(session, facts.id, now)


def must_be_confirmed(second_factor: bool = False) -> None:
    """Raise ConfirmNeeded, CodeNeeded or SecondFactorNeeded unless this session is fresh enough."""
    if second_factor and not has_codes():
        raise SecondFactorNeeded(url=url_for("MyAccount.enrol"))
    if is_confirmed(second_factor=second_factor):
        return
    if second_factor:
        raise CodeNeeded(confirm_url=url_for("MyAccount.confirm", code=1))
    raise ConfirmNeeded(confirm_url=url_for("MyAccount.confirm"))


def recently_confirmed(view: View | None = None, *, second_factor: bool = False) -> Any:
    """Decorator of a view function: a fresh password, and for plain exports a fresh one-time code beside it.

    A GET goes to the confirm page and comes back; a form is shown again with the fields that are missing and everything
    that was typed, and sent to the same address; scripts get 403 ``confirm_needed`` or ``code_needed``.
    """
    if view is None:
        return functools.partial(recently_confirmed, second_factor=second_factor)
    wrapped = view

    @functools.wraps(wrapped)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            _take_what_was_given(second_factor)
        except (ConfirmNeeded, login.WrongLogin) as refusal:
            if wants_json():
                raise
            return _ask(refusal, second_factor)
        return wrapped(*args, **kwargs)

    return guarded


def _take_what_was_given(second_factor: bool) -> None:
    """Check password and code that came with the form; without them the session must be fresh enough."""
    given = request.form.get(FIELD) if request.method == "POST" else None
    if not given or is_confirmed(second_factor=second_factor):
        must_be_confirmed(second_factor)
        return
    if second_factor and not has_codes():
        raise SecondFactorNeeded(url=url_for("MyAccount.enrol"))
    confirm(given, request.form.get(CODE, "") if second_factor else None)


def _ask(refusal: DomainError, second_factor: bool) -> Any:
    more = {"code": 1} if second_factor else {}
    if request.method == "GET":
        back = url_for("MyAccount.confirm", next=request.full_path.rstrip("?"), **more)
        return redirect(back, code=303)
    kept = [(k, v) for k, v in request.form.items(multi=True) if k not in {FIELD, CODE, "csrf_token"}]
    wrong = isinstance(refusal, login.WrongLogin)
    html = render_template(
        "account/confirm.html",
        title=_("Enter your password again"),
        action=request.full_path.rstrip("?"),
        field=FIELD,
        code_field=CODE if second_factor else "",
        kept=kept,
        message=str(refusal) if wrong else "",
        appbuilder=current_app.extensions["appbuilder"],
        base_template=current_app.extensions["appbuilder"].base_template,
    )
    return Response(html, 401 if wrong else 403, mimetype="text/html")


hooks.use("fresh_login", must_be_confirmed)
