"""What a package says about a sheet of its own: the fields that a row may have, and who writes the rows.

    declare(Sheet("venues", _("Venues"), "VenueView", fields=venue_fields, writer=VenueWriter))

Whoever imports and exports goes by ``sheets()`` and knows no domain. The reader hands over rows with Python values; the
writer says what became of each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.core.actor import Actor

KINDS = (
    "text",
    "longtext",
    "int",
    "decimal",
    "bool",
    "date",
    "partial_date",
    "code",
    "choice",
    "area",
    "relation",
    "id_number",
    "phone",
    "name",
)
RULES = ("skip", "fill", "update", "new")
OUTCOMES = ("made", "changed", "same", "skipped", "bad")

# what a domain says of a cleaned value: the value to go on with, and (msgid, parameters, grave) for each remark
Remark = tuple[str, dict[str, Any], bool]
Judge = Callable[[Any], tuple[Any, Sequence[Remark]]]


@dataclass(frozen=True, slots=True)
class Field:
    """One column that a sheet may have.

    ``key`` is the name of the value in ``Row.values``; ``label`` stands in the template's heading. ``code_list`` names the
    list of a ``code``, ``choices`` is the enum of a ``choice`` (class with members that have a value and a label),
    ``target`` the model or relationship of a ``relation``. ``length`` is in characters. ``example`` is shown in the example
    row of the template. ``judge`` is the domain's word on a value that the kernel has cleaned: it is given a value of the
    kind, never None, and returns the value to keep with its remarks (English msgid, parameters, grave).
    """

    key: str
    label: Any
    kind: str = "text"
    needed: bool = False
    code_list: str = ""
    choices: Any = None
    length: int | None = None
    note: Any = ""
    example: str = ""
    target: Any = None
    judge: Judge | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to tell about a cell (row and column), a row (no column) or the sheet (neither); both count from 1.

    ``message`` is an English msgid with ``params``; ``grave`` means that the row cannot go in.
    """

    row: int | None
    column: int | None
    message: str
    params: dict[str, Any] = field(default_factory=dict)
    grave: bool = False


@dataclass(slots=True)
class Row:
    """A row of somebody's sheet: ``number`` is the row in that sheet, from 1; a missing or empty value is None."""

    number: int
    values: dict[str, Any]
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_bad(self) -> bool:
        """Whether something grave was found: the row cannot go in."""
        return any(finding.grave for finding in self.findings)


@dataclass(slots=True)
class Outcome:
    """What a row did: made, changed, same, skipped or bad.

    ``made`` is [[table, key, version or None], …]; ``before`` is [[table, key, version after, {attribute: old}], …]:
    by both the row is undone.
    """

    number: int
    outcome: str
    made: list[list[Any]] = field(default_factory=list)
    before: list[list[Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


class Writer(Protocol):
    """Writes rows of one sheet; made anew for each batch. ``rule`` is one of skip, fill, update, new."""

    def look(self, session: Session, rows: list[Row], rule: str) -> list[Outcome]:
        """The dry run: what would become of the rows. Writes nothing."""
        ...

    def take(self, session: Session, rows: list[Row], rule: str, *, batch: str) -> list[Outcome]:
        """Write the rows of one chunk inside the caller's unit of work, which commits them with the progress."""
        ...


Noted = tuple[Sequence[Any], Sequence[Any]]
Waiting = Callable[[Session, Actor], list[dict[str, str]]]


class Back(Protocol):
    """Takes rows back of a sheet whose rows take steps of a domain: what was done stands in a history and is not erased.

    A row is given by what it noted: ``made`` and ``before`` of its outcome.
    """

    def why_kept(self, session: Session, rows: Sequence[Noted]) -> list[Any | None]:
        """Why each row stays, as a lazy sentence; None where it may be taken back."""
        ...

    def take_back(self, session: Session, row: Noted, reason: str) -> None:
        """Take the step back. Raises DomainError where the domain does not let it."""
        ...


@dataclass(frozen=True)
class Sheet:
    """A kind of sheet: ``view`` is the FAB view name whose can_add and can_edit the importing actor needs. ``chunk``
    rows are written together: a quick writer takes more of them at once. ``changes`` says that a record is known again by
    a key: only then rows may fill in or put right what is on record.

    Where rows take steps of records that are there: ``right`` is what the actor holds on the view in place of can_add,
    ``open_to`` says whose steps they are, ``waiting`` gives rows to fill in (their known cells as texts), ``back`` takes
    rows back, and ``repeats`` is false, for a step is not taken a second time.
    """

    name: str
    label: Any
    view: str
    fields: Callable[[Session], Sequence[Field]]
    writer: Callable[[Session, Actor, dict[str, Any]], Writer]
    chunk: int = 500
    changes: bool = True
    repeats: bool = True
    right: str = "can_add"
    open_to: Callable[[Actor], bool] | None = None
    waiting: Waiting | None = None
    back: Callable[[Actor], Back] | None = None

    def is_open(self, actor: Actor) -> bool:
        """Whether the actor may bring this sheet: whoever may do by hand what a row does."""
        return actor.may(self.right, self.view) and (self.open_to is None or self.open_to(actor))


_SHEETS: dict[str, Sheet] = {}


def declare(sheet: Sheet) -> Sheet:
    """Make a sheet known; the same name again takes its place (each app mounts its views anew)."""
    known = _SHEETS.get(sheet.name)
    if known is not None and known.view != sheet.view:
        raise ValueError(f"two sheets are called {sheet.name!r}: {known.view} and {sheet.view}")
    _SHEETS[sheet.name] = sheet
    return sheet


def sheets() -> dict[str, Sheet]:
    """All declared sheets by name, in the order in which they were declared."""
    return dict(_SHEETS)
