"""The queue: enqueue in the business transaction, claim by one UPDATE, end, give back, cancel."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import and_, case, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.errors import Conflict, DomainError
from app.core.jobs.models import Job
from app.core.jobs.registry import handler_of, notify
from app.core.scope import session_actor

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
TABLE = Job.__table__
OPEN = ("queued", "running")


def enqueue(
    session: Session,
    kind: str,
    arguments: Any = None,
    *,
    now: datetime,
    run_at: datetime | None = None,
    unique_key: str | None = None,
    max_attempts: int = 5,
) -> Job:
    """Add a job to the caller's transaction; it runs as the acting user in the acting role.

    With a ``unique_key`` the same request never makes two jobs: the first one is returned. A kind that nobody handles
    is a mistake of the caller (ValueError).
    """
    wanted = handler_of(kind)
    if wanted is None:
        raise ValueError(f"no handler for jobs of kind {kind!r}")
    known = _by_key(session, unique_key)
    if known is not None:
        return known
    actor = session_actor(session)
    if actor.user_id is None and not wanted.system:
        raise ValueError(f"a job of kind {kind!r} needs an acting user")
    job = Job(
        kind=kind,
        arguments={} if arguments is None else arguments,
        acting_user=None if wanted.system else actor.user_id,
        acting_role=None if wanted.system else actor.role,
        run_at=run_at or now,
        unique_key=unique_key,
        max_attempts=max_attempts,
    )
    try:
        with session.begin_nested():
            session.add(job)
    except IntegrityError:  # somebody else was first, in a transaction that has committed meanwhile
        known = _by_key(session, unique_key)
        if known is None:
            raise
        return known
    return job


def _by_key(session: Session, unique_key: str | None) -> Job | None:
    if unique_key is None:
        return None
    return session.scalars(select(Job).where(Job.unique_key == unique_key)).first()


def known_keys(session: Session, keys: Iterable[str]) -> set[str | None]:
    """Those of the unique keys that have a job already."""
    return set(session.scalars(select(Job.unique_key).where(Job.unique_key.in_(list(keys)))))


def is_waiting(session: Session, now: datetime) -> bool:
    """Whether some job may be claimed: a plain read, so that idle workers take no write lock."""
    return (
        session.connection().execute(select(TABLE.c.id).where(_claimable(now)).limit(1)).first() is not None
    )


def _claimable(now: datetime) -> Any:
    return or_(
        and_(TABLE.c.state == "queued", TABLE.c.run_at <= now),
        and_(TABLE.c.state == "running", TABLE.c.lease_until < now),
    )


def claim(session: Session, owner: str, now: datetime, lease: timedelta) -> dict[str, Any] | None:
    """Take the next job, also one whose worker died: one UPDATE decides who gets it.

    A job that has used up its attempts without a step is ended as failed instead: it may be what kills the workers.
    """
    _sweep(session, now)
    first = select(TABLE.c.id).where(_claimable(now)).order_by(TABLE.c.run_at, TABLE.c.id).limit(1)
    taken = (
        update(TABLE)
        .where(TABLE.c.id == first.with_for_update(skip_locked=True).scalar_subquery(), _claimable(now))
        .values(state="running", lease_owner=owner, lease_until=now + lease, attempts=TABLE.c.attempts + 1)
        .returning(*TABLE.c)
    )
    row = session.connection().execute(taken).mappings().first()
    return dict(row) if row else None


def _sweep(session: Session, now: datetime) -> None:
    """End jobs whose last attempt died with its worker."""
    dead = and_(
        TABLE.c.state == "running", TABLE.c.lease_until < now, TABLE.c.attempts >= TABLE.c.max_attempts
    )
    ended = (
        update(TABLE)
        .where(dead)
        .values(
            state="failed",
            error="the worker died at this job",
            finished_at=now,
            lease_owner=None,
            lease_until=None,
        )
        .returning(*TABLE.c)
    )
    for row in session.connection().execute(ended).mappings().all():
        notify(session, dict(row))


def _mine(job_id: int, owner: str) -> Any:
    return and_(TABLE.c.id == job_id, TABLE.c.lease_owner == owner, TABLE.c.state == "running")


def progress(
    session: Session,
    job_id: int,
    owner: str,
    *,
    expected: int,
    total: int | None,
    message: str | None,
    until: datetime,
) -> bool:
    """Count one step in the transaction of its effect; False when the job is no longer this worker's at this step.

    On PostgreSQL the row stays locked until the step commits, so nobody claims the job in the middle of it.
    """
    done = (
        update(TABLE)
        .where(_mine(job_id, owner), TABLE.c.done_steps == expected)
        .values(done_steps=expected + 1, total_steps=total, message=message, lease_until=until, attempts=1)
    )
    return session.connection().execute(done).rowcount == 1


def extend(session: Session, job_id: int, owner: str, until: datetime) -> bool:
    """Keep the lease between two long steps."""
    kept = update(TABLE).where(_mine(job_id, owner)).values(lease_until=until)
    return session.connection().execute(kept).rowcount == 1


def give_back(session: Session, job_id: int, owner: str) -> None:
    """Put an unfinished job back: the worker ends in good order, which is no failed attempt."""
    back = update(TABLE).where(_mine(job_id, owner))
    session.connection().execute(
        back.values(state="queued", lease_owner=None, lease_until=None, attempts=TABLE.c.attempts - 1)
    )


def finish(session: Session, job_id: int, owner: str, result: Any, now: datetime) -> bool:
    """The job is done; False when it was no longer this worker's."""
    ended = update(TABLE).where(_mine(job_id, owner))
    ended = ended.values(
        state="done", result=result, error=None, finished_at=now, lease_owner=None, lease_until=None
    )
    row = session.connection().execute(ended.returning(*TABLE.c)).mappings().first()
    if row is not None:
        notify(session, dict(row))
    return row is not None


