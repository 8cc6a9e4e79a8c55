"""States and actions of an issued paper."""

from flask_babel import lazy_gettext as _

from app.core.choices import Choice


class DocumentState(Choice):
    """Where an issued paper stands. Printing is not a state: it is a row of its own each time."""

    issued = "issued", _("Issued"), "blue"
    signed = "signed", _("Signed"), "green"
    collected = "collected", _("Handed out"), "green"
    voided = "voided", _("Void"), "red"
    replaced = "replaced", _("Replaced"), "grey"
    expired = "expired", _("Expired"), "grey"


class DocumentAction(Choice):
    """What somebody does with an issued paper."""

    issue = "issue", _("Issue"), "blue"
    sign = "sign", _("Signature came back"), "green"
    collect = "collect", _("Hand out"), "green"
    void = "void", _("Declare void"), "red"
    supersede = "supersede", _("Replaced by a new paper"), "grey"
    expire = "expire", _("Expire"), "grey"
