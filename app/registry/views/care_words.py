"""Visits in words, for the pages that show them."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from app.registry.models import PersonGroup
from app.registry.queries import care
from app.registry.rules.subforms import SubForm
from app.registry.views.subforms import value_words, words_of

CONDITION: dict[str, Any] = {
    "body": _("Health"),
    "mood": _("State of mind"),
    "work": _("Work"),
    "life": _("Daily life"),
    "needs": _("Needs and hardship"),
    "measures": _("Measures"),
    "measure_note": _("What was done"),
}


def visits_in_words(session: Any, row: PersonGroup, form: SubForm | None) -> list[dict[str, Any]]:
    """Visits to one member, newest first, ready for the page: ``said`` is [(label, text)], ``differences`` what
    changed since the visit before.
    """
    lines = care.visit_lines(session, row, form)
    for line in lines:
        line["said"] = [(CONDITION[k], text) for k, text in line["words"].items() if k in CONDITION]
        if line["measures"]:
            line["said"].append((CONDITION["measures"], ", ".join(line["measures"])))
        line["differences"] = [
            (words_of(f), value_words(session, f, old), value_words(session, f, new))
            for f, old, new in line["changes"]
        ]
    return lines
