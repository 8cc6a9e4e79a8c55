"""What every part of the loader uses: fresh keys in blocks, collected rows, spelling by pieces, days of the story."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from app.core import bulk
from app.core.pinyin import spell

Row = dict[str, Any]
# (model, how many) → keys
TakeIds = Callable[[type, int], Iterable[int]]


@dataclass(frozen=True)
class Days:
    """The days of the demo's story, counted from the day it is loaded: the same day gives the same city."""

    today: date

    @property
    def founded(self) -> date:
        """Areas are in force from here on."""
        return (self.today - timedelta(days=300)).replace(day=1)

    @property
    def go_live(self) -> date:
        """Staff took up their posts."""
        return (self.today - timedelta(days=240)).replace(day=1)

    def ago(self, days: int) -> date:
        return self.today - timedelta(days=days)


class Keys:
    """Fresh keys of any table, taken in blocks. Use it inside the transaction that writes the rows."""

    def __init__(self, take: TakeIds, block: int = 2000) -> None:
        self.take, self.block = take, block
        self._ready: dict[type, Iterator[int]] = {}

    @classmethod
    def of(cls, session: Session) -> Keys:
        """Keys of a database."""
        return cls(lambda model, n: bulk.take_ids(session, model, n))

    def next(self, model: type) -> int:
        """The next key of a table."""
        key = next(self._ready.get(model, iter(())), None)
        if key is None:
            self._ready[model] = iter(self.take(model, self.block))
            key = next(self._ready[model])
        return key


class Pile:
    """Rows collected by table; ``write`` puts each table down in one bulk insert, parents before children."""

    def __init__(self, keys: Keys, order: Iterable[type]) -> None:
        self.keys, self.order = keys, tuple(order)
        self.rows: dict[type, list[Row]] = defaultdict(list)

    def row(self, model: type, **values: Any) -> Row:
        """Collect a row and return it; what is changed in it before ``write`` counts."""
        if "id" not in values:
            values["id"] = self.keys.next(model)
        self.rows[model].append(values)
        return values

    def add(self, model: type, **values: Any) -> int:
        """Collect a row and return its key."""
        return int(self.row(model, **values)["id"])

    def write(self, session: Session, batch: str) -> None:
        """Write everything collected so far."""
        unknown = self.rows.keys() - set(self.order)
        if unknown:
            raise ValueError(f"no place in the order for {sorted(m.__name__ for m in unknown)}")
        for model in self.order:
            bulk.insert(session, model, self.rows.pop(model, []), batch=batch)


@lru_cache(maxsize=20_000)
def name_spelling(name: str) -> tuple[str, str]:
    """(pinyin, initials) of a person's name; invented names come again and again."""
    return spell(name, name=True)


@lru_cache(maxsize=20_000)
def _piece(text: str) -> tuple[str, str]:
    return spell(text)


def initials(*pieces: str) -> str:
    """Initials of a text given in pieces that end at a number or at a word: each piece is spelled once only."""
    return "".join(_piece(piece)[1] for piece in pieces)


def spelling(text: str) -> tuple[str, str]:
    """(pinyin, initials) of any text."""
    return _piece(text)


def share(total: int, parts: int) -> list[int]:
    """``total`` things over ``parts`` as evenly as whole numbers go."""
    return [total // parts + (1 if n < total % parts else 0) for n in range(parts)] if parts else []
