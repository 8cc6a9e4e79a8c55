"""Closed lists of the registry. Open lists (kinship, ethnic groups, special groups …) are code lists, that is, data."""

from flask_babel import lazy_gettext as _

from app.core.choices import Choice


class HouseholdKind(Choice):
    """A person may be in one household of each kind at a time."""

    living = "living", _("Living household"), "green"
    registered = "registered", _("Registered household"), "blue"
    collective = "collective", _("Collective household"), "purple"


class ResidenceKind(Choice):
    """Where somebody lives, and where somebody is registered: two things that often differ."""

    living = "living", _("Lives here"), "green"
    registered = "registered", _("Is registered here"), "blue"


class AreaTie(Choice):
    """Why an area may see a person. All but `applicant` are kept in step by homes, tenancies and move-ins."""

    managing = "managing", _("Manages the record"), "green"
    residence = "residence", _("Lives here"), "green"
    registered = "registered", _("Is registered here"), "blue"
    tenant = "tenant", _("Rents here"), "yellow"
    applicant = "applicant", _("Applied here"), "grey"


class NameKind(Choice):
    current = "current", _("Present name"), "green"
    former = "former", _("Former name"), "grey"
    foreign = "foreign", _("Name in another script"), "grey"
    alias = "alias", _("Called"), "grey"


class PhoneKind(Choice):
    mobile = "mobile", _("Mobile"), "green"
    fixed = "fixed", _("Fixed line"), "grey"
    foreign = "foreign", _("Foreign number"), "grey"


class FieldGroup(Choice):
    """Provenance is kept per group of fields (S4-54)."""

    identity = "identity", _("Identity")
    residence = "residence", _("Homes and registration")
    contact = "contact", _("Contact")
    status = "status", _("Work, family and groups")


class ConsentKind(Choice):
    child_under_14 = "child_under_14", _("Consent of a guardian (child under 14)"), "yellow"


class MoveInState(Choice):
    asked = "asked", _("Asked for"), "yellow"
    agreed = "agreed", _("Agreed"), "green"
    declined = "declined", _("Declined"), "red"
    withdrawn = "withdrawn", _("Withdrawn"), "grey"


class MoveInAction(Choice):
    ask = "ask", _("Ask for a move-in"), "blue"
    agree = "agree", _("Agree"), "green"
    decline = "decline", _("Decline"), "red"
    withdraw = "withdraw", _("Withdraw"), "grey"


class RoomPattern(Choice):
    """How flats are numbered in a staircase; the example is the second flat on the third floor."""

    floor_flat = "floor_flat", _("302: floor and flat")
    padded = "padded", _("0302: floor and flat with two digits each")
    letter = "letter", _("3B: floor and letter")
    running = "running", _("1, 2, 3 …: numbered through")
    unit_floor_flat = "unit_floor_flat", _("1-302: staircase, floor and flat")


class MatchPlace(Choice):
    """Where somebody with the same document, or the same name and birth date, was found."""

    inside = "inside", _("Already in your area"), "yellow"
    elsewhere = "elsewhere", _("Registered elsewhere"), "red"


class MoveInNotice(Choice):
    """Lines that a move-in puts into inboxes; they name nobody."""

    asked = "asked", _("A move-in is asked for: somebody from your area. Please decide."), "yellow"
    agreed = "agreed", _("A move-in that you asked for was agreed to."), "green"
    declined = "declined", _("A move-in that you asked for was declined."), "red"
    withdrawn = "withdrawn", _("A move-in from your area was withdrawn."), "grey"

    @property
    def msgid(self) -> str:
        """The English text, which the inbox translates for its reader."""
        return str(self.label._args[0])
