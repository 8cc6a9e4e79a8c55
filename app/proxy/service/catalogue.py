"""The service catalogue: loading the default items, publishing new versions, the version in force on a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from app import seeds
from app.core import search
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid
from app.core.pinyin import spell
from app.proxy.models import ServiceField, ServiceItem, ServiceItemVersion, ServiceMaterial, need_allowed
from app.proxy.rules import kept_cards

# first day of the default catalogue: before any case, so that old cases entered later find a version
FIRST_DAY = date(2020, 1, 1)
REQUIRED = {True: "yes", False: "no", "conditional": "conditional"}
KEPT_AS_IS = (
    "age",
    "who_may_apply",
    "conditions",
    "publicity",
    "legal_basis",
    "grid_worker_steps",
    "renewal",
    "forms_printed",
    "fee",
    "declare_relation",
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
    version.criteria = seeds.read("entitlements")["items"].get(raw["code"], {}).get("criteria")
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
        issuer=raw.get("issuer"),
        note=note,
    )


def pinyin_of(name: str) -> dict[str, str]:
    """``name_pinyin`` and ``name_initials`` of an item's name, for search by typing letters."""
    full, initials = spell(name)
    return {"name_pinyin": full[:200], "name_initials": initials[:80]}


def in_force(day: date) -> tuple[Any, ...]:
    """Criteria of the versions that are offered on a local day."""
    return (
        ServiceItemVersion.state == "published",
        ServiceItemVersion.valid_from <= day,
        (ServiceItemVersion.valid_to.is_(None)) | (ServiceItemVersion.valid_to >= day),
    )


def version_on(session: Session, item_code: str, day: date) -> ServiceItemVersion:
    """The published version of an item on a local day. Raises Invalid when it is not offered then."""
    query = (
        select(ServiceItemVersion)
        .join(ServiceItem)
        .where(ServiceItem.code == item_code, ServiceItem.active, *in_force(day))
        .order_by(ServiceItemVersion.number.desc())
        .options(selectinload(ServiceItemVersion.materials))
    )
    found = session.scalars(query).first()
    if found is None:
        raise Invalid(_("This service is not offered today."), field="item")
    return found


def find_items(session: Session, query: str, day: date, *, limit: int = 60) -> list[ServiceItemVersion]:
    """Offered items in catalogue order; the query is a code, characters of the name, pinyin or initials (lnz)."""
    found = select(ServiceItemVersion).join(ServiceItem).where(ServiceItem.active, *in_force(day))
    words = query.strip()
    if words:
        by_name = search.matching(ServiceItemVersion, ("name", "name_initials", "name_pinyin"), words)
        found = found.where(by_name | search.starts_with(ServiceItem.code, words.upper()))
    found = found.order_by(ServiceItem.seq).limit(limit).options(joinedload(ServiceItemVersion.item))
    return list(session.scalars(found))


def new_draft(session: Session, item: ServiceItem, now: datetime) -> ServiceItemVersion:
    """Copy the newest version as a draft that may be edited; at most one draft an item. Conflict for a second."""
    if any(v.state == "draft" for v in item.versions):
        raise Conflict(_("There is a draft of this service already: edit or publish it."))
    last = max(item.versions, key=lambda v: v.number)
    draft = ServiceItemVersion(
        item_id=item.id,
        number=last.number + 1,
        state="draft",
        valid_from=to_local(now).date() + timedelta(days=1),
        **_copied(last, ServiceItemVersion),
    )
    draft.materials = [ServiceMaterial(**_copied(m, ServiceMaterial)) for m in last.materials]
    draft.fields = [ServiceField(**_copied(f, ServiceField)) for f in last.fields]
    session.add(draft)
    session.flush()
    session.expire(item, ["versions"])
    return draft


OWN = frozenset(
    "id uid number state valid_from valid_to version item_id item_version_id "
    "created_at created_by updated_at updated_by".split()
)


def _copied(row: Any, model: Any) -> dict[str, Any]:
    keys = [a.key for a in model.__mapper__.column_attrs if a.key not in OWN]
    return {key: getattr(row, key) for key in keys}


def publish(
    session: Session, draft: ServiceItemVersion, valid_from: date, now: datetime
) -> ServiceItemVersion:
    """Put a draft in force from a day on; the version before ends the day before. Cases keep what they began with.

    Raises Conflict for what is no draft or begins before the version in force, Invalid for a day in the past or a
    draft without papers.
    """
    if draft.state != "draft":
        raise Conflict(_("This version is published already and stays as it is."))
    if valid_from < to_local(now).date():
        raise Invalid(
            _("A version begins today or later: earlier cases keep the old one."), field="valid_from"
        )
    _check(draft)
    for other in draft.item.versions:
        if other.state == "published" and other.valid_to is None and other is not draft:
            if other.valid_from >= valid_from:
                raise Conflict(_("The version before begins on %(day)s.", day=other.valid_from.isoformat()))
            other.valid_to = valid_from - timedelta(days=1)
    draft.state, draft.valid_from = "published", valid_from
    session.flush()
    return draft


def _check(draft: ServiceItemVersion) -> None:
    if not draft.materials:
        raise Invalid(_("A service asks for at least one paper."), field="materials")
    banned = kept_cards((m.name, m.form) for m in draft.materials if not m.is_authorization)
    if banned:
        raise Invalid(
            _("An ID or bank card is shown and returned, never kept: %(name)s", name=banned[0]),
            field="materials",
        )
    for material in draft.materials:
        need_allowed(material.name, material.issuer, note=material.note)
    if any(m.required == "conditional" and not m.condition for m in draft.materials):
        raise Invalid(_("A conditional paper needs its condition."), field="materials")


def drop_draft(session: Session, draft: ServiceItemVersion) -> None:
    """Give up a draft. Conflict for a published version."""
    if draft.state != "draft":
        raise Conflict(_("This version is published already and stays as it is."))
    for row in (*draft.materials, *draft.fields):
        session.delete(row)
    session.delete(draft)
    session.flush()
