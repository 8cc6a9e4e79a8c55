"""The plain dict that F12 prints: the receipt of a result that was handed over (forms.md; S3-51).

Before the door it goes along with its lines empty and is filled in by hand, the rating with it; after a delivery it says
what was written down, with the signature that was drawn and the photo of the door.
"""

from __future__ import annotations

import base64
import io
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import codes, files
from app.core.clock import to_local
from app.core.errors import Conflict
from app.core.files import Attachment
from app.proxy.choices import RATINGS, Action, Signed
from app.proxy.models import CaseDelivery, ProxyCase

NOTHING_THERE = _("No result has been fetched yet.")
SIDE, QUALITY = 900, 70  # of a picture on paper: 60 mm at 380 dpi; the photo itself stays with the case
FETCHED = frozenset({"result_received", "delivering", "delivery_failed", "deposited", "declined"})


def has_result(case: ProxyCase) -> bool:
    """Whether there is, or was, something to hand over."""
    return case.state in FETCHED or bool(case.deliveries)


def slip(session: Session, case: ProxyCase, by: str) -> dict[str, Any]:
    """Context of F12. ``by`` is who prints it, where nobody has delivered yet. Conflict before the result is here."""
    if not has_result(case):
        raise Conflict(NOTHING_THERE)
    done = next((d for d in reversed(case.deliveries) if d.success), None)
    refusal = next((s for s in reversed(case.steps) if s.action == Action.decline), None)
    version, details = case.item_version, (done.details if done else None) or {}
    return {
        "number": case.number,
        "item_code": version.item.code,
        "item_name": version.name,
        "applicant": case.party_name,
        "document": {
            "name": gettext("Decision: refused") if case.outcome == "refused" else version.result_name or "",
            "number": case.result_no or "",
            "copies": int(details.get("copies") or 1),
        },
        "originals": [c.name for c in case.custody if c.lost_at is None],
        "way": done.way if done else "",
        "place": (done.place if done else None) or "",
        "at": _local(done.at) if done else "",
        "recipient": recipient_of(case, done),
        "signature": picture(session, done.signature_uid) if done and is_drawn(done) else "",
        "worker": worker_of(case, done, by),
        "refusal": {
            "reason": refusal.reason or "" if refusal else "",
            "at": _local(refusal.at) if refusal else "",
        },
        "witnesses": list(details.get("witnesses") or _witnesses(refusal)),
        "attempts": [
            {"at": _local(d.at), "reason": d.reason or ""}
            for d in case.deliveries
            if not d.success and d.way != "window"
        ],
        "levels": [
            {"label": label, "on": code == case.rating} for code, label in codes.choices(session, RATINGS)
        ],
        "photo": picture(session, done.photo_uid) if done else "",
    }


def recipient_of(case: ProxyCase, done: CaseDelivery | None) -> dict[str, str]:
    """Somebody who took it for the applicant, with the relation; nobody where it was the applicant."""
    if done is None or not done.recipient or done.recipient == case.party_name:
        return {"name": "", "relation": ""}
    return {"name": done.recipient, "relation": done.recipient_relation or ""}


def worker_of(case: ProxyCase, done: CaseDelivery | None, by: str) -> str:
    """Who handed it over, else who is to."""
    if done is not None and done.staff is not None:
        return done.staff.name
    return case.staff.name if case.staff is not None else by


def is_drawn(done: CaseDelivery) -> bool:
    """Whether the receipt was signed on the screen: only then is there a signature to print."""
    return bool((done.details or {}).get("signed") == Signed.drawn and done.signature_uid)


def picture(session: Session, uid: str | None) -> str:
    """A stored picture as a data address, small enough for paper; empty where it is gone or not ours to open."""
    kept = session.scalars(select(Attachment).where(Attachment.uid == uid)).one_or_none() if uid else None
    if kept is None or not kept.media_type.startswith("image/"):
        return ""
    with Image.open(io.BytesIO(files.read(kept))) as found:
        found.thumbnail((SIDE, SIDE))
        out, kind = io.BytesIO(), "PNG" if kept.media_type == "image/png" else "JPEG"
        found.save(out, kind, **({"quality": QUALITY} if kind == "JPEG" else {}))
    return f"data:image/{kind.lower()};base64,{base64.b64encode(out.getvalue()).decode()}"


def _witnesses(refusal: Any) -> list[str]:
    name = ((refusal.data if refusal else None) or {}).get("witness")
    return [str(name)] if name else []


def _local(at: datetime) -> str:
    return to_local(at).replace(microsecond=0).isoformat()
