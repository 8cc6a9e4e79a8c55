"""Handing the result over: by hand, to somebody else, left with witnesses, kept at the window, not reached (S3-51)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import codes
from app.core.actor import Actor
from app.core.errors import Invalid
from app.proxy.models import CaseDelivery, ProxyCase
from app.proxy.service import custody
from app.proxy.service.materials import Given
from app.proxy.service.records import write_line

RATINGS = "satisfaction"


def need_witness(given: Given) -> None:
    """Who cannot write puts a fingerprint on the paper, and somebody witnesses it (F10, F12)."""
    if given.get("cannot_sign") and not str(given.get("witness") or "").strip():
        raise Invalid(_("Who cannot write needs a witness: enter the name."), field="witness")


def hand_over(way: str) -> Callable[..., None]:
    """A delivery that succeeded: who took it and where; the originals go home with it."""

    def _hand_over(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
        need_witness(given)
        recipient = str(given.get("recipient") or case.party_name).strip()[:50]
        relation = str(given.get("relation") or "").strip()[:40] or None
        if recipient != case.party_name and way != "left" and relation is None:
            raise Invalid(_("Say who took it: relation to the applicant."), field="relation")
        row = _attempt(case, now, "proxy" if relation and way == "hand" else way, success=True)
        row.recipient, row.recipient_relation = recipient, relation
        row.place, row.signature_uid = given.get("place"), given.get("signature_uid")
        row.details = _witnesses(given)
        custody.give_back(now, case, recipient)
        if given.get("rating"):
            rate(session, actor, now, case, given)
        write_line(session, actor, now, case)

    return _hand_over


def not_delivered(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """Nobody was reached, or the resident did not take it; with the reason."""
    row = _attempt(case, now, "hand", success=False)
    row.reason, row.details = given.get("reason"), _witnesses(given)
    write_line(session, actor, now, case, result="ongoing")


def keep_at_window(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """The result waits at a window, named."""
    row = _attempt(case, now, "window", success=False)
    row.place, row.reason = str(given["place"])[:160], given.get("reason")


def rate(session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Given) -> None:
    """Five levels of the code list `satisfaction`; Invalid for anything else."""
    rating = str(given["rating"])
    if rating not in {code for code, _label in codes.choices(session, RATINGS)}:
        raise Invalid(_("This rating does not exist."), field="rating")
    case.rating = rating


def _attempt(case: ProxyCase, now: datetime, way: str, *, success: bool) -> CaseDelivery:
    row = CaseDelivery(case_id=case.id, at=now, way=way, success=success)
    case.deliveries.append(row)
    return row


def _witnesses(given: Given) -> dict[str, Any] | None:
    names = [str(given[key]).strip() for key in ("witness", "second_witness") if given.get(key)]
    return {"witnesses": names} if names else None
