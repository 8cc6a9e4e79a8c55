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


# tables without a page of their own; the others go by the title of their page
RECORDS = {
    "ab_user": _("Account"),
    "account": _("Account"),
    "area_plan_step": _("Division of areas: step"),
    "area_succession": _("Division of areas: successor"),
    "attachment": _("Attachment"),
    "building_unit": _("Staircase"),
    "case_clock": _("Time limit of a case"),
    "case_delivery": _("Delivery of a result"),
    "case_material": _("Material of a case"),
    "case_step": _("Step of the case"),
    "clock_pause": _("Clock stopped"),
    "custody": _("Originals in custody"),
    "document_step": _("Step of a paper"),
    "dwelling_alias": _("Former address of a home"),
    "dwelling_succession": _("Successor of a home"),
    "household_dwelling": _("Home of a household"),
    "move_in_step": _("Step of a move-in"),
    "person_area": _("Area of a resident"),
    "person_source": _("Source of a resident's data"),
    "visit_purpose": _("Purpose of a visit"),
    "visit_step": _("Step of a visit"),
    "visit_worker": _("Worker of a visit"),
}

ORIGINS = {
    "web": _("In the browser"),
    "worker": _("Background job"),
    "demo": _("Demo data"),
    "command": _("Command line"),
}

# who and why, where no person acted: the log keeps the English words, the screen shows the reader's
SYSTEM_WORDS = (
    _("system"),
    _("first start: there is nobody yet who could be asked"),
    _("demo: there is nobody in the city yet"),
    _("command: reset of a password on the machine itself"),
    _("a plan takes effect: every live row of its areas moves"),
    _("plans of the day: every live row of the areas moves"),
    _("a move-in changes the area that gives and the area that takes"),
    _("numbering of documents that two people bear"),
    _("start-up: keys and the Public role are checked before there is anybody"),
    _("sign-in: nobody is known yet"),
    _("sign-in: the session's own time stamps"),
    _("lockout: tries are counted before anybody is known"),
    _("code due"),
    _("The term for which it is kept is over"),
)

# what the access log says of a look-up, in the words that the domains write: here for the catalogue
LOOK_UPS = (
    _("match: none"),
    _("match: inside"),
    _("match: elsewhere"),
    _("by number"),
    _("first print"),
)
