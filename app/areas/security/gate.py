"""The gate: nobody passes without signing in unless the page is public, and a signed-in user does first things first."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import current_app, g, redirect, request, url_for
from flask_babel import lazy_gettext as _
from flask_login import current_user

from app.areas.security import visitor
from app.core import clock
from app.core.edge import error_answer, is_static, safe_next, wants_json

# endpoints that are open by name; views of ours say @public
PUBLIC = frozenset({"health"})
ALWAYS = frozenset({"MyAccount.act", "MyAccount.settings"})
FIRST: dict[str, tuple[str, Any]] = {
    visitor.OTP: ("MyAccount.otp", _("Enter the one-time code first.")),
    visitor.PASSWORD: ("MyAccount.password", _("Choose your own password first.")),
    visitor.ENROL: ("MyAccount.enrol", _("Set up one-time codes first: your role needs them.")),
    visitor.POST: (
        "MyAccount.index",
        _("You hold no valid post today. Ask whoever administers your account."),
    ),
}


def is_public(endpoint: str) -> bool:
    """Whether an endpoint may be reached without signing in."""
    view = current_app.view_functions.get(endpoint)
    return endpoint in PUBLIC or is_static(endpoint) or bool(getattr(view, "is_public", False))


def check() -> Any | None:
    """The answer that stops a request, or None to let it pass. Loads user and actor."""
    endpoint = request.endpoint
    if endpoint is None or is_static(endpoint):
        return None
    known = current_user.is_authenticated
    if is_public(endpoint):
        return None
    if not known:
        return _to_login()
    needs = visitor.still_needs(g.sign_in, visitor.acting(), clock.now())
    if needs is None or (endpoint in ALWAYS and needs != visitor.OTP):
        return None
    page, sentence = FIRST[needs]
    if endpoint == page or (needs == visitor.POST and endpoint.startswith("MyAccount.")):
        return None
    if wants_json():
        return error_answer(403, sentence, code=needs, url=url_for(page))
    return redirect(url_for(page, next=_here()), code=303)


def _to_login() -> Any:
    if wants_json():
        return error_answer(401, _("Please sign in."), code="sign_in")
    return redirect(url_for("LoginView.login", next=_here()), code=303)


def _here() -> str | None:
    """Path to come back to, without its query (that may name people): the page that was read, or the one of the form
    that was sent, where the draft waits.
    """
    path = request.path if request.method == "GET" else urlsplit(safe_next(request.referrer)).path
    return path if path != "/" else None
