"""The receipt F13 of one original: what was taken, by whom, until when, and what holds when it is lost (forms.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core import masks
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, NotAllowed, NotFound
from app.documents.models import IssuedDocument
from app.documents.queries import issued, office_of
from app.documents.rules import stands
from app.proxy.models import Custody, ProxyCase
from app.proxy.queries.prints import ORIGINAL, Printable
from app.proxy.rules import kept_cards
from app.proxy.service.cases import open_case
from app.proxy.service.printing import Find, Job

CUSTODY_RECEIPT = "F13"
LABEL = _("Receipt of an original (F13)")


@dataclass(frozen=True)
class ReceiptJob(Job):
    """The receipt of one original of a case."""

    custody: Custody | None = None

    def context(self, session: Session, actor: Actor, now: datetime) -> dict[str, Any]:
        """What is printed; take it in the language of the paper."""
        if self.custody is None:
            raise NotFound()
        return receipt(session, self.cases[0], self.custody, actor.label)


def lacking(custody: Custody) -> Any:
    """Why no receipt can be given for an original, in a sentence; None when it can. A card that nobody may keep never
    stands on a receipt (Resident ID Card Law art. 15).
    """
    if kept_cards([(custody.name, "original")]):
        return _("An ID card or a bank card is shown and returned, never kept.")
    return None


def printable(custody: Custody, papers: Sequence[IssuedDocument]) -> Printable:
    """What can be printed of an original; ``papers`` are those of its case."""
    mine = (p for p in papers if p.form_code == CUSTODY_RECEIPT and p.owner_uid == custody.uid)
    return Printable(
        CUSTODY_RECEIPT, LABEL, next((p for p in mine if stands(p.state)), None), lacking(custody)
    )


def for_original(case_uid: str, uid: str) -> Find:
    """The receipt of one original. NotFound for one of another case, NotAllowed for a department, which keeps no papers
    of an area, Conflict for a card.
    """

    def find(session: Session, actor: Actor) -> Job:
        if not (actor.ranges or actor.whole_site):
            raise NotAllowed()
        case = open_case(session, case_uid)
        row = next((c for c in case.custody if c.uid == uid), None)
        if row is None:
            raise NotFound()
        if (why := lacking(row)) is not None:
            raise Conflict(why)
        owner = (ORIGINAL, row.uid)
        there = [d for d in issued(session, [owner]) if d.form_code == CUSTODY_RECEIPT and stands(d.state)]
        return ReceiptJob(CUSTODY_RECEIPT, [case], owner, there, custody=row)

    return find


def receipt(session: Session, case: ProxyCase, custody: Custody, by: str) -> dict[str, Any]:
    """Context of F13. The number is masked: its owner holds the receipt, and the worker's folder holds its copy."""
    office = office_of(session, session.get_one(Area, case.area_id))
    first = custody.moves[0] if custody.moves else None
    return {
        "owner": {"name": case.party_name, "phone": masks.mask_phone((case.party or {}).get("phone"))},
        "case_number": case.number,
        "item": {"code": case.item_version.item.code, "name": case.item_version.name},
        "original": {
            "name": custody.name,
            "number": masks.mask_id_number(custody.document_no),
            "copies": custody.copies,
            "reason": custody.reason or case.item_version.name,
        },
        "taken": {"at": to_local(custody.taken_at).isoformat(timespec="seconds")},
        "keeper": (first.to_name if first is not None else None) or by,
        "due_back_on": custody.due_back_on.isoformat() if custody.due_back_on else "",
        "returned_on": to_local(custody.returned_at).date().isoformat() if custody.returned_at else "",
        "returned_to": custody.returned_to or "",
        "lost": {
            "on": to_local(custody.lost_at).date().isoformat() if custody.lost_at else "",
            "note": custody.lost_note or "",
        },
        "office_phone": (office.phone if office is not None else "") or "",
    }
