"""Handing the result over: by hand, to somebody else, left with witnesses, kept at the window, not reached (S3-51)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Invalid
from app.proxy.choices import RatedBy, SignedFor, Way
from app.proxy.models import CaseDelivery, ProxyCase
from app.proxy.service import callbacks, custody, signing
from app.proxy.service.materials import Given
from app.proxy.service.records import write_line

MOST_COPIES = 99


def hand_over(usual: str) -> Callable[..., None]:
    """A delivery that succeeded: who took it and where; the originals go home with it."""
    way = Way(usual)

    def _hand_over(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
        recipient, relation = _recipient(case, given, way)
        row = _attempt(actor, case, now, _way(way, relation, given), success=True)
        row.recipient, row.recipient_relation = recipient, relation
        row.place, row.details = str(given.get("place") or "")[:160] or None, _details(given)
        row.signature_uid, row.photo_uid = given.get("signature_uid"), given.get("photo_uid")
        signed = None  # what is left with witnesses is signed by nobody
        if way is not Way.left:
            signed = signing.sign(session, actor, now, case, SignedFor.receipt, given, signer=recipient)
        custody.give_back(session, now, case, recipient, signed)
        if given.get("rating"):
            rate(session, actor, now, case, given)
        write_line(session, actor, now, case)

    return _hand_over


def _recipient(case: ProxyCase, given: Given, way: Way) -> tuple[str, str | None]:
    """Who took it; somebody else than the applicant with the relation, for a result may be given to the family."""
    recipient = str(given.get("recipient") or case.party_name).strip()[:50]
    relation = str(given.get("relation") or "").strip()[:40] or None
    if recipient != case.party_name and way is not Way.left and relation is None:
        raise Invalid(_("Say who took it: relation to the applicant."), field="relation")
    return recipient, relation if recipient != case.party_name else None


def _way(way: Way, relation: str | None, given: Given) -> Way:
    if way is Way.hand and given.get("way"):
        way = Way.parse(given["way"], field="way")
        if way not in {Way.hand, Way.mail}:
            raise Invalid(_("This choice does not exist."), field="way")
    if way is Way.mail and not str(given.get("place") or "").strip():
        raise Invalid(_("Enter the address and the number of the parcel."), field="place")
    return Way.proxy if relation and way is Way.hand else way


def not_delivered(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """Nobody was reached, or the resident did not take it; with the reason."""
    row = _attempt(actor, case, now, Way.hand, success=False)
    row.reason, row.details, row.photo_uid = given.get("reason"), _details(given), given.get("photo_uid")
    write_line(session, actor, now, case, result="ongoing")


def keep_at_window(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """The result waits at a window, named; the resident is left a notice that says where (`notice_left`)."""
    row = _attempt(actor, case, now, Way.window, success=False)
    row.place, row.reason = str(given["place"])[:160], given.get("reason")
    if given.get("notice_left"):
        row.details = {"notice_left": True}


def missed(case: ProxyCase) -> int:
    """How often somebody stood at the door with the result in vain."""
    return sum(not d.success and d.way != Way.window for d in case.deliveries)


def rate(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """Five levels of the code list `satisfaction`, given by the resident; a bad one opens a call-back. Invalid for
    another level, or for a way in which none is given.
    """
    rating = str(given["rating"])
    callbacks.need_level(session, rating)
    if given.get("rated_by"):
        RatedBy.parse(given["rated_by"], field="rated_by")
    case.rating = rating
    callbacks.after_rating(session, now, case, rating, str(given.get("words") or "").strip())


def _attempt(actor: Actor, case: ProxyCase, now: datetime, way: Way, *, success: bool) -> CaseDelivery:
    row = CaseDelivery(case_id=case.id, at=now, way=way.value, success=success)
    row.staff_id = actor.staff_id or case.staff_id
    case.deliveries.append(row)
    return row


def _details(given: Given) -> dict[str, Any] | None:
    names = [str(given[key]).strip() for key in ("witness", "second_witness") if given.get(key)]
    found: dict[str, Any] = {"witnesses": names} if names else {}
    signed = given.get("receipt") or given.get("signature")
    if signed:
        found["signed"] = str(signed)
    if given.get("copies"):
        found["copies"] = _copies(given["copies"])
    return found or None


def _copies(given: Any) -> int:
    try:
        copies = int(given)
    except (TypeError, ValueError):
        raise Invalid(_("This is not a number."), field="copies") from None
    if not 1 <= copies <= MOST_COPIES:
        raise Invalid(_("Between 1 and %(most)s.", most=MOST_COPIES), field="copies")
    return copies
