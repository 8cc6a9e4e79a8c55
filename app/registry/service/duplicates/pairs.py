"""A pair of records in the queue: opened, settled, opened again. The table stands in rules/duplicates.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.crypto import blind
from app.core.errors import Conflict, Invalid
from app.registry.choices.duplicates import DuplicateAction, DuplicateFound, DuplicateState
from app.registry.models import DuplicatePair, DuplicateStep, Person
from app.registry.rules.duplicates import MACHINE, Facts, Rule, Verdict, is_news, read_of
from app.registry.service.checks import expect_version
from app.registry.service.duplicates.facts import chunks, read_facts
from app.registry.service.duplicates.notices import tell
from app.registry.service.duplicates.places import places_of
from app.registry.service.duplicates.rules import rules_in_force

DIGEST = 12
TOLD = (DuplicateFound.scan, DuplicateFound.imported)  # found without row scope
SYSTEM = "system"


@dataclass(frozen=True)
class Found:
    """Two records and what the rules of the site make of them; ``a`` has the smaller key."""

    a: Facts
    b: Facts
    verdict: Verdict

    @property
    def key(self) -> tuple[int, int]:
        return self.a.person_id, self.b.person_id


def basis_of(rules: Iterable[Rule], a: Facts, b: Facts) -> dict[str, str]:
    """For each rule a keyed digest of what it read of the two records."""
    return {rule.code: (blind("duplicate", read_of(rule, a, b)) or "")[:DIGEST] for rule in rules}


def write_basis(basis: dict[str, str]) -> str:
    return ";".join(f"{code}={digest}" for code, digest in sorted(basis.items()))


def read_basis(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(";") if part)


def known_pairs(session: Session, keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], DuplicatePair]:
    """Pairs of the queue by the keys of their records."""
    wanted, found = set(keys), {}
    for chunk in chunks(sorted({first for first, _second in wanted})):
        for pair in session.scalars(select(DuplicatePair).where(DuplicatePair.first_id.in_(chunk))):
            if (pair.first_id, pair.second_id) in wanted:
                found[pair.first_id, pair.second_id] = pair
    return found


def put(
    session: Session, found: Sequence[Found], by: DuplicateFound, *, actor: Actor, now: datetime
) -> list[DuplicatePair]:
    """Queue what was found; returns the pairs that were opened, newly or again.

    A pair that waits already takes the present weight. One that was found different comes back only for news. Whoever
    settles pairs across communities is told, unless a clerk found them: saving tells nothing about strangers.
    """
    known = known_pairs(session, [item.key for item in found])
    fresh = [item for item in found if item.key not in known]
    places = places_of(session, {key for item in fresh for key in item.key})
    opened = []
    for item in found:
        basis = basis_of(item.verdict.rules, item.a, item.b)
        pair = known.get(item.key)
        if pair is None:
            place, across = places.common(*item.key)
            pair = DuplicatePair(
                first_id=item.key[0],
                second_id=item.key[1],
                found_by=str(by),
                common_area_id=place,
                is_across=across,
                state=str(DuplicateState.open),
            )
            _look(pair, item, basis)
            session.add(pair)
            opened.append(pair)
        elif pair.state == DuplicateState.open:
            _look(pair, item, basis)
        elif _comes_back(pair, basis):
            pair.state, pair.told_at = str(DuplicateState.open), None
            _look(pair, item, basis)
            opened.append(pair)
    if by in TOLD:
        tell(session, opened, now)
    session.flush()
    for pair in opened:
        before = known.get((pair.first_id, pair.second_id))
        source = DuplicateState.different if before is not None else None
        step = DuplicateStep.of(
            DuplicateAction.found, source, DuplicateState.open, actor=actor, now=now, pair_id=pair.id
        )
        session.add(step)
    session.flush()
    return opened


def _look(pair: DuplicatePair, item: Found, basis: dict[str, str]) -> None:
    """What the pair shows of the verdict; nothing is written where nothing changed."""
    pair.rules = ",".join(item.verdict.codes)[:120]
    pair.weight, pair.basis = item.verdict.weight, write_basis(basis)


def _comes_back(pair: DuplicatePair, basis: dict[str, str]) -> bool:
    if pair.state == DuplicateState.lapsed:
        return True
    return pair.state == DuplicateState.different and is_news(read_basis(pair.basis), basis)


def by_hand(
    session: Session, one: Person, other: Person, *, reason: str, actor: Actor, now: datetime
) -> DuplicatePair:
    """Somebody noticed two records of one person. Invalid for a record and itself; Conflict when the pair is there."""
    if one.id == other.id:
        raise Invalid(_("Please choose two different records."), field="second_id")
    a, b = sorted((one.id, other.id))
    if (known := known_pairs(session, [(a, b)]).get((a, b))) is not None:
        text = _("These two records are in the queue already.")
        raise Conflict(text, field="second_id", pair=known.uid)
    place, across = places_of(session, {a, b}).common(a, b)
    pair = DuplicatePair(
        first_id=a,
        second_id=b,
        rules="",
        weight=100,
        found_by=str(DuplicateFound.hand),
        common_area_id=place,
        is_across=across,
    )
    session.add(pair)
    session.flush()
    step = DuplicateStep.of(
        DuplicateAction.found, None, DuplicateState.open, actor=actor, now=now, reason=reason, pair_id=pair.id
    )
    session.add(step)
    session.flush()
    return pair


def offers(pair: DuplicatePair, actor: Actor) -> list[DuplicateAction]:
    """What the actor may do with the pair now."""
    if actor.read_only:
        return []
    given = MACHINE.actions(DuplicateState(pair.state), [actor.role])
    return [o.action for o in given if o.action not in (DuplicateAction.found, DuplicateAction.lapse)]


def step(
    session: Session,
    pair: DuplicatePair,
    action: DuplicateAction,
    *,
    reason: str | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Take a step of the table and write it down."""
    before = DuplicateState(pair.state)
    role = SYSTEM if action is DuplicateAction.lapse else actor.role
    taken = MACHINE.apply(before, action, [role], {"reason": reason})
    pair.state = str(taken.target)
    session.flush()
    row = DuplicateStep.of(action, before, taken.target, actor=actor, now=now, reason=reason, pair_id=pair.id)
    session.add(row)
    session.flush()


def differ(
    session: Session,
    pair: DuplicatePair,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    version: int | str | None = None,
) -> None:
    """The records are two people. What every rule of the site sees of them now is noted: only news bring them back."""
    expect_version(pair, version)
    step(session, pair, DuplicateAction.differ, reason=reason, actor=actor, now=now)
    note_basis(session, pair)


def note_basis(session: Session, pair: DuplicatePair) -> None:
    """What the rules that hold look at now; with them those that had fired, so that nothing is asked twice."""
    facts = read_facts(session, [pair.first_id, pair.second_id])
    if len(facts) < 2:
        return
    a, b = facts[pair.first_id], facts[pair.second_id]
    pair.basis = write_basis(basis_of(rules_in_force(session), a, b))
    session.flush()


def reopen(session: Session, pair: DuplicatePair, *, reason: str, actor: Actor, now: datetime) -> None:
    """Look at a settled pair again."""
    step(session, pair, DuplicateAction.reopen, reason=reason, actor=actor, now=now)
