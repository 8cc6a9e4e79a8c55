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
from app.core import clock, files, jobs
from app.core.actor import Actor
from app.core.errors import Invalid, NotFound
from app.core.uploads import Clean
from app.registry.models import Building, SheetPack
from app.registry.queries.sheets import Place, sheets
from app.registry.queries.walking import homes_in_walking_order

JOB = "registry.sheets"
FORM = "F06"
OWNER = "sheet_pack"
PART = 40  # homes of one file: documents of about fifty pages draw fastest (paper.md)
MOST = 1500  # homes of a pack: more than three grids nobody carries
KEPT = 30  # days
DRAWING = timedelta(minutes=10)  # a pack that is not there by then has failed and may be asked for again


def ask(
    session: Session, actor: Actor, area: Area, building: Building | None, *, is_blank: bool, now: datetime
) -> SheetPack:
    """A pack of a building, or of an area of the actor's, to be drawn by a job. While the same pack of one's own is being
    drawn, asking again (another tab, a second click) means that one. Raises Invalid for no homes or too many.
    """
    if not actor.covers(area.path):
        raise NotFound()
    drawing = _being_drawn(session, actor, area, building, is_blank, now)
    if drawing is not None:
        return drawing
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
    given = {
        "pack": pack.uid,
        "homes": homes,
        "worker": actor.label,
        "office": area.full_name or area.name,
    }
    jobs.enqueue(session, JOB, given, now=now)
    return pack


def _being_drawn(
    session: Session, actor: Actor, area: Area, building: Building | None, is_blank: bool, now: datetime
) -> SheetPack | None:
    query = select(SheetPack).where(
        SheetPack.owner_id == (actor.user_id or 0),
        SheetPack.area_id == area.id,
        SheetPack.building_id.is_(None) if building is None else SheetPack.building_id == building.id,
        SheetPack.is_blank.is_(is_blank),
        SheetPack.done < SheetPack.parts,
        SheetPack.created_at > now - DRAWING,
    )
    return session.scalars(query.order_by(SheetPack.id.desc()).limit(1)).first()


def context(
    session: Session, homes: list[int], n: int, *, worker: str, office: str, is_blank: bool, now: datetime
) -> dict[str, Any]:
    """Context of the ``n``-th part, as the form's sample; times on paper are local. Sheets are counted by home through the
    whole pack, whatever part they are drawn in: they are handed out one by one, and the office counts them back.
    """
    start = n * PART
    mine = homes[start : start + PART]
    issue = {
        "number": "",
        "at": clock.to_local(now).isoformat(timespec="seconds"),
        "by": worker,
        "office": office,
        "verify_url": "",
        "seal": "",
    }
    place = Place(start + 1, len(homes))
    return {"issue": issue, "homes": sheets(session, mine, worker=worker, is_blank=is_blank, place=place)}


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
