"""States of a visit and what may come of a door."""

from flask_babel import lazy_gettext as _

from app.core.choices import Choice


class VisitState(Choice):
    """Where a visit stands."""

    planned = "planned", _("Planned"), "blue"
    done = "done", _("Done"), "green"
    missed = "missed", _("Nobody met"), "yellow"
    cancelled = "cancelled", _("Called off"), "grey"


class Outcome(Choice):
    """What came of one door: the codes of the list `visit_outcome`, with the words a worker taps."""

    met = "met", _("Met"), "green"
    family = "family", _("Met the family"), "green"
    phone = "phone", _("By phone"), "blue"
    absent = "absent", _("Nobody home"), "yellow"
    refused = "refused", _("Turned away"), "red"
    moved = "moved", _("Moved away"), "grey"
    deceased = "deceased", _("Deceased"), "grey"


class RecordWay(Choice):
    """How a deed of the day was done (F01)."""

    door = "door", _("At the door"), "blue"
    phone = "phone", _("By phone"), "blue"
    accompany = "accompany", _("Went along"), "blue"
    proxy = "proxy", _("On behalf"), "blue"
    report = "report", _("Report to the station"), "blue"


class RecordResult(Choice):
    """What came of it (F01)."""

    done = "done", _("Settled"), "green"
    ongoing = "ongoing", _("In hand"), "blue"
    reported = "reported", _("Reported to the station"), "yellow"
    impossible = "impossible", _("Not possible"), "red"


# somebody was spoken to: papers can change hands
MET = frozenset({Outcome.met.value, Outcome.family.value, Outcome.phone.value})
AT_THE_DOOR = frozenset({Outcome.met.value, Outcome.family.value})
