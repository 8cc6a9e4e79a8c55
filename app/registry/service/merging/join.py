"""Two records of one person made one and taken apart again (S4-61)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core import clock, hooks, removal
from app.core.actor import Actor
from app.core.errors import Conflict, NotAllowed, NotFound
from app.core.scope import unscoped
from app.core.session import unit_of_work
from app.registry.choices.duplicates import DuplicateAction, DuplicateState
from app.registry.models import DuplicatePair, Person, PersonMerge
from app.registry.models.people import visible_persons
from app.registry.service import duplicates, following, removals
from app.registry.service.checks import expect_version
from app.registry.service.duplicates import pairs
from app.registry.service.merging import fields, homes, papers, parts
from app.registry.service.merging.ledger import recording

MERGED = "merged"
SETTLED = _("Somebody else has settled this pair in the meantime. Please open it again.")


@contextmanager
def whole_register() -> Iterator[Session]:
    """A unit of work without row scope: rows that the clerk may not see go along, unseen (named grants, other areas)."""
    why = "a merge moves every row of two records, also those the clerk may not see"
    with unscoped(why) as wide, unit_of_work(wide):
        yield wide


def merge(
    wide: Session,
    uid: str,
    *,
    stays: int,
    choices: Mapping[str, str],
    reason: str,
    actor: Actor,
    now: datetime,
    version: int | str | None = None,
) -> PersonMerge:
    """Make one record of a pair, in a session of ``whole_register``.

    ``stays`` is 1 or 2, the record of the pair that stays; ``choices`` says kept or gone for each name of
    ``fields.FIELDS``, for ``living`` and ``registered`` homes and the ``document`` that comes first. What is not chosen
    stays as it is on the record that stays, or comes from the other one where that is empty.

    Raises NotFound when the actor does not see both, Conflict when the pair was settled meanwhile.
    """
    pair = _locked_pair(wide, uid)
    people = locked_people(wide, pair.first_id, pair.second_id)
    _must_see_both(wide, actor, people)
    if len([p for p in people.values() if p.deleted_at is None]) < 2 or pair.state != DuplicateState.open:
        raise Conflict(SETTLED)
    expect_version(pair, version)
    kept, gone = (people[key] for key in _order(pair, stays))
    homes.refuse_half_dead(wide, kept, gone)
    hooks.give_reason(wide, reason)
    day = clock.to_local(now).date()
    gone_name = gone.name
    with recording(wide) as ledger:
        called = {kept.name, gone.name}
        fields.take_values(wide, kept, gone, choices)
        papers.move_documents(wide, kept, gone, choices.get(fields.DOCUMENT), now)
        parts.move_names(wide, kept, gone, called, day, now)
        parts.move_rows(wide, kept, gone, day, now)
        homes.move_homes(wide, kept, gone, choices, day)
        homes.settle_places(wide, kept, gone, day)
        _hide(wide, kept, gone, actor, now)
        following.settle_now(wide)
    row = PersonMerge(
        pair_id=pair.id,
        kept_id=kept.id,
        gone_id=gone.id,
        gone_name=gone_name,
        reason=reason.strip()[:200],
        moved=ledger.operations,
    )
    wide.add(row)
    pairs.step(wide, pair, DuplicateAction.merge, reason=reason, actor=actor, now=now)
    _carry_differences(wide, kept, gone, pair)
    duplicates.review(wide, kept.id, actor=actor, now=now)
    wide.flush()
    return row


def _locked_pair(wide: Session, uid: str) -> DuplicatePair:
    """The pair, behind whoever settles it at this moment."""
    query = select(DuplicatePair).where(DuplicatePair.uid == uid).with_for_update()
    pair = wide.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if pair is None:
        raise NotFound()
    return pair


def locked_people(wide: Session, *keys: int) -> dict[int, Person]:
    """Both records in the order of their keys, so that two merges that share a record wait for each other."""
    query = select(Person).where(Person.id.in_(keys)).order_by(Person.id).with_for_update()
    rows = wide.scalars(query.execution_options(with_deleted=True, populate_existing=True))
    return {person.id: person for person in rows}


def _must_see_both(wide: Session, actor: Actor, people: Mapping[int, Person]) -> None:
    if actor.read_only:
        raise NotAllowed()
    if not actor.sees_persons:
        raise NotFound()
    if actor.whole_site:
        return
    seen = seen_by(wide, actor, people)
    if seen != people.keys():
        merged = any(person.merged_into_id in seen for person in people.values())
        raise Conflict(SETTLED) if merged else NotFound()


def seen_by(wide: Session, actor: Actor, people: Iterable[int]) -> set[int]:
    query = select(Person.id).where(Person.id.in_(list(people)), Person.id.in_(visible_persons(actor)))
    return set(wide.scalars(query.execution_options(with_deleted=True)))


def _order(pair: DuplicatePair, stays: int) -> tuple[int, int]:
    return (pair.first_id, pair.second_id) if stays == 1 else (pair.second_id, pair.first_id)


def _hide(wide: Session, kept: Person, gone: Person, actor: Actor, now: datetime) -> None:
    wide.expire_all()
    wide.refresh(gone)
    gone.status, gone.status_reason, gone.merged_into_id = MERGED, parts.REASON, kept.id
    removal.take_away(gone, removals.MERGED, by=actor.user_id, now=now)
    wide.flush()


def _carry_differences(wide: Session, kept: Person, gone: Person, settled: DuplicatePair) -> None:
    """Whoever was found to be somebody else than the record that goes is somebody else than the one that stays."""
    query = select(DuplicatePair).where(
        or_(DuplicatePair.first_id == gone.id, DuplicatePair.second_id == gone.id),
        DuplicatePair.state == str(DuplicateState.different),
        DuplicatePair.id != settled.id,
    )
    for pair in wide.scalars(query).all():
        other = pair.second_id if pair.first_id == gone.id else pair.first_id
        key = (min(kept.id, other), max(kept.id, other))
        if pairs.known_pairs(wide, [key]):
            continue
        copy = DuplicatePair(
            first_id=key[0],
            second_id=key[1],
            rules=pair.rules,
            weight=pair.weight,
            found_by=pair.found_by,
            common_area_id=pair.common_area_id,
            is_across=pair.is_across,
            state=str(DuplicateState.different),
        )
        wide.add(copy)
        wide.flush()
        pairs.note_basis(wide, copy)
