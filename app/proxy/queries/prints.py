"""Papers of cases and rounds as pages show them: what can be printed, what stands, what is still missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.documents.models import IssuedDocument
from app.documents.queries import issued
from app.documents.rules import stands
from app.proxy import papers
from app.proxy.models import ProxyCase
from app.proxy.queries.field import DoorCard
from app.worklog.models import Visit, VisitStop

PROXY_CASE = "proxy_case"
ORIGINAL = "custody"  # owner of the receipt of one original
DOOR = (
    "visit_stop"  # owner of a paper for several cases: the person's stop, or the first one of the household
)


@dataclass(frozen=True)
class Printable:
    """One form for a case or a door: the paper that stands, else what keeps it from being printed, else nothing."""

    code: str
    label: Any
    standing: IssuedDocument | None
    lacking: Any = None

    @property
    def was_printed(self) -> bool:
        return self.standing is not None and bool(self.standing.prints)


def behind(visit: Visit, stop_uid: str, *, together: bool) -> tuple[VisitStop, set[int]]:
    """(the stop that stands for the door, ids of all stops meant): one person's, or everybody's at the same home."""
    stop = next((s for s in visit.stops if s.uid == stop_uid), None)
    if stop is None:
        raise NotFound()
    if not together or stop.dwelling_id is None:
        return stop, {stop.id}
    same = [s for s in visit.stops if s.dwelling_id == stop.dwelling_id]
    return same[0], {s.id for s in same}


def anchor(visit: Visit, case: ProxyCase, *, together: bool) -> VisitStop | None:
    """The stop whose papers speak of a case too; None when the case is done at no door."""
    for purpose in visit.purposes:
        stop = next((s for s in visit.stops if s.id == purpose.stop_id), None)
        if purpose.ref_uid == case.uid and stop is not None:
            return behind(visit, stop.uid, together=together)[0]
    return None


def issued_for(session: Session, case: ProxyCase) -> list[IssuedDocument]:
    """Papers that speak of a case, newest first: its own, its person's and its household's of the round."""
    visit = session.get(Visit, case.visit_id) if case.visit_id else None
    codes = [code for code in papers.FORMS if visit and code not in papers.ALONE]
    stops = {code: anchor(visit, case, together=code == papers.RECEIPT) for code in codes if visit}
    owners = {(PROXY_CASE, case.uid), *((DOOR, s.uid) for s in stops.values() if s is not None)}
    owners |= {(ORIGINAL, c.uid) for c in case.custody}
    mine = {(code, stop.uid) for code, stop in stops.items() if stop is not None}
    return [d for d in issued(session, owners) if d.owner_kind != DOOR or (d.form_code, d.owner_uid) in mine]


def of_case(case: ProxyCase, found: Sequence[IssuedDocument]) -> list[Printable]:
    """The forms of a case; ``found`` are its papers (`issued_for`). What few cases need is left out where it is not due."""
    forms = [
        Printable(
            code,
            label,
            next((d for d in found if d.form_code == code and stands(d.state)), None),
            papers.lacking(code, [case]),
        )
        for code, label in papers.FORMS.items()
    ]
    return [form for form in forms if form.code not in papers.RARE or form.standing or not form.lacking]


def of_round(session: Session, doors: Iterable[DoorCard]) -> Mapping[tuple[str, str], Printable]:
    """(form, uid of the stop) → what can be printed there: F10 for each person, F11 for the first one of each door."""
    doors = list(doors)
    people = [p for d in doors for p in d.people]
    homes: dict[int, str] = {}
    for person in people:
        if person.stop.dwelling_id is not None:
            homes.setdefault(person.stop.dwelling_id, person.stop.uid)
    owners = {(DOOR, p.stop.uid) for p in people} | {(PROXY_CASE, c.uid) for p in people for c in p.cases}
    there = [d for d in issued(session, owners) if stands(d.state)]
    found = {}
    for door in doors:
        for person in door.people:
            uid = person.stop.uid
            found[(papers.AUTHORIZATION, uid)] = _at(there, papers.AUTHORIZATION, uid, person.cases)
        first = door.people[0].stop
        together = [c for p in door.people for c in p.cases]
        found[(papers.RECEIPT, first.uid)] = _at(
            there, papers.RECEIPT, homes.get(first.dwelling_id or 0, first.uid), together
        )
    return found


def _at(there: Sequence[IssuedDocument], code: str, stop_uid: str, cases: Sequence[ProxyCase]) -> Printable:
    owners = {(DOOR, stop_uid), *((PROXY_CASE, c.uid) for c in cases)}
    newest = next((d for d in there if d.form_code == code and (d.owner_kind, d.owner_uid) in owners), None)
    return Printable(code, papers.FORMS[code], newest, papers.lacking(code, cases))
