"""Staff and post holders: who does what where, from when to when (S0-22, S0-23, S1-46, S3-12, S4-34, S4-38)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from app.areas.models.tree import Area, AreaLevel, OrgUnit
from app.core.crypto import EncryptedText, blind
from app.core.models import BigKey, Deletable, Period, Record, Scoped, Table, Versioned, args, coded


class Staff(Scoped, Record):
    """Somebody who works in or for a grid: employees, but also volunteers, backbone residents and dibao
    recipients without an account (S4-38). Welfare status never stands here. ``person_uid`` points at the registry.
    """

    __tablename__ = "staff"

    name: Mapped[str] = mapped_column(String(50), index=True)
    name_pinyin: Mapped[str | None] = mapped_column(String(120))
    name_initials: Mapped[str | None] = mapped_column(String(40), index=True)
    kind: Mapped[str] = coded(list_name="staff_kind", nullable=False)
    sex: Mapped[str | None] = coded(list_name="gender")
    phone: Mapped[str | None] = mapped_column(EncryptedText("staff.phone"))
    phone_index: Mapped[str | None] = mapped_column(String(32), index=True)
    office_phone: Mapped[str | None] = mapped_column(String(40))
    person_uid: Mapped[str | None] = mapped_column(String(36), index=True, info={"merge": "moves"})
    org_unit_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("org_unit.id"), index=True)
    note: Mapped[str | None] = mapped_column(String(300))

    area: Mapped[Area] = relationship()
    org_unit: Mapped[OrgUnit | None] = relationship()
    posts: Mapped[list[Post]] = relationship(back_populates="staff", order_by="Post.id")

    @validates("phone")
    def _index_phone(self, _key: str, value: str | None) -> str | None:
        self.phone_index = blind("phone", value)
        return value

    def __str__(self) -> str:
        return self.name


class GridGroup(Scoped, Record):
    """A team covering one or more grids (网格组, S1-19)."""

    __tablename__ = "grid_group"

    name: Mapped[str] = mapped_column(String(80))
    area: Mapped[Area] = relationship()
    members: Mapped[list[GridGroupArea]] = relationship(back_populates="group")

    def __str__(self) -> str:
        return self.name


class GridGroupArea(Scoped, Period, Table):
    """A grid covered by a group for a time."""

    __tablename__ = "grid_group_area"

    group_id: Mapped[int] = mapped_column(BigKey, ForeignKey("grid_group.id"), index=True)
    group: Mapped[GridGroup] = relationship(back_populates="members")
    area: Mapped[Area] = relationship()


class Post(Scoped, Period, Versioned, Deletable, Table):
    """One person holds one position in one place for a time. ``role`` gives rights in the system, ``position``
    is the title of a role scheme (grid chief, mediator …). Several posts may stand beside each other.
    """

    __tablename__ = "post"
    __table_args__ = args(
        CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to", name="period"),
        Index("ix_post_area_position", "area_id", "position"),
    )

    staff_id: Mapped[int] = mapped_column(BigKey, ForeignKey("staff.id"), index=True)
    role: Mapped[str | None] = mapped_column(String(40))
    position: Mapped[str] = coded(list_name="grid_role", nullable=False)
    grid_group_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("grid_group.id"))
    org_unit_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("org_unit.id"), index=True)
    worker_no: Mapped[int | None] = mapped_column(Integer)
    employment: Mapped[str] = coded(list_name="employment_kind", default="full_time", nullable=False)
    is_station_leader: Mapped[bool] = mapped_column(Boolean, default=False)
    is_first_responsible: Mapped[bool] = mapped_column(Boolean, default=False)
    end_reason: Mapped[str | None] = mapped_column(String(120))

    staff: Mapped[Staff] = relationship(back_populates="posts")
    area: Mapped[Area] = relationship()
    grid_group: Mapped[GridGroup | None] = relationship()
    org_unit: Mapped[OrgUnit | None] = relationship()
    duties: Mapped[list[PostDuty]] = relationship(back_populates="post")


class PostDuty(Scoped, Period, Table):
    """A duty tagged with a work domain (一岗多责, S0-23; domains S4-13…18, S4-40/41)."""

    __tablename__ = "post_duty"

    post_id: Mapped[int] = mapped_column(BigKey, ForeignKey("post.id"), index=True)
    domain: Mapped[str] = coded(list_name="work_domain", nullable=False)
    task: Mapped[str | None] = mapped_column(String(200))
    post: Mapped[Post] = relationship(back_populates="duties")


class RoleScheme(Versioned, Table):
    """一格五员, 七员三协, 三长 as data: which seats an area of a level should have filled (S1-46, S3-12, S4-34)."""

    __tablename__ = "role_scheme"

    key: Mapped[str] = mapped_column(String(24), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    source: Mapped[str | None] = mapped_column(String(120))
    level_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("area_level.id"))
    area_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("area.id"))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    seats: Mapped[list[RoleSchemeSeat]] = relationship(back_populates="scheme", order_by="RoleSchemeSeat.id")
    level: Mapped[AreaLevel | None] = relationship()
    area: Mapped[Area | None] = relationship()

    def __str__(self) -> str:
        return self.name


class RoleSchemeSeat(Table):
    """A seat of a scheme: the position and how many are needed."""

    __tablename__ = "role_scheme_seat"
    __table_args__ = args(UniqueConstraint("scheme_id", "position"))

    scheme_id: Mapped[int] = mapped_column(BigKey, ForeignKey("role_scheme.id"))
    position: Mapped[str] = coded(list_name="grid_role", nullable=False)
    needed: Mapped[int] = mapped_column(Integer, default=1)
    scheme: Mapped[RoleScheme] = relationship(back_populates="seats")


class SensitiveGrant(Scoped, Period, Table):
    """Named grant for a special group of level L5 in an area, with its reason (guards, section 3)."""

    __tablename__ = "sensitive_grant"

    staff_id: Mapped[int] = mapped_column(BigKey, ForeignKey("staff.id"), index=True)
    group_code: Mapped[str] = coded(list_name="special_group", nullable=False)
    reason: Mapped[str] = mapped_column(String(200))
    staff: Mapped[Staff] = relationship()
    area: Mapped[Any] = relationship(Area)
