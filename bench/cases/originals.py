"""The chain of hands of a case's originals, as ``app/proxy/service/custody.py`` writes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from app.core.sla import Unit, deadline, due_date
from app.proxy.service import custody
from bench.cases.facts import Hand


@dataclass
class Original:
    """An original that is out, with the hands it went through."""

    material: int
    name: str
    copies: int
    taken_at: datetime
    due_back_on: date
    staff_id: int | None
    unit_id: int | None = None
    returned_at: datetime | None = None
    returned_to: str | None = None
    moves: list[tuple[Any, ...]] = field(default_factory=list)


class Originals:
    """The originals of one case (``book``)."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.originals: list[Original] = []

    def held(self) -> list[Original]:
        return [one for one in self.originals if one.returned_at is None]

    def _keep(self, material: dict[str, Any], at: datetime, hand: Hand) -> None:
        service = self.book.service
        days = (service.promised or service.statutory or custody.DAYS) + custody.ON_THE_WAY
        due = due_date(deadline(at, days, Unit.work_day, self.book.place.calendar).at)
        keeper = hand.staff_id or self.book.place.worker.staff_id
        one = Original(material["seq"], material["name"], material["copies"], at, due, keeper)
        one.moves.append((at, "owner", None, None, "staff", keeper, None, hand.label[:50], None))
        self.originals.append(one)

    def _move(
        self, one: Original, at: datetime, kind: str, to: int | None, name: str, signature: int | None = None
    ) -> None:
        before = "unit" if one.unit_id else "staff"
        staff, unit = (to if kind == "staff" else None), (to if kind == "unit" else None)
        one.moves.append(
            (at, before, one.staff_id, one.unit_id, kind, staff, unit, name[:50] or None, signature)
        )
        if kind != "owner":
            one.staff_id, one.unit_id = staff, unit

    def _to_department(self, at: datetime) -> None:
        service = self.book.service
        for one in self.held():
            if service.department_id and one.unit_id != service.department_id:
                self._move(one, at, "unit", service.department_id, service.department_name)

    def _to_worker(self, at: datetime, hand: Hand) -> None:
        worker = self.book.place.worker
        for one in self.held():
            if one.unit_id is not None:
                keeper = hand if hand.role in custody.CARRIERS and hand.staff_id else worker
                self._move(one, at, "staff", keeper.staff_id, keeper.label)

    def _give_back(self, at: datetime, to: str, signature: int | None) -> None:
        for one in self.held():
            self._move(one, at, "owner", None, to, signature)
            one.returned_at, one.returned_to = at, to[:50]

    def finish_originals(self, keys: dict[int, int]) -> None:
        """Rows that stand as they are now; ``keys`` are those of the papers by number."""
        row, case = self.book.row, self.book.id
        for original in self.originals:
            custody_id = row(
                "custody",
                case,
                keys[original.material],
                original.name,
                original.copies,
                self.book.service.name[:80],
                original.staff_id,
                original.unit_id,
                original.taken_at,
                original.due_back_on,
                original.returned_at,
                original.returned_to,
            )
            for move in original.moves:
                row("custody_move", case, custody_id, *move)
