"""What the start page is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its word; ``level`` red or yellow where it asks for something."""

    label: str
    value: int
    icon: str
    url: str = ""
    note: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a queue."""

    label: str
    hint: str = ""
    url: str = ""
    mark: str = ""
    colour: str = "grey"


@dataclass(frozen=True, slots=True)
class Queue:
    """A list of things to do; ``empty`` is said when there is none."""

    label: str
    rows: list[Row]
    empty: str
    count: str = ""
    url: str = ""
