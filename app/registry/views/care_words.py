"""Special groups and visits in words, for the lists and pages that show them."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _

from app.core import codes, policy
from app.core.actor import current_actor
from app.core.views.filters import Own
from app.registry.models import PersonGroup
from app.registry.queries import care
from app.registry.rules.subforms import SubForm
from app.registry.service import groups
from app.registry.views.subforms import value_words, words_of

# groups that are named in lists and on the page of a person; others on their own page, logged (guards, section 3)
OPEN_LEVELS = frozenset({"L1", "L2", "L3"})
LEVELS = {
    "L1": _("L1 open"),
    "L2": _("L2 internal"),
    "L3": _("L3 personal"),
    "L4": _("L4 sensitive"),
    "L5": _("L5 most sensitive"),
}


def group_name(session: Any, row: PersonGroup) -> str:
    """The group by its name as it may stand beside others; the mask for level 4 and 5."""
    place = "page" if row.level in OPEN_LEVELS else "list"
    shown = policy.shown(current_actor(), PersonGroup, "group_code", row.group_code, place=place)
    return codes.label(session, groups.LIST, shown) if shown == row.group_code else str(shown)


def group_in_list(row: PersonGroup) -> str:
    """The same as a column of a list."""
    return group_name(_session(), row)


def _open_groups() -> list[tuple[str, Any]]:
    """The groups by which lists may be filtered: filtering by a masked one would unmask it."""
    session = _session()
    if not policy.may(current_actor(), "see", PersonGroup, "group_code"):
        return []
    known = ((code, label) for code, label in codes.choices(session, groups.LIST))
    return [(c, label) for c, label in known if groups.level_of(session, c) in OPEN_LEVELS]


GROUP_FILTER = Own(
    _("Group"),
    _open_groups,
    lambda code: (PersonGroup.group_code == code) & PersonGroup.level.in_(OPEN_LEVELS),
)


def _session() -> Any:
    return current_app.appbuilder.session()  # type: ignore[attr-defined]


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
