"""Closed lists of the registry. Open lists (kinship, ethnic groups, special groups …) are code lists, that is, data."""

from flask_babel import lazy_gettext as _

from app.core.choices import Choice

CLOSED_LEVEL = "L5"  # special groups of this level are seen by named grant only (guards, section 3)


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


class UnitKind(Choice):
    """What a resident organisation is; the fields of its form follow."""

    public = "public", _("Public body"), "blue"
    company = "company", _("Company"), "green"
    social = "social", _("Social organisation"), "purple"


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


class CheckResult(Choice):
    """One item of a safety check."""

    good = "good", _("In order"), "green"
    bad = "bad", _("Not in order"), "red"
    none = "none", _("Does not apply"), "grey"


class HazardState(Choice):
    """Where a hazard stands; `reported` lies with those who may act on it."""

    found = "found", _("To be put right"), "red"
    rectified = "rectified", _("Said to be put right"), "yellow"
    reported = "reported", _("Passed on"), "purple"
    closed = "closed", _("Hazard gone"), "green"


class HazardAction(Choice):
    find = "find", _("Hazard found"), "red"
    rectify = "rectify", _("Said to be put right: check again"), "blue"
    give_time = "give_time", _("Give more time"), "grey"
    passed = "passed", _("Checked again: in order"), "green"
    failed = "failed", _("Checked again: still not in order"), "red"
    report = "report", _("Pass on to a department"), "purple"
    settle = "settle", _("Department has settled it"), "green"
    take_back = "take_back", _("Comes back from the department"), "grey"


class Measure(Choice):
    """What the threshold of a small place is measured in."""

    area_m2 = "area_m2", _("Floor area (m²)"), "grey"
    seats = "seats", _("Seats or places"), "grey"
    beds = "beds", _("Beds"), "grey"
    staff_count = "staff_count", _("Number of staff"), "grey"


class CampaignState(Choice):
    planned = "planned", _("Planned"), "grey"
    running = "running", _("Running"), "green"
    closed = "closed", _("Closed"), "blue"


class CampaignAction(Choice):
    plan = "plan", _("Plan"), "grey"
    start = "start", _("Start the campaign"), "green"
    close = "close", _("Close the campaign"), "blue"


class TargetState(Choice):
    """The last word about a home of a campaign."""

    todo = "todo", _("Not yet visited"), "grey"
    visited = "visited", _("Visited"), "green"
    absent = "absent", _("Nobody home"), "yellow"
    refused = "refused", _("Turned away"), "red"
    revisit = "revisit", _("Come again on a day"), "purple"
    gone = "gone", _("No longer to be visited"), "grey"


class TargetAction(Choice):
    """What gave a target its state: each is a row of its own."""

    ring = "ring", _("Rung at"), "blue"
    census = "census", _("Written down at the census desk"), "green"
    undo = "undo", _("Taken back"), "grey"
    home_closed = "home_closed", _("The home is no more"), "grey"
    household_left = "household_left", _("The household left, somebody else lives there"), "grey"
    back = "back", _("To be visited again"), "grey"


class EventKind(Choice):
    """What happens in the life of people and households; entered as an event, never as an edit."""

    birth = "birth", _("Birth"), "green"
    move_in = "move_in", _("Move in"), "green"
    move_out = "move_out", _("Move out"), "yellow"
    death = "death", _("Death"), "grey"
    split = "split", _("Household split"), "blue"
    merge = "merge", _("Households merged"), "blue"
    change_head = "change_head", _("Change of head"), "blue"
    change_home = "change_home", _("Change of home"), "blue"
    new_document = "new_document", _("New document"), "purple"
    new_name = "new_name", _("New name"), "purple"
    home_split = "home_split", _("Home divided"), "blue"
    home_merge = "home_merge", _("Homes joined"), "blue"


class EventRole(Choice):
    """As what somebody takes part in a life event."""

    subject = "subject", _("Whom it is about"), "blue"
    mother = "mother", _("Mother"), "green"
    father = "father", _("Father"), "green"
    head = "head", _("New head"), "purple"
    left = "left", _("Left"), "yellow"
    came = "came", _("Came"), "green"


class Leaving(Choice):
    """What somebody gives up who moves out."""

    living = "living", _("Lives here no longer; stays registered"), "yellow"
    both = "both", _("Lives here no longer and takes the registration along"), "red"
    registered = "registered", _("Takes the registration away; goes on living here"), "blue"


class ProposalTopic(Choice):
    """What a proposal asks for."""

    stop = "stop", _("To end"), "red"
    benefit = "benefit", _("Entitled, not yet applied for"), "green"
    renewal = "renewal", _("Annual review or expiry"), "blue"
    register = "register", _("To register"), "blue"
    group = "group", _("Group to close"), "purple"


class ProposalState(Choice):
    open = "open", _("Open"), "yellow"
    taken = "taken", _("Taken up"), "blue"
    done = "done", _("Done"), "green"
    declined = "declined", _("Not needed"), "grey"
    dropped = "dropped", _("No longer applies"), "grey"


class ProposalAction(Choice):
    propose = "propose", _("Proposed"), "yellow"
    take = "take", _("Take up"), "blue"
    accept = "accept", _("Carry out"), "green"
    finish = "finish", _("Done"), "green"
    decline = "decline", _("Asked, does not want it"), "grey"
    unfit = "unfit", _("Not entitled"), "grey"
    reopen = "reopen", _("Open again"), "yellow"
    drop = "drop", _("No longer applies"), "grey"


class CorrectionState(Choice):
    asked = "asked", _("Waits for a clerk"), "yellow"
    accepted = "accepted", _("Accepted"), "green"
    declined = "declined", _("Declined"), "red"
    withdrawn = "withdrawn", _("Withdrawn"), "grey"


class CorrectionAction(Choice):
    ask = "ask", _("Ask for a correction"), "blue"
    accept = "accept", _("Accept"), "green"
    decline = "decline", _("Decline"), "red"
    withdraw = "withdraw", _("Withdraw"), "grey"


class CorrectionNotice(Choice):
    """Lines that a correction puts into inboxes; they name nobody."""

    asked = "asked", _("A correction of somebody's identity waits for you."), "yellow"
    accepted = "accepted", _("A correction that you asked for was accepted."), "green"
    declined = "declined", _("A correction that you asked for was declined."), "red"

    @property
    def msgid(self) -> str:
        """The English text, which the inbox translates for its reader."""
        return str(self.label._args[0])


class LifeNotice(Choice):
    """Lines for others whom a change concerns: a household of their area, a group open to them; they name nobody."""

    death_elsewhere = (
        "death_elsewhere",
        _("A member of a household in your area has died. Please settle the household."),
        "yellow",
    )
    record_gone = (
        "record_gone",
        _("A record with a special group open to you was deleted. If that was wrong, have it restored."),
        "yellow",
    )
    record_back = (
        "record_back",
        _("A record with a special group open to you was restored."),
        "green",
    )

    @property
    def msgid(self) -> str:
        """The English text, which the inbox translates for its reader."""
        return str(self.label._args[0])
