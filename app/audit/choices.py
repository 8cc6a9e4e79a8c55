"""Words of the logs."""

from flask_babel import lazy_gettext as _

from app.core.choices import Choice


class ChangeAction(Choice):
    """What happened to a record."""

    insert = "insert", _("Created"), "green"
    update = "update", _("Changed"), "blue"
    delete = "delete", _("Deleted"), "red"
    restore = "restore", _("Restored"), "yellow"


class AccessAction(Choice):
    """What was done with a record without changing it."""

    READ = "READ", _("Read"), "grey"
    SEARCH = "SEARCH", _("Searched"), "grey"
    REVEAL = "REVEAL", _("Revealed"), "red"
    EXPORT = "EXPORT", _("Exported"), "red"
    PRINT = "PRINT", _("Printed"), "blue"
    DOWNLOAD = "DOWNLOAD", _("Downloaded"), "yellow"
    LOGIN = "LOGIN", _("Signed in"), "green"
    LOGIN_FAILED = "LOGIN_FAILED", _("Sign-in failed"), "red"
    LOGOUT = "LOGOUT", _("Signed out"), "grey"
