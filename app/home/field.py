"""What a worker finds on the start page: the doors of today, one tap from each, and quick entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for
from flask_babel import gettext

from app.core.actor import Actor
from app.home.frame import Item, endpoint, page_url
from app.home.shapes import Queue, Row
from app.proxy.queries.today import visits_until

if TYPE_CHECKING:
    from app.home.panels import Desk

VISITS, DOORS = 4, 8  # rounds that are read, doors that are shown
ENTRIES = (
    ("FieldDesk", "FieldDesk.index", "fa-route"),
    ("FieldDesk", "FieldDesk.new", "fa-plus"),
    ("FieldDesk", "FieldDesk.homes", "fa-people-roof"),
    ("DoorCodeDesk", "DoorCodeDesk.scan", "fa-qrcode"),
)


def quick(actor: Actor) -> list[Item]:
    """Entries for the thumb of who works at the doors; nothing for others."""
    words = (gettext("My day"), gettext("New case"), gettext("My households"), gettext("Scan a code"))
    if not actor.may("can_use", "FieldDesk"):
        return []
    return [
        Item(name, label, icon, url)
        for (name, place, icon), label in zip(ENTRIES, words, strict=True)
        if actor.may("can_use", name) and (url := endpoint(place))
    ]


def doors(desk: Desk) -> Queue | None:
    """Doors of one's own visits of today and of late ones that are still to be logged, in walking order."""
    if not desk.actor.may("can_use", "FieldDesk"):
        return None
    visits, more = visits_until(desk.session, desk.actor, desk.today, VISITS)
    rows = []
    for found in visits:
        for place in found.places:
            for door in (d for d in place.people if d.outcome is None):
                hint = " · ".join(p for p in (found.visit.slot or "", place.address, *door.why) if p)
                url = url_for("FieldDesk.door", visit_uid=door.visit_uid, stop_uid=door.stop_uid)
                mark = (gettext("late"), "red") if found.is_late else (gettext("today"), "yellow")
                rows.append(Row(door.who or gettext("Household"), hint, url, *mark))
    count = f"{len(rows)}+" if more else str(len(rows)) if rows else ""
    none = gettext("No visit is planned for today.")
    return Queue(gettext("Visits of today"), rows[:DOORS], none, count, page_url("FieldDesk"))
