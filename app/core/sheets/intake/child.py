"""The process that opens the file: limits first, then one question, then lines of JSON until the end.

Standard input has the question (JSON), descriptor ``argv[1]`` the file in anonymous memory, standard output the answers:
``{"book": …}``, ``{"rows": [[number, [cells]], …]}``, ``{"end": true}``, ``{"refused": [code, params]}``. The process gets
no environment, opens no file and starts no program; when its reader goes away it ends.
"""

from __future__ import annotations

import json
import mmap
import os
import resource
import sys
from collections.abc import Iterator
from typing import Any

from .magic import kind_of
from .refused import Refused
from .survey import merged

MEMORY = 1024 * 1024 * 1024  # address space; 200,000 rows of 40 columns need 250 MB of it
SECONDS = 180  # of processor time; such a file takes 40 on the machine of the benchmark
TOP = 60  # rows shown to whoever looks for the headings
ROWS, CHARACTERS = 250, 1_000_000  # in one line of the answer


def limit(memory: int = MEMORY, seconds: int = SECONDS) -> None:
    """Bound memory and time; no core file, for it would hold what was in the sheet; no file may grow."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def opened(descriptor: int) -> Any:
    """The book behind a descriptor, whatever kind it is. Readers are loaded when they are needed."""
    file = os.fdopen(descriptor, "rb")
    data = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    kind = kind_of(data)
    if kind == "xls":
        from .xls import Xls

        return Xls(data[:])
    if kind == "zip":
        from .xlsx import Xlsx

        return Xlsx(file)
    from .texts import Text

    return Text(file)


def choose(tabs: list[tuple[str, bool, str]], name: str | None) -> int:
    """The number of the tab to read: the one of that name, else the first that is not hidden."""
    if name is not None:
        for number, tab in enumerate(tabs):
            if tab[0] == name:
                return number
        raise Refused("tab")
    for number, tab in enumerate(tabs):
        if not tab[1]:
            return number
    raise Refused("empty")


def look(book: Any, tab: int) -> dict[str, Any]:
    """What the parent must know before it can ask for rows."""
    survey = book.survey(tab)
    if survey.rows == 0:
        raise Refused("empty")
    top = [row for row, _ in zip(book.rows(tab), range(TOP), strict=False)]
    return {
        "kind": book.kind,
        "encoding": getattr(book, "encoding", ""),
        "since_1904": book.since_1904,
        "tabs": [[name, hidden] for name, hidden, _ in book.tabs],
        "tab": tab,
        "survey": survey.wire(top[-1][0] if top else 0),
        "top": top,
    }


def batches(rows: Iterator[tuple[int, list[Any]]]) -> Iterator[list[Any]]:
    """Rows in lines of a bounded number of rows and characters."""
    batch: list[Any] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += sum([len(cell) for cell in row[1] if type(cell) is str])
        if len(batch) >= ROWS or size >= CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def answer(question: dict[str, Any], descriptor: int) -> Iterator[dict[str, Any]]:
    """The lines of the answer."""
    if question["ask"] == "mark":
        from .marking import mark

        yield from mark(os.fdopen(descriptor, "rb"), question)
        yield {"end": True}
        return
    book = opened(descriptor)
    tab = choose(book.tabs, question.get("tab"))
    if question["ask"] == "look":
        yield {"book": look(book, tab)}
    else:
        after = question["after"]
        rows = merged(book.rows(tab), book.survey(tab).merges) if question["merged"] else book.rows(tab)
        for batch in batches(row for row in rows if row[0] > after):
            yield {"rows": batch}
    yield {"end": True}


def main() -> None:
    """Answer one question."""
    limit()
    question = json.loads(sys.stdin.buffer.readline())
    out = sys.stdout.buffer
    try:
        for line in answer(question, int(sys.argv[1])):
            out.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            out.flush()
    except Refused as refused:
        out.write(json.dumps({"refused": [refused.code, refused.params]}).encode() + b"\n")
    except MemoryError:
        out.write(b'{"refused": ["heavy", {}]}\n')
    except BrokenPipeError:
        os._exit(0)
    except Exception:  # a parser raises whatever it stumbles over; its text may hold contents
        out.write(b'{"refused": ["damaged", {}]}\n')
    out.flush()
