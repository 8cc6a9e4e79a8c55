"""Saved views of a list: each belongs to one user and one view; the guard shows nobody else's (app/core/saved/models.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.errors import Conflict, Invalid, NotFound
from app.core.saved.models import SavedView

MOST = 30
LENGTH = 60
PLAIN = ""  # the name of the row that keeps the columns of the plain list


@dataclass(frozen=True, slots=True)
class Kept:
    """What a user has saved about one list: views by name, and the columns chosen for the plain list."""

    named: tuple[SavedView, ...] = ()
    plain: SavedView | None = None

    @property
    def default(self) -> SavedView | None:
        """The view that opens by itself."""
        return next((v for v in self.named if v.is_default), None)

    def by_uid(self, uid: str) -> SavedView | None:
        return next((v for v in self.named if v.uid == uid), None)


NOTHING = Kept()


def of_list(session: Session, user_id: int, view: str) -> Kept:
    """Everything the user has saved about a list, in one statement, by name."""
    query = select(SavedView).where(SavedView.user_id == user_id, SavedView.view == view)
    rows = list(session.scalars(query.order_by(SavedView.name, SavedView.id)))
    return Kept(tuple(v for v in rows if v.name), next((v for v in rows if not v.name), None))


def own(session: Session, user_id: int, view: str, uid: str) -> SavedView:
    """One of the user's views of a list. NotFound for anybody else's, as for one that is gone."""
    found = of_list(session, user_id, view).by_uid(uid)
    if found is None:
        raise NotFound(_("This saved view is no longer there."))
    return found


def checked_name(text: str) -> str:
    """A name for a view. Invalid for none or one that is too long."""
    name = " ".join(text.split())
    if not name or not name.isprintable():
        raise Invalid(_("Please give the view a name."), field="name")
    if len(name) > LENGTH:
        raise Invalid(_("At most %(n)s characters.", n=LENGTH), field="name")
    return name


def save_as(session: Session, user_id: int, view: str, text: str, settings: dict[str, Any]) -> SavedView:
    """Save a view under a name of its own. Conflict when the name is taken or there are too many."""
    name, kept = checked_name(text), of_list(session, user_id, view)
    if any(v.name == name for v in kept.named):
        raise _taken(name)
    if len(kept.named) >= MOST:
        raise Conflict(
            _("%(n)s saved views of one list are enough. Please delete one first.", n=MOST), field="name"
        )
    row = SavedView(user_id=user_id, view=view, name=name, settings=settings)
    _write(session, row, name)
    return row


def rename(session: Session, row: SavedView, text: str) -> None:
    """Give a view another name. Conflict when it is taken."""
    name = checked_name(text)
    if any(v.name == name and v.id != row.id for v in of_list(session, row.user_id, row.view).named):
        raise _taken(name)
    row.name = name
    _write(session, row, name)


def make_default(session: Session, row: SavedView, *, on: bool) -> None:
    """Open the list with this view from now on, or no longer; one of a list at most."""
    for other in of_list(session, row.user_id, row.view).named:
        other.is_default = on and other.id == row.id
    session.flush()


def choose_columns(session: Session, user_id: int, view: str, columns: list[str] | None) -> None:
    """Remember the columns of the plain list; None forgets them."""
    row = of_list(session, user_id, view).plain
    if columns is None:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(SavedView(user_id=user_id, view=view, name=PLAIN, settings={"columns": columns}))
    else:
        row.settings = {"columns": columns}
    session.flush()


def _taken(name: str) -> Conflict:
    return Conflict(
        _("There is a view “%(name)s” already. Please choose another name.", name=name), field="name"
    )


def _write(session: Session, row: SavedView, name: str) -> None:
    """Somebody signed in twice may give the same name at the same moment: the database decides."""
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        raise _taken(name) from None
