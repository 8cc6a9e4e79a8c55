"""States, steps and notices of two records that may be one person."""

from flask_babel import lazy_gettext as _

from app.core.choices import Choice


class DuplicateFound(Choice):
    """Where a pair of records was noticed."""

    entry = "entry", _("At entry"), "blue"
    imported = "import", _("At an import"), "blue"
    scan = "scan", _("By the search of the register"), "grey"
    hand = "hand", _("By hand"), "grey"


class DuplicateState(Choice):
    open = "open", _("To be settled"), "yellow"
    different = "different", _("Two people"), "grey"
    merged = "merged", _("Merged"), "green"
    lapsed = "lapsed", _("Fell away"), "grey"


class DuplicateAction(Choice):
    """What happens to a pair of records."""

    found = "found", _("Noticed"), "yellow"
    differ = "differ", _("They are two people"), "grey"
    merge = "merge", _("Merge them"), "green"
    reopen = "reopen", _("Look at it again"), "yellow"
    undo = "undo", _("Take the merge apart"), "red"
    lapse = "lapse", _("Nothing points to it any more"), "grey"


class DuplicateNotice(Choice):
    """Lines that duplicates put into inboxes; they name nobody."""

    above = (
        "above",
        _("Records of your area and another one may be one person. The level above settles it."),
        "grey",
    )
    decide = "decide", _("Records of two of your areas may be one person. Please settle it."), "yellow"

    @property
    def msgid(self) -> str:
        """The English text, which the inbox translates for its reader."""
        return str(self.label._args[0])
