"""For what somebody qualifies, on the page of the person (ADR 0009): services whose name may stand there, L1 to L3.

What tells of health has its answer on the page of its own, where each look is written down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.proxy.choices import Verdict
from app.proxy.service import entitlement
from app.registry import panels

ASKED_FOR = frozenset({"apply", "register"})  # kinds of service that somebody may be entitled to


def entitled(session: Session, person: Any, _actor: Actor) -> Sequence[panels.Row]:
    """Services that the person qualifies for, and how many are to be asked about. Nothing for who died or left."""
    if person.died_on is not None or person.status != "effective":
        return ()
    day, url = clock.today(), f"/entitlement/show/{person.uid}"
    facts = entitlement.facts_of(session, person, day, with_health=False)
    asked_for = [service for service in entitlement.open_ones(session, day) if service.kind in ASKED_FOR]
    told = list(entitlement.told(session, asked_for, facts))
    rows = []
    for one in told:
        if one.answer.verdict is Verdict.yes:
            why = "; ".join(str(r.condition) for r in one.answer.reasons)
            rows.append(
                panels.Row(None, one.version.name, why, url, Verdict.yes.label, str(Verdict.yes.badge))
            )
    count = sum(t.answer.verdict is Verdict.maybe for t in told)
    if count:
        words = ngettext(
            "%(num)s more service to be asked about", "%(num)s more services to be asked about", count
        )
        maybe = Verdict.maybe
        rows.append(
            panels.Row(None, words, gettext("open for the reasons"), url, maybe.label, str(maybe.badge))
        )
    return rows[: panels.MOST]


panels.register(
    panels.Panel(
        "entitlement",
        _("May be entitled to"),
        "fa-hand-holding-heart",
        frozenset({panels.PERSON}),
        ("can_use", "EntitlementDesk"),
        load=entitled,
        order=15,
    )
)
