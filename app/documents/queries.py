"""Selects of issued papers: the office that issues, what still stands, what waits for the printer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session, selectinload

from app.areas.models import Area, OrgUnit
from app.areas.queries.tree import prefixes
from app.core import crypto
from app.documents.choices import DocumentState
from app.documents.models import DocumentStep, IssuedDocument, PrintLog

OFFICES = ("workstation", "sub_center", "center")
Owner = tuple[str, str]  # (owner_kind, owner_uid)


def office_of(session: Session, area: Area) -> OrgUnit | None:
    """The office that issues for an area: the nearest workstation, sub-center or center above it."""
    query = (
        select(OrgUnit, Area.path)
        .join(Area, Area.id == OrgUnit.area_id)
        .where(OrgUnit.kind.in_(OFFICES), OrgUnit.valid_to.is_(None))
        .where(Area.path.in_(prefixes(area.path, own=True)))
    )
    found = sorted(session.execute(query).all(), key=lambda row: len(row[1]))
    return found[-1][0] if found else None


def find_by_token(session: Session, token: str) -> IssuedDocument | None:
    """The paper behind a QR code; the session must be unscoped (the public page)."""
    query = select(IssuedDocument).where(IssuedDocument.verify_token_hash == crypto.token_hash(token))
    return session.scalars(query).one_or_none()


def issued(session: Session, owners: Collection[Owner]) -> list[IssuedDocument]:
    """Papers of these records with their prints, the newest first."""
    if not owners:
        return []
    kinds: dict[str, list[str]] = {}
    for kind, uid in sorted(owners):
        kinds.setdefault(kind, []).append(uid)
    theirs = [
        (IssuedDocument.owner_kind == kind) & IssuedDocument.owner_uid.in_(uids)
        for kind, uids in kinds.items()
    ]
    query = select(IssuedDocument).where(or_(*theirs)).options(selectinload(IssuedDocument.prints))
    return list(session.scalars(query.order_by(IssuedDocument.id.desc())))


def steps_of(session: Session, document: IssuedDocument) -> Sequence[DocumentStep]:
    """The life of a paper, oldest first."""
    query = select(DocumentStep).where(DocumentStep.document_id == document.id).order_by(DocumentStep.id)
    return session.scalars(query).all()


@dataclass(frozen=True)
class Kin:
    """The papers before and after one that was issued anew."""

    before: IssuedDocument | None
    after: IssuedDocument | None


def kin_of(session: Session, document: IssuedDocument) -> Kin:
    """Which paper this one replaces, and which one replaced it, where the actor may see them."""
    before = (
        session.scalars(select(IssuedDocument).where(IssuedDocument.id == document.replaces_id)).one_or_none()
        if document.replaces_id
        else None
    )
    later = select(IssuedDocument).where(IssuedDocument.replaces_id == document.id)
    return Kin(before, session.scalars(later.order_by(IssuedDocument.id.desc()).limit(1)).first())


# --- the print desk ------------------------------------------------------------------------------------------------


def waiting(session: Session, most: int) -> Sequence[IssuedDocument]:
    """Issued papers that were never printed, the oldest first."""
    unprinted = ~select(PrintLog.id).where(PrintLog.document_id == IssuedDocument.id).exists()
    query = select(IssuedDocument).where(unprinted, IssuedDocument.state == DocumentState.issued.value)
    return session.scalars(query.order_by(IssuedDocument.id).limit(most)).all()


def printed_between(
    session: Session, low: datetime, high: datetime, most: int
) -> Sequence[Row[IssuedDocument, datetime, int]]:
    """(paper, when, copies) of what was printed in a stretch of time, the newest first."""
    query = (
        select(IssuedDocument, PrintLog.at, PrintLog.copies)
        .join(PrintLog, PrintLog.document_id == IssuedDocument.id)
        .where(PrintLog.at >= low, PrintLog.at < high)
        .order_by(PrintLog.id.desc())
        .limit(most)
    )
    return session.execute(query).all()
