"""Packs of household sheets (F06): asked for, drawn in parts by a job, put together when they are fetched."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from typing import Any

import pikepdf
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core import clock, files
from app.core.actor import Actor
from app.core.errors import Invalid, NotFound
from app.core.uploads import Clean
from app.registry.models import Building, SheetPack
from app.registry.queries.sheets import homes_in_walking_order, sheets

FORM = "F06"
OWNER = "sheet_pack"
PART = 40  # homes of one file: documents of about fifty pages draw fastest (paper.md)
MOST = 1500  # homes of a pack: more than three grids nobody carries
KEPT = 30  # days


def ask(
    session: Session, actor: Actor, area: Area, building: Building | None, *, is_blank: bool
) -> tuple[SheetPack, list[int]]:
    """A pack of a building, or of an area of the actor's; returns it with the keys of its homes in walking order."""
    if not actor.covers(area.path):
        raise NotFound()
    homes = homes_in_walking_order(session, area, building, MOST)
    if not homes:
        raise Invalid(_("There are no homes here."), field="area")
    if len(homes) > MOST:
        raise Invalid(
            _("These are more than %(most)s homes: choose a smaller area.", most=MOST), field="area"
        )
    pack = SheetPack(
        area_id=area.id,
        building_id=building.id if building is not None else None,
        is_blank=is_blank,
        homes=len(homes),
        parts=-(-len(homes) // PART),
        owner_id=actor.user_id or 0,
    )
    session.add(pack)
    session.flush()
    return pack, homes


def context(
    session: Session, homes: list[int], n: int, *, worker: str, office: str, is_blank: bool, now: datetime
) -> dict[str, Any]:
    """Context of the ``n``-th part, as the form's sample; times on paper are local."""
    mine = homes[n * PART : (n + 1) * PART]
    issue = {
        "number": "",
        "at": clock.to_local(now).isoformat(timespec="seconds"),
        "by": worker,
        "office": office,
        "verify_url": "",
        "seal": "",
    }
    return {"issue": issue, "homes": sheets(session, mine, worker=worker, is_blank=is_blank)}


def keep_part(session: Session, pack: SheetPack, n: int, pdf: bytes, today: date) -> None:
    """Store one part, encrypted; it goes away after a month, and the sheets themselves are working papers."""
    files.save(
        session,
        Clean(pdf, "application/pdf"),
        area_id=pack.area_id,
        owner_kind=OWNER,
        owner_uid=pack.uid,
        purpose=f"part {n:03d}",
        keep_until=today + timedelta(days=KEPT),
    )
    pack.done = n + 1
    session.flush()


def mine(session: Session, actor: Actor, uid: str) -> SheetPack:
    """A pack of the actor's own; NotFound for anybody else's, also where its area is in sight."""
    found = session.scalars(
        select(SheetPack).where(SheetPack.uid == uid, SheetPack.owner_id == (actor.user_id or -1))
    ).one_or_none()
    if found is None:
        raise NotFound()
    return found


def put_together(session: Session, pack: SheetPack) -> bytes:
    """All parts as one PDF, in walking order. NotFound while parts are missing."""
    parts = sorted(files.of_owner(session, OWNER, pack.uid), key=lambda part: part.purpose)
    if pack.done < pack.parts or len(parts) < pack.parts:
        raise NotFound()
    with pikepdf.new() as whole:
        opened = [pikepdf.open(io.BytesIO(files.read(part))) for part in parts]
        for one in opened:
            whole.pages.extend(one.pages)
        out = io.BytesIO()
        whole.save(out)
        for one in opened:
            one.close()
    return out.getvalue()
