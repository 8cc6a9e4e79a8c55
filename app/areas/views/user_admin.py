"""Delegated user administration in place of FAB's user and role screens (guards, section 2).

A page is found by the uid of the staff member. What may be done is decided by ``accounts.standing`` and by the
guard of posts, not by these pages; they only leave out what would be refused.
"""

from __future__ import annotations

from typing import Any

from flask import Response, flash, request, url_for
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.areas.accounts import administration, listing, standing
from app.areas.accounts.administration import RoleWish
from app.areas.forms.account import NewAccountForm, ReasonForm, RoleForm, role_choices
from app.areas.models import Post
from app.areas.roles import ROLES
from app.areas.security.confirm import recently_confirmed
from app.core import clock
from app.core.actor import current_actor
from app.core.errors import DomainError, NotFound
from app.core.interface import checked_key
from app.core.numbers import whole_number
from app.core.session import unit_of_work
from app.core.views import BaseView, expose, has_access, permission_name


def page_number() -> int:
    """The ``page`` argument: 0 to 400, or Invalid."""
    text = _("A page is a whole number.")
    return whole_number(request.args.get("page", "0"), 0, 400, field="page", message=text)


class UserAdminView(BaseView):
    """Accounts inside one's own areas and below one's own rank."""

    route_base = "/users"
    default_view = "list"

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        """Accounts in the scope; the ones that may not be changed are shown without buttons."""
        text, state, page = (
            request.args.get("q", "").strip()[:50],
            request.args.get("state", ""),
            page_number(),
        )
        active = {"active": True, "inactive": False}.get(state)
        rows, more = listing.accounts(self.session, clock.today(), text=text, active=active, page=page)
        return self.render_template(
            "account/users.html",
            title=_("Accounts"),
            rows=rows,
            more=more,
            page=page,
            q=text,
            state=state,
            roles=ROLES,
        )

    @expose("/show/<uid>")
    @has_access
    def show(self, uid: str) -> Any:
        """One account: roles, state, what may be done."""
        return self._show(uid, self._role_form())

    @expose("/add", methods=["GET", "POST"])
    @has_access
    @recently_confirmed
    def add(self) -> Any:
        """Give a staff member an account. The initial password is shown once, in the answer to this POST."""
        form = NewAccountForm()
        if request.method == "POST" and form.validate():
            try:
                with unit_of_work(self.session) as db:
                    staff = form.staff.data
                    user, secret = administration.create_account(
                        db, current_actor(), staff, form.username.data or "", clock.now()
                    )
                    name, username, uid = staff.name, user.username, staff.uid
            except DomainError as refusal:
                form.refuse(refusal)
                return self._add_page(form, refusal.status)
            return self._secret(_("The account was created"), name, username, secret, uid)
        return self._add_page(form, 422 if request.method == "POST" else 200)

    @expose("/password/<uid>", methods=["POST"])
    @has_access
    @permission_name("edit")
    @recently_confirmed
    def reset_password(self, uid: str) -> Any:
        """A new initial password, shown once."""
        with unit_of_work(self.session) as db:
            row, staff = self._found(uid)
            secret = administration.reset_password(db, current_actor(), row.user_id, clock.now())
            name = staff.name
        return self._secret(_("A new password was set"), name, row.username, secret, uid)

    @expose("/codes/<uid>", methods=["POST"])
    @has_access
    @permission_name("edit")
    @recently_confirmed
    def reset_codes(self, uid: str) -> Any:
        """Take the one-time codes away (lost phone)."""
        with unit_of_work(self.session) as db:
            row, _staff = self._found(uid)
            administration.reset_second_factor(db, current_actor(), row.user_id, clock.now())
        flash(_("The one-time codes were reset."), "success")
        return self.go(url_for("UserAdminView.show", uid=uid))

    @expose("/active/<uid>", methods=["POST"])
    @has_access
    @permission_name("edit")
    @recently_confirmed
    def set_active(self, uid: str) -> Any:
        """Deactivate with a reason, or activate."""
        active = request.form.get("active") == "1"
        with unit_of_work(self.session) as db:
            row, _staff = self._found(uid)
            why = request.form.get("reason", "")[:200]
            administration.set_active(db, current_actor(), row.user_id, active, why, clock.now())
        flash(_("The account is active.") if active else _("The account was deactivated."), "success")
        return self.go(url_for("UserAdminView.show", uid=uid))

    @expose("/roles/<uid>", methods=["POST"])
    @has_access
    @permission_name("edit")
    @recently_confirmed
    def grant(self, uid: str) -> Any:
        """Give a role by a new post."""
        form = self._role_form()
        if not form.validate():
            return self._show(uid, form, 422)
        wish = RoleWish(
            role=form.role.data,
            area_id=form.area.data.id,
            position=form.position.data,
            valid_from=form.valid_from.data,
            valid_to=form.valid_to.data,
            org_unit_id=form.org_unit.data.id if form.org_unit.data else None,
        )
        try:
            with unit_of_work(self.session) as db:
                _row, staff = self._found(uid)
                administration.grant_role(db, current_actor(), staff, wish, clock.now())
        except DomainError as refusal:
            form.refuse(refusal)
            return self._show(uid, form, refusal.status)
        flash(_("The role was given. The person signs in again to use it."), "success")
        return self.go(url_for("UserAdminView.show", uid=uid))

    @expose("/roles/<uid>/<post_uid>/end", methods=["POST"])
    @has_access
    @permission_name("edit")
    @recently_confirmed
    def end_role(self, uid: str, post_uid: str) -> Any:
        """End a role at once, with a reason."""
        with unit_of_work(self.session) as db:
            _row, staff = self._found(uid)
            query = select(Post).where(Post.uid == checked_key(post_uid, uid=True), Post.staff_id == staff.id)
            post = db.scalars(query).one_or_none()
            if post is None:
                raise NotFound()
            why = request.form.get("reason", "")[:200]
            administration.end_role(db, current_actor(), post, why, clock.now())
        flash(_("The role was ended."), "success")
        return self.go(url_for("UserAdminView.show", uid=uid))

    # --- pieces -----------------------------------------------------------------------------------------------

    def _found(self, uid: str) -> tuple[listing.AccountRow, Any]:
        found = listing.account(self.session, str(checked_key(uid, uid=True)), clock.today())
        if found is None:
            raise NotFound()
        return found

    def _role_form(self) -> RoleForm:
        form = RoleForm()
        form.role.source = role_choices(administration.grantable(current_actor()))
        form.load()
        return form

    def _show(self, uid: str, form: RoleForm, status: int = 200) -> Response:
        row, staff = self._found(uid)
        held = standing.holdings_of([staff.id], clock.today()).get(staff.id, [])
        mine = staff.id == current_actor().staff_id
        html = self.render_template(
            "account/user.html",
            title=staff.name,
            row=row,
            posts=listing.role_posts(self.session, staff.id),
            form=form,
            reason_form=ReasonForm(),
            may_change=self.can("edit") and not mine and standing.covers(current_actor(), held),
            roles=ROLES,
            day=clock.today(),
        )
        return Response(html, status, mimetype="text/html")

    def _add_page(self, form: NewAccountForm, status: int) -> Response:
        html = self.render_template("account/user_add.html", title=_("New account"), form=form)
        return Response(html, status, mimetype="text/html")

    def _secret(self, title: Any, name: str, username: str, secret: str, uid: str) -> Response:
        html = self.render_template(
            "account/secret.html", title=title, name=name, username=username, secret=secret, uid=uid
        )
        return Response(html, mimetype="text/html")
