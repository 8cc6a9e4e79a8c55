"""Every signature of a case is a row: who, how, before whom, which wording in which version (S3-49; PIPL art. 13-15).

No fingerprint is captured: who cannot write puts it on the paper before a witness, and the paper stays with the case.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from PIL import Image, ImageOps
from sqlalchemy.orm import Session

from app import seeds
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid
from app.proxy.choices import Entry, SignedFor
from app.proxy.models import CaseSignature, ProxyCase
from app.proxy.rules.signing import GIVEN, REFUSED, consent_of, need_ink, need_witness, way_of, wording_of

PAPER = 200  # what is darker than this is ink


def wording(kind: SignedFor) -> tuple[str, str]:
    """(key with version, text) of what is signed today."""
    one = wording_of(seeds.read("proxy_wordings")[kind.value])
    return f"{kind.value}@{one['version']}", str(one["text"])


def sign(
    session: Session,
    actor: Actor,
    now: datetime,
    case: ProxyCase,
    kind: SignedFor,
    given: Mapping[str, Any],
    *,
    signer: str,
) -> CaseSignature:
    """Write one signature from what a step was given. Invalid for a way that does not exist, or without the witness that
    somebody who cannot write needs.
    """
    need_witness(given)
    row = CaseSignature(
        case_id=case.id,
        kind=kind.value,
        way=way_of(given).value,
        signer=signer.strip()[:50] or case.party_name,
        relation=str(given.get("relation") or "").strip()[:40] or None,
        witness=str(given.get("witness") or "").strip()[:50] or None,
        file_uid=given.get("signature_uid"),
        wording=wording(kind)[0],
        at=now,
        staff_id=actor.staff_id,
    )
    session.add(row)
    return row


def authorize(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Mapping[str, Any]
) -> None:
    """The authorization, and with it what the resident says to the use of data: agreed to, it is signed as well."""
    signer = str(given.get("signed_by") or case.party_name)
    sign(session, actor, now, case, SignedFor.authorization, given, signer=signer)
    said = given.get("consent")
    if said not in (None, "", GIVEN, REFUSED):
        raise Invalid(_("This choice does not exist."), field="consent")
    if said == GIVEN:
        sign(session, actor, now, case, SignedFor.consent, given, signer=signer)


def settle_consent(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, given: Mapping[str, Any]
) -> Entry:
    """The resident agrees after all, or takes the consent back, at any time; signed either way. Conflict where nothing
    would change.
    """
    said = str(given.get("consent") or "")
    if said not in (GIVEN, REFUSED):
        raise Invalid(_("Say whether the resident agrees."), field="consent")
    if said == consent_of(case.steps):
        raise Conflict(_("This stands in the case already."))
    kind = SignedFor.consent if said == GIVEN else SignedFor.revocation
    sign(session, actor, now, case, kind, given, signer=str(given.get("signed_by") or case.party_name))
    return Entry.consent


def need_drawn(data: bytes) -> None:
    """A drawing must have the size of a signature; see `need_ink`. ``data`` is a picture that was cleaned before."""
    with Image.open(io.BytesIO(data)) as picture:
        layer = picture.convert("RGBA")
    ground = Image.new("RGB", layer.size, "white")
    ground.paste(layer, mask=layer.getchannel("A"))
    ink = ImageOps.grayscale(ground).point(lambda value: 255 if value < PAPER else 0)
    need_ink(ink.getbbox())
