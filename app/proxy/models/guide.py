"""The guide: every service of the county with how it is done; the proxied ones are few of them (S3-45, S3-46)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.models import BigKey, Record, args, live
from app.proxy.models.items import ServiceItem


class GuideItem(Record):
    """How one service is done, in one edition; the edition before stays readable. Limits are working days."""

    __tablename__ = "guide_item"
    __table_args__ = args(live("code", "edition", name="uq_guide_item_live"))

    code: Mapped[str] = mapped_column(String(40), index=True)
    edition: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(120))
    name_pinyin: Mapped[str | None] = mapped_column(String(240))
    name_initials: Mapped[str | None] = mapped_column(String(120), index=True)
    department_code: Mapped[str | None] = mapped_column(String(8), index=True)
    department_name: Mapped[str] = mapped_column(String(40))
    topic: Mapped[str | None] = mapped_column(String(40))
    level: Mapped[str | None] = mapped_column(String(40))
    audience: Mapped[str | None] = mapped_column(String(200))
    conditions: Mapped[str | None] = mapped_column(Text)
    materials: Mapped[str | None] = mapped_column(Text)
    steps: Mapped[str | None] = mapped_column(Text)
    statutory_days: Mapped[int | None] = mapped_column(Integer)
    promised_days: Mapped[int | None] = mapped_column(Integer)
    fee: Mapped[str | None] = mapped_column(String(120))
    place: Mapped[str | None] = mapped_column(String(160))
    hours: Mapped[str | None] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(60))
    online: Mapped[str | None] = mapped_column(String(200))
    basis: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(String(200))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    service_item_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("service_item.id"), index=True)
    service_item: Mapped[ServiceItem | None] = relationship()

    def __str__(self) -> str:
        return self.name
