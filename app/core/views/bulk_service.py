"""An edit of many rows from its start to being taken back; its rows are one batch in the change log (S4-54)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core import hooks, jobs
from app.core.errors import Conflict, NotAllowed, NotFound, StaleVersion
from app.core.interface import checked_key
from app.core.saved import BulkEdit
from app.core.views import bulk_editing, bulk_preview
from app.core.views.at_work import forms_at_work
from app.core.views.bulk_editing import CHUNK, INLINE, Wanted

KEPT = 20  # edits of one user that can still be taken back
JOB = "lists.change"
DONE, UNDONE = (
    "Many records changed at once",
    "A change of many records taken back",
)  # said in the reader's language
_MSGIDS = (_("Many records changed at once"), _("A change of many records taken back"))
SINCE = _("It was changed since.")


def begin(
    view: Any,
    session: Session,
    uid: str,
    user_id: int,
    wanted: Wanted,
    changes: Mapping[str, str],
    *,
    now: datetime,
    language: str,
) -> BulkEdit:
    """Change the rows at once, or by a job where there are many. The ``uid`` was given with the preview: sent twice, it
    meets its own key (IntegrityError). Inside a unit of work.
    """
    edit = BulkEdit(
        uid=uid,
        user_id=user_id,
        view=type(view).__name__,
        changes=dict(changes),
        wanted=[list(pair) for pair in wanted],
        rows=[],
        left_out=[],
    )
    session.add(edit)
    session.flush()
    for old in _own(session, user_id, None)[KEPT:]:
        session.delete(old)
    if len(wanted) > INLINE:
        edit.job_uid = jobs.enqueue(session, JOB, {"edit": uid, "language": language}, now=now).uid
    else:
        go_on(view, session, edit, now=now)
    return edit


def go_on(view: Any, session: Session, edit: BulkEdit, *, now: datetime, most: int | None = None) -> None:
    """Change the next rows of an edit."""
    part, rest = edit.wanted[:most], edit.wanted[most:] if most else []
    hooks.give_reason(session, DONE)
    with hooks.in_batch(session, edit.uid):
        lines = bulk_editing.run(view, session, part, {"*": edit.changes})
    edit.rows = [*edit.rows, *([line.key, line.version_after, line.old] for line in lines if line.is_good)]
    edit.left_out = [*edit.left_out, *([line.key, line.problem] for line in lines if line.problem)]
    edit.wanted, edit.count = rest, len(edit.rows)
    if not rest:
        edit.finished_at = now


def take_back(view: Any, session: Session, edit: BulkEdit, *, now: datetime, language: str) -> None:
    """Put the old values back where nobody has changed the row since. Conflict when it was done already."""
    if edit.undone_at is not None or edit.finished_at is None or not edit.rows:
        raise Conflict(_("This change was taken back already, or nothing of it was done."))
    edit.undone_at, edit.left_out = now, []
    if len(edit.rows) > INLINE:
        edit.finished_at = None
        edit.job_uid = jobs.enqueue(session, JOB, {"edit": edit.uid, "language": language}, now=now).uid
    else:
        go_back(view, session, edit, now=now)


def go_back(view: Any, session: Session, edit: BulkEdit, *, now: datetime, most: int | None = None) -> None:
    """Put the old values of the next rows back."""
    part, rest = edit.rows[:most], edit.rows[most:] if most else []
    old = {key: texts for key, _version, texts in part}
    hooks.give_reason(session, UNDONE)
    with hooks.in_batch(session, edit.uid):
        lines = bulk_editing.run(view, session, [row[:2] for row in part], old)
    edit.undone += sum(not line.problem for line in lines)
    stale = str(StaleVersion.default)
    left = (
        [line.key, str(SINCE) if line.problem == stale else line.problem] for line in lines if line.problem
    )
    edit.rows, edit.left_out = rest, [*edit.left_out, *left]
    if not rest:
        edit.finished_at = now


@jobs.handler(JOB, label=_("Change of many records"), page=bulk_preview.PAGE)
def _work(work: jobs.Work) -> dict[str, Any]:
    """A chunk a step; a chunk that was not committed runs again."""
    uid = work.arguments["edit"]
    edit = own(work.session, uid)
    view = current_app.extensions["geban_pages"][edit.view]
    back = edit.undone_at is not None
    if not view.can("edit"):
        raise NotAllowed()
    if work.total is None:
        work.total = -(-len(edit.rows if back else edit.wanted) // CHUNK)
    with forms_at_work(work.session, work.arguments["language"]):
        for _number in work.steps():
            with work.step() as session:
                (go_back if back else go_on)(view, session, own(session, uid), now=work.now, most=CHUNK)
        edit = own(work.session, uid)
        return {"changed": edit.undone if back else edit.count}


def own(session: Session, uid: str, *, locked: bool = False) -> BulkEdit:
    """An edit of the acting user (the guard shows no other). NotFound for any other."""
    query = select(BulkEdit).where(BulkEdit.uid == checked_key(uid, uid=True))
    found = session.scalars(query.with_for_update() if locked else query).one_or_none()
    if found is None:
        raise NotFound(gettext("This change is no longer there."))
    return found


def of_job(session: Session, uid: str) -> BulkEdit | None:
    """The acting user's edit that a job carries out, or that was confirmed on the page of a preview."""
    key = checked_key(uid, uid=True)
    query = select(BulkEdit).where(or_(BulkEdit.job_uid == key, BulkEdit.uid == key))
    return session.scalars(query).one_or_none()


def _own(session: Session, user_id: int, view: str | None) -> list[BulkEdit]:
    query = select(BulkEdit).where(BulkEdit.user_id == user_id).order_by(BulkEdit.id.desc())
    return list(session.scalars(query if view is None else query.where(BulkEdit.view == view)))


def of_list(session: Session, user_id: int, view: str) -> list[BulkEdit]:
    """The user's own edits of a list, newest first."""
    return _own(session, user_id, view)
