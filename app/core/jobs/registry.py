"""Which function runs which kind of job, and what upper packages hang in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.core.actor import Actor

LEASE = timedelta(minutes=2)


class LostLease(RuntimeError):
    """Another worker has taken the job over: this one must not write any more."""


class Cancelled(RuntimeError):
    """Somebody cancelled the job while it was running."""


class Stopping(RuntimeError):
    """The worker has been told to end; the job goes back into the queue with its progress."""


@dataclass(frozen=True, slots=True)
class Handler:
    """A kind of job. ``system`` jobs have no acting user and run without row scope; ``lease`` is the longest time
    that may pass between two steps; ``page`` is where its owner looks at it (``{uid}`` is the job's).
    """

    kind: str
    run: Callable[[Any], Any]
    system: bool
    lease: timedelta
    label: Any
    page: str = ""


# (user id, role, now) -> the actor that this user is today in this role
ActorResolver = Callable[[int, str | None, datetime], Actor]
# (session, job values): tells the owner; runs in the transaction that ends the job
Notifier = Callable[[Session, dict[str, Any]], None]

_handlers: dict[str, Handler] = {}
_daily: dict[str, str] = {}
_often: dict[str, int] = {}
_actors: list[ActorResolver] = []
_notifiers: list[Notifier] = []


def handler(
    kind: str, *, label: Any = None, system: bool = False, lease: timedelta = LEASE, page: str = ""
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Register the function of a kind. It must be idempotent between steps: a step that was not committed runs again.

    ``label`` is a lazy text, the name of the job for its owner; ``page`` the address of its page, where it has one.
    """

    def register(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        _handlers[kind] = Handler(kind, function, system, lease, kind if label is None else label, page)
        return function

    return register


def daily(kind: str, at: str = "02:30") -> None:
    """Enqueue a system job once a local day, from ``at`` (HH:MM, Asia/Shanghai) on, however many workers run."""
    _daily[kind] = at


def daily_jobs() -> dict[str, str]:
    """Kinds of daily jobs and their time of day."""
    return dict(_daily)


def often(kind: str, minutes: int) -> None:
    """Enqueue a system job every so many minutes of the hour, however many workers run. ValueError for a number by which
    an hour cannot be divided.
    """
    if minutes < 1 or 60 % minutes:
        raise ValueError(f"an hour has no whole number of {minutes} minutes")
    _often[kind] = minutes


def often_jobs() -> dict[str, int]:
    """Kinds of jobs that run within the day and the minutes between two runs."""
    return {kind: minutes for kind, minutes in _often.items() if kind in _handlers}


def handler_of(kind: str) -> Handler | None:
    """The handler of a kind, or None when this version of the program has none."""
    return _handlers.get(kind)


def label_of(kind: str) -> Any:
    """The (lazy) name of a kind for its owner."""
    found = _handlers.get(kind)
    return found.label if found else kind


def page_of(kind: str, uid: str) -> str:
    """Where the owner of a job looks at it; empty where it has no page of its own."""
    found = _handlers.get(kind)
    return found.page.format(uid=uid) if found else ""


def use_actors(resolver: ActorResolver) -> None:
    """Install the resolver of stored users (the kernel knows no posts)."""
    _actors[:] = [resolver]


def use_notifier(notifier: Notifier) -> None:
    """Install what tells the owner that a job is done, failed or cancelled."""
    _notifiers[:] = [notifier]


def resolve_actor(user_id: int, role: str | None, now: datetime) -> Actor:
    """The actor of a job's user as of now: a post that has ended gives no more rights."""
    if not _actors:
        raise RuntimeError("no resolver for the users of jobs: create_app has not run")
    return _actors[0](user_id, role, now)


def notify(session: Session, job: dict[str, Any]) -> None:
    """Tell the owner, if anybody is there to tell."""
    for notifier in _notifiers:
        notifier(session, job)
