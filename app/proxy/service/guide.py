"""The guide of all services: one current edition for each code, the ones before stay readable (S3-45, S3-46)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import seeds
from app.core.errors import Conflict, Invalid
from app.core.pinyin import spell
from app.proxy.models import GuideItem, ServiceItem
from app.proxy.service.catalogue import FIRST_DAY

LONGEST_LIMIT = 1000  # working days
LONG = ("conditions", "materials", "steps", "basis")  # texts that no list loads


def settle(session: Session, item: GuideItem) -> None:
    """Make an entry fit for storing: its name spelled for the search, tied to the proxied service of the same code, and,
    where it is a new current edition, in the place of the one before, which ends the day before.

    Raises Invalid for days that cannot be, Conflict where a later edition of the code is in force.
    """
    _check(item)
    _need_new(session, item)
    full, initials = spell(item.name)
    item.name_pinyin, item.name_initials = full[:240], initials[:120]
    if item.service_item_id is None:
        known = select(ServiceItem.id).where(ServiceItem.code == item.code)
        item.service_item_id = session.scalars(known).first()
    if item.valid_to is None:
        _supersede(session, item)


def _check(item: GuideItem) -> None:
    if item.valid_to is not None and item.valid_to < item.valid_from:
        raise Invalid(_("The last day lies before the first one."), field="valid_to")
    for name in ("statutory_days", "promised_days"):
        days = getattr(item, name)
        if days is not None and not 0 <= days <= LONGEST_LIMIT:
            text = _("A limit is between 0 and %(most)s working days.", most=LONGEST_LIMIT)
            raise Invalid(text, field=name)
    statutory, promised = item.statutory_days, item.promised_days
    # what is decided on the spot (0) may be promised later: somebody carries it there and back
    if statutory and promised is not None and promised > statutory:
        raise Invalid(_("The promised limit is longer than the statutory one."), field="promised_days")


def _need_new(session: Session, item: GuideItem) -> None:
    same = select(GuideItem.id).where(GuideItem.code == item.code, GuideItem.edition == item.edition)
    with session.no_autoflush:
        known = session.scalars(same).all()
    if any(key != item.id for key in known):
        raise Conflict(_("There is an entry of this code in this edition already."), field="edition")


def _supersede(session: Session, item: GuideItem) -> None:
    query = select(GuideItem).where(
        GuideItem.code == item.code, GuideItem.valid_to.is_(None), GuideItem.edition != item.edition
    )
    with session.no_autoflush:
        others = [row for row in session.scalars(query) if row is not item]
    for other in others:
        if other.valid_from >= item.valid_from:
            text = _(
                "Edition %(edition)s of this code is in force from %(day)s: a newer one begins later.",
                edition=other.edition,
                day=other.valid_from.isoformat(),
            )
            raise Conflict(text, field="valid_from")
        other.valid_to = item.valid_from - timedelta(days=1)


def editions_of(session: Session, item: GuideItem) -> list[GuideItem]:
    """All editions of an entry's code, the newest first."""
    query = select(GuideItem).where(GuideItem.code == item.code).order_by(GuideItem.valid_from.desc())
    return list(session.scalars(query.order_by(GuideItem.id.desc())))


# --- the default entries ----------------------------------------------------------------------------------------------


def load_guide(session: Session, *, day: date = FIRST_DAY) -> int:
    """Entries for the default services whose code has none; returns how many. A site's own entries are never touched."""
    words = seeds.read("guide")
    known = set(session.scalars(select(GuideItem.code).execution_options(with_deleted=True)))
    items = {row.code: row.id for row in session.scalars(select(ServiceItem))}
    made = 0
    for raw in seeds.read("proxy_services")["items"]:
        if raw["code"] in known or raw["code"] not in items:
            continue
        entry = GuideItem(service_item_id=items[raw["code"]], valid_from=day, **_entry(raw, words))
        settle(session, entry)
        session.add(entry)
        made += 1
    session.flush()
    return made


def _entry(raw: dict[str, Any], words: dict[str, Any]) -> dict[str, Any]:
    limit = raw["statutory_limit"]
    return {
        "code": raw["code"],
        "edition": words["edition"],
        "name": raw["name_zh"],
        "department_code": raw["department"]["code"],
        "department_name": raw["department"]["zh"],
        "topic": words["topic"],
        "level": words["level"],
        "audience": raw["audience"],
        "conditions": raw.get("conditions"),
        "materials": "\n".join(_paper(m, words) for m in raw["materials"]),
        "steps": "\n".join(words["steps"]),
        "statutory_days": None if limit.get("placeholder") else limit["work_days"],
        "promised_days": raw["promised_work_days"],
        "fee": words["fees"].get(raw["fee"], raw["fee"]),
        "place": words["place"],
        "basis": "\n".join(raw["legal_basis"]),
        "source": words["source"],
    }


def _paper(raw: dict[str, Any], words: dict[str, Any]) -> str:
    """A paper as a line: what, in which form, when."""
    notes = [words["forms"][raw["form"]], f"{raw['copies']}{words['copies']}"]
    if raw.get("when"):
        notes.append(words["conditional"].format(when=raw["when"]))
    if raw.get("share_exempt"):
        notes.append(words["share_exempt"])
    return str(words["paper"]).format(name=raw["name"], notes=words["comma"].join(notes))
