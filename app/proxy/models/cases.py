"""A proxy case, its steps, clocks, materials and deliveries."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from flask_appbuilder import Model
from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.areas.models import Area, OrgUnit, Staff
from app.core import files, scope
from app.core.actor import Actor
from app.core.crypto import EncryptedJson
from app.core.models import AreaBound, BigKey, Instant, Record, StepBase, Table, Versioned, args, coded, live
from app.proxy.models.items import ServiceItemVersion
from app.worklog.models import Visit

if TYPE_CHECKING:
    from app.proxy.models.hands import CaseSignature, Custody
    from app.proxy.models.joint import CaseAssist, CaseCallback


class ProxyCase(AreaBound, Record):
    """One service for one person, from booking to archive. The party is kept as a snapshot, so that a person who
    moves never empties the case; an open case moves with its grid. Departments see the cases handed to them.
    """

    __tablename__ = "proxy_case"
    __table_args__ = args(
        Index("ix_proxy_case_department_state", "department_id", "state"),
        Index("ix_proxy_case_state_due", "state", "promise_due_at"),
        Index("ix_proxy_case_decided", "decided_at"),
        Index("ix_proxy_case_opened", "opened_at"),
        Index("ix_proxy_case_staff_booked", "staff_id", "booked_for"),
        # boards read what is open, which stays a tenth of a year's cases and a hundredth of ten years'
        live("area_id", name="ix_proxy_case_open", unique=False, where="closed_at IS NULL"),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    item_version_id: Mapped[int] = mapped_column(BigKey, ForeignKey("service_item_version.id"), index=True)
    person_uid: Mapped[str] = mapped_column(String(36), index=True, info={"merge": "moves"})
    party: Mapped[Any] = mapped_column(EncryptedJson("proxy_case.party"))
    party_name: Mapped[str] = mapped_column(String(50), index=True)
    applicant: Mapped[Any | None] = mapped_column(EncryptedJson("proxy_case.applicant"))
    applicant_relation: Mapped[str | None] = mapped_column(String(40))
    staff_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("staff.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("org_unit.id"))
    visit_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("visit.id"), index=True)
    state: Mapped[str] = mapped_column(String(24), default="booked")
    resume_to: Mapped[str | None] = mapped_column(String(24))
    booked_for: Mapped[date | None] = mapped_column(Date)
    booked_slot: Mapped[str | None] = mapped_column(String(11))
    submitted_to_department: Mapped[bool] = mapped_column(Boolean, default=False)
    step_due_at: Mapped[datetime | None] = mapped_column(Instant)
    step_warn_at: Mapped[datetime | None] = mapped_column(Instant)
    step_provisional: Mapped[bool] = mapped_column(Boolean, default=False)
    promise_due_at: Mapped[datetime | None] = mapped_column(Instant)
    promise_warn_at: Mapped[datetime | None] = mapped_column(Instant)
    promise_provisional: Mapped[bool] = mapped_column(Boolean, default=False)
    result_no: Mapped[str | None] = mapped_column(String(60))
    result_until: Mapped[date | None] = mapped_column(Date)
    outcome: Mapped[str | None] = mapped_column(String(16))  # approved refused withdrawn rejected
    rating: Mapped[str | None] = coded(list_name="satisfaction")
    # answers to the item's own fields: key -> value as `core.extra` keeps them
    answers: Mapped[Any | None] = mapped_column(EncryptedJson("proxy_case.answers"))
    # the resident must come along for a step that nobody can take for somebody else (S3-48)
    is_accompanied: Mapped[bool] = mapped_column(Boolean, default=False)
    relation_flag: Mapped[str | None] = mapped_column(String(16))  # handler cadre declared
    relation_note: Mapped[Any | None] = mapped_column(EncryptedJson("proxy_case.relation_note"))
    resident_trips: Mapped[int] = mapped_column(Integer, default=0)
    worker_trips: Mapped[int] = mapped_column(Integer, default=0)
    hand_overs: Mapped[int] = mapped_column(Integer, default=0)
    returns: Mapped[int] = mapped_column(Integer, default=0)
    supplement_until: Mapped[date | None] = mapped_column(Date)
    suspended_until: Mapped[date | None] = mapped_column(Date)  # last day for which the clocks stand
    accepted_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    delivered_at: Mapped[datetime | None] = mapped_column(Instant)
    used_days: Mapped[int | None] = mapped_column(Integer)  # those that counted, from acceptance to decision
    was_on_time: Mapped[bool | None] = mapped_column(Boolean)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    note: Mapped[str | None] = mapped_column(String(300))

    area: Mapped[Area] = relationship()
    item_version: Mapped[ServiceItemVersion] = relationship()
    staff: Mapped[Staff | None] = relationship()
    department: Mapped[OrgUnit | None] = relationship()
    visit: Mapped[Visit | None] = relationship()
    steps: Mapped[list[CaseStep]] = relationship(back_populates="case", order_by="CaseStep.id")
    clocks: Mapped[list[CaseClock]] = relationship(back_populates="case", order_by="CaseClock.id")
    materials: Mapped[list[CaseMaterial]] = relationship(back_populates="case", order_by="CaseMaterial.seq")
    custody: Mapped[list[Custody]] = relationship(back_populates="case", order_by="Custody.id")
    deliveries: Mapped[list[CaseDelivery]] = relationship(back_populates="case", order_by="CaseDelivery.id")
    signatures: Mapped[list[CaseSignature]] = relationship(back_populates="case", order_by="CaseSignature.id")
    assists: Mapped[list[CaseAssist]] = relationship(back_populates="case", order_by="CaseAssist.id")
    callbacks: Mapped[list[CaseCallback]] = relationship(back_populates="case", order_by="CaseCallback.id")

    def __str__(self) -> str:
        return self.number


def _handed_to(case: Any, actor: Actor) -> Any:
    """The case lies in the actor's areas, was handed to one of the actor's departments, or one of them was asked to
    assist (S0-51).
    """
    if not actor.org_unit_ids:
        return scope.in_scope(case.area_id, actor)
    handed = case.department_id.in_(actor.org_unit_ids)
    assist = Model.metadata.tables["case_assist"]
    assists = select(assist.c.case_id).where(assist.c.org_unit_id.in_(actor.org_unit_ids))
    mine = or_(handed, case.id.in_(assists)) & case.submitted_to_department.is_(True)
    return or_(scope.in_scope(case.area_id, actor), mine)


scope.guard(ProxyCase, lambda actor: _handed_to(ProxyCase, actor))


def _visible_cases(actor: Actor) -> Any:
    case = Model.metadata.tables["proxy_case"]
    return select(case.c.uid).where(_handed_to(case.c, actor), case.c.deleted_at.is_(None))


files.owned_by("proxy_case", _visible_cases)


def _visible_papers(actor: Actor) -> Any:
    """Photos of a paper are there for whoever sees its case, or a case of the same person that reuses the paper."""
    case, paper = (Model.metadata.tables[name] for name in ("proxy_case", "case_material"))
    other, again = case.alias(), paper.alias()
    own = select(case.c.id).where(
        case.c.id == paper.c.case_id, _handed_to(case.c, actor), case.c.deleted_at.is_(None)
    )
    linked = (
        select(again.c.id)
        .select_from(again.join(other, other.c.id == again.c.case_id))
        .where(again.c.source_uid == paper.c.uid, again.c.source == "case")
        .where(_handed_to(other.c, actor), other.c.deleted_at.is_(None))
    )
    return select(paper.c.uid).where(or_(own.exists(), linked.exists()))


def _reused_papers(since: datetime) -> Any:
    again = Model.metadata.tables["case_material"].alias()
    return select(again.c.source_uid).where(again.c.source == "case", again.c.collected_at >= since)


files.owned_by("case_material", _visible_papers)
files.needed_by("case_material", _reused_papers)


class CaseChild:
    """Row of a case; visible with it."""

    case_id: Mapped[int] = mapped_column(BigKey, ForeignKey("proxy_case.id"), index=True, sort_order=-9)

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "case_id", ProxyCase


def _case_children(actor: Actor) -> Any:
    case = Model.metadata.tables["proxy_case"]
    ids = select(case.c.id).where(_handed_to(case.c, actor))
    return lambda cls: cls.case_id.in_(ids)


scope.guard(CaseChild, _case_children)


class CaseStep(CaseChild, StepBase):
    """One transition; ``data`` holds what the step needed (lists of missing materials, remedies, method)."""

    __tablename__ = "case_step"

    data: Mapped[Any | None] = mapped_column(EncryptedJson("case_step.data"))
    case: Mapped[ProxyCase] = relationship(back_populates="steps")


class CaseClock(CaseChild, Versioned, Table):
    """A clock of a case: a step clock, the statutory limit or the promise. It pauses for recorded reasons only and
    never restarts; ``provisional`` marks a due time computed where the calendar has no data yet (暂估).
    """

    __tablename__ = "case_clock"
    __table_args__ = args(Index("ix_case_clock_open_due", "stopped_at", "due_at"))

    kind: Mapped[str] = mapped_column(String(16))  # collect submit precheck deliver correct statutory promise
    started_at: Mapped[datetime] = mapped_column(Instant)
    amount: Mapped[int] = mapped_column(Integer)
    unit: Mapped[str] = mapped_column(String(12))
    due_at: Mapped[datetime] = mapped_column(Instant)
    warn_at: Mapped[datetime] = mapped_column(Instant)
    provisional: Mapped[bool] = mapped_column(Boolean, default=False)
    calendar_version: Mapped[str] = mapped_column(String(40), default="")
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)
    case: Mapped[ProxyCase] = relationship(back_populates="clocks")
    pauses: Mapped[list[ClockPause]] = relationship(back_populates="clock", order_by="ClockPause.id")


class ClockPause(CaseChild, Table):
    """A pause with its reason (supplement, public notice, assessment, suspension, withdrawal); a wait for an agreed day
    has its end from the beginning.
    """

    __tablename__ = "clock_pause"

    clock_id: Mapped[int] = mapped_column(BigKey, ForeignKey("case_clock.id"), index=True)
    reason: Mapped[str] = mapped_column(String(24))
    from_at: Mapped[datetime] = mapped_column(Instant)
    to_at: Mapped[datetime | None] = mapped_column(Instant)
    clock: Mapped[CaseClock] = relationship(back_populates="pauses")


class CaseMaterial(CaseChild, Versioned, Table):
    """A material of the case: asked, collected, verified and returned, waived, missing; the department's mark."""

    __tablename__ = "case_material"
    __table_args__ = args(UniqueConstraint("case_id", "seq"), Index("ix_case_material_source", "source_uid"))

    seq: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(120))
    form: Mapped[str] = mapped_column(String(12))
    copies: Mapped[int] = mapped_column(Integer, default=1)
    required: Mapped[bool] = mapped_column(Boolean, default=True)
    # None: nobody has answered the condition yet. No default here: an ORM default would turn that None into a yes
    applies: Mapped[bool | None] = mapped_column(Boolean)
    condition: Mapped[str | None] = mapped_column(String(200))
    is_authorization: Mapped[bool] = mapped_column(Boolean, default=False)
    share_exempt: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[str] = mapped_column(String(12), default="asked")  # asked collected shared waived
    mark: Mapped[str | None] = mapped_column(String(12))  # department: ok bad
    mark_note: Mapped[str | None] = mapped_column(String(200))
    issuer: Mapped[str | None] = mapped_column(String(40))
    # where a paper came from that nobody had to hand over again: registry, an earlier case, data sharing
    source: Mapped[str | None] = mapped_column(String(12))
    source_uid: Mapped[str | None] = mapped_column(String(36))
    source_note: Mapped[str | None] = mapped_column(String(200))
    valid_until: Mapped[date | None] = mapped_column(Date)
    collected_at: Mapped[datetime | None] = mapped_column(Instant)
    note: Mapped[str | None] = mapped_column(String(200))
    case: Mapped[ProxyCase] = relationship(back_populates="materials")


class CaseDelivery(CaseChild, Table):
    """An attempt to hand the result over: by whom, in which way; ``details``: witnesses, copies, how it was signed."""

    __tablename__ = "case_delivery"

    at: Mapped[datetime] = mapped_column(Instant)
    way: Mapped[str] = mapped_column(String(12))  # hand proxy mail window left
    success: Mapped[bool] = mapped_column(Boolean)
    recipient: Mapped[str | None] = mapped_column(String(50))
    recipient_relation: Mapped[str | None] = mapped_column(String(40))
    place: Mapped[str | None] = mapped_column(String(160))
    reason: Mapped[str | None] = mapped_column(Text)
    signature_uid: Mapped[str | None] = mapped_column(String(36))
    photo_uid: Mapped[str | None] = mapped_column(String(36))
    staff_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("staff.id"))
    details: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    case: Mapped[ProxyCase] = relationship(back_populates="deliveries")
    staff: Mapped[Staff | None] = relationship()
