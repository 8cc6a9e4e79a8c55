"""Documents of two records that become one: a number is kept once, and nobody has two cards of a kind that exist once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, removal
from app.registry.models import Person, PersonDocument, PersonMerge
from app.registry.rules.id_number import ONE_EACH
from app.registry.service import documents, removals
from app.registry.service.merging.fields import GONE
from app.registry.service.merging.ledger import Left
from app.registry.service.merging.parts import is_open, rows_of
from app.registry.service.ties import last_day


def move_documents(session: Session, kept: Person, gone: Person, choice: str | None, now: datetime) -> None:
    """The same number is kept once, and no longer as somebody else's; of two of a kind of which nobody has two, the one
    issued later stays in force. The document that comes first is that of the record which was chosen, or its successor.
    """
    mine = rows_of(session, PersonDocument, "person_id", kept.id)
    theirs = rows_of(session, PersonDocument, "person_id", gone.id)
    first, second = (theirs, mine) if choice == GONE else (mine, theirs)
    leading = next((d for d in (*first, *second) if is_open(d) and d.is_primary), None)
    heirs = _keep_once(session, mine, theirs, now)
    for document in theirs:
        document.person_id = kept.id
    session.flush()
    for document in (d for d in (*mine, *theirs) if d.dup_no and d.deleted_at is None):
        if not _others(session, document):
            document.dup_no, document.dup_reason = 0, None
    session.flush()
    heirs |= _close_older([*second, *first], clock.to_local(now).date())
    while leading is not None and leading.id in heirs:
        leading = heirs[leading.id]
    for document in (d for d in (*mine, *theirs) if leading is not None and is_open(d)):
        document.is_primary = document is leading
    session.flush()


def _keep_once(
    session: Session, mine: list[PersonDocument], theirs: list[PersonDocument], now: datetime
) -> dict[int, PersonDocument]:
    """Take away one of two rows of one number, that of the record which goes unless it says more: in force where the other
    is over, or issued later. Returns what stands for each that went, by key.
    """
    held = {(d.kind, d.number_index): d for d in mine if d.deleted_at is None}
    heirs = {}
    for document in theirs:
        same = held.get((document.kind, document.number_index))
        if same is None or document.deleted_at is not None:
            continue
        weaker, stronger = (same, document) if _issued(document) > _issued(same) else (document, same)
        removal.take_away(weaker, removals.MERGED, now=now)
        heirs[weaker.id] = held[document.kind, document.number_index] = stronger
    session.flush()
    return heirs


def _issued(document: PersonDocument) -> tuple[bool, date]:
    """One in force comes after one that is over, the later issued one after the other; an unknown day is the oldest."""
    return is_open(document), document.valid_from or date.min


def _close_older(rows: list[PersonDocument], day: date) -> dict[int, PersonDocument]:
    """Whoever got a new card handed the old one in: it was over when the new one was issued. Where no day tells which is
    the newer one, it is the last of the rows. Returns what stands for each that was closed, by key.
    """
    heirs = {}
    for *older, newest in _seconds(rows, day):
        for document in older:
            document.valid_to = last_day(document.valid_from, min(newest.valid_from or day, day))
            document.is_primary = False
            heirs[document.id] = newest
    return heirs


def _seconds(rows: list[PersonDocument], day: date) -> Iterator[list[PersonDocument]]:
    """Documents in force of each kind of which the rows hold more than the one there can be, the one issued last at the
    end.
    """
    for kind in sorted(ONE_EACH):
        valid = [d for d in rows if d.kind == kind and documents.is_valid(d, day)]
        if len(valid) > 1:
            yield sorted(valid, key=lambda d: d.valid_from or date.min)


def _others(session: Session, document: PersonDocument) -> bool:
    query = select(PersonDocument.id).where(
        PersonDocument.kind == document.kind,
        PersonDocument.number_index == document.number_index,
        PersonDocument.id != document.id,
    )
    return session.scalars(query).first() is not None


def one_card_each(wide: Session, merge: PersonMerge, now: datetime) -> list[Left]:
    """A card that the way back put in force again beside one that was entered since is over again, and is named."""
    table, day = PersonDocument.__tablename__, clock.to_local(now).date()
    touched = {op["id"] for op in merge.moved if op["table"] == table and op["op"] == "update"}
    left = []
    for cards in _seconds(rows_of(wide, PersonDocument, "person_id", merge.kept_id), day):
        if not any(c.id not in touched and c.updated_at > merge.created_at for c in cards):
            continue  # as it was before the merge
        for card in (c for c in cards if c.id in touched):
            card.valid_to, card.is_primary = last_day(card.valid_from, day), False
            left.append(Left(table, card.id, "valid_to"))
    wide.flush()
    return left
