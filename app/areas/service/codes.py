"""Code lists: standard lists are locked, local ones are edited; a code is ended, never renumbered or deleted."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

from app.areas.queries import overlapping
from app.areas.rules.relied import has_words, is_relied_on
from app.areas.service.rights import need_area
from app.core import clock
from app.core.actor import Actor
from app.core.codes import CodeItem, CodeList
from app.core.errors import Conflict, Invalid

LOCKED = _("This list follows a standard and is locked.")
RELIED = _("The program itself goes by this code: it may be reworded, not ended.")
CODE = re.compile(r"[0-9A-Za-z_.-]{1,24}")


def save_list(session: Session, row: CodeList, actor: Actor, now: datetime) -> CodeList:
    """Describe a list. Its name is how columns find it and never changes; the standard's lock neither."""
    need_area(actor, "")
    with session.no_autoflush:
        if row.id is not None and any(get_history(row, name).has_changes() for name in ("name", "locked")):
            raise Conflict(_("Name and lock of a list never change."), field="name")
        if row.id is not None and row.locked:
            raise Conflict(LOCKED)
        row.name = (row.name or "").strip()
        if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", row.name):
            raise Invalid(_("A list name has small letters, digits and underscores."), field="name")
        row.label = _label(row.label)
        same = select(CodeList.id).where(CodeList.name == row.name)
        if row.id is None and session.scalar(same) is not None:
            raise Invalid(_("There is a list of this name already."), field="name")
    session.add(row)
    session.flush()
    return row


def save_item(session: Session, item: CodeItem, actor: Actor, now: datetime) -> CodeItem:
    """Add or reword a code of a local list. Raises Conflict for a standard list and for a changed code.

    Rows keep the code they have: an ended code still shows its label, so no list can make a record unreadable.
    """
    need_area(actor, "")
    with session.no_autoflush:
        parent = session.get(CodeList, item.list_id) if item.list_id else None
        if parent is None:
            raise Invalid(_("This choice does not exist."), field="code_list")
        if parent.locked:
            raise Conflict(LOCKED)
        if item.id is not None and any(get_history(item, name).has_changes() for name in ("code", "list_id")):
            raise Conflict(_("A code is never renumbered: end it and add a new one."), field="code")
        item.code = (item.code or "").strip()
        if CODE.fullmatch(item.code) is None:
            raise Invalid(_("A code has letters, digits, dots, dashes and underscores only."), field="code")
        item.label = _label(item.label)
        item.extra = _extra(item.extra)
        if item.valid_from and item.valid_to and item.valid_to < item.valid_from:
            raise Invalid(_("The end lies before the beginning."), field="valid_to")
        _check_once(session, item)
        _check_words(session, item)
        _check_relied(parent, item, clock.to_local(now).date())
        if item.valid_to is not None:
            _check_not_last(session, item, item.valid_to)
    session.add(item)
    session.flush()
    session.info.pop("codes_checked", None)
    return item


def end_item(session: Session, item: CodeItem, last_day: date, actor: Actor, now: datetime) -> CodeItem:
    """Take a code out of the selects after a day; at least one code of a list stays in force."""
    need_area(actor, "")
    if item.code_list.locked:
        raise Conflict(LOCKED)
    if is_relied_on(item.code_list.name, item.code):
        raise Conflict(RELIED)
    _check_not_last(session, item, last_day)
    item.valid_to = max(last_day, item.valid_from) if item.valid_from else last_day
    session.flush()
    session.info.pop("codes_checked", None)
    return item


def reorder(session: Session, parent: CodeList, order: Sequence[int], actor: Actor, now: datetime) -> None:
    """Put the codes of a list into this order of keys; codes that are not named keep their place behind them."""
    need_area(actor, "")
    if parent.locked:
        raise Conflict(LOCKED)
    places = {key: at for at, key in enumerate(order, 1)}
    rest = [item for item in parent.items if item.id not in places]
    for item in parent.items:
        wanted = places.get(item.id) or len(places) + 1 + rest.index(item)
        if item.seq != wanted:
            item.seq = wanted
    session.flush()
    session.info.pop("codes_checked", None)


def _check_words(session: Session, item: CodeItem) -> None:
    """Records show the label of their code as it is now, so a label says something, and says it of one code only."""
    if not has_words(item.label):
        raise Invalid(_("Please give a name in words."), field="label")
    same = select(CodeItem.id).where(
        CodeItem.list_id == item.list_id,
        CodeItem.label == item.label,
        CodeItem.code != item.code,
        *overlapping(CodeItem, item.valid_from, item.valid_to),
    )
    if session.scalar(same.limit(1)) is not None:
        raise Conflict(_("Another code of the list has this name."), field="label")


def _check_relied(parent: CodeList, item: CodeItem, day: date) -> None:
    if not is_relied_on(parent.name, item.code):
        return
    if item.valid_to is not None:
        raise Conflict(RELIED, field="valid_to")
    if item.valid_from is not None and item.valid_from > day:
        raise Conflict(RELIED, field="valid_from")
    if item.id is not None and get_history(item, "extra").has_changes():
        raise Conflict(_("The program goes by the attributes of this code."), field="extra")


def _label(text: str | None) -> str:
    plain = (text or "").strip()
    if not plain:
        raise Invalid(_("Please fill in the name."), field="label")
    return plain


def _extra(text: str | None) -> str | None:
    """JSON of an object, or nothing: a broken one would stop every page that reads the list."""
    if not (text or "").strip():
        return None
    try:
        data = json.loads(text or "")
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise Invalid(_('Attributes are a JSON object, such as {"common": true}.'), field="extra")
    return json.dumps(data, ensure_ascii=False, sort_keys=True)


def _check_once(session: Session, item: CodeItem) -> None:
    same = select(CodeItem.id).where(
        CodeItem.list_id == item.list_id,
        CodeItem.code == item.code,
        *overlapping(CodeItem, item.valid_from, item.valid_to),
    )
    if item.id is not None:
        same = same.where(CodeItem.id != item.id)
    if session.scalar(same.limit(1)) is not None:
        raise Conflict(_("The list has this code already."), field="code")


def _check_not_last(session: Session, item: CodeItem, last_day: date) -> None:
    next_day = last_day + timedelta(days=1)
    others = select(CodeItem.id).where(
        CodeItem.list_id == item.list_id, *overlapping(CodeItem, next_day, next_day)
    )
    if item.id is not None:
        others = others.where(CodeItem.id != item.id)
    if session.scalar(others.limit(1)) is None:
        raise Conflict(
            _("The last code of a list stays: a form could not be filled in without it."), field="valid_to"
        )
