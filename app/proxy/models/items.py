"""The service catalogue: items and their versions; a case keeps the version it began with."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Date,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
    event,
    inspect,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.orm.attributes import get_history

from app.core.errors import Conflict
from app.core.models import BigKey, Table, Versioned, args


class ServiceItem(Versioned, Table):
    """One proxied service (MZ-01 …): the lasting identity; what it demands stands in its versions."""

    __tablename__ = "service_item"

    code: Mapped[str] = mapped_column(String(12), unique=True)
    seq: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    versions: Mapped[list[ServiceItemVersion]] = relationship(
        back_populates="item", order_by="ServiceItemVersion.number"
    )

    def __str__(self) -> str:
        return self.code


class ServiceItemVersion(Versioned, Table):
    """What an item demands from a day on. Published versions are never edited: an edit makes the next one.

    Limits are working days; ``statutory_placeholder`` marks a number that is to be replaced locally. ``more``
    keeps the rest of the catalogue entry (steps, legal basis, printed forms, renewal, conditions).
    """

    __tablename__ = "service_item_version"
    __table_args__ = args(UniqueConstraint("item_id", "number"))

    item_id: Mapped[int] = mapped_column(BigKey, ForeignKey("service_item.id"))
    number: Mapped[int] = mapped_column(Integer, default=1)
    state: Mapped[str] = mapped_column(String(12), default="published")  # draft published retired
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    name: Mapped[str] = mapped_column(String(80))
    name_pinyin: Mapped[str | None] = mapped_column(String(200))
    name_initials: Mapped[str | None] = mapped_column(String(80), index=True)
    name_en: Mapped[str | None] = mapped_column(String(120))
    department_code: Mapped[str] = mapped_column(String(8))
    department_name: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(16))
    audience: Mapped[str | None] = mapped_column(String(200))
    statutory_days: Mapped[int | None] = mapped_column(Integer)
    statutory_text: Mapped[str | None] = mapped_column(String(200))
    statutory_placeholder: Mapped[bool] = mapped_column(Boolean, default=False)
    promised_days: Mapped[int | None] = mapped_column(Integer)
    publicity_days: Mapped[int | None] = mapped_column(Integer)
    person_must_appear: Mapped[str] = mapped_column(String(24), default="no")
    result_type: Mapped[str | None] = mapped_column(String(24))
    result_name: Mapped[str | None] = mapped_column(String(80))
    delivery_needed: Mapped[bool] = mapped_column(Boolean, default=True)
    delivery_mode: Mapped[str] = mapped_column(String(12), default="door")
    sensitivity: Mapped[str] = mapped_column(String(2), default="L3")
    confidence: Mapped[str | None] = mapped_column(String(8))
    source: Mapped[str | None] = mapped_column(Text)
    # who checks and decides: the county's department, or the window of the town to which it was delegated
    checked_by: Mapped[str] = mapped_column(String(12), default="department")
    assisting: Mapped[Any | None] = mapped_column(
        JSON(none_as_null=True)
    )  # department codes asked along (S0-51)
    limits: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))  # step clock -> [amount, unit]
    # who qualifies: what `rules/entitlement.py` reads; None where nobody can tell from data
    criteria: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    more: Mapped[Any] = mapped_column(JSON, default=dict)

    item: Mapped[ServiceItem] = relationship(back_populates="versions")
    materials: Mapped[list[ServiceMaterial]] = relationship(
        back_populates="version_of", order_by="ServiceMaterial.seq"
    )
    fields: Mapped[list[ServiceField]] = relationship(
        back_populates="version_of", order_by="ServiceField.seq"
    )

    def __str__(self) -> str:
        return self.name


class ServiceMaterial(Table):
    """A paper an item asks for: form check/copy/check_copy/original/form/photo/declare; required yes/no/conditional."""

    __tablename__ = "service_material"

    item_version_id: Mapped[int] = mapped_column(BigKey, ForeignKey("service_item_version.id"), index=True)
    seq: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(120))
    form: Mapped[str] = mapped_column(String(12))
    copies: Mapped[int] = mapped_column(Integer, default=1)
    required: Mapped[str] = mapped_column(String(12), default="yes")  # yes no conditional
    condition: Mapped[str | None] = mapped_column(String(200))
    share_exempt: Mapped[bool] = mapped_column(Boolean, default=False)
    is_authorization: Mapped[bool] = mapped_column(Boolean, default=False)
    # who issues it: a proof of the forbidden kinds by a community can never be asked for (MCA 2020 no. 20)
    issuer: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(String(200))
    version_of: Mapped[ServiceItemVersion] = relationship(back_populates="materials")

    def __str__(self) -> str:
        return self.name


class ServiceField(Table):
    """A question of the item's own, answered once in a case (amount of income, grade wanted); asked when ``at`` comes."""

    __tablename__ = "service_field"
    __table_args__ = args(UniqueConstraint("item_version_id", "key"))

    item_version_id: Mapped[int] = mapped_column(BigKey, ForeignKey("service_item_version.id"), index=True)
    seq: Mapped[int] = mapped_column(Integer)
    key: Mapped[str] = mapped_column(String(24))
    label: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(12))  # text decimal date code bool
    code_list: Mapped[str | None] = mapped_column(String(40))
    is_required: Mapped[bool] = mapped_column(Boolean, default=False)
    at: Mapped[str] = mapped_column(String(12), default="collect")  # collect accept approve
    hint: Mapped[str | None] = mapped_column(String(160))
    version_of: Mapped[ServiceItemVersion] = relationship(back_populates="fields")

    def __str__(self) -> str:
        return self.label


