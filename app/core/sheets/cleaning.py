"""From raw rows to rows of ours: each cell through the reader of its field, rows that are no records left out and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from app.core.sheets import values, words
from app.core.sheets.coded import choice_reader, code_reader
from app.core.sheets.declare import Field, Finding, Judge, Row
from app.core.sheets.refusals import N_
from app.core.sheets.values import ERROR, UNSTORED, Reader, shown

MISSING = N_("“%(field)s” is missing.")
EMPTY_ROWS = N_("Rows %(first)s to %(last)s are empty and were left out.")
EMPTY_ROW = N_("This row is empty and was left out.")
UNCHOSEN = N_("This row has nothing in the chosen columns and was left out.")
EXAMPLE = N_("This is the example row of the template; it was left out.")
LISTS = "lists"  # hidden tab of our template; the other one explains
EXPLANATIONS = lazy_gettext("Explanations")
EXAMPLE_ROW = lazy_gettext("Example row, left out at the import")  # stands behind the example of our template
HEADINGS = N_("The headings stand here once more; the row was left out.")
TOTAL = N_("This row is a sum and was left out.")
SECTION = N_("This row is a heading across the table and was left out.")
MERGED = N_("This cell is merged with row %(row)s; its value was taken here too.")
MERGED_ID = N_(
    "This cell is merged with row %(row)s, but a number belongs to one row only. Undo the merging and fill it in."
)

RawRow = tuple[int, list[Any]]


@dataclass(slots=True)
class Column:
    """One column of the sheet on its way to a field."""

    key: str
    index: int
    read: Reader
    field: Field
    judge: Judge | None
    label: str
    short: str = ""  # "text", "number": cells with nothing odd are taken as they are, the reader is not asked
    most: int = 1 << 31


_SHORT = dict.fromkeys(("text", "longtext", "name", "area", "relation"), "text") | dict.fromkeys(
    ("id_number", "phone"), "number"
)


@dataclass(slots=True)
class Chunk:
    """Some rows: those to go in, what was left out, and the column of each key (from 1)."""

    number: int
    rows: list[Row]
    left_out: list[Finding] = field(default_factory=list)
    columns: dict[str, int] = field(default_factory=dict)


class Cleaner:
    """Reads cells as the fields say. Code lists are read once, here; ``today`` decides on years of two figures."""

    def __init__(self, fields: Sequence[Field], *, today: date, session: Session | None = None) -> None:
        self.fields = {field.key: field for field in fields}
        self.today, self.session = today, session
        self._listed: dict[str, Reader] = {}

    def column(self, key: str, index: int, plan: Mapping[str, Any]) -> Column:
        """The column at ``index`` (from 0) for the field ``key``; KeyError for a field that the sheet does not have."""
        wanted = self.fields[key]
        reader, short = self._reader(wanted, plan), _SHORT.get(wanted.kind, "")
        column = Column(key, index, reader, wanted, wanted.judge, str(wanted.label), short)
        if wanted.length is not None:
            column.most = wanted.length
        return column

    def _reader(self, wanted: Field, plan: Mapping[str, Any]) -> Reader:
        kind, length = wanted.kind, wanted.length
        if kind in ("code", "choice"):
            if wanted.key not in self._listed:
                made = code_reader(self.session, wanted) if kind == "code" else choice_reader(wanted)
                self._listed[wanted.key] = made
            return self._listed[wanted.key]
        if kind in ("date", "partial_date"):
            return values.day_reader(
                self.today,
                since_1904=bool(plan.get("since_1904")),
                shown_only=plan.get("kind") == "csv",
                partial=kind == "partial_date",
            )
        simple: dict[str, Reader] = {
            "int": values.read_int,
            "decimal": values.read_decimal,
            "bool": values.read_bool,
        }
        sized: dict[str, Callable[[Any, int | None], values.Read]] = {
            "name": values.read_name,
            "id_number": values.read_id,
            "phone": values.read_number,
            "longtext": lambda raw, most: values.read_text(raw, most, breaks=True),
        }
        if kind in simple:
            return simple[kind]
        reader = sized.get(kind, values.read_text)
        return lambda raw: reader(raw, length)


class Rows:
    """Turns raw rows of one sheet into ``Row``s; made for one reading."""

    def __init__(self, cleaner: Cleaner, columns: list[Column], plan: Mapping[str, Any]) -> None:
        self.columns = columns
        self.headings = frozenset(words.plain(name) for name in plan.get("written", ()))
        self.width = len(plan.get("names", ()))
        self.examples = {c.index: c.field.example for c in columns if c.field.example}
        self.totals = words.said("totals")
        self.marks = frozenset(words.plain(text) for text in words.in_both_languages(EXAMPLE_ROW))
        # most rows begin and end with none of these: asked before the text is compared in full
        self.begins = frozenset(word[:1] for word in self.headings | self.totals)
        self.marks_begin = frozenset(word[:1] for word in self.marks)

    def clean(self, raw: list[RawRow], before: int) -> tuple[list[Row], list[Finding]]:
        """The rows of a chunk and what was left out of it; ``before`` is the row before its first one."""
        rows: list[Row] = []
        gaps = _Gaps(before)
        for number, cells in raw:
            reason = self._no_record(cells)
            if reason == EMPTY_ROW:
                continue
            gaps.up_to(number)
            if reason is not None:
                gaps.found.append(Finding(number, None, reason))
                continue
            rows.append(self._row(number, cells))
        if raw:
            gaps.up_to(raw[-1][0] + 1)
        return rows, gaps.found

    def _no_record(self, cells: list[Any]) -> str | None:
        """Why a row is no record, if it is none."""
        count = len(cells)
        filled = 0
        for column in self.columns:
            cell = cells[column.index] if column.index < count else None
            if cell is not None and (type(cell) is not dict or "m" not in cell):
                filled += 1
                if filled > 1:
                    break
        if filled == 0 and all(values.says_nothing(cell) for cell in cells):
            return EMPTY_ROW
        if filled <= 1 and (section := self._section(cells)):
            return section
        first = next((cell for cell in cells if cell is not None), None)
        if type(first) is str and _beginning(first) in self.begins:
            if words.plain(first) in self.totals:
                return TOTAL
            if words.plain(first) in self.headings and self._repeats(cells):
                return HEADINGS
        return EXAMPLE if self._is_example(cells) else None if filled else UNCHOSEN

    def _section(self, cells: list[Any]) -> str | None:
        given = [cell for cell in cells if cell is not None]
        wide = len(given) == 1 and type(given[0]) is dict and "w" in given[0]
        return SECTION if wide and given[0]["w"][1] * 2 >= self.width else None

    def _repeats(self, cells: list[Any]) -> bool:
        texts = [words.plain(shown(cell)) for cell in cells if cell is not None]
        return len(texts) > 1 and sum(text in self.headings for text in texts) * 5 >= len(texts) * 4

    def _is_example(self, cells: list[Any]) -> bool:
        """The mark of the template stands behind it; or every cell with an example says just that, and no other anything."""
        last = cells[-1]
        if type(last) is str and _beginning(last) in self.marks_begin and words.plain(last) in self.marks:
            return True
        if not self.examples:
            return False
        for column in self.columns:
            cell = cells[column.index] if column.index < len(cells) else None
            if (shown(cell) if cell is not None else "") != column.field.example:
                return False
        return True

    def _row(self, number: int, cells: list[Any]) -> Row:
        found: dict[str, Any] = {}
        findings: list[Finding] = []
        count = len(cells)
        for column in self.columns:
            raw = cells[column.index] if column.index < count else None
            if raw is None:
                value = None
            elif type(raw) is str and _is_plain(raw, column):
                value = raw if column.judge is None else _judged(number, column, raw, findings)
            elif type(raw) is dict and "d" not in raw:
                value = _wrapped(number, column, raw, findings)
            else:
                value = _read(number, column, raw, findings)
            found[column.key] = value
            if value is None and column.field.needed and not _is_said(findings, column.index + 1):
                findings.append(Finding(number, column.index + 1, MISSING, {"field": column.label}, True))
        return Row(number, found, findings)


def _beginning(text: str) -> str:
    """The first sign of a text as words are compared."""
    return text.lstrip()[:1].lower()


def _is_plain(raw: str, column: Column) -> bool:
    """Whether the column's reader would hand out the text as it is: this is so for nearly all cells, and is quick to see."""
    if column.short == "text":
        return len(raw) <= column.most and not values.is_odd(raw)
    return (
        column.short == "number"
        and len(raw) <= column.most
        and raw.isascii()
        and raw.isalnum()
        and "e" not in raw
        and (raw.isdigit() or raw[:-1].isdigit())
        and raw[-1] != "x"
    )


