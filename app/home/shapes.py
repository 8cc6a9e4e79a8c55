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


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a chart: how many, and how many of these are late."""

    label: str
    value: int
    late: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars with their numbers beside them, so that the picture is its own table; ``note`` says what is counted."""

    label: str
    bars: list[Bar]
    note: str

    @property
    def longest(self) -> int:
        """The value that fills the width."""
        return max((bar.value for bar in self.bars), default=0) or 1
