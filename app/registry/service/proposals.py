"""Proposals: what follows from an event, a birthday, a group. They are worked off or declined, never done by themselves.

Registry knows no cases: the proxy domain says which services somebody has (``use_served``), and tells of cases that
were booked, ended or came to nothing (``proposals_served``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from functools import lru_cache

from flask_babel import get_locale
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import seeds
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Conflict
from app.registry.choices import CLOSED_LEVEL, EventKind, ProposalAction, ProposalState, ProposalTopic
from app.registry.models import LifeEvent, Person, PersonGroup, Proposal, ProposalStep
from app.registry.models.events import UID
from app.registry.rules import age_on
from app.registry.rules.proposals import MACHINE, MAYBE, About, Rule, applies, due_on, found, parse
from app.registry.service import groups
from app.registry.service.checks import expect_version
from app.registry.service.consents import birth_of
from app.registry.signals import GROUP_JOINED

CLOSE_GROUP = "close_group"
OCCASION = {EventKind.death: "death", EventKind.birth: "birth", EventKind.new_name: "new_name"}
# (session, item codes, person uids) -> (person uid, item code) of services that are done or under way
Served = Callable[[Session, Collection[str], Collection[str]], set[tuple[str, str]]]
_served: list[Served] = []


# (session, item code) -> the name of a service
Namer = Callable[[Session, str], str]
_names: list[Namer] = []


def use_names(function: Namer) -> None:
    """The proxy domain hangs in here what a service is called."""
    _names[:] = [function]


def use_served(function: Served) -> None:
    """The proxy domain hangs in here who has which service already."""
    _served[:] = [function]


def served(session: Session, items: Collection[str], uids: Collection[str]) -> set[tuple[str, str]]:
    """(person uid, item code) that need not be proposed: a case of it is done or under way."""
    return set().union(*(ask(session, items, uids) for ask in _served)) if items and uids else set()


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """The rules in force, of the data file."""
    closed = [
        item["code"]
        for item in seeds.read("codes")["lists"]["special_group"]["items"]
        if item.get("sensitivity") == CLOSED_LEVEL
    ]
    data = seeds.read("proposals")
    return parse([*data["rules"], data["close_group"]], closed)


def rule_of(code: str) -> Rule | None:
    """A rule by its code; None for one that the data no longer holds."""
    return next((rule for rule in rules() if rule.code == code), None)


def words_of(code: str) -> str:
    """What a rule proposes, in the reader's language; the code itself for a rule of former data."""
    rule = rule_of(code)
    return code if rule is None else rule.words["zh" if _is_chinese() else "en"]


def _is_chinese() -> bool:
    return str(get_locale() or "zh").startswith("zh")


def said(session: Session, row: Proposal) -> str:
    """What a proposal says: a renewal names the service that is to be applied for again."""
    words = words_of(row.rule)
    if row.topic != ProposalTopic.renewal or not row.item_code or not _names:
        return words
    return str(_("%(what)s: %(values)s", what=words, values=_names[0](session, row.item_code)))


def asked_of(row: Proposal) -> str:
    """What is to be asked before it is certain, in the reader's language; empty where the data say everything."""
    rule = rule_of(row.rule)
    if row.certainty != MAYBE:
        return ""
    asks = rule.asks if rule is not None else None
    return asks["zh" if _is_chinese() else "en"] if asks else str(_("Something on record is missing."))


# --- made -------------------------------------------------------------------------------------------------------------


def follow_event(
    session: Session, event: LifeEvent, people: Iterable[Person], *, actor: Actor, now: datetime
) -> list[Proposal]:
    """What a death, a birth or a new name proposes, but for the groups of the dead (``proposals_groups``). Each proposal
    stands once (person, rule, anchor).
    """
    occasion = OCCASION.get(EventKind(event.kind))
    if occasion is None:
        return []
    made = []
    for person in people:
        about = about_of(session, person, event.happened_on)
        for rule in rules():
            if rule.on == occasion and rule.code != CLOSE_GROUP and applies(rule, about):
                made.append(propose(session, person, rule, event.uid, event=event, actor=actor, now=now))
    session.flush()
    return [row for row in made if row is not None]


def follow_group(session: Session, row: PersonGroup, *, actor: Actor, now: datetime) -> list[Proposal]:
    """What a special group that was just added entitles to."""
    person = row.person or session.get_one(Person, row.person_id)
    about = about_of(session, person, clock.to_local(now).date())
    named = [r for r in rules() if r.on == "group" and row.group_code in _named(r)]
    follows = {r: sure for r in named if (sure := found(r, about)) is not None}
    have = served(session, {r.item for r in follows if r.item}, {person.uid})
    made = [
        propose(session, person, rule, rule.code, certainty=sure.certainty, actor=actor, now=now)
        for rule, sure in follows.items()
        if (person.uid, rule.item or "") not in have
    ]
    session.flush()
    return [row for row in made if row is not None]


@GROUP_JOINED.connect
def _joined(row: PersonGroup, *, session: Session, actor: Actor, now: datetime) -> None:
    follow_group(session, row, actor=actor, now=now)


