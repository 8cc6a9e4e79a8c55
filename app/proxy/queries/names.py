"""How a case names its applicant: to whom in plain, to whom only by the first character (guards, section 3)."""

from __future__ import annotations

from collections.abc import Sequence

from app.core import masks
from app.core.actor import Actor
from app.proxy.models import ProxyCase

# a list of these services would tell who is ill, disabled or poor
SENSITIVE = frozenset({"L4", "L5"})


def sees_names(actor: Actor) -> bool:
    """Roles that see residents, and the department that was handed the case; a hotline taker goes by the number."""
    return actor.is_system or actor.sees_persons or bool(actor.org_unit_ids)


def list_name(case: ProxyCase, actor: Actor) -> str:
    """The applicant in a list."""
    return named(case.party_name, case.item_version.sensitivity, actor)


def together_name(cases: Sequence[ProxyCase], actor: Actor) -> str:
    """The applicant of several cases that stand in one line: one service that tells too much hides the name for all."""
    worst = max((case.item_version.sensitivity for case in cases), default="")
    return named(cases[0].party_name if cases else "", worst, actor)


def named(party: str, sensitivity: str, actor: Actor) -> str:
    """The same of the name and the level of the service."""
    plain = sees_names(actor) and sensitivity not in SENSITIVE
    return party if plain else masks.mask_name(party)
