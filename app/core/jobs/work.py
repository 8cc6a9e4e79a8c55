"""A job in the hands of its handler: arguments, acting session, steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.jobs import queue
from app.core.jobs.models import Job
from app.core.jobs.registry import Cancelled, LostLease, Stopping
from app.core.session import unit_of_work


class Work:
    """What a handler gets. ``session`` acts for the job's user; read with it, write inside ``step()`` only.

    ``done`` counts committed steps, also those of a worker that died; ``total`` is for the progress bar.
    """

    def __init__(
        self,
        job: dict[str, Any],
        session: Session,
        owner: str,
        lease: timedelta,
        stopping: Callable[[], bool],
    ) -> None:
        self.id: int = job["id"]
        self.uid: str = job["uid"]
        self.arguments = job["arguments"]
        self.done: int = job["done_steps"]
        self.total: int | None = job["total_steps"]
        self.session = session
        self._owner, self._lease, self._stopping = owner, lease, stopping

    @property
    def now(self) -> datetime:
        """The present instant; services take it as an argument."""
        return clock.now()

    def steps(self) -> Iterator[int]:
        """Numbers of the steps that are still to do: from ``done`` to ``total``, which must be set before."""
        if self.total is None:
            raise ValueError("say how many steps there are first (work.total)")
        yield from range(self.done, self.total)

    @contextmanager
    def step(self, message: str | None = None) -> Iterator[Session]:
        """One step: its effect, the progress and the lease in one transaction, or none of them.

        Raises Stopping, Cancelled or LostLease before the effect. ``message`` is shown: no personal data.
        """
        if self._stopping():
            raise Stopping
        with unit_of_work(self.session):
            until = clock.now() + self._lease
            mine = queue.progress(
                self.session,
                self.id,
                self._owner,
                expected=self.done,
                total=self.total,
                message=message,
                until=until,
            )
            if not mine:
                raise self._why_not()
            yield self.session
        self.done += 1

    def beat(self) -> None:
        """Keep the lease during long work outside steps (rendering, reading a sheet)."""
        if self._stopping():
            raise Stopping
        with unit_of_work(self.session):
            if not queue.extend(self.session, self.id, self._owner, clock.now() + self._lease):
                raise self._why_not()

    def _why_not(self) -> Exception:
        state = (
            self.session.connection().execute(select(queue.TABLE.c.state).where(Job.id == self.id)).scalar()
        )
        return Cancelled() if state == "cancelled" else LostLease()
