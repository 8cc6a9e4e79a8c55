"""Custom fields: an administrator adds a field to a record, without code and without a migration (issue text: low code).

``columns(session, model)`` are those in force; each reads, writes and asks for its value. A name such as ``x_f1`` is
understood wherever a column name is: in forms, lists, filters, sheets and ledgers.
"""

from app.core.extra.column import LONGEST, PREFIX, ExtraColumn
from app.core.extra.kept import (
    all_columns,
    column_of,
    columns,
    has_extra,
    known,
    refresh,
)
from app.core.extra.models import Extra, ExtraField, ExtraFieldArea

__all__ = [
    "LONGEST",
    "PREFIX",
    "Extra",
    "ExtraColumn",
    "ExtraField",
    "ExtraFieldArea",
    "all_columns",
    "column_of",
    "columns",
    "has_extra",
    "known",
    "refresh",
]
