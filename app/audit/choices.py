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
    "campaign_step": _("Step of a campaign"),
    "campaign_target": _("Home to visit in a campaign"),
    "campaign_try": _("Try at a door in a campaign"),
    "case_alarm": _("Reminder about a case"),
    "case_assist": _("Opinion of another department"),
    "case_callback": _("Call-back after a bad rating"),
    "case_clock": _("Time limit of a case"),
    "case_delivery": _("Delivery of a result"),
    "case_material": _("Material of a case"),
    "case_signature": _("Signature in a case"),
    "case_step": _("Step of the case"),
    "change_request_step": _("Step of a correction"),
    "clock_pause": _("Clock stopped"),
    "custody": _("Originals in custody"),
    "custody_move": _("Original handed on"),
    "document_step": _("Step of a paper"),
    "duplicate_step": _("Step of a pair of records"),
    "dwelling_alias": _("Former address of a home"),
    "dwelling_succession": _("Successor of a home"),
    "export_file": _("File of an export"),
    "group_visit": _("Care visit to a member of a special group"),
    "hazard_step": _("Step of a hazard"),
    "household_dwelling": _("Home of a household"),
    "import_batch": _("Import of a sheet"),
    "import_step": _("Step of an import"),
    "life_event_person": _("Person in a life event"),
    "move_in_step": _("Step of a move-in"),
    "person_area": _("Area of a resident"),
    "person_source": _("Source of a resident's data"),
    "proposal_step": _("Step of a proposal"),
    "safety_check_item": _("Item of a safety check"),
    "sheet_mapping": _("Columns of a source of sheets"),
    "sheet_pack": _("Pack of household sheets"),
    "visit_purpose": _("Purpose of a visit"),
    "visit_step": _("Step of a visit"),
    "visit_worker": _("Worker of a visit"),
}

# what the seals seal
LOGS = {"change_log": _("Change log"), "access_log": _("Access log")}

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

# business steps: the tag, or what stands before its dot
STEPS = {
    "acting_role": _("Change of the acting role"),
    "activate": _("A plan takes effect"),
    "census": _("Entry of a home"),
    "confirm": _("Confirmation of data"),
    "correction": _("Correction"),
    "duplicate": _("Duplicates"),
    "end_role": _("End of a post"),
    "grant_role": _("Giving of a post"),
    "life": _("Life event"),
    "move_in": _("Move-in"),
    "own_password": _("Change of the own password"),
    "proposal": _("Proposal"),
    "reset_password": _("Reset of a password"),
    "reset_second_factor": _("Reset of the second factor"),
    "second_factor": _("Second factor"),
    "wizard": _("First set-up"),
}
# what is behind the dot; the whole tag where one word means two things
STEP_WORDS = {
    "accept": _("Accept"),
    "agree": _("Agree"),
    "ask": _("Ask for a correction"),
    "birth": _("Birth"),
    "change_head": _("Change of head"),
    "change_home": _("Change of home"),
    "death": _("Death"),
    "decline": _("Decline"),
    "differ": _("They are two people"),
    "drop": _("No longer applies"),
    "duplicate.merge": _("Merge into one record"),
    "finish": _("Done"),
    "home_merge": _("Homes joined"),
    "home_split": _("Home divided"),
    "life.merge": _("Households merged"),
    "move_in": _("Move in"),
    "move_in.ask": _("Ask for a move-in"),
    "move_out": _("Move out"),
    "new_document": _("New document"),
    "new_name": _("New name"),
    "proposal.accept": _("Carry out"),
    "proposal.decline": _("Not needed"),
    "reopen": _("Look at it again"),
    "revoke": _("Revoke"),
    "split": _("Household split"),
    "take": _("Take up"),
    "undo": _("Take the merge apart"),
    "withdraw": _("Withdraw"),
}
