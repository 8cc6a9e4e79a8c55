"""What a step asks about originals and signatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid
from app.core.widgets import ChoiceField
from app.proxy.choices import SignedFor
from app.proxy.models import ProxyCase
from app.proxy.rules.signing import GIVEN, REFUSED
from app.proxy.service.signing import wording

MOST_NUMBER = 40
CONSENT = ((GIVEN, _("Agrees")), (REFUSED, _("Does not agree")))
FIELDS: dict[str, Any] = {
    "consent": lambda asked, label, rules: ChoiceField(
        label, rules, source=CONSENT, description=wording(SignedFor.consent)[1]
    )
}
LABELS: dict[str, Any] = {"consent": _("use and handing on of data")}
NEEDED = frozenset({"consent"})


def originals_of(case: ProxyCase, data: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Numbers of originals that are taken over, by the paper's number; Invalid for one that is too long."""
    numbers = {str(m.seq): str(data.get(f"docno-{m.seq}") or "").strip() for m in case.materials}
    if any(len(number) > MOST_NUMBER for number in numbers.values()):
        raise Invalid(_("At most %(most)s characters.", most=MOST_NUMBER), field="materials")
    return {seq: {"document_no": number} for seq, number in numbers.items() if number}