def _is_said(findings: list[Finding], column: int) -> bool:
    return any(finding.grave and finding.column == column for finding in findings)


def _read(number: int, column: Column, raw: Any, findings: list[Finding]) -> Any:
    value, remarks = column.read(raw)
    if remarks:
        place = column.index + 1
        findings.extend([Finding(number, place, text, params, grave) for text, params, grave in remarks])
    return value if value is None or column.judge is None else _judged(number, column, value, findings)


def _judged(number: int, column: Column, value: Any, findings: list[Finding]) -> Any:
    assert column.judge is not None  # noqa: S101
    value, remarks = column.judge(value)
    if remarks:
        place = column.index + 1
        findings.extend([Finding(number, place, text, params, grave) for text, params, grave in remarks])
    return value


def _wrapped(number: int, column: Column, raw: dict[str, Any], findings: list[Finding]) -> Any:
    """A cell with an error, or one of a merged block."""
    place = column.index + 1
    if "e" in raw:
        message, params = (UNSTORED, {}) if raw["e"] == "=" else (ERROR, {"error": raw["e"]})
        findings.append(Finding(number, place, message, params, True))
        return None
    if "w" in raw:
        return _inner(number, column, raw["w"][0], findings)
    value, row = raw["m"]
    if column.field.kind == "id_number":
        findings.append(Finding(number, place, MERGED_ID, {"row": row}, True))
        return None
    findings.append(Finding(number, place, MERGED, {"row": row}, False))
    return _inner(number, column, value, findings)


def _inner(number: int, column: Column, raw: Any, findings: list[Finding]) -> Any:
    if type(raw) is dict and "d" not in raw:
        return _wrapped(number, column, raw, findings)
    return _read(number, column, raw, findings)


class _Gaps:
    """Tells of rows that are not there, in spans."""

    def __init__(self, before: int) -> None:
        self.last, self.found = before, list[Finding]()

    def up_to(self, number: int) -> None:
        first, last = self.last + 1, number - 1
        if first == last:
            self.found.append(Finding(first, None, EMPTY_ROW))
        elif first < last:
            self.found.append(Finding(first, None, EMPTY_ROWS, {"first": first, "last": last}))
        self.last = number


def chunks(raw: Iterator[list[RawRow]], size: int) -> Iterator[list[RawRow]]:
    """Batches of the child in chunks of one size, so that chunk 7 is the same however the child cut them."""
    held: list[RawRow] = []
    for batch in raw:
        held.extend(batch)
        while len(held) >= size:
            yield held[:size]
            held = held[size:]
    if held:
        yield held
