"""Fields of a delivery and of a rating in the form of a step."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from app.core.widgets import ChoiceField, LongTextField, WholeField
from app.proxy.choices import Action, RatedBy, Way

# a rating that the resident did not tap on the phone: it comes from the slip or the telephone, and says so
NOT_TAPPED = [(r.value, r.label) for r in (RatedBy.slip, RatedBy.call)]
BY_HAND_OR_POST = [(w.value, w.label) for w in (Way.hand, Way.mail)]

FIELDS: dict[str, Any] = {
    "way": lambda asked, label, rules: ChoiceField(
        label, rules, source=BY_HAND_OR_POST, default=Way.hand.value
    ),
    "copies": lambda asked, label, rules: WholeField(label, rules, default=1),
    "rated_by": lambda asked, label, rules: ChoiceField(label, rules, source=NOT_TAPPED),
    "words": lambda asked, label, rules: LongTextField(label, rules, length=300),
}
LABELS: dict[str, Any] = {
    "way": _("how it was delivered"),
    "copies": _("copies"),
    "rated_by": _("how the rating came"),
    "words": _("what the resident said"),
}
MORE: dict[Action, tuple[str, ...]] = {
    Action.deliver: ("way", "place", "copies", "cannot_sign", "witness"),
    Action.pick_up: ("copies", "cannot_sign", "witness"),
    Action.rate: ("rated_by", "words"),
}
