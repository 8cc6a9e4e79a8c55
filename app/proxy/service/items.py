"""A service that the default catalogue does not have: its code for good, and the first draft of what it demands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.areas.models import OrgUnit
from app.core.clock import to_local
from app.core.errors import Invalid
from app.proxy.models import ServiceItem, ServiceItemVersion, ServiceMaterial
from app.proxy.rules import check_item_code
from app.proxy.service.catalogue import pinyin_of


def begin_item(
    session: Session, item: ServiceItem, now: datetime, *, name: str, department_code: str, kind: str
) -> ServiceItemVersion:
    """Give a new item its first draft; nothing is offered before that is published. The letter of authorisation is asked
    for as in every other service.

    Raises Invalid for a code that is none or is taken, a name or a department that is missing or unknown.
    """
    with session.no_autoflush:  # the item is not whole yet
        item.code = check_item_code(item.code)
        if session.scalar(
            select(ServiceItem.id).where(ServiceItem.code == item.code, ServiceItem.id != item.id)
        ):
            raise Invalid(_("There is a service with this code already."), field="code")
        if not name.strip():
            raise Invalid(_("Please fill this in."), field="name")
        code = department_code.strip().upper()
        unit = session.scalars(
            select(OrgUnit).where(OrgUnit.department_code == code).order_by(OrgUnit.path).limit(1)
        ).first()
        if unit is None:
            raise Invalid(_("There is no department with the code %(code)s.", code=code), field="department")
        if not item.seq:
            item.seq = (session.scalar(select(func.max(ServiceItem.seq))) or 0) + 1
        letter = _letter(session)
    draft = ServiceItemVersion(
        item=item,
        number=1,
        state="draft",
        valid_from=to_local(now).date() + timedelta(days=1),
        name=name.strip()[:80],
        **pinyin_of(name.strip()),
        department_code=code,
        department_name=(unit.short_name or unit.name)[:40],
        kind=kind,
        more={},
    )
    draft.materials = letter
    session.add(draft)
    return draft


def _letter(session: Session) -> list[ServiceMaterial]:
    """The letter of authorisation as the catalogue words it."""
    query = (
        select(ServiceMaterial).where(ServiceMaterial.is_authorization.is_(True)).order_by(ServiceMaterial.id)
    )
    known = session.scalars(query.limit(1)).first()
    if known is None:
        return []
    same: dict[str, Any] = {
        key: getattr(known, key) for key in ("name", "form", "copies", "required", "note")
    }
    return [ServiceMaterial(seq=1, is_authorization=True, **same)]
