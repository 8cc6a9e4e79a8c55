"""One change of many rows: each row goes through its own form, the checks and the saving of its view.

A row that cannot be changed is left out with its reason, the others are changed; nothing of a row that was refused
stays (a savepoint each). The same run, taken back, is the preview (``bulk_preview``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import MultiDict

from app.core import extra
from app.core.errors import DomainError, Invalid, NotAllowed, StaleVersion
from app.core.views import extras
from app.core.views.cells import name_of

# what one edit may take: people still look through the list of 500, and its old values stay a short text
CAP = 500
# so many are changed while one waits (a resident takes up to 20 ms); more run as a job
INLINE = 50
CHUNK = 25
GONE = _("This record is no longer there, or it lies outside your area.")
CLASH = _("A record with these key values exists already, or another record stands in the way.")
UNFIT = _("One of the values cannot be stored.")

Wanted = Sequence[Sequence[Any]]  # [key, version], …
REFUSALS = (DomainError, StaleDataError, IntegrityError, DataError)


@dataclass(slots=True)
class Line:
    """What became of one row. ``before`` and ``after`` are words by column, ``old`` the texts a form would send."""

    key: str
    version: int = 0
    version_after: int = 0
    title: str = ""
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    old: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    same: bool = False
    item: Any = None

    @property
    def is_good(self) -> bool:
        return not self.problem and not self.same


def rows_of(view: Any, session: Session, keys: Iterable[str]) -> dict[str, Any]:
    """The rows of these public keys inside the scope, with what their titles and forms read."""
    model, key = view.datamodel.obj, view.datamodel.key_column
    query = view.select_of([*view.list_columns, *view.edit_columns_here()])
    query = query.where(key.in_(list(keys)), *view.base_where()).order_by(view.datamodel.pk_column)
    found = session.scalars(query, execution_options={"by_key": True}).unique()
    return {view.datamodel.key_of(row): row for row in found if isinstance(row, model)}


def title_of(view: Any, row: Any) -> str:
    """What a row is called: as its list calls it."""
    return str(name_of(row, view))


def run(view: Any, session: Session, wanted: Wanted, values: Mapping[str, Mapping[str, str]]) -> list[Line]:
    """Change the ``wanted`` rows in the order of their keys, so that two edits never wait for each other crosswise.

    ``values`` are texts by column, by the key of a row or ``"*"`` for all. Inside a unit of work only; the caller keeps it
    or takes it back.
    """
    rows = rows_of(view, session, [key for key, _version in wanted])
    versions = {str(key): version for key, version in wanted}
    lines = [Line(key, problem=str(GONE)) for key in versions if key not in rows]
    # the titles first: a row that is refused forgets what was read of it
    made = [Line(key, versions[key], title=title_of(view, row), item=row) for key, row in rows.items()]
    for line in made:
        texts = values.get(line.key) or values.get("*") or {}
        try:
            with session.begin_nested():
                _one(view, session, line, texts)
        except REFUSALS as refusal:
            line.problem = sentence(refusal)
    for line in made:
        if line.is_good:
            line.version_after = line.item.version
        line.item = None
    return [*made, *lines]


def _one(view: Any, session: Session, line: Line, texts: Mapping[str, str]) -> None:
    item, data = line.item, MultiDict(texts)
    with session.no_autoflush:
        if line.version != item.version:
            raise StaleVersion()
        view.may_edit(item)
        form = view.make_form(is_new=False, item=item)
        view.prefill(form, item)
        for name in texts:
            if name not in form:
                raise NotAllowed(
                    gettext("“%(what)s” cannot be changed on this record.", what=view.label_text(name))
                )
            _fill(form, name, data, line)
        line.same = line.before == line.after
        if line.same:
            return
        for name in texts:
            _populate(item, form, name)
        view.check(session, item, form, False)
    view.save(session, item, form, False)
    session.flush()
    view.settle_extras(item, form)
    session.flush()


def _fill(form: Any, name: str, data: MultiDict[str, str], line: Line) -> None:
    """Put the new value into one field of the row's form and validate it."""
    own = form[name]
    line.before[name], line.old[name] = own.words(), own.wire()
    own.process(data, own.data)
    if not own.validate(form):
        raise Invalid(
            gettext("%(what)s: %(why)s", what=str(own.label.text), why=" ".join(map(str, own.errors)))
        )
    line.after[name] = own.words()


def _populate(item: Any, form: Any, name: str) -> None:
    custom = extra.column_of(type(item), name)
    if custom is not None:
        extras.write(custom, item, form[name])
    else:
        form[name].populate_obj(item, name)


def sentence(refusal: Exception) -> str:
    """Why a row was left out."""
    if isinstance(refusal, DomainError):
        return str(refusal.message)
    if isinstance(refusal, StaleDataError):
        return str(StaleVersion.default)
    return str(CLASH if isinstance(refusal, IntegrityError) else UNFIT)
