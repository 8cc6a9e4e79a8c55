"""The writer of the sheet: one chunk is read, placed, matched, put into households and written (speed.md)."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas import queries
from app.audit.service import in_batch
from app.core import clock
from app.core.actor import Actor
from app.core.session import make_room, take_turns
from app.core.sheets import Outcome, Row
from app.registry.importing.areas import Areas
from app.registry.importing.changing import Changer
from app.registry.importing.customs import by_area
from app.registry.importing.earlier import Earlier
from app.registry.importing.homes import Homes, resolve_area
from app.registry.importing.households import Families, Family
from app.registry.importing.lines import Line, Reader
from app.registry.importing.making import Maker
from app.registry.importing.people import FIRST_IS_BAD, Seen, match, recall
from app.registry.importing.settling import settle
from app.registry.importing.telling import Telling
from app.registry.models import Household, Person
from app.registry.service import households
from app.registry.service.checks import check_code
from app.registry.service.compared import Compared

SOURCE = "import"
ROUNDS = 3  # how often the rows of a chunk are gone through without those that cannot go in


class PersonWriter:
    """Rows of one sheet of residents.

    ``options``: ``columns`` {field: number of the sheet's column}, ``fixed`` {field: value for every row}, ``area_id`` the
    area of rows that name none, ``source`` a code of the list data_source.
    """

    def __init__(self, actor: Actor, options: dict[str, Any]) -> None:
        self.actor = actor
        self.columns: dict[str, int] = options.get("columns") or {}
        self.fixed: dict[str, Any] = options.get("fixed") or {}
        self.area_id: int | None = options.get("area_id")
        self.source: str = options.get("source") or SOURCE
        self.seen, self.telling = Seen(), Telling(actor)
        self.heads: dict[int, int] = {}
        self.earlier = Earlier()
        self.compared = Compared(actor, Person.__tablename__)
        self.areas: Areas | None = None
        self._areas_state: Any = None

    def look(self, session: Session, rows: list[Row], rule: str) -> list[Outcome]:
        """What would become of the rows; nothing is written but that somebody elsewhere was asked about."""
        now, self.telling.is_dry = clock.now(), True
        lines, families = self._plan(session, rows, rule, now)
        known = [line for line in lines if line.why == "known"]
        self._changer(session, rule, now, dry=self.compared).change(known)
        self.compared.write()
        self.telling.write(sum(line.document is not None for line in lines))
        self.earlier.note(families, cast(Areas, self.areas), dry=True)
        return self._outcomes(lines)

    def recall(
        self, session: Session, rows: list[Row], rule: str, words: Mapping[int, str], *, writes: bool
    ) -> None:
        """A chunk that was dealt with before the work was broken off: who stood in it is known again. ``words`` are the
        outcomes by row, of those that were not simply made. What was written the register tells; a dry run plans anew.
        """
        if not writes:
            _lines, families = self._plan(session, rows, rule, clock.now())
            self.earlier.note(families, cast(Areas, self.areas), dry=True)
            return
        reader = Reader(clock.today(), self.columns, self.fixed)
        lines = [reader.line(row) for row in rows if words.get(row.number) != "bad"]
        recall(_going(lines), self.seen)

    def take(self, session: Session, rows: list[Row], rule: str, *, batch: str) -> list[Outcome]:
        """Write the rows of one chunk inside the caller's unit of work."""
        make_room(session)
        with _uncollected():
            return self._take(session, rows, rule, batch)

    def _take(self, session: Session, rows: list[Row], rule: str, batch: str) -> list[Outcome]:
        now = clock.now()
        take_turns(session, "building", "dwelling", "person")
        check_code(session, "data_source", self.source, field="source")
        lines, families = self._plan(session, rows, rule, now)
        new = [line for line in lines if line.is_new]
        known = [line for line in lines if line.why == "known"]
        today = clock.to_local(now).date()
        with in_batch(session, batch):
            maker = Maker(session, batch, self.source, self.actor.user_id, now, today)
            maker.write(new, families)
            if known:
                self._changer(session, rule, now).change(known)
            self._heads(session, families)
            settle(session, new, families, batch=batch, actor=self.actor, now=now, today=today)
        self.earlier.note(families, cast(Areas, self.areas), dry=False)
        return self._outcomes(lines)

    def _plan(
        self, session: Session, rows: list[Row], rule: str, now: datetime
    ) -> tuple[list[Line], list[Family]]:
        """What becomes of each row; the same for a dry run. Where a row cannot go in and another one below is about the same
        person, the rows are gone through again without it: people often write the right row below the wrong one.
        """
        self._read_areas(session)
        lost: dict[int, Line] = {}
        for _round in range(ROUNDS):
            heads, elsewhere = dict(self.heads), self.seen.elsewhere
            lines, families = self._planned(session, [r for r in rows if r.number not in lost], rule, now)
            followed = {line.other for line in lines}
            refused = [line for line in lines if line.why == "bad"]
            wrong = {line.number: line for line in refused if line.number in followed}
            self.seen.forget(lines if wrong else refused)
            if not wrong:
                break
            lost |= wrong
            self.heads, self.seen.elsewhere = heads, elsewhere
        else:
            lines, families = self._planned(session, [r for r in rows if r.number not in lost], rule, now)
        return sorted((*lines, *lost.values()), key=_number), families

    def _read_areas(self, session: Session) -> None:
        """Areas are closed and moved while an import runs: each chunk goes by those of its moment."""
        state = queries.state(session)
        if self.areas is None or state != self._areas_state:
            self.areas, self._areas_state = Areas(session, self.actor), state

    def _planned(
        self, session: Session, rows: list[Row], rule: str, now: datetime
    ) -> tuple[list[Line], list[Family]]:
        today = clock.to_local(now).date()
        areas = cast(Areas, self.areas)
        reader = Reader(today, self.columns, self.fixed)
        lines = [reader.line(row) for row in rows]
        for line in _going(lines):
            resolve_area(areas, line, self.area_id, self.columns)
        Homes(session, areas, self.earlier).place(_going(lines))
        by_area(session, areas, _going(lines), self.actor)
        match(session, _going(lines), rule, self.seen, self.telling, now)
        families = Families(session, areas, self.heads, self.earlier).gather(_going(lines), today)
        return lines, families

    def _outcomes(self, lines: list[Line]) -> list[Outcome]:
        """What became of the rows. Lines and households let go of each other: a chunk is out of memory before the next."""
        refused = {line.number: line for line in lines if line.why == "bad"}
        self.seen.forget(refused.values())
        for line in lines:
            line.household = None
            if line.why == "skipped" and line.other in refused:
                line.refuse(FIRST_IS_BAD, other=line.other)
        return [Outcome(line.number, line.why, line.made, line.before, line.findings) for line in lines]

    def _changer(self, session: Session, rule: str, now: datetime, *, dry: Compared | None = None) -> Changer:
        today = clock.to_local(now).date()
        return Changer(session, self.actor, rule, self.source, now, today, dry)

    def _heads(self, session: Session, families: list[Family]) -> None:
        """Households on record whose members changed: head and name follow from who has relation 02."""
        touched = {f.id or f.made_id: f for f in families if f.id is not None or _has_known(f)}
        for key in sorted(k for k in touched if k is not None):
            household = session.scalars(select(Household).where(Household.id == key)).one()
            before = {"head_person_id": household.head_person_id, "name": household.name}
            households.settle_head(session, household)
            family = touched[key]
            if family.id is not None and before != {
                "head_person_id": household.head_person_id,
                "name": household.name,
            }:
                family.lines[0].before.append(
                    [Household.__tablename__, household.id, household.version, before]
                )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles: it would walk the rows of the chunk again and again, and finds nothing in them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _going(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.why in ("made", "known")]


def _has_known(family: Family) -> bool:
    return any(not line.is_new for line in family.lines)


def _number(line: Line) -> int:
    return line.number
