"""The only place in the application that asks what time it is.

Instants are aware UTC datetimes; dates are Asia/Shanghai days. Services and rules take `now` as an argument; the
edge (views, commands, jobs) gets it here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta

from app.core.sla import LOCAL_ZONE


class Watch:
    """A stopped clock in the hand of a test or of the demo builder."""

    def __init__(self, at: datetime) -> None:
        self.at = _utc(at)

    def move(self, **delta: float) -> datetime:
        """Advance by `timedelta(**delta)` and return the new instant."""
        self.at += timedelta(**delta)
        return self.at


_watch: ContextVar[Watch | None] = ContextVar("geban_frozen_clock", default=None)


def now() -> datetime:
    """The present instant, aware, in UTC."""
    watch = _watch.get()
    return datetime.now(UTC) if watch is None else watch.at


def today() -> date:
    """The present day in Asia/Shanghai."""
    return to_local(now()).date()


def to_local(instant: datetime) -> datetime:
    """The same instant as local wall-clock time. Naive datetimes are refused (ValueError)."""
    return _aware(instant).astimezone(LOCAL_ZONE)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """First instant of a local day and first instant of the next, in UTC: ``lo <= at < hi``."""
    start = datetime.combine(day, time.min, LOCAL_ZONE).astimezone(UTC)
    return start, start + timedelta(days=1)


@contextmanager
def frozen(at: datetime) -> Iterator[Watch]:
    """Stop the clock at `at` (aware) for the current context; nesting is allowed.

    The value lives in a contextvar: a thread started inside does not inherit it.
    """
    watch = Watch(at)
    token = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(token)


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("a naive datetime has no instant")
    return instant


def _utc(instant: datetime) -> datetime:
    return _aware(instant).astimezone(UTC)
