"""What the phone sends: a plan, the log of a door, a delivery; read strictly, with the files that come along."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Request
from flask_babel import lazy_gettext as _

from app.core.errors import Invalid
from app.core.uploads import Clean, clean_image, clean_upload
from app.proxy.choices import PaperState
from app.proxy.models import ProxyCase
from app.proxy.rules import parse_slot
from app.proxy.rules.signing import GIVEN, REFUSED
from app.proxy.service.doors import CaseLog, StopLog
from app.proxy.service.signing import need_drawn
from app.worklog.choices import AT_THE_DOOR, Outcome

UID = re.compile(r"[0-9a-fA-F-]{36}")
PNG = "data:image/png;base64,"
PHOTOS = ("JPEG", "PNG", "WEBP")
MOST = 60  # people of one round
SLOTS = ("08:00-10:00", "09:00-11:00", "10:00-12:00", "14:00-16:00", "15:00-17:00", "18:00-20:00")


def text(request: Request, name: str, most: int = 50) -> str:
    """A line of the form, without what no keyboard types. Invalid when it is too long."""
    value = " ".join(request.form.get(name, "").split())
    if len(value) > most or "\x00" in value:
        raise Invalid(_("At most %(most)s characters.", most=most), field=name)
    return value


def day(request: Request, name: str) -> date | None:
    """A day as the date field of the phone sends it."""
    value = request.form.get(name, "").strip()
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise Invalid(_("This is not a date."), field=name) from None


def slot(request: Request, name: str = "slot") -> str | None:
    """Part of the day, 09:00-11:00."""
    return parse_slot(request.form.get(name, ""), field=name)


def uids(request: Request, name: str) -> list[str]:
    """Record keys that were ticked. Invalid for anything else or for too many."""
    values = list(dict.fromkeys(request.form.getlist(name)))
    if len(values) > MOST:
        raise Invalid(_("At most %(most)s people in one round.", most=MOST), field=name)
    if not all(UID.fullmatch(v) for v in values):
        raise Invalid(_("Please choose from the list."), field=name)
    return values


def errand_keys(request: Request) -> list[str]:
    """Errands that were ticked, ``kind:uid`` each. Invalid for anything else."""
    values = list(dict.fromkeys(request.form.getlist("errands")))
    if not all(UID.fullmatch(v.partition(":")[2]) for v in values):
        raise Invalid(_("Please choose from the list."), field="errands")
    return values


def client_uid(request: Request) -> str:
    """The page's own id of this saving: the same one sent twice is written once."""
    value = request.form.get("client_uid", "")
    if not UID.fullmatch(value):
        raise Invalid(_("The page sent something that cannot be read."), field="client_uid")
    return value


def body(request: Request) -> dict[str, Any]:
    """Everything that was sent, for telling a repetition from something else."""
    fields = {k: v for k, v in request.form.to_dict(flat=False).items() if k != "csrf_token"}
    for name, upload in request.files.items():
        if upload.filename:
            fields[f"file:{name}"] = [hashlib.sha256(upload.stream.read()).hexdigest()]
            upload.stream.seek(0)
    return {"path": request.path, "fields": fields}


# --- signature -----------------------------------------------------------------------------------------------------


def signature(request: Request) -> tuple[str, Clean] | None:
    """("drawn" or "photo", picture of ours) of a finger's signature or of a photo of the inked paper, or None."""
    drawn, photo = request.form.get("signature", ""), request.files.get("photo")
    if drawn:
        if not drawn.startswith(PNG):
            raise Invalid(_("The signature cannot be read. Please sign again."), field="signature")
        try:
            data = base64.b64decode(drawn.removeprefix(PNG), validate=True)
        except (binascii.Error, ValueError):
            raise Invalid(_("The signature cannot be read. Please sign again."), field="signature") from None
        drawing = clean_image(data)
        need_drawn(drawing.data)
        return "drawn", drawing
    if photo is not None and photo.filename:
        return "photo", clean_upload(photo.stream, PHOTOS)
    return None


def consent(request: Request) -> str:
    """What the resident says to the use of data; Invalid where nobody has asked."""
    said = request.form.get("consent", "")
    if said not in (GIVEN, REFUSED):
        raise Invalid(_("Ask whether the resident agrees that data are used and handed on."), field="consent")
    return said


def witnessed(request: Request) -> dict[str, Any]:
    """Who cannot write puts a fingerprint, and somebody witnesses it."""
    if not request.form.get("cannot_sign"):
        return {}
    return {"cannot_sign": True, "witness": text(request, "witness")}


# --- the door ------------------------------------------------------------------------------------------------------


def papers_of(request: Request, case: ProxyCase) -> tuple[list[dict[str, Any]], dict[int, bool]]:
    """({seq, state, note} of the papers that were ticked, answers to conditions) of one case."""
    taken, answers = [], {}
    for material in case.materials:
        answer = request.form.get(f"applies.{case.uid}.{material.seq}", "")
        if material.condition is not None and answer in {"yes", "no"}:
            answers[material.seq] = answer == "yes"
        state = request.form.get(f"paper.{case.uid}.{material.seq}", "")
        if not state or state == PaperState.asked.value or answer == "no":
            continue
        note = text(request, f"note.{case.uid}.{material.seq}", 200)
        taken.append({"seq": material.seq, "state": state, **({"note": note} if note else {})})
    return taken, answers


def originals_of(request: Request, case: ProxyCase) -> dict[str, dict[str, str]]:
    """Numbers of originals that are taken over, by the paper's number: they stand on the receipt, masked."""
    found = {}
    for material in case.materials:
        number = text(request, f"docno.{case.uid}.{material.seq}", 40)
        if number:
            found[str(material.seq)] = {"document_no": number}
    return found


def stop_log(request: Request, stop_uid: str, cases: Sequence[ProxyCase], signed: dict[str, Any]) -> StopLog:
    """The log of one person at the door, as the service takes it. Invalid names the field."""
    outcome = Outcome.parse(request.form.get("outcome", ""), field="outcome").value
    again = day(request, "again_on") if outcome not in AT_THE_DOOR else None
    if outcome == Outcome.absent and again is None and any(c.state == "booked" for c in cases):
        raise Invalid(_("Choose the new day."), field="again_on")
    until, back = day(request, "supplement_until"), day(request, "due_back_on")
    logs = []
    for case in cases if outcome in AT_THE_DOOR else ():
        papers, answers = papers_of(request, case)
        logs.append(
            CaseLog(
                case.uid,
                signed,
                papers,
                answers,
                originals=originals_of(request, case),
                due_back_on=back.isoformat() if back else None,
                supplement_until=until.isoformat() if until else None,
            )
        )
    return StopLog(stop_uid, outcome, text(request, "note", 300), logs, again, slot(request, "again_slot"))


# --- delivery ------------------------------------------------------------------------------------------------------


def delivery(request: Request) -> dict[str, Any]:
    """Who took the result and where. The rating is no matter of the worker: see `field_delivery.rate`."""
    given: dict[str, Any] = {
        "recipient": text(request, "recipient"),
        "relation": text(request, "relation", 40),
        "place": text(request, "place", 160) or None,
        "copies": text(request, "copies", 3),
        **witnessed(request),
    }
    return {k: v for k, v in given.items() if v}
