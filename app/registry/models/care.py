"""Visits to members of special groups: append-only, each with the state found and the next day (standards 1.5)."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Date, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import scope
from app.core.actor import Actor
from app.core.crypto import EncryptedJson
from app.core.models import AppendOnly, BigKey, Table, coded
from app.registry.models.closed import open_to
from app.registry.models.people import PersonGroup, ids_of_seen


class GroupVisit(AppendOnly, Table):
    """One visit to a member of a special group: when it was due, when and how it was made, what was found. The fields
    of the group's own form that change are taken down again; a wrong entry is answered by another one.
    """

    __tablename__ = "group_visit"

    group_id: Mapped[int] = mapped_column(BigKey, ForeignKey("person_group.id"), index=True)
    planned_on: Mapped[date | None] = mapped_column(Date)
    visited_on: Mapped[date] = mapped_column(Date)
    next_visit_on: Mapped[date | None] = mapped_column(Date)
    way: Mapped[str] = coded(list_name="visit_outcome", nullable=False)
    companions: Mapped[str | None] = mapped_column(String(120))
    by_user: Mapped[int | None] = mapped_column(Integer)
    by_label: Mapped[str] = mapped_column(String(80), default="")
    details: Mapped[Any | None] = mapped_column(EncryptedJson("group_visit.details"))
    visit_uid: Mapped[str | None] = mapped_column(String(36), index=True)
    group: Mapped[PersonGroup] = relationship()

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "group_id", PersonGroup


def _visits(actor: Actor) -> Any:
    """Visits of the groups that the actor may see: level 5 by named grant only."""
    group = Model.metadata.tables["person_group"]
    return GroupVisit.group_id.in_(ids_of_seen("person_group", actor).where(open_to(group.c, actor)))


scope.guard(GroupVisit, _visits)
