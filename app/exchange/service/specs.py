"""What a register says about its sheet beside its form: by what a record is known again, columns of its own."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy.orm import Session

from app.core.sheets import Field, Row
from app.exchange.service.formfields import fields_of

if TYPE_CHECKING:
    from app.exchange.service.generic import FormWriter


@dataclass(frozen=True, slots=True)
class Way:
    """How a row's record is known again: a mark for the sheet, and the look into the register. ``whole``: the record says
    all that the row says, so there is nothing to change.
    """

    mark: Hashable
    find: Callable[[], Any]
    whole: bool = False


# (writer, row, related records by key) -> how the row's record is known again, None where it cannot be
Match = Callable[["FormWriter", Row, dict[str, Any]], "Way | None"]


@dataclass(frozen=True, slots=True)
class Spec:
    """A register's sheet. ``keys`` are ways to know a record again, each a tuple of fields; the first way whose fields a
    row fills in counts. ``by_all``: a row that fills in none of them is known again where a record says all that it says.
    ``match`` takes the place of the keys where a record is known by more than columns. ``extra`` are columns
    beside the form's, which ``before_save`` puts into the record. ``beside`` are relations whose other records the check of
    the register looks at (what an account holds). ``chosen`` is what the form follows where all rows have the same choice;
    ``prepare`` takes out of a form what no sheet of the register brings.
    """

    name: str
    view: str
    keys: tuple[tuple[str, ...], ...] = ()
    omit: frozenset[str] = frozenset()
    match: Match | None = None
    extra: Callable[[], Sequence[Field]] | None = None
    before_save: Callable[[FormWriter, Any, Row], None] | None = None
    save: Callable[[FormWriter, Session, Any, Any, bool], None] | None = None
    prepare: Callable[[Any], None] | None = None
    beside: frozenset[str] = frozenset()
    by_all: bool = False
    chosen: Mapping[str, str] = field(default_factory=dict)


def view_called(name: str) -> Any:
    """The mounted view of a class name."""
    return current_app.extensions["geban_pages"][name]


def spec_fields(spec: Spec) -> list[Field]:
    """The columns of a sheet for the acting role."""
    return [
        *fields_of(view_called(spec.view), spec.omit, spec.prepare, spec.chosen),
        *(spec.extra() if spec.extra else ()),
    ]
