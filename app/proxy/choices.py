"""States, actions, clocks and reasons of a proxy case; what a step may ask for, by name."""

from typing import Any

from flask_babel import lazy_gettext as _

from app.core.choices import Choice

RATINGS = "satisfaction"  # code list of the five levels


class State(Choice):
    """Where a case stands."""

    booked = "booked", _("Booked"), "grey"
    entrusted = "entrusted", _("Entrusted"), "blue"
    collected = "collected", _("Papers collected"), "blue"
    supplement = "supplement", _("Waiting for missing papers"), "yellow"
    submitted = "submitted", _("Handed in"), "blue"
    prechecking = "prechecking", _("Being pre-checked"), "blue"
    precheck_rejected = "precheck_rejected", _("Pre-check not passed"), "red"
    accepted = "accepted", _("Accepted"), "blue"
    processing = "processing", _("Being decided"), "blue"
    suspended = "suspended", _("Clock stopped"), "yellow"
    approved = "approved", _("Approved"), "green"
    refused = "refused", _("Refused"), "red"
    result_received = "result_received", _("Result fetched"), "green"
    delivering = "delivering", _("On the way to the resident"), "blue"
    delivery_failed = "delivery_failed", _("Nobody reached"), "yellow"
    deposited = "deposited", _("Kept at the window"), "yellow"
    declined = "declined", _("Result not taken"), "red"
    delivered = "delivered", _("Delivered"), "green"
    evaluated = "evaluated", _("Rated"), "green"
    archived = "archived", _("Archived"), "grey"
    cancelled = "cancelled", _("Withdrawn"), "grey"


class Action(Choice):
    """What somebody does with a case."""

    book = "book", _("Book"), "blue"
    rebook = "rebook", _("Change the appointment"), "grey"
    entrust = "entrust", _("Sign the authorization"), "blue"
    collect = "collect", _("Collect the papers"), "blue"
    request_supplement = "request_supplement", _("Ask for missing papers"), "yellow"
    supply = "supply", _("Missing papers are here"), "blue"
    submit = "submit", _("Hand in at the window"), "blue"
    take_back = "take_back", _("Take back"), "grey"
    receive = "receive", _("Begin the pre-check"), "blue"
    reject = "reject", _("Pre-check not passed"), "red"
    rework = "rework", _("Prepare again"), "blue"
    accept = "accept", _("Accept formally"), "blue"
    process = "process", _("Begin the decision"), "blue"
    publish = "publish", _("Put up the public notice"), "yellow"
    assess = "assess", _("Send for assessment"), "yellow"
    suspend = "suspend", _("Stop the clock"), "yellow"
    resume = "resume", _("Go on"), "blue"
    approve = "approve", _("Approve"), "green"
    refuse = "refuse", _("Refuse"), "red"
    fetch = "fetch", _("Fetch the result"), "blue"
    set_out = "set_out", _("Set out to deliver"), "blue"
    deliver = "deliver", _("Deliver"), "green"
    leave = "leave", _("Leave with witnesses"), "yellow"
    miss = "miss", _("Nobody reached"), "yellow"
    deposit = "deposit", _("Keep at the window"), "yellow"
    pick_up = "pick_up", _("Picked up at the window"), "green"
    decline = "decline", _("The resident does not take it"), "red"
    correct = "correct", _("Report a mistake in the result"), "red"
    rate = "rate", _("Rate"), "green"
    archive = "archive", _("Archive"), "grey"
    return_previous = "return_previous", _("Return to the previous step"), "grey"
    return_to_start = "return_to_start", _("Return to the start"), "grey"
    withdraw = "withdraw", _("Withdraw"), "red"
    lapse = "lapse", _("Close as lapsed"), "red"
    reopen = "reopen", _("Reopen"), "yellow"


