"""Reading somebody's sheet: a look at it, then its rows in chunks.

    look = sheets.look(data, fields=fields, sheet="venues")        # Invalid or TooLarge say what is wrong and what to do
    cleaner = sheets.Cleaner(fields, today=today, session=session)
    for chunk in sheets.read(data, look.plan, look.suggestion, cleaner, size=1000, start=0):
        …                                                          # chunk.number, .rows, .left_out, .columns

``look.plan`` is plain JSON without personal data: with it, the same file and the same size, chunk 7 is always the same: a
job that was killed goes on with ``start=7``. Rows are numbered as in the user's own sheet. It is opened in a process of
its own with limits (``process``, ``intake``); rows come through a pipe and touch no disk.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext

from app.core.errors import Invalid
from app.core.sheets import headings, words
from app.core.sheets.beside import beside
from app.core.sheets.cleaning import EXPLANATIONS, LISTS, Chunk, Cleaner, Rows, chunks
from app.core.sheets.declare import Field, Finding, Row
from app.core.sheets.headings import Finder, Heading
from app.core.sheets.process import ask
from app.core.sheets.refusals import N_
from app.core.sheets.values import shown

SAMPLE = 20
LONG = 2  # chunks from which a process beside this one is worth its start
# number, rows as (row, values, findings), what was left out: a chunk as it goes from one process to another
Packed = tuple[int, list[tuple[int, list[Any], list[Finding]]], list[Finding]]

OTHER_TABS = N_("Only the tab “%(tab)s” is read. The file has others: %(names)s.")
HIDDEN_TABS = N_("The file has hidden tabs, which are not read: %(names)s.")
HIDDEN_TAB = N_("The tab “%(tab)s” is hidden in the file.")
HIDDEN_ROWS = N_("Rows are hidden or filtered out in the sheet and are read all the same: %(rows)s.")
HIDDEN_COLUMNS = N_("Columns are hidden in the sheet and are read all the same: %(columns)s.")
MERGED_CELLS = N_(
    "The sheet has %(count)s merged blocks of cells. The value of a block counts for each of its rows."
)
MAC_DATES = N_("The sheet counts its days from 1904, as Excel for Mac did; its dates were read so.")
GBK = N_("The text file is written in GBK; it was read so. Check a few names.")
NOT_ITS_PLAN = N_("The columns of this sheet were not chosen yet. Look at the sheet again and choose them.")
NAMES_TOLD, SPANS_TOLD = 5, 8


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of the file; ``rows`` is known of the one that was read."""

    name: str
    hidden: bool
    rows: int | None = None
    columns: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What a file is like. ``sample`` are the first rows as they stand (personal data); ``findings`` are about the sheet.

    A grave finding means that nothing can be read before it is settled.
    """

    kind: str
    tabs: list[Tab]
    tab: str
    headings: list[Heading]
    sample: list[tuple[int, list[str]]]
    rows: int
    findings: list[Finding]
    mark: str
    plan: dict[str, Any]
    suggestion: dict[str, str]


def look(
    data: bytes,
    *,
    fields: Sequence[Field],
    sheet: str = "",
    tab: str | None = None,
    heading: tuple[int, int] | None = None,
) -> Look:
    """Open a file and find out what it is. ``tab`` and ``heading`` (first and last row) are a person's corrections.

    Raises Invalid (400) or TooLarge (413) with a sentence when the file cannot be read.
    """
    with closing(ask(data, {"ask": "look", "tab": tab})) as answers:
        book = next(answers)["book"]
    known = words.by_heading(fields, sheet)
    survey, top = book["survey"], [(number, cells) for number, cells in book["top"]]
    found = Finder(top, survey["merges"], known).find(heading)
    records = [(number, cells) for number, cells in top if number > found.last]
    above = sum(number <= found.last for number, _cells in top)
    name = book["tabs"][book["tab"]][0]
    # merged titles and headings are as they should be
    survey["merged"] -= sum(block[0] <= found.last for block in survey["merges"])
    plan = {
        "kind": book["kind"],
        "tab": name,
        "since_1904": book["since_1904"],
        "merged": survey["merged"] > 0,
        "first": found.first,
        "last": found.last,
        "names": [[column.column, column.name] for column in found.columns],
        "written": found.written,
        "rows": survey["rows"],
    }
    return Look(
        kind=book["kind"],
        tabs=_tabs(book, len(found.columns)),
        tab=name,
        headings=found.columns,
        sample=[(number, _sample(cells, found.columns)) for number, cells in records[:SAMPLE]],
        rows=max(0, survey["rows"] - above),
        findings=[*_told(book, found.columns), *found.findings],
        mark=found.mark,
        plan=plan,
        suggestion=headings.suggest(found.columns, known),
    )


def _tabs(book: dict[str, Any], columns: int) -> list[Tab]:
    read = book["tab"]
    return [
        Tab(name, hidden, book["survey"]["rows"] if at == read else None, columns if at == read else None)
        for at, (name, hidden) in enumerate(book["tabs"])
    ]


def _sample(cells: list[Any], columns: list[Heading]) -> list[str]:
    return [shown(cells[c.column - 1]) if c.column <= len(cells) else "" for c in columns]


def _told(book: dict[str, Any], columns: list[Heading]) -> list[Finding]:
    """What a person should know about the sheet before going on."""
    tabs, read, survey = book["tabs"], book["tab"], book["survey"]
    ours = {LISTS, *words.in_both_languages(EXPLANATIONS)}
    beside = [one for at, one in enumerate(tabs) if at != read and one[0] not in ours]
    hidden = [name for name, is_hidden in beside if is_hidden]
    others = [name for name, is_hidden in beside if not is_hidden]
    spans = [f"{first}-{last}" if last > first else f"{first}" for first, last in survey["hidden_rows"]]
    letters = [c.letter for c in columns if c.column - 1 in survey["hidden_columns"]]
    told = [
        (others, OTHER_TABS, {"tab": tabs[read][0], "names": _list(others, NAMES_TOLD)}),
        (hidden, HIDDEN_TABS, {"names": _list(hidden, NAMES_TOLD)}),
        (tabs[read][1], HIDDEN_TAB, {"tab": tabs[read][0]}),
        (spans, HIDDEN_ROWS, {"rows": _list(spans, SPANS_TOLD)}),
        (letters, HIDDEN_COLUMNS, {"columns": _list(letters, SPANS_TOLD)}),
        (survey["merged"], MERGED_CELLS, {"count": survey["merged"]}),
        (book["since_1904"], MAC_DATES, {}),
        (book["encoding"] == "gb18030", GBK, {}),
    ]
    return [Finding(None, None, message, params) for is_so, message, params in told if is_so]


def _list(names: list[str], most: int) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def read(
    data: bytes,
    plan: Mapping[str, Any],
    mapping: Mapping[str, str],
    cleaner: Cleaner,
    *,
    size: int = 1000,
    start: int = 0,
) -> Iterator[Chunk]:
    """The rows of a sheet in chunks of ``size`` rows of the file, from chunk ``start`` on. Those of a long sheet are
    cleaned in a process beside this one, while this one writes those before.

    ``mapping`` is {name of a column: field key or ""}. Raises what ``look`` raises, and Invalid when the file is not the
    one of the plan any more. Close it, or read it to its end, to end the process behind it.
    """
    by_name = {name: index - 1 for index, name in plan["names"]}
    if not plan["last"] or any(key and name not in by_name for name, key in mapping.items()):
        raise Invalid(lazy_gettext(NOT_ITS_PLAN), field="file")
    columns = [cleaner.column(key, by_name[name], plan) for name, key in mapping.items() if key]
    rows, keys = Rows(cleaner, columns, plan), list(dict.fromkeys(column.key for column in columns))
    places = {column.key: column.index + 1 for column in columns}

    def packed() -> Generator[Packed, None, None]:
        return _packed(data, plan, rows, size, start)

    is_long = plan.get("rows", 0) - start * size > LONG * size
    with closing(beside(packed) if is_long else packed()) as found:
        for number, cleaned, left_out in found:
            whole = [Row(row, dict(zip(keys, cells, strict=True)), said) for row, cells, said in cleaned]
            yield Chunk(number, whole, left_out, places)


def _packed(
    data: bytes, plan: Mapping[str, Any], rows: Rows, size: int, start: int
) -> Generator[Packed, None, None]:
    """The chunks from ``start`` on; the child that opens the file ends with this generator."""
    question = {
        "ask": "rows",
        "tab": plan["tab"] if plan["kind"] != "csv" else None,
        "after": plan["last"],
        "merged": plan["merged"],
    }
    before = plan["last"]
    with closing(ask(data, question)) as answers:
        for number, raw in enumerate(chunks((answer["rows"] for answer in answers), size)):
            if number >= start:
                cleaned, left_out = rows.clean(raw, before)
                packed = [(row.number, list(row.values.values()), row.findings) for row in cleaned]
                yield number, packed, left_out
            before = raw[-1][0]
