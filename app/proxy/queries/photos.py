"""Photos of papers as pages show them: numbered pages of each paper, replaced ones, pages of an earlier case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import policy
from app.core.actor import Actor
from app.core.errors import NotAllowed, NotFound
from app.core.files import Attachment
from app.proxy.choices import PaperSource
from app.proxy.models import CaseMaterial, ProxyCase
from app.proxy.service.photos import OLD, OWNER, PAGE


@dataclass(frozen=True)
class Page:
    """One photo: ``is_own`` of this case, not of the earlier one that it reuses."""

    uid: str
    at: datetime
    is_picture: bool
    is_own: bool


@dataclass
class Shelf:
    """The photos of one paper."""

    pages: list[Page] = field(default_factory=list)
    replaced: list[Page] = field(default_factory=list)


def owners_of(material: CaseMaterial) -> set[str]:
    """Whose photos show this paper: its own, and those of the earlier case that it reuses."""
    linked = material.source_uid if material.source == PaperSource.case else None
    return {material.uid, linked} if linked else {material.uid}


def shelves(session: Session, actor: Actor, cases: Iterable[ProxyCase]) -> dict[str, Shelf]:
    """Uid of the paper → its photos that the actor may open; one statement for all cases."""
    papers = [m for case in cases for m in case.materials]
    uids = {uid for m in papers for uid in owners_of(m)}
    query = select(Attachment).where(Attachment.owner_kind == OWNER, Attachment.owner_uid.in_(uids))
    kept = [p for p in session.scalars(query.order_by(Attachment.id)) if policy.may_open(actor, p.level)]
    found = {}
    for material in papers:
        shelf = found[material.uid] = Shelf()
        owners = owners_of(material)
        for photo in kept:
            if photo.owner_uid in owners:
                page = Page(
                    photo.uid,
                    photo.created_at,
                    photo.media_type.startswith("image/"),
                    photo.owner_uid == material.uid,
                )
                (shelf.replaced if photo.purpose == OLD else shelf.pages).append(page)
    return found


def photo_of(session: Session, actor: Actor, case: ProxyCase, uid: str) -> Attachment:
    """One photo that shows a paper of the case. NotFound for any other file, NotAllowed for a level that is closed."""
    query = select(Attachment).where(Attachment.uid == uid, Attachment.owner_kind == OWNER)
    found = session.scalars(query.where(Attachment.purpose.in_((PAGE, OLD)))).one_or_none()
    if found is None or not any(found.owner_uid in owners_of(m) for m in case.materials):
        raise NotFound()
    if not policy.may_open(actor, found.level):
        raise NotAllowed()
    return found
