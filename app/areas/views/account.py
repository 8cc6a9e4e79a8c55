"""My account: password, one-time codes, language, large type, acting role, own sessions.

Open to everybody who is signed in, also before the first password change: the gate decides, not a role.
"""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, flash, g, jsonify, request, url_for
from flask import session as cookie
from flask_babel import lazy_gettext as _
from markupsafe import Markup

from app.areas.accounts import login, own, totp
from app.areas.forms.account import CodeForm, ConfirmForm, PasswordForm
from app.areas.models import Account
from app.areas.roles import ROLES
from app.areas.security import confirm, visitor
from app.core import clock
from app.core.edge import safe_next, wants_json
from app.core.errors import DomainError
from app.core.session import unit_of_work
from app.core.views import BaseView, expose


def signed_in(view: Any) -> Any:
    """Mark a page that needs a signed-in user and no permission; an architecture test holds the list."""
    view.is_for_signed_in = True
    return view


class MyAccount(BaseView):
    """Pages about oneself."""

    route_base = "/account"
    default_view = "index"

    @expose("/")
    @signed_in
    def index(self) -> Any:
        """Profile, roles held today, open sessions."""
        facts = visitor.facts()
        roles = [(ROLES[s.role].label, s.area_name, s.role == visitor.acting().role) for s in g.seats]
        rows = own.open_sessions(self.session, facts)
        return self.render_template(
            "account/index.html", title=_("My account"), facts=facts, roles=roles, sessions=rows
        )

    @expose("/password", methods=["GET", "POST"])
    @signed_in
    def password(self) -> Any:
        """Choose a new password; every session ends but this one, which gets a new token."""
        form, facts, now = PasswordForm(), visitor.facts(), clock.now()
        if request.method == "POST" and form.validate():
            try:
                login.check_again(facts.user_id, facts.username, form.old.data, now, visitor.here())
                with unit_of_work(self.session) as db:
                    token = own.change_password(
                        db, facts, form.password.data, form.repeated.data, now, visitor.here()
                    )
            except DomainError as refusal:
                return self._again("account/password.html", form, refusal, first=facts.must_change_password)
            cookie["_user_id"] = token
            flash(_("The new password is in force. Your other sessions were ended."), "success")
            return self.go(safe_next(form.next.data))
        form.next.data = safe_next(request.values.get("next"))
        status = 422 if request.method == "POST" else 200
        return self._page("account/password.html", form, status, first=facts.must_change_password)

    @expose("/otp", methods=["GET", "POST"])
    @signed_in
    def otp(self) -> Any:
        """The one-time code of this sign-in."""
        form, facts = CodeForm(), visitor.facts()
        target = safe_next(request.values.get("next"))
        if not facts.enrolled or facts.second_factor_at is not None:
            return self.go(target)
        if request.method == "POST" and form.validate():
            try:
                self._check_code(form.otp.data)
            except DomainError as refusal:
                return self._again("account/otp.html", form, refusal)
            return self.go(target)
        form.next.data = target
        return self._page("account/otp.html", form, 422 if request.method == "POST" else 200)

    def _check_code(self, code: str) -> None:
        facts, now = visitor.facts(), clock.now()
        login.check_again(facts.user_id, facts.username, None, now, visitor.here(), code=code)
        with unit_of_work(self.session) as db:
            own.pass_second_factor(db, facts, now)

    @expose("/enrol", methods=["GET", "POST"])
    @signed_in
    def enrol(self) -> Any:
        """Set up one-time codes: a button makes the secret, a code from the phone puts it in force."""
        form, facts = CodeForm(), visitor.facts()
        if facts.enrolled:
            return self.go(url_for("MyAccount.index"))
        if request.method == "POST":
            return self._enrol_step(form)
        form.next.data = safe_next(request.args.get("next"))
        return self._enrol_page(form, 200)

    def _enrol_step(self, form: CodeForm) -> Any:
        facts, target = visitor.facts(), safe_next(request.form.get("next"))
        if not confirm.is_confirmed():
            return self.go(url_for("MyAccount.confirm", next=url_for("MyAccount.enrol")))
        try:
            with unit_of_work(self.session) as db:
                if request.form.get("step") == "begin":
                    own.begin_second_factor(db, facts)
                    return self.go(url_for("MyAccount.enrol", next=target))
                own.confirm_second_factor(db, facts, form.otp.data or "", clock.now())
        except DomainError as refusal:
            form.refuse(refusal)
            return self._enrol_page(form, refusal.status)
        flash(_("One-time codes are set up. You will be asked for one at every sign-in."), "success")
        return self.go(target)

    def _enrol_page(self, form: CodeForm, status: int) -> Response:
        facts = visitor.facts()
        account = self.session.get_one(Account, facts.user_id)
        secret = account.totp_secret or ""
        site = current_app.config["GEBAN_SITE_NAME"] or "GeBan"
        picture = totp.qr_svg(account, facts.username, site) if secret else ""
        svg = Markup(picture)  # noqa: S704 drawn by segno from a key of ours
        groups = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
        return self._page("account/enrol.html", form, status, svg=svg, secret=groups)

    @expose("/confirm", methods=["GET", "POST"])
    @signed_in
    def confirm(self) -> Any:
        """Give the password again: a form for people, JSON {password} for scripts. ``?code=1`` asks for a one-time code too
        (JSON: {password, code}).
        """
        with_code = bool(request.values.get("code"))
        if wants_json():
            body = request.get_json(silent=True)
            given = body if isinstance(body, dict) else {}
            confirm.confirm(_text(given, "password"), _text(given, "code") if with_code else None)
            return jsonify({"confirmed": True})
        form = ConfirmForm()
        if not with_code:
            del form.otp
        if request.method == "POST" and form.validate():
            try:
                confirm.confirm(form.password.data, (form.otp.data or "") if with_code else None)
            except DomainError as refusal:
                return self._again("account/confirm.html", form, refusal)
            return self.go(safe_next(form.next.data))
        form.next.data = safe_next(request.values.get("next"))
        return self._page("account/confirm.html", form, 422 if request.method == "POST" else 200)

    @expose("/settings", methods=["POST"])
    @signed_in
    def settings(self) -> Any:
        """Language and large type, each as it is sent."""
        with unit_of_work(self.session) as db:
            own.save_settings(
                db, visitor.facts(), request.form.get("language"), request.form.get("large_type")
            )
        return self.go(safe_next(request.form.get("next"), url_for("MyAccount.index")))

    @expose("/act", methods=["POST"])
    @signed_in
    def act(self) -> Any:
        """Work in another of the roles held today."""
        held = {seat.role for seat in g.seats}
        with unit_of_work(self.session) as db:
            own.choose_role(db, visitor.facts(), held, request.form.get("role", ""))
        return self.go("/")

    @expose("/sessions/end", methods=["POST"])
    @signed_in
    def end_others(self) -> Any:
        """End every other session of one's own."""
        with unit_of_work(self.session) as db:
            own.end_others(db, visitor.facts(), clock.now())
        flash(_("Your other sessions were ended."), "success")
        return self.go(url_for("MyAccount.index"))

    def _again(self, template: str, form: Any, refusal: DomainError, **more: Any) -> Response:
        form.refuse(refusal)
        return self._page(template, form, refusal.status, **more)

    def _page(self, template: str, form: Any, status: int, **more: Any) -> Response:
        titles = {
            "account/password.html": _("Change password"),
            "account/otp.html": _("One-time code"),
            "account/enrol.html": _("Set up one-time codes"),
            "account/confirm.html": _("Enter your password again"),
        }
        html = self.render_template(template, title=titles[template], form=form, **more)
        return Response(html, status, mimetype="text/html")


def _text(given: dict[str, Any], name: str) -> str:
    """A text out of what a script sent; empty for anything else."""
    value = given.get(name)
    return value if isinstance(value, str) else ""
