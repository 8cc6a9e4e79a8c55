"""Corrections that somebody else accepts: sensitive fields changed at the door (S4-54)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import ForeignKey, Index, Integer, Select, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import files, scope
from app.core.actor import Actor
from app.core.crypto import EncryptedJson
from app.core.models import BigKey, Instant, StepBase, Table, Versioned, args
from app.registry.models.people import Person, PersonChild, ids_of_seen


class ChangeRequest(PersonChild, Versioned, Table):
    """A correction of identity fields asked for by a grid worker: old and new values, decided by a clerk. The record
    itself changes only when it is accepted; a record that changed meanwhile is shown with both versions.
    """

    __tablename__ = "change_request"
    __table_args__ = args(Index("ix_change_request_state", "state", "id"))

    fields: Mapped[Any] = mapped_column(EncryptedJson("change_request.fields"))
    reason: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(12), default="asked")  # asked accepted declined withdrawn
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[int | None] = mapped_column(Integer)
    decision: Mapped[str | None] = mapped_column(String(200))
    person: Mapped[Person] = relationship()


def _visible_requests(actor: Actor) -> Select[Any]:
    """Uids of the requests whose person the actor sees, for the photos that hang on them."""
    rows = Model.metadata.tables["change_request"]
    return select(rows.c.uid).where(rows.c.id.in_(ids_of_seen("change_request", actor)))


files.owned_by("change_request", _visible_requests)


class ChangeRequestStep(StepBase):
    """Asked, accepted, declined, withdrawn: who and when; visible with the request."""

    __tablename__ = "change_request_step"

    request_id: Mapped[int] = mapped_column(BigKey, ForeignKey("change_request.id"), index=True)

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "request_id", ChangeRequest


scope.guard(
    ChangeRequestStep,
    lambda actor: ChangeRequestStep.request_id.in_(ids_of_seen("change_request", actor)),
    whole_site=True,
)
