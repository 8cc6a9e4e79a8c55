"""Fields that an administrator has added, and the mixin of the records that may have them."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import Model
from sqlalchemy import JSON, Boolean, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app.core.crypto import EncryptedJson
from app.core.models import BigKey, Keyed, Period, Table, Versioned, args


class ExtraField(Period, Versioned, Table):
    """A field of one kind of record (``subject`` is its table). ``key`` never changes and is never given again.

    ``kind`` is one of text number date choice yes_no. Level L1 to L3 stand in the open store of the record, L4 and L5 in
    the closed one. Without rows in ``areas`` the field is asked everywhere; ``valid_from``/``valid_to`` say from when and
    until when it is asked; what was answered before stays readable.
    """

    __tablename__ = "extra_field"
    __table_args__ = args(UniqueConstraint("subject", "key"))

    subject: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(24))
    label: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(8))
    code_list: Mapped[str | None] = mapped_column(String(40))
    is_required: Mapped[bool] = mapped_column(Boolean, default=False)
    level: Mapped[str] = mapped_column(String(2), default="L3")
    help: Mapped[str | None] = mapped_column(String(160))
    seq: Mapped[int] = mapped_column(Integer, default=0)
    in_list: Mapped[bool] = mapped_column(Boolean, default=False)
    areas: Mapped[list[ExtraFieldArea]] = relationship(
        back_populates="field", cascade="all, delete-orphan", order_by="ExtraFieldArea.id"
    )

    def __str__(self) -> str:
        return self.label


class ExtraFieldArea(Keyed, Model):
    """An area (with all below it) in which a custom field is asked."""

    __tablename__ = "extra_field_area"
    __table_args__ = args(UniqueConstraint("field_id", "area_id"))

    field_id: Mapped[int] = mapped_column(BigKey, ForeignKey("extra_field.id"))
    area_id: Mapped[int] = mapped_column(BigKey, ForeignKey("area.id"), index=True)
    field: Mapped[ExtraField] = relationship(back_populates="areas")


class Extra:
    """A record that may have custom fields: {key: value}, in the open up to L3, encrypted from L4 on."""

    extra: Mapped[Any | None] = mapped_column(
        JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql"), sort_order=88
    )

    @declared_attr
    def extra_closed(cls) -> Mapped[Any | None]:
        return mapped_column(
            EncryptedJson(f"{cls.__tablename__}.extra_closed"),  # type: ignore[attr-defined]
            nullable=True,
            sort_order=89,
        )
