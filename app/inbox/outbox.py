"""Messages to people outside: written with the business row, handed to an adapter by the worker."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.masks import mask_phone
from app.core.scope import acting_as
from app.core.session import unit_of_work
from app.inbox.models import OutboxMessage

CHANNELS = frozenset({"sms", "wechat"})
MOST_ATTEMPTS = 5
POSTMAN = Actor(label="outbox", origin="worker")
_log = logging.getLogger(__name__)

# (uid, channel, payload) -> None; raises when the message was not taken. The uid tells a repeated hand-over.
Adapter = Callable[[str, str, Any], None]


def send(session: Session, channel: str, to: str, text: str) -> OutboxMessage:
    """Put a message into the outbox, in the business transaction: what is rolled back is never sent."""
    if channel not in CHANNELS:
        raise ValueError(f"unknown channel {channel!r}")
    message = OutboxMessage(channel=channel, payload={"to": to, "text": text})
    session.add(message)
    return message


def adapter(kind: str, home: Path) -> Adapter | None:
    """The adapter of a setting: ``hold`` keeps messages waiting, ``file`` is for a gateway, ``console`` for a look."""
    if kind == "hold":
        return None
    if kind == "console":
        return _to_console
    if kind == "file":
        return FileAdapter(home / "outbox")
    raise ValueError(f"GEBAN_OUTBOX is {kind!r}: hold, file or console")


class FileAdapter:
    """One JSON file a message, named by its uid, in a folder that only this user reads: a gateway takes it from there
    and deletes it. Writing the same message twice changes nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, uid: str, channel: str, payload: Any) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        tmp = self.folder / f".{uid}"
        fd = os.open(tmp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as f:
            json.dump({"uid": uid, "channel": channel, **payload}, f, ensure_ascii=False)
        tmp.replace(self.folder / f"{uid}.json")


def _to_console(uid: str, channel: str, payload: Any) -> None:
    # no text and no full number: a console ends up in a log
    _log.warning("message %s by %s to %s", uid, channel, mask_phone(payload["to"]))


def deliver(now: datetime, give: Adapter | None, most: int = 200) -> int:
    """Hand waiting messages to the adapter, each in a transaction of its own; returns how many it took."""
    taken = 0
    if give is None:
        return taken
    with acting_as(POSTMAN) as session:
        waiting = select(OutboxMessage.id).where(OutboxMessage.state == "waiting").order_by(OutboxMessage.id)
        for key in session.scalars(waiting.limit(most)).all():
            with unit_of_work(session):
                taken += _hand_over(session, key, give, now)
    return taken


def _hand_over(session: Session, key: int, give: Adapter, now: datetime) -> bool:
    query = select(OutboxMessage).where(OutboxMessage.id == key, OutboxMessage.state == "waiting")
    message = session.scalars(query.with_for_update(skip_locked=True)).first()
    if message is None:  # another worker has it
        return False
    message.attempts += 1
    try:
        give(message.uid, message.channel, message.payload)
    except Exception as error:
        message.error = type(error).__name__
        if message.attempts >= MOST_ATTEMPTS:
            message.state = "failed"
        return False
    message.state, message.sent_at, message.error = "sent", now, None
    return True
