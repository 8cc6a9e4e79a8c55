"""Words of the service catalogue's codes."""

from flask_babel import lazy_gettext as _

STATES = {"draft": _("Draft"), "published": _("Current"), "retired": _("Retired")}
COLOURS = {"draft": "yellow", "published": "green", "retired": "grey"}
KINDS = {
    "apply": _("Application"),
    "annual_review": _("Annual review"),
    "register": _("Register entry"),
    "change": _("Alteration"),
    "renew": _("Renewal"),
    "replace": _("Replacement"),
    "cancel": _("Cancellation"),
}
REQUIRED = {"yes": _("Always"), "no": _("On wish"), "conditional": _("If the condition holds")}
CHECKERS = {"department": _("The department"), "town": _("The window of the town")}
QUESTION_KINDS = {
    "text": _("Text"),
    "decimal": _("Number"),
    "date": _("Date"),
    "code": _("Choice from a code list"),
    "bool": _("Yes or no"),
}
ASKED_AT = {
    "collect": _("When the papers are collected"),
    "accept": _("At the acceptance"),
    "approve": _("At the decision"),
}
APPEAR = {
    "no": _("Need not appear"),
    "home_meeting": _("Met at home"),
    "family_signature": _("All adults of the family sign"),
    "assessment": _("For the assessment"),
    "medical_assessment": _("For the medical assessment"),
    "guardian": _("The guardian"),
    "check_in_person": _("For the check-up"),
    "bank_activation": _("To activate the card"),
    "bank_signing": _("To sign at the bank"),
}
DELIVERY = {
    "door": _("To the door"),
    "bank": _("To the bank account"),
    "e-card": _("Electronic card"),
    "none": _("Nothing is delivered"),
}
RESULTS = {
    "approval": _("Decision"),
    "card": _("Card or licence"),
    "certificate": _("Certificate"),
    "contract": _("Contract"),
    "goods": _("Goods"),
    "payment": _("Payment"),
    "record": _("Entry in a register"),
    "stamp": _("Stamp of the annual review"),
    "voucher": _("Voucher"),
    "works": _("Building work"),
}
PROTECTION = {
    "L1": _("L1 open"),
    "L2": _("L2 internal"),
    "L3": _("L3 personal"),
    "L4": _("L4 sensitive"),
    "L5": _("L5 most sensitive"),
}
DEFAULT_NOTE = _(
    "This default catalogue was compiled from national rules and public guides; it is not the official list of any "
    "county. Check names, papers and limits against local rules before use."
)
ISSUER_HELP = _(
    "For proofs: who issues it. A villagers' or residents' committee may not issue proofs of kinship, death, property and "
    "seventeen other kinds; such a proof cannot be asked for."
)
