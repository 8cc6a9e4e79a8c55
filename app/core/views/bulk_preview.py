"""What would become of the rows of a change: each is checked and saved on trial, and all of it is taken back.

Few rows are tried while one waits, many by a job with progress: its page can be left, and the result is opened from there or
from the inbox. Nothing is shown that was not tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import jobs
from app.core.actor import current_actor
from app.core.errors import NotAllowed, NotFound
from app.core.interface import checked_key
from app.core.jobs import Job
from app.core.session import unit_of_work
from app.core.views import bulk_editing
from app.core.views.at_work import forms_at_work
from app.core.views.bulk_editing import CHUNK, Line, Wanted

JOB = "lists.preview"
PAGE = "/changes/job/{uid}"
SHOWN = 20  # rows that are shown with their old and new values
LISTED = 100  # rows that are listed with a reason


@dataclass(slots=True)
class Preview:
    """``good`` are [key, version] of the rows that would be changed, ``shown`` [name, values before, values after] of the
    first of them, ``left`` [name, why] of those that would be left; plain values, for a job keeps them.
    """

    good: list[list[Any]] = field(default_factory=list)
    shown: list[list[Any]] = field(default_factory=list)
    left: list[list[str]] = field(default_factory=list)
    left_count: int = 0
    same_count: int = 0

    def add(self, lines: Sequence[Line]) -> None:
        """Take in what became of some more rows."""
        good, left = [line for line in lines if line.is_good], [line for line in lines if line.problem]
        self.good += [[line.key, line.version] for line in good]
        self.shown += [[n.title, n.before, n.after] for n in good[: SHOWN - len(self.shown)]]
        self.left += [[line.title, line.problem] for line in left[: LISTED - len(self.left)]]
        self.left_count += len(left)
        self.same_count += sum(line.same for line in lines)


class _OnlyTried(Exception):
    """Leaves the unit of work of a trial without a commit."""


def tried(view: Any, session: Session, wanted: Wanted, changes: Mapping[str, str]) -> list[Line]:
    """Change the rows as it will be done, and take it back."""
    lines: list[Line] = []
    try:
        with unit_of_work(session):
            lines = bulk_editing.run(view, session, wanted, {"*": changes})
            raise _OnlyTried
    except _OnlyTried:
        return lines


def at_once(view: Any, session: Session, wanted: Wanted, changes: Mapping[str, str]) -> Preview:
    """The preview of few rows."""
    found = Preview()
    found.add(tried(view, session, wanted, changes))
    return found


def enqueue(session: Session, view: Any, asked: Mapping[str, Any], *, now: datetime, language: str) -> str:
    """Have many rows tried by a job; returns its uid. ``asked`` is {wanted, changes, new, selection}: the last two stand on
    the page of the preview. Inside a unit of work.
    """
    given = {"view": type(view).__name__, "language": language, **asked}
    return jobs.enqueue(session, JOB, given, now=now).uid


def job_of(session: Session, uid: str) -> Job:
    """A preview that the acting user asked for in the acting role. NotFound for any other."""
    actor = current_actor()
    query = select(Job).where(Job.uid == checked_key(uid, uid=True), Job.kind == JOB)
    mine = query.where(Job.acting_user == (actor.user_id or -1), Job.acting_role == actor.role)
    found = session.scalars(mine).one_or_none()
    if found is None:
        raise NotFound()
    return found


@jobs.handler(JOB, label=_("Preview of a change of many records"), page=PAGE)
def _work(work: jobs.Work) -> dict[str, Any]:
    """Chunk by chunk. Nothing of a trial is kept, so a worker that takes over tries the first chunks again."""
    given = work.arguments
    view = current_app.extensions["geban_pages"][given["view"]]
    if not view.can("edit"):
        raise NotAllowed()
    wanted, found = given["wanted"], Preview()
    parts = [wanted[at : at + CHUNK] for at in range(0, len(wanted), CHUNK)]
    work.total = len(parts)
    with forms_at_work(work.session, given["language"]):
        for number, part in enumerate(parts):
            found.add(tried(view, work.session, part, given["changes"]))
            if number >= work.done:
                with work.step():
                    pass
    return asdict(found)