def _named(rule: Rule) -> frozenset[str]:
    return rule.groups.union(*rule.with_groups)


def propose(
    session: Session,
    person: Person,
    rule: Rule,
    anchor: str,
    *,
    event: LifeEvent | None = None,
    day: date | None = None,
    certainty: str | None = None,
    actor: Actor,
    now: datetime,
) -> Proposal | None:
    """One proposal; None when it was made before, whatever became of it."""
    known = select(Proposal.id).where(
        Proposal.person_id == person.id, Proposal.rule == rule.code, Proposal.anchor == anchor
    )
    if session.scalars(known).first() is not None:
        return None
    today = clock.to_local(now).date()
    row = Proposal(
        person_id=person.id,
        rule=rule.code,
        anchor=anchor,
        topic=str(rule.topic),
        item_code=rule.item,
        event_id=event.id if event else None,
        due_on=due_on(rule, day or (event.happened_on if event else today), today),
        state=str(ProposalState.open),
        certainty=certainty,
    )
    session.add(row)
    session.flush()
    write_step(session, row, ProposalAction.propose, None, actor, now)
    return row


def about_of(session: Session, person: Person, day: date) -> About:
    """Age and open groups of a person, as far as the session sees them."""
    codes = frozenset(g.group_code for g in open_groups(session, person))
    return About(age_on(birth_of(person), day), codes)


def open_groups(session: Session, person: Person) -> list[PersonGroup]:
    """Groups in force that the session sees."""
    query = select(PersonGroup).where(PersonGroup.person_id == person.id, PersonGroup.valid_to.is_(None))
    return list(session.scalars(query))


# --- worked off -------------------------------------------------------------------------------------------------------


def offers(row: Proposal, actor: Actor) -> list[ProposalAction]:
    """What the actor may do with a proposal now."""
    if actor.read_only:
        return []
    return [offer.action for offer in MACHINE.actions(ProposalState(row.state), [actor.role])]


def act(
    session: Session,
    row: Proposal,
    action: ProposalAction,
    *,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    version: int | str | None = None,
) -> Proposal:
    """Carry out, decline with a reason, or take back. Accepting is what closes a group of somebody who died.

    Raises Conflict, NotAllowed, Invalid as the table says.
    """
    expect_version(row, version)
    before = ProposalState(row.state)
    step = MACHINE.apply(before, action, [actor.role], {"reason": reason})
    if action is ProposalAction.accept and row.topic == ProposalTopic.group:
        _close_group(session, row, actor, now)
    row.state = str(step.target)
    session.flush()
    write_step(session, row, action, before, actor, now, reason)
    return row


def group_of(session: Session, row: Proposal) -> PersonGroup | None:
    """The special group that a proposal wants closed, for those who may see it."""
    if row.topic != ProposalTopic.group:
        return None
    return session.scalars(select(PersonGroup).where(PersonGroup.uid == row.anchor[:UID])).one_or_none()


def _close_group(session: Session, row: Proposal, actor: Actor, now: datetime) -> None:
    group = group_of(session, row)
    if group is None:
        raise Conflict(_("This group is not open to you."), finding="group")
    if group.valid_to is not None:
        return
    died = row.person.died_on
    day = max(died, group.valid_from or died) if died else None
    groups.end_group(session, group, reason=str(_("Died")), on=day, actor=actor, now=now)
    row.done_ref = group.uid


def drop_of(session: Session, event: LifeEvent, *, actor: Actor, now: datetime) -> None:
    """An event is revoked: what it proposed falls away. Conflict when something of it was carried out; not for a group of
    level 5, as the refusal would tell of it. What it proposed about groups falls away in ``proposals_groups``.
    """
    rows = session.scalars(select(Proposal).where(Proposal.event_id == event.id)).all()
    carried_out = (r for r in rows if r.state in (ProposalState.done, ProposalState.taken))
    done = next((r for r in carried_out if not is_closed(session, r)), None)
    if done is not None:
        text = _("Something that followed was carried out: %(what)s.", what=words_of(done.rule))
        raise Conflict(text, finding="proposal")
    for row in rows:
        if row.topic != ProposalTopic.group:
            drop(session, row, actor=actor, now=now)


def is_closed(session: Session, row: Proposal) -> bool:
    """Whether a proposal is about a group of level 5."""
    if row.topic != ProposalTopic.group:
        return False
    level = select(PersonGroup.level).where(PersonGroup.uid == row.anchor[:UID])
    return session.scalar(level.execution_options(with_deleted=True)) == CLOSED_LEVEL


def drop(session: Session, row: Proposal, *, actor: Actor, now: datetime) -> None:
    """It no longer applies."""
    before = ProposalState(row.state)
    if before is not ProposalState.dropped:
        row.state = str(ProposalState.dropped)
        session.flush()
        write_step(session, row, ProposalAction.drop, before, actor, now)


def write_step(
    session: Session,
    row: Proposal,
    action: ProposalAction,
    before: ProposalState | None,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
) -> None:
    step = ProposalStep.of(action, before, row.state, actor=actor, now=now, reason=reason, proposal_id=row.id)
    session.add(step)
