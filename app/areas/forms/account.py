"""Forms of accounts. Checks that need the database are the services'; a DomainError is shown at its field."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField
from wtforms.validators import Length

from app.areas.models import Area, OrgUnit, Staff
from app.areas.roles import ROLES
from app.core.errors import DomainError
from app.core.widgets import ChoiceField, CodeField, DayField, Needed, RemoteField, TextField


class AccountForm(FlaskForm):
    """A form that can show a service's refusal at the field it names, or above the form."""

    class Meta:
        locales = False  # our own sentences, through our own catalogue

    def load(self) -> None:
        """Fill in the choices of this request."""
        for field in self:
            if isinstance(field, ChoiceField):
                field.load()

    def refuse(self, error: DomainError) -> None:
        """Put a refusal where the clerk sees it."""
        if error.field and error.field in self._fields:
            field: Any = self._fields[error.field]
            field.errors = [*field.errors, str(error)]
        else:
            self.form_errors.append(str(error))

    @property
    def wrong(self) -> list[Any]:
        """Fields with errors in the order of the page."""
        return [f for f in self if f.errors and f.name != "csrf_token"]


class PasswordForm(AccountForm):
    """Change of the own password."""

    old = PasswordField(_("Present password"), [Needed(), Length(max=1024)])
    password = PasswordField(_("New password"), [Needed(), Length(max=1024)])
    repeated = PasswordField(_("New password again"), [Needed(), Length(max=1024)])
    next = HiddenField()


class CodeForm(AccountForm):
    """A one-time code."""

    otp = TextField(_("One-time code"), [Needed()], length=20)
    next = HiddenField()


class ConfirmForm(AccountForm):
    """The password once more, and a one-time code where the step needs one."""

    password = PasswordField(_("Password"), [Needed(), Length(max=1024)])
    otp = TextField(_("One-time code"), length=20)
    next = HiddenField()


class NewAccountForm(AccountForm):
    """An account for somebody who is on the staff list already."""

    staff = RemoteField(_("Staff member"), [Needed()], model=Staff)
    username = TextField(_("User name"), [Needed()], length=40)


def role_choices(keys: list[str]) -> list[tuple[str, Any]]:
    """Roles by key with their labels."""
    return [(key, ROLES[key].label) for key in keys]


class RoleForm(AccountForm):
    """A role to be given by a new post. ``role.source`` is set to what the administrator may give."""

    role = ChoiceField(_("Role"), [Needed()])
    area = RemoteField(_("Area"), [Needed()], model=Area)
    position = CodeField(_("Position"), [Needed()], source="grid_role")
    org_unit = RemoteField(_("Department"), model=OrgUnit)
    valid_from = DayField(_("Valid from"))
    valid_to = DayField(_("Valid until"))


class ReasonForm(AccountForm):
    """A reasoned step."""

    reason = TextField(_("Reason"), length=200)