def fail(session: Session, job_id: int, owner: str, error: BaseException, now: datetime) -> None:
    """Queue the job again with a growing wait, or end it: a refusal of the business is not tried again."""
    attempts = session.connection().execute(select(TABLE.c.attempts).where(TABLE.c.id == job_id)).scalar_one()
    wait = min(FIRST_WAIT * 2 ** max(attempts - 1, 0), LONGEST_WAIT)
    # a refusal of the business (DomainError) would be refused again
    last = TABLE.c.attempts >= (0 if isinstance(error, DomainError) else TABLE.c.max_attempts)
    values = {
        "state": case((last, "failed"), else_="queued"),
        "finished_at": case((last, now), else_=None),
        "run_at": now + wait,
        "error": describe(error),
        "lease_owner": None,
        "lease_until": None,
    }
    row = session.connection().execute(
        update(TABLE).where(_mine(job_id, owner)).values(values).returning(*TABLE.c)
    )
    job = row.mappings().first()
    if job is not None and job["state"] == "failed":
        notify(session, dict(job))


def describe(error: BaseException) -> str:
    """What went wrong without any value of the data: class and places, and the sentence of a refusal."""
    if isinstance(error, DomainError):
        return str(error)
    places = traceback.extract_tb(error.__traceback__)[-4:]
    where = " < ".join(f"{Path(p.filename).name}:{p.lineno} {p.name}" for p in reversed(places))
    return f"{type(error).__name__} at {where}"


def cancel(session: Session, job: Job, now: datetime) -> None:
    """Stop a job: a queued one at once, a running one before its next step. Conflict when it has ended."""
    stopped = update(TABLE).where(TABLE.c.id == job.id, TABLE.c.state.in_(OPEN))
    stopped = stopped.values(state="cancelled", finished_at=now, lease_owner=None, lease_until=None)
    if session.connection().execute(stopped).rowcount != 1:
        raise Conflict()
    session.expire(job)
