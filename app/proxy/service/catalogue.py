"""The service catalogue: loading the default items, publishing new versions, the version in force on a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from pypinyin import Style, lazy_pinyin
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app import seeds
from app.core import clock
from app.core.errors import Conflict, NotFound
from app.proxy.models import ServiceItem, ServiceItemVersion, ServiceMaterial

# first day of the default catalogue: before any case, so that old cases entered later find a version
FIRST_DAY = date(2020, 1, 1)
REQUIRED = {True: "yes", False: "no", "conditional": "conditional"}
KEPT_AS_IS = (
    "who_may_apply",
    "conditions",
    "publicity",
    "legal_basis",
    "grid_worker_steps",
    "renewal",
    "forms_printed",
    "fee",
    "note",
)


def load_catalogue(session: Session) -> int:
    """Add the default items that are missing; never touches an item that a site already has. Returns how many."""
    known = set(session.scalars(select(ServiceItem.code)))
    added = 0
    for raw in seeds.read("proxy_services")["items"]:
        if raw["code"] not in known:
            item = ServiceItem(code=raw["code"], seq=raw["seq"])
            item.versions.append(_version(raw))
            session.add(item)
            added += 1
    session.flush()
    return added


def _version(raw: dict[str, Any]) -> ServiceItemVersion:
    limit, result, delivery = raw["statutory_limit"], raw["result_document"], raw["delivery"]
    version = ServiceItemVersion(
        number=1,
        state="published",
        valid_from=FIRST_DAY,
        name=raw["name_zh"],
        **pinyin_of(raw["name_zh"]),
        name_en=raw["name_en"],
        department_code=raw["department"]["code"],
        department_name=raw["department"]["zh"],
        kind=raw["kind"],
        audience=raw["audience"],
        statutory_days=limit["work_days"],
        statutory_text=limit.get("text"),
        statutory_placeholder=bool(limit.get("placeholder")),
        promised_days=raw["promised_work_days"],
        publicity_days=raw.get("publicity", {}).get("days"),
        person_must_appear=raw["person_must_appear"],
        result_type=result["type"],
        result_name=result["name"],
        delivery_needed=delivery["needed"],
        delivery_mode=delivery["mode"],
        sensitivity=raw["sensitivity"],
        confidence=raw["confidence"],
        source=raw["mark"],
        more={key: raw[key] for key in KEPT_AS_IS if key in raw},
    )
    version.materials = [_material(n, m) for n, m in enumerate(raw["materials"], 1)]
    return version


def _material(seq: int, raw: dict[str, Any]) -> ServiceMaterial:
    note = raw.get("note")
    return ServiceMaterial(
        seq=seq,
        name=raw["name"],
        form=raw["form"],
        copies=raw["copies"],
        required=REQUIRED[raw["required"]],
        condition=raw.get("when"),
        share_exempt=bool(raw.get("share_exempt")),
        is_authorization="F10" in (note or ""),
        note=note,
    )


def pinyin_of(name: str) -> dict[str, str]:
    """``name_pinyin`` and ``name_initials`` of a Chinese name, for search by typing letters."""
    return {
        "name_pinyin": "".join(lazy_pinyin(name))[:200].lower(),
        "name_initials": "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))[:80].lower(),
    }


def version_on(session: Session, item_code: str, day: date) -> ServiceItemVersion:
    """The published version of an item on a local day. Raises NotFound when there is none."""
    query = (
        select(ServiceItemVersion)
        .join(ServiceItem)
        .where(ServiceItem.code == item_code, ServiceItem.active, ServiceItemVersion.state == "published")
        .where(ServiceItemVersion.valid_from <= day)
        .where((ServiceItemVersion.valid_to.is_(None)) | (ServiceItemVersion.valid_to >= day))
        .order_by(ServiceItemVersion.number.desc())
        .options(selectinload(ServiceItemVersion.materials))
    )
    found = session.scalars(query).first()
    if found is None:
        raise NotFound()
    return found


def new_draft(session: Session, item: ServiceItem) -> ServiceItemVersion:
    """Copy the newest version as a draft that may be edited; at most one draft an item (S3 catalogue care)."""
    if any(v.state == "draft" for v in item.versions):
        raise Conflict()
    last = max(item.versions, key=lambda v: v.number)
    skip = {"id", "uid", "number", "state", "valid_from", "valid_to", "version", "item_id"}
    skip |= {"created_at", "created_by", "updated_at", "updated_by"}
    columns = [a.key for a in ServiceItemVersion.__mapper__.column_attrs if a.key not in skip]
    draft = ServiceItemVersion(
        item_id=item.id,
        number=last.number + 1,
        state="draft",
        valid_from=clock.today(),
        **{key: getattr(last, key) for key in columns},
    )
    for m in last.materials:
        keys = [
            a.key for a in ServiceMaterial.__mapper__.column_attrs if a.key not in skip | {"item_version_id"}
        ]
        draft.materials.append(ServiceMaterial(**{k: getattr(m, k) for k in keys}))
    session.add(draft)
    session.flush()
    return draft


def publish(session: Session, draft: ServiceItemVersion, valid_from: date) -> ServiceItemVersion:
    """Put a draft in force from a day on; the version before ends the day before. Cases keep what they began with."""
    if draft.state != "draft":
        raise Conflict()
    for other in draft.item.versions:
        if other.state == "published" and other.valid_to is None and other is not draft:
            if other.valid_from >= valid_from:
                raise Conflict()
            other.valid_to = valid_from - timedelta(days=1)
    draft.state, draft.valid_from = "published", valid_from
    session.flush()
    return draft
