"""What the registry tells the domains above it (ADR 0010). A signal runs in the transaction of whoever sends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from blinker import Signal
from sqlalchemy.orm import Session

from app.core.actor import Actor

DOOR_VISITED = Signal("somebody stood at a door for the registry")
DOOR_TAKEN_BACK = Signal("the word about a door was a wrong tap")
GROUP_JOINED = Signal("a person was added to a special group")


@dataclass(frozen=True)
class DoorVisit:
    """One door and why: a care visit, a check, a census. ``line_only``: no door that others may see, only a line of the
    worker's day, which is ``done_on`` (today when left out).

    ``outcome`` and ``record_type`` are codes of the lists visit_outcome and service_record_type; ``content`` is the
    worker's line of the day (the record type's name when left out); ``ref_kind`` and ``ref_uid`` name the row that
    the visit was for; from ``revisit_on`` on the door is proposed again, where nobody was met.
    """

    area_id: int
    outcome: str
    record_type: str
    ref_kind: str
    ref_uid: str
    dwelling_id: int | None = None
    household_id: int | None = None
    person_id: int | None = None
    content: str = ""
    note: str = ""
    result: str = "done"
    line_only: bool = False
    done_on: date | None = None
    revisit_on: date | None = None


def door_visited(session: Session, visit: DoorVisit, *, actor: Actor, now: datetime) -> str | None:
    """Tell that a door was visited; returns the uid of the visit that the work log wrote, or None for an actor without
    a staff record and for a mere line of the day. What a receiver raises (DomainError) goes to the caller: nothing is
    half written.
    """
    found = [uid for _receiver, uid in DOOR_VISITED.send(visit, session=session, actor=actor, now=now)]
    return next((uid for uid in found if uid), None)


@dataclass(frozen=True)
class DoorTakenBack:
    """A wrong tap at a door: the row it was for, when it was made, and what was said there before (None: nothing)."""

    ref_kind: str
    ref_uid: str
    at: datetime
    outcome: str | None


def door_taken_back(session: Session, tap: DoorTakenBack, *, actor: Actor) -> None:
    """Tell that what the actor said of a door was a wrong tap: it leaves the worker's day."""
    DOOR_TAKEN_BACK.send(tap, session=session, actor=actor)