class Entry(Choice):
    """What stands in a case's history beside its steps: it moves nothing."""

    give_back = "give_back", _("Originals given back"), "blue"
    mark = "mark", _("Papers marked"), "grey"
    recount = "recount", _("Deadline counted anew"), "yellow"
    hand_on = "hand_on", _("Originals handed on"), "blue"
    offer = "offer", _("Original to be taken over by a colleague"), "yellow"
    taken = "taken", _("Original taken over"), "blue"
    call_off = "call_off", _("Taking over called off"), "grey"
    lose = "lose", _("Original lost"), "red"
    found = "found", _("Lost original found"), "green"
    assist = "assist", _("Another department asked"), "blue"
    opine = "opine", _("Opinion given"), "blue"
    accompany = "accompany", _("Went along with the resident"), "blue"
    declare = "declare", _("Relation declared"), "yellow"
    verify = "verify", _("Case with a relation verified"), "blue"
    give = "give", _("Given to another worker"), "blue"
    answer = "answer", _("Questions answered"), "grey"
    callback = "callback", _("Called back"), "blue"
    alarm = "alarm", _("Reminder sent"), "yellow"
    reuse = "reuse", _("Paper reused"), "blue"
    consent = "consent", _("Consent to use data"), "blue"


class ClockCode(Choice):
    """Clocks of a case: a step clock each for what is in hand, and the two promises."""

    collect = "collect", _("Booking to visit"), "blue"
    submit = "submit", _("Collecting to handing in"), "blue"
    precheck = "precheck", _("Pre-check"), "blue"
    deliver = "deliver", _("Result to delivery"), "blue"
    correct = "correct", _("Correction of the result"), "blue"
    statutory = "statutory", _("Statutory limit"), "purple"
    promise = "promise", _("Promised limit"), "purple"


STEP_CLOCKS = (ClockCode.collect, ClockCode.submit, ClockCode.precheck, ClockCode.deliver, ClockCode.correct)
PROMISE_CLOCKS = (ClockCode.statutory, ClockCode.promise)


class PauseReason(Choice):
    """Why a clock stands (Administrative Licensing Law art. 45)."""

    supplement = "supplement", _("Missing papers"), "yellow"
    publicity = "publicity", _("Public notice"), "yellow"
    assessment = "assessment", _("Assessment"), "yellow"
    suspension = "suspension", _("Suspension"), "yellow"
    withdrawn = "withdrawn", _("Withdrawn for a time"), "grey"
    appointment = "appointment", _("Until the agreed day"), "blue"


class PaperForm(Choice):
    """In which form a paper is asked for: `original` is kept, `check` and `check_copy` go back at once."""

    check = "check", _("Original, shown and returned"), "blue"
    copy = "copy", _("Copy"), "grey"
    check_copy = "check_copy", _("Original shown, copy kept"), "blue"
    original = "original", _("Original, kept"), "yellow"
    form = "form", _("Filled form"), "grey"
    photo = "photo", _("Photo"), "grey"
    declare = "declare", _("Signed statement"), "grey"


class PaperState(Choice):
    """Where a paper of a case stands."""

    asked = "asked", _("Still to collect"), "yellow"
    collected = "collected", _("Collected"), "green"
    shared = "shared", _("Got by data sharing"), "green"
    waived = "waived", _("Not needed or may follow"), "grey"


class Issuer(Choice):
    """Who issues a paper. Some proofs a committee of residents or villagers may not issue (MCA 2020 no. 20)."""

    resident = "resident", _("The resident"), "grey"
    village = "village", _("Villagers' committee"), "yellow"
    community = "community", _("Residents' committee"), "yellow"
    police = "police", _("Police"), "blue"
    hospital = "hospital", _("Hospital or clinic"), "blue"
    civil_affairs = "civil_affairs", _("Civil affairs"), "blue"
    disabled = "disabled", _("Disabled Persons' Federation"), "blue"
    labour = "labour", _("Human resources and social security"), "blue"
    court = "court", _("Court"), "blue"
    notary = "notary", _("Notary office"), "blue"
    school = "school", _("School"), "blue"
    employer = "employer", _("Employer"), "blue"
    bank = "bank", _("Bank"), "blue"
    other = "other", _("Another authority"), "grey"


class PaperSource(Choice):
    """Where a paper comes from that nobody had to hand over again."""

    registry = "registry", _("From the registry"), "blue"
    case = "case", _("From an earlier case"), "blue"


class PaperMark(Choice):
    """What the department says about a paper."""

    ok = "ok", _("in order"), "green"
    bad = "bad", _("not in order"), "red"


