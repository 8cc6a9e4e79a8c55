"""Custom fields of the demo county, as its administrator would have added them, and what people answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.core.extra import ExtraField
from app.demo.keys import Days

ASKED_FOR = timedelta(days=180)


def add_fields(session: Session, spec: dict[str, Any], days: Days) -> None:
    """The fields of the city's file, asked for half a year; keys are given in its order for each kind of record."""
    numbers: dict[str, int] = {}
    for given in spec["custom_fields"]:
        number = numbers[given["subject"]] = numbers.get(given["subject"], 0) + 1
        session.add(ExtraField(key=f"f{number}", seq=number * 10, valid_from=days.today - ASKED_FOR, **given))
    session.flush()


def answered(n: int) -> dict[str, Any] | None:
    """What was answered to the first field, a yes or no: of five records one has not been asked yet."""
    return None if n % 5 == 4 else {"f1": n % 5 != 3}


def metered(grid: int, order: int) -> dict[str, Any] | None:
    """What was answered of a home: the first field, and of two homes in three the number of its gas meter, which the
    search box finds.
    """
    found = answered(order) or {}
    return (found | {"f2": f"RQ{grid:04d}{order:04d}"} if order % 3 else found) or None
