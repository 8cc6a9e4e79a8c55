"""Life events as rows, and what follows from them as proposals (S0-61, S4-54)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Date, ForeignKey, Index, Integer, String, UniqueConstraint, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.areas.models import Area
from app.core import scope
from app.core.actor import Actor
from app.core.crypto import EncryptedJson
from app.core.models import AreaBound, BigKey, Instant, StepBase, Table, Versioned, args
from app.registry.models.closed import open_to
from app.registry.models.homes import Dwelling
from app.registry.models.households import Household
from app.registry.models.people import Person, PersonChild, ids_of_seen, visible_persons


class LifeEvent(AreaBound, Versioned, Table):
    """Birth, move in, move out, death, households split and merged, change of head, of home, of document, of name.

    What was typed stands in ``details``; ``undo`` holds what the event closed and opened, so that an event entered
    by mistake can be revoked. The area is the one that managed the persons on the day.
    """

    __tablename__ = "life_event"
    __table_args__ = args(Index("ix_life_event_area_day", "area_id", "happened_on"))

    kind: Mapped[str] = mapped_column(String(20))
    happened_on: Mapped[date] = mapped_column(Date)
    household_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("household.id"), index=True)
    other_household_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("household.id"), index=True)
    dwelling_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("dwelling.id"), index=True)
    evidence: Mapped[str | None] = mapped_column(String(120))
    note: Mapped[str | None] = mapped_column(String(300))
    details: Mapped[Any | None] = mapped_column(EncryptedJson("life_event.details"))
    undo: Mapped[Any | None] = mapped_column(EncryptedJson("life_event.undo"))
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_by: Mapped[int | None] = mapped_column(Integer)
    revoke_reason: Mapped[str | None] = mapped_column(String(200))

    area: Mapped[Area] = relationship()
    household: Mapped[Household | None] = relationship(foreign_keys=[household_id])
    other_household: Mapped[Household | None] = relationship(foreign_keys=[other_household_id])
    dwelling: Mapped[Dwelling | None] = relationship()
    people: Mapped[list[LifeEventPerson]] = relationship(
        back_populates="event", order_by="LifeEventPerson.id"
    )


def visible_events(actor: Actor) -> Any:
    """Sub-select of the events of the actor's areas and of the persons the actor sees, wherever they happened."""
    event, part = Model.metadata.tables["life_event"], Model.metadata.tables["life_event_person"]
    theirs = select(part.c.event_id).where(part.c.person_id.in_(visible_persons(actor)))
    return select(event.c.id).where(or_(scope.in_scope(event.c.area_id, actor), event.c.id.in_(theirs)))


scope.guard(LifeEvent, lambda actor: LifeEvent.id.in_(visible_events(actor)))


class LifeEventPerson(Table):
    """Whom the event is about, and as what: subject, father, mother, new head, member who left or came."""

    __tablename__ = "life_event_person"
    __table_args__ = args(UniqueConstraint("event_id", "person_id", "role"))

    event_id: Mapped[int] = mapped_column(BigKey, ForeignKey("life_event.id"), index=True)
    person_id: Mapped[int] = mapped_column(BigKey, ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(12), default="subject")
    event: Mapped[LifeEvent] = relationship(back_populates="people")
    person: Mapped[Person] = relationship()

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "event_id", LifeEvent


scope.guard(LifeEventPerson, lambda actor: LifeEventPerson.event_id.in_(visible_events(actor)))


OF_GROUP = "group"  # topic of a proposal about a special group, which its anchor names
UID = 36


class Proposal(PersonChild, Versioned, Table):
    """Something that follows and is proposed, not done by itself: a benefit to close after a death, an item one
    qualifies for at 65, 80 or 100 (应享未享, S0-61), a group that the data point to. One row per rule and anchor.

    What is proposed about a group of level 5 is seen by named grant only, as the group itself (guards, section 3).
    """

    __tablename__ = "proposal"
    __table_args__ = args(
        UniqueConstraint("person_id", "rule", "anchor"), Index("ix_proposal_state_due", "state", "due_on")
    )

    rule: Mapped[str] = mapped_column(String(40))  # code in seeds/proposals.yaml
    # what it follows from: an age, an event's uid; a group's uid, and what makes it another one when proposed again
    anchor: Mapped[str] = mapped_column(String(40))
    topic: Mapped[str] = mapped_column(String(12))
    item_code: Mapped[str | None] = mapped_column(String(24))
    event_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("life_event.id"), index=True)
    due_on: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(12), default="open")
    done_ref: Mapped[str | None] = mapped_column(String(36))
    # maybe: the data do not say; somebody asks (None: certain)
    certainty: Mapped[str | None] = mapped_column(String(8))
    person: Mapped[Person] = relationship()
    event: Mapped[LifeEvent | None] = relationship()


def _of_open_groups(columns: Any, actor: Actor) -> Any:
    """Not about a group, or about one that the actor may see. One row of the groups is asked for by its key: a list of
    all groups would be read for every page.
    """
    group = Model.metadata.tables["person_group"].alias("named_group")
    named = select(group.c.id).where(
        group.c.uid == func.substr(columns.anchor, 1, UID), open_to(group.c, actor)
    )
    return or_(columns.topic != OF_GROUP, named.exists())


scope.guard(Proposal, lambda actor: _of_open_groups(Proposal, actor), whole_site=True)


class ProposalStep(StepBase):
    """Made, taken up, done, declined with a reason, taken back; visible with the proposal."""

    __tablename__ = "proposal_step"

    proposal_id: Mapped[int] = mapped_column(BigKey, ForeignKey("proposal.id"), index=True)

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "proposal_id", Proposal


def _steps(actor: Actor) -> Any:
    proposal = Model.metadata.tables["proposal"]
    seen = ids_of_seen("proposal", actor).where(_of_open_groups(proposal.c, actor))
    return ProposalStep.proposal_id.in_(seen)


scope.guard(ProposalStep, _steps, whole_site=True)