# --- published versions stay as they are: a case points at one for ever ---------------------------------------------

# a later version ends the one before; nothing else of a published version may change
MAY_CHANGE = frozenset({"state", "valid_to", "version", "updated_at", "updated_by"})
FIXED = _("This version is published already and stays as it is. Make a new draft.")


def _was(row: ServiceItemVersion, name: str) -> Any:
    history = get_history(row, name)
    return (history.deleted or history.unchanged or (None,))[0]


@event.listens_for(ServiceItemVersion, "before_update")
def _keep_version(_mapper: Any, connection: Connection, row: ServiceItemVersion) -> None:
    """Nothing of a published version changes but its end. Who qualifies may be added once, where nothing was said:
    it advises, and no case keeps it (`service.entitlement.load_criteria`).
    """
    if _was(row, "state") == "draft":
        return
    changed = {a.key for a in inspect(row).attrs if a.history.has_changes()}
    if "criteria" in changed:
        said = select(ServiceItemVersion.criteria).where(ServiceItemVersion.id == row.id)
        changed -= {"criteria"} if connection.scalar(said) is None else set()
    if (changed & set(inspect(type(row)).column_attrs.keys())) - MAY_CHANGE or row.state == "draft":
        raise Conflict(FIXED)


@event.listens_for(ServiceItemVersion, "before_delete")
def _keep_row(_mapper: Any, _connection: Any, row: ServiceItemVersion) -> None:
    if _was(row, "state") != "draft":
        raise Conflict(FIXED)


@event.listens_for(ServiceMaterial, "before_insert")
@event.listens_for(ServiceMaterial, "before_update")
@event.listens_for(ServiceMaterial, "before_delete")
@event.listens_for(ServiceField, "before_insert")
@event.listens_for(ServiceField, "before_update")
@event.listens_for(ServiceField, "before_delete")
def _keep_papers(_mapper: Any, connection: Connection, row: ServiceMaterial | ServiceField) -> None:
    version = row.version_of
    if version is not None and not inspect(version).persistent:
        return  # a new version brings its papers along
    keys = {row.item_version_id, *(k for k in get_history(row, "item_version_id").deleted if k)}
    states = connection.execute(
        select(ServiceItemVersion.state).where(ServiceItemVersion.id.in_(keys))
    ).scalars()
    if any(state != "draft" for state in states):
        raise Conflict(FIXED)
