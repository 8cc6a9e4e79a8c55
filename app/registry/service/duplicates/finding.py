"""Finding pairs: while somebody types, when it is saved all the same, and for the rows of an import."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.registry.choices.duplicates import DuplicateAction, DuplicateFound, DuplicateState
from app.registry.models import DuplicatePair, Person
from app.registry.rules.duplicates import Facts, Rule, judge, may_fire, probe_of
from app.registry.service.duplicates import pairs
from app.registry.service.duplicates.facts import read_facts, read_identity, with_contact
from app.registry.service.duplicates.probes import beside
from app.registry.service.duplicates.rules import rules_in_force


def judged(
    session: Session, candidates: Collection[tuple[int, int]], rules: Sequence[Rule], *known: Facts
) -> list[pairs.Found]:
    """What the rules make of candidates; records that are deleted or not seen are left out."""
    facts = {item.person_id: item for item in known}
    facts |= read_identity(session, {key for pair in candidates for key in pair} - facts.keys())
    likely = [
        pair
        for pair in sorted(candidates)
        if facts.keys() >= set(pair) and may_fire(facts[pair[0]], facts[pair[1]], rules)
    ]
    whole = {item.person_id for item in known}
    facts |= with_contact(session, [facts[key] for key in {key for pair in likely for key in pair} - whole])
    found = []
    for first, second in likely:
        verdict = judge(facts[first], facts[second], rules)
        if verdict is not None:
            found.append(pairs.Found(facts[first], facts[second], verdict))
    return found


def at_entry(session: Session, typed: Facts) -> list[tuple[int, bool]]:
    """Records that the rules asked at entry suspect for what is being typed, best first: (person, whether name and
    exact birth date are the same). ``typed.person_id`` is 0 for somebody new.
    """
    rules = [rule for rule in rules_in_force(session) if rule.at_entry]
    with session.no_autoflush:
        candidates = beside(session, [typed], _probes(rules))
        found = judged(session, candidates, rules, typed)
    found.sort(key=lambda item: (-item.verdict.weight, item.key))
    return [(_other(item, typed).person_id, _by_name_and_birth(item)) for item in found]


def _other(item: pairs.Found, typed: Facts) -> Facts:
    return item.b if item.a.person_id == typed.person_id else item.a


def _by_name_and_birth(item: pairs.Found) -> bool:
    return any({"name", "birth"} <= set(rule.conditions) for rule in item.verdict.rules)


def entered(
    session: Session, people: Iterable[Person], *, actor: Actor, now: datetime
) -> list[DuplicatePair]:
    """What was saved all the same opens pairs with whoever the actor sees; those elsewhere are found by the search
    of the register, so that saving tells nothing about strangers. Call it at the end of the unit of work.
    """
    session.flush()
    ids = [person.id for person in people]
    return _queue(session, ids, DuplicateFound.entry, actor=actor, now=now) if ids else []


def for_import(wide: Session, ids: Collection[int], *, actor: Actor, now: datetime) -> list[DuplicatePair]:
    """Open pairs for the rows of an import with anybody of the register; ``wide`` has no row scope.

    Both sides of a pair across communities are told that something waits above.
    """
    return _queue(wide, ids, DuplicateFound.imported, actor=actor, now=now)


def _queue(
    session: Session, ids: Collection[int], by: DuplicateFound, *, actor: Actor, now: datetime
) -> list[DuplicatePair]:
    rules = rules_in_force(session)
    mine = read_facts(session, ids)
    candidates = beside(session, mine.values(), _probes(rules))
    found = judged(session, candidates, rules, *mine.values())
    return pairs.put(session, found, by, actor=actor, now=now)


def review(wide: Session, person_id: int, *, actor: Actor, now: datetime) -> None:
    """Judge a record anew with everybody: what its data point to is queued, what they no longer point to falls away.

    Pairs that somebody noticed by hand stay: no rule had pointed to them.
    """
    rules = rules_in_force(wide)
    _queue(wide, [person_id], DuplicateFound.scan, actor=actor, now=now)
    waiting = select(DuplicatePair).where(
        DuplicatePair.state == str(DuplicateState.open),
        DuplicatePair.found_by != str(DuplicateFound.hand),
        or_(DuplicatePair.first_id == person_id, DuplicatePair.second_id == person_id),
    )
    rows = list(wide.scalars(waiting))
    held = {item.key for item in judged(wide, [(p.first_id, p.second_id) for p in rows], rules)}
    alive = set(wide.scalars(select(Person.id).where(Person.id.in_({k for p in rows for k in _ids(p)}))))
    for pair in rows:
        if _ids(pair) not in held and alive.issuperset(_ids(pair)):
            pairs.step(wide, pair, DuplicateAction.lapse, reason=None, actor=actor, now=now)


def _ids(pair: DuplicatePair) -> tuple[int, int]:
    return pair.first_id, pair.second_id


def _probes(rules: Iterable[Rule]) -> list[str]:
    return sorted({probe for rule in rules if (probe := probe_of(rule.conditions))})