class Opinion(Choice):
    """What a department that was asked along says."""

    agree = "agree", _("agrees"), "green"
    disagree = "disagree", _("does not agree"), "red"
    note = "note", _("has a remark"), "blue"
    recalled = "recalled", _("no longer asked"), "grey"


class Way(Choice):
    """How a result reaches its owner (forms.md, F12)."""

    hand = "hand", _("By hand"), "green"
    proxy = "proxy", _("Taken by somebody else"), "blue"
    mail = "mail", _("By post"), "blue"
    window = "window", _("At the window"), "blue"
    left = "left", _("Left with witnesses"), "yellow"


class RatedBy(Choice):
    """How a rating came: a worker never gives it for the resident."""

    phone = "phone", _("Tapped by the resident on the worker's phone"), "blue"
    slip = "slip", _("Ticked by the resident on the paper slip"), "blue"
    call = "call", _("Told by the resident on the telephone"), "blue"


class CallOutcome(Choice):
    """What came of a call-back after a bad rating."""

    settled = "settled", _("Settled with the resident"), "green"
    apologised = "apologised", _("Apologised"), "green"
    redone = "redone", _("Done again"), "green"
    unfounded = "unfounded", _("Not confirmed"), "grey"
    unreachable = "unreachable", _("Nobody reached"), "yellow"


class Signed(Choice):
    """How somebody signed."""

    paper = "paper", _("Signed on paper"), "blue"
    fingerprint = "fingerprint", _("Fingerprint on paper"), "blue"
    drawn = "drawn", _("Signed on the screen"), "blue"
    photo = "photo", _("Photo of the signed paper"), "blue"


class SignedFor(Choice):
    """What somebody signed; the wording of each stands in app/seeds/proxy_wordings.yaml."""

    authorization = "authorization", _("Authorization"), "blue"
    consent = "consent", _("Consent to use data"), "blue"
    revocation = "revocation", _("Consent taken back"), "yellow"
    custody = "custody", _("Originals given back"), "blue"
    receipt = "receipt", _("Receipt of the result"), "green"
    withdrawal = "withdrawal", _("Withdrawal"), "yellow"
    handover = "handover", _("Original taken over by a colleague"), "blue"


class Verdict(Choice):
    """Whether somebody qualifies for a service, as far as data tell."""

    yes = "yes", _("Qualifies"), "green"
    maybe = "maybe", _("Please ask the grid worker"), "yellow"
    no = "no", _("Does not qualify"), "grey"


# Names of what steps need, and of what stands in their way
NAMES: dict[str, Any] = {
    "applicant": _("applicant"),
    "item": _("service item"),
    "appointment": _("date and place"),
    "reason": _("reason"),
    "authorization_letter": _("signed authorization letter"),
    "signature": _("signature or fingerprint"),
    "materials": _("papers taken over"),
    "missing_list": _("list of all missing papers"),
    "told_at_once": _("confirmation that everything missing is on the list"),
    "due_on": _("date until which it has time"),
    "window": _("window or department"),
    "handler": _("person in charge"),
    "place": _("place"),
    "from_until": _("first and last day"),
    "expert": _("who assesses"),
    "outcome": _("outcome"),
    "decision": _("decision"),
    "remedies": _("ways to object"),
    "result": _("what was fetched"),
    "recipient": _("who took it"),
    "receipt": _("signed receipt"),
    "attempted_at": _("time of the attempt"),
    "notice_left": _("notice left for the resident"),
    "rating": _("rating"),
    "witness": _("witness"),
    "second_witness": _("second witness"),
    "missing_materials": _("papers are missing"),
    "unanswered_conditions": _("it is open whether some papers are needed"),
    "unanswered_questions": _("questions of the service are open"),
    "opinions_open": _("another department has not answered yet"),
    "consent_refused": _("the resident does not agree that data are handed on"),
    "asked_before": _("missing papers have been asked for in this step before"),
    "kept_cards": _("an ID card or a bank card must never be kept"),
    "originals_out": _("originals have not been returned"),
    "callbacks_open": _("a call-back after a bad rating is open"),
    "publicity_due": _("the public notice has not been held"),
    "appearance_due": _("the resident must have appeared in person"),
    "declaration_due": _(
        "the applicant has not declared whether there is a relation to the worker or to a cadre"
    ),
    "verification_due": _("somebody who is not related has to verify the case with a relation"),
}
