"""Who of the sheet is on record already: by document, without one by name and birth date; never by name alone (S0-69).

Somebody outside the actor's areas is not opened: the row is told that the person is registered elsewhere, and the
answer is logged, as at a keyboard (guards, section 1).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.keysets import pieces
from app.registry.importing.lines import Line, precision_of
from app.registry.importing.telling import Telling
from app.registry.models import Person
from app.registry.rules import Precision, name_key
from app.registry.service import matching

ELSEWHERE_IN_A_SHEET = 2_000
MOST_NUMBERS = 5  # of people with one name and one birth date among the rows of a chunk
Tell = Callable[[str, int], None]
GUESSES = _(
    "Row %(row)s: several people of this sheet have one name and one birth date but different numbers."
)
ELSEWHERE = _("This person is registered elsewhere. You may ask for a move-in.")
TOO_MANY = _(
    "Very many people of this sheet are registered elsewhere. Have it brought in by the level above their areas."
)
OTHER_NAME = _("The register has this number under another name: %(name)s. Please compare with the card.")
TWO_NAMES = _("Row %(other)s of this sheet has the same number with another name.")
FIRST_IS_BAD = _("The same person stands in row %(other)s, which cannot go in: put that row right first.")
TWICE = _("The same person stands in row %(other)s of this sheet; this row is passed over.")
KEPT_APART = _(
    "Somebody bears this number already; both records are kept, and a duplicate is there to settle."
)
SEVERAL = _("Several people in your area have this name and birth date: give the number of the document.")
UNKNOWABLE = _(
    "Without a number or a birth date this person cannot be known again; brought twice, it stands twice."
)
DUP_REASON = "import"


@dataclass
class Seen:
    """Who has stood in the sheet so far. A number of 64 bits for each row: a sheet has at most 200,000."""

    rows: dict[int, int] = field(default_factory=dict)
    elsewhere: int = 0

    def other(self, key: Any, name: str, row: int) -> tuple[int, bool] | None:
        """(the earlier row about the same person, whether it bears the same name), None for the first."""
        mark, named = hash(key), hash(name) & 0xFFFFFFFF
        known = self.rows.setdefault(mark, row << 32 | named)
        if known >> 32 == row:
            return None
        return known >> 32, known & 0xFFFFFFFF == named

    def forget(self, lines: Iterable[Line]) -> None:
        """These rows do not go in: a row further down is the first about the person."""
        for line in lines:
            if line.mark is not None and self.rows.get(line.mark, 0) >> 32 == line.number:
                del self.rows[line.mark]


def match(
    session: Session, lines: list[Line], rule: str, seen: Seen, telling: Telling, now: datetime
) -> None:
    """Say of each row whether it is about somebody new, somebody known, or cannot go in."""
    lines = _once(lines, seen)
    by_number = [line for line in lines if line.document is not None]
    _refuse_guesses(by_number)
    _by_document(session, by_number, rule, seen, partial(telling.tell, session, now=now))
    _by_name(session, [line for line in lines if line.document is None], rule)


def recall(lines: list[Line], seen: Seen) -> None:
    """Note who stood in rows that were dealt with before."""
    _once(lines, seen)


def _once(lines: list[Line], seen: Seen) -> list[Line]:
    """The rows that are the first about their person; one number with two names is no person at all."""
    by_row = {line.number: line for line in lines}
    first = []
    for line in lines:
        born = line.birth.date if line.birth else None
        key = line.document or (name_key(line.name), born) if line.document or born else None
        other = seen.other(key, line.name, line.number) if key is not None else None
        if other is None:
            line.mark = hash(key) if key is not None else None
            first.append(line)
            continue
        row, same = other
        line.other = row
        if same:
            line.remark(TWICE, other=row)
            line.why = "skipped"
            continue
        line.refuse(TWO_NAMES, other=row)
        if row in by_row:
            by_row[row].remark(TWO_NAMES, other=line.number)
    return first


def _refuse_guesses(lines: list[Line]) -> None:
    """One person with many numbers is no list of residents but a search for the right number."""
    born = Counter((name_key(line.name), line.birth.date) for line in lines if line.birth)
    if max(born.values(), default=0) <= MOST_NUMBERS:
        return
    for line in lines:
        if line.birth and born[name_key(line.name), line.birth.date] > MOST_NUMBERS:
            raise Invalid(GUESSES, row=line.number)


def _by_document(session: Session, lines: list[Line], rule: str, seen: Seen, tell: Tell) -> None:
    if not lines:
        return
    known = matching.bearers(line.document[1] for line in lines if line.document)
    if not known:
        return
    ids = {person for found in known.values() for _kind, _number, person in found}
    visible: dict[int, str] = {}
    for some in pieces(sorted(ids)):
        query = select(Person.id, Person.name).where(Person.id.in_(some))
        visible.update((key, name) for key, name in session.execute(query))
    for line in lines:
        found = known.get(line.document) if line.document else None
        if not found:
            continue
        mine = sorted({person for _kind, _number, person in found if person in visible})
        if not mine:
            _elsewhere(line, found[0][2], seen, tell)
        else:
            _inside(line, [(key, visible[key]) for key in mine], found, rule, tell)


def _elsewhere(line: Line, person: int, seen: Seen, tell: Tell) -> None:
    seen.elsewhere += 1
    if seen.elsewhere > ELSEWHERE_IN_A_SHEET:
        raise Invalid(TOO_MANY)
    tell(matching.ELSEWHERE, person)
    line.refuse(ELSEWHERE)


def _inside(line: Line, mine: list[tuple[int, str]], found: list[Any], rule: str, tell: Tell) -> None:
    namesakes = [key for key, name in mine if name == line.name or name_key(name) == name_key(line.name)]
    if not namesakes:
        tell(matching.FOUND, mine[0][0])
    if rule == "new":
        line.dup_no = 1 + max((number for kind, number, _p in found if kind == line.doc_kind), default=-1)
        line.remark(KEPT_APART)
        return
    if namesakes:
        _known(line, namesakes[0], rule)
    elif rule == "skip":
        line.why = "skipped"
        line.remark(OTHER_NAME, name=mine[0][1])
    else:
        line.refuse(OTHER_NAME, name=mine[0][1])


def _known(line: Line, person: int, rule: str) -> None:
    line.person, line.why = person, "skipped" if rule == "skip" else "known"


def _by_name(session: Session, lines: list[Line], rule: str) -> None:
    exact = [line for line in lines if line.birth and precision_of(line.birth) == Precision.day]
    for line in lines:
        if line.birth is None:
            line.remark(UNKNOWABLE)
    if not exact or rule == "new":
        return
    known: dict[tuple[str, Any], list[int]] = defaultdict(list)
    days = {line.birth.date for line in exact if line.birth}
    for some in pieces(sorted({line.name for line in exact})):
        query = select(Person.name, Person.birth_date, Person.id).where(
            Person.name.in_(some), Person.birth_date.in_(days), Person.birth_precision == Precision.day.value
        )
        for name, born, key in session.execute(query.order_by(Person.id)):
            known[name, born].append(key)
    for line in exact:
        found = known.get((line.name, line.birth.date)) if line.birth else None
        if not found:
            continue
        if len(found) > 1 and rule != "skip":
            line.refuse(SEVERAL)
        else:
            _known(line, found[0], rule)
