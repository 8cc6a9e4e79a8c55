"""The two doors: the login form and the JSON sign-in of /api/v1. Both count tries and open server-side sessions."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, flash, g, jsonify, redirect, request, session, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import lazy_gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf
from wtforms import HiddenField, PasswordField, StringField

from app.areas.accounts import login, sessions
from app.areas.security import visitor
from app.audit.service import log_access
from app.core import clock
from app.core.edge import public, safe_next
from app.core.errors import DomainError, Invalid, Throttled
from app.core.session import unit_of_work

ENDED = {
    sessions.IDLE: _("You were signed out after 30 minutes without activity. Sign in to go on."),
    sessions.EXPIRED: _("You were signed out after 12 hours. Sign in to go on."),
    sessions.FORCED: _("Your session was ended. Sign in again."),
}


class LoginForm(FlaskForm):
    """Field names are fixed: scripts and tests sign in with them. Checks are the service's."""

    username = StringField(_("User name"))
    password = PasswordField(_("Password"))
    otp = StringField(_("One-time code"))
    next = HiddenField()


def open_session(signed_in: login.SignedIn) -> None:
    """Begin a new cookie: nothing of the visitor's old one is kept, so a planted cookie or CSRF token is worth nothing."""
    _fresh_cookie()
    session["_user_id"] = signed_in.token
    g.pop("csrf_token", None)


def close_session() -> None:
    """End the session of this request in the database and in the cookie."""
    facts = g.get("sign_in")
    if facts is not None:
        with unit_of_work(current_app.extensions["appbuilder"].session()) as db:
            sessions.end_sign_in(db, facts.id, clock.now(), sessions.LOGOUT)
            log_access("LOGOUT", "ab_user", facts.user_id, actor=visitor.acting())
    _fresh_cookie()


def _fresh_cookie() -> None:
    language = session.get("locale")
    session.clear()
    if language:
        session["locale"] = language
    g.pop("_login_user", None)


def try_sign_in(username: Any, password: Any, code: Any) -> login.SignedIn:
    """Check what was typed and open the cookie session; DomainError when refused."""
    texts = [x if isinstance(x, str) else "" for x in (username, password, code)]
    if len(texts[0]) > 128 or len(texts[1]) > 1024 or len(texts[2]) > 20:
        raise Invalid(_("This is too long."))
    signed_in = login.sign_in(texts[0], texts[1], texts[2], clock.now(), visitor.here())
    if g.get("sign_in") is not None:
        close_session()  # somebody else at the same browser: the first session must not live on unseen
    open_session(signed_in)
    return signed_in


class LoginView(BaseView):
    """Sign-in and sign-out. FAB finds it by ``login`` and ``logout``."""

    route_base = ""
    default_view = "login"
    login_template = "appbuilder/general/security/login_db.html"

    @public
    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> Any:
        """The login form; a wrong try answers 401, a locked one 429, both with the form."""
        form = LoginForm()
        target = safe_next(request.args.get("next") or form.next.data)
        if request.method != "POST":  # HEAD too: it passes by the CSRF check
            if current_user.is_authenticated:
                return redirect(target)
            form.next.data = target
            if reason := ENDED.get(g.get("sign_in_ended", "")):
                flash(reason, "info")
                session.pop("_user_id", None)
            return self._form(form, 200)
        try:
            signed_in = try_sign_in(form.username.data, form.password.data, form.otp.data)
        except DomainError as refusal:
            flash(str(refusal), "danger")
            return self._form(form, refusal.status, refusal)
        if signed_in.code_due:
            return redirect(url_for("MyAccount.otp", next=target), code=303)
        return redirect(target, code=303)

    def _form(self, form: LoginForm, status: int, refusal: DomainError | None = None) -> Response:
        form.password.data = form.otp.data = ""
        html = self.render_template(
            self.login_template, title=_("Sign in"), form=form, locked=isinstance(refusal, Throttled)
        )
        response = Response(html, status, mimetype="text/html")
        if isinstance(refusal, Throttled):
            response.headers["Retry-After"] = str(refusal.retry_after)
        return response

    @public
    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        """End the session; by POST, so that no foreign page can sign people out."""
        close_session()
        return redirect(url_for("LoginView.login"), code=303)

    @public
    @expose("/language/", methods=["POST"])
    def language(self) -> Any:
        """Language of the pages before sign-in, for this browser session."""
        wanted = request.form.get("language", "")
        if wanted in current_app.config["LANGUAGES"]:
            session["locale"] = wanted
        return redirect(safe_next(request.form.get("next"), url_for("LoginView.login")), code=303)


class SessionApi(BaseView):
    """/api/v1/session: GET says who is signed in and gives a CSRF token, POST signs in, DELETE signs out."""

    route_base = "/api/v1/session"
    default_view = "show"

    @public
    @expose("", methods=["GET"])
    def show(self) -> Response:
        """CSRF token and state of this session."""
        return jsonify(self._state())

    @public
    @expose("", methods=["POST"])
    def create(self) -> Response:
        """Sign in with JSON {username, password, otp}; 401 wrong, 429 locked (X-CSRFToken is needed here too)."""
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise Invalid(_("Send JSON with username and password."))
        signed_in = try_sign_in(body.get("username"), body.get("password"), body.get("otp"))
        return jsonify({"csrf_token": generate_csrf(), "signed_in": True, "code_due": signed_in.code_due})

    @public
    @expose("", methods=["DELETE"])
    def end(self) -> Response:
        """Sign out."""
        close_session()
        return jsonify({"csrf_token": generate_csrf(), "signed_in": False})

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = {"csrf_token": generate_csrf(), "signed_in": current_user.is_authenticated}
        if current_user.is_authenticated:
            needs = visitor.still_needs(visitor.facts(), visitor.acting(), clock.now())
            state |= {"username": current_user.username, "role": visitor.acting().role, "needs": needs}
        return state
