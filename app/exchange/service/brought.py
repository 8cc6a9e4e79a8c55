"""What a sheet has brought so far: which row stands for which record, and for a dry run the rows themselves, packed.

A dry run takes every chunk back. A row that relies on a row of an earlier chunk (its parent area, the same record once
more) has that row done again first, so that the check says what the import will say. Of a row stay some numbers of 64
bits and about a hundred bytes of its packed values: 200,000 rows, the most a sheet may have, in less than 100 MB.
"""

from __future__ import annotations

import pickle
import zlib
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from app.core.sheets import Row

BESIDE = 50  # rows below one record that are done again for another one below it
LATER = 200  # rows about one record whose changes are laid over its first
NAMESAKES = 3  # of one name; two are enough to say that there are several
UNPACKED = 4  # chunks that are held as they are


class Brought:
    """Rows by the marks of their records. A mark is anything hashable that stays the same for the whole sheet."""

    def __init__(self) -> None:
        self._first: dict[int, int] = {}
        self._named: dict[int, tuple[int, ...]] = {}
        self._beside: dict[int, tuple[int, ...]] = {}
        self._later: dict[int, tuple[int, ...]] = {}
        self._begins: list[int] = []
        self._packed: list[bytes] = []
        self._open: dict[int, dict[int, dict[str, Any]]] = {}
        self._undo: list[tuple[dict[int, Any], int, Any]] = []

    # --- what a row stands for ------------------------------------------------------------------------------------

    def note(
        self,
        number: int,
        marks: Iterable[Hashable],
        names: Iterable[str] = (),
        beside: Iterable[Hashable] = (),
    ) -> bool:
        """A row went in: by these marks and names rows further down mean its record; it stands beside others. False where
        more rows stand beside one record than are done again.
        """
        for mark in marks:
            if hash(mark) not in self._first:
                self._set(self._first, hash(mark), number)
        for name in names:
            self._add(self._named, hash(name), number, NAMESAKES)
        noted = [self._add(self._beside, hash(mark), number, BESIDE) for mark in beside]
        return all(noted)

    def changed(self, first: int, number: int) -> bool:
        """A row changed the record that an earlier one stands for; False where too many did."""
        return self._add(self._later, first, number, LATER)

    def first(self, mark: Hashable, number: int) -> int | None:
        """The row above that stands for the same record."""
        found = self._first.get(hash(mark))
        return found if found is not None and found < number else None

    def named(self, name: str, number: int) -> list[int]:
        """Rows above whose record bears a name."""
        return [n for n in self._named.get(hash(name), ()) if n < number]

    def beside(self, mark: Hashable, number: int) -> list[int]:
        """Rows above that hang on the same record."""
        return [n for n in self._beside.get(hash(mark), ()) if n < number]

    # --- taken back -----------------------------------------------------------------------------------------------

    def point(self) -> int:
        """Where ``back_to`` goes back to."""
        return len(self._undo)

    def back_to(self, point: int) -> None:
        """Forget what was noted since: those rows did not go in."""
        while len(self._undo) > point:
            table, key, before = self._undo.pop()
            if before is None:
                table.pop(key, None)
            else:
                table[key] = before

    def settle(self) -> None:
        """What was noted holds."""
        self._undo.clear()

    def _set(self, table: dict[int, Any], key: int, value: Any) -> None:
        self._undo.append((table, key, table.get(key)))
        table[key] = value

    def _add(self, table: dict[int, tuple[int, ...]], key: int, number: int, most: int) -> bool:
        known = table.get(key, ())
        if number in known:
            return True
        if len(known) < most:
            self._set(table, key, (*known, number))
        return len(known) < most

    # --- the rows -------------------------------------------------------------------------------------------------

    def keep(self, rows: Sequence[Row]) -> None:
        """Keep the values of a chunk's rows that went in; chunks come in the order of the sheet."""
        if not rows:
            return
        plain = {row.number: {k: v for k, v in row.values.items() if v is not None} for row in rows}
        self._begins.append(rows[0].number)
        self._packed.append(zlib.compress(pickle.dumps(plain), 6))

    def row(self, number: int, rule: str) -> Row:
        """A kept row with what later rows did to its record: the rule says which of two values counts."""
        values = dict(self._values(number))
        for later in self._later.get(number, ()):
            given = self._values(later)
            values = {**given, **values} if rule == "fill" else {**values, **given}
        return Row(number, values)

    def _values(self, number: int) -> dict[str, Any]:
        at = bisect_right(self._begins, number) - 1
        if at < 0:
            return {}
        if at not in self._open:
            while len(self._open) >= UNPACKED:
                self._open.pop(next(iter(self._open)))
            self._open[at] = _unpacked(self._packed[at])
        return self._open[at].get(number, {})


def _unpacked(data: bytes) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = pickle.loads(zlib.decompress(data))  # noqa: S301  packed by keep(), never left memory
    return found
