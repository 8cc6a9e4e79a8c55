"""Taking over a paper that is there already: nobody brings it again (S3-49; State Council Office 2020 no. 42).

Photos of an earlier case are linked, never copied: they stay as long as either case needs them (`core.files.needed_by`),
and whoever sees the case sees them through it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, NotAllowed
from app.proxy.choices import Entry, PaperSource, PaperState
from app.proxy.models import CaseMaterial, ProxyCase
from app.proxy.queries import reuse as queries
from app.proxy.rules.photos import TAKERS, may_gather
from app.proxy.service.cases import write_entry
from app.proxy.service.materials import by_seq

STANDS_AS = {PaperSource.case: PaperState.collected, PaperSource.registry: PaperState.shared}


def need_gatherer(actor: Actor, case: ProxyCase) -> None:
    """Raises NotAllowed for roles that gather no papers, Conflict once the papers are with the department."""
    if actor.read_only or actor.role not in TAKERS:
        raise NotAllowed()
    if not may_gather(actor.role, case.state):
        raise Conflict(_("The papers have been handed in: what is missing is asked for in writing."))


def take_over(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, seq: Any, source: str, uid: str
) -> CaseMaterial:
    """One paper from the registry or an earlier case, kept with its source and date.

    Raises Conflict where it is not offered any more: it was collected meanwhile, has expired, or was never the actor's to
    see; NotAllowed for roles that gather no papers.
    """
    need_gatherer(actor, case)
    material = by_seq(case, seq, "materials")
    today = to_local(now).date()
    found = next(
        (
            offer
            for offer in queries.offers(session, actor, case, today)
            if (offer.seq, offer.source, offer.uid) == (material.seq, source, uid) and offer.usable
        ),
        None,
    )
    if found is None:
        raise Conflict(_("This paper is no longer offered: load the page again."))
    material.state, material.collected_at = STANDS_AS[found.source].value, now
    material.source, material.source_uid = found.source.value, found.uid
    material.source_note, material.valid_until = found.note[:200], found.until
    material.mark = material.mark_note = None
    if material.applies is None:
        material.applies = True
    write_entry(actor, now, case, Entry.reuse, {"paper": material.name, "result": found.note})
    session.flush()
    return material


def give_up(session: Session, actor: Actor, now: datetime, case: ProxyCase, seq: Any) -> CaseMaterial:
    """The paper is to be brought after all. Conflict for one that was not taken over."""
    need_gatherer(actor, case)
    material = by_seq(case, seq, "materials")
    if material.source is None:
        raise Conflict(_("This paper was handed over: it comes from nowhere else."))
    material.state, material.collected_at = PaperState.asked.value, None
    material.source = material.source_uid = material.source_note = material.valid_until = None
    write_entry(actor, now, case, Entry.reuse, {"paper": material.name})
    session.flush()
    return material
