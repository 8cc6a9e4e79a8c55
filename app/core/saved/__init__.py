"""What a user keeps about a list: views by name, columns, and edits of many rows that can be taken back."""

from app.core.saved.models import BulkEdit, SavedView, lists_of
from app.core.saved.service import (
    LENGTH,
    MOST,
    NOTHING,
    Kept,
    choose_columns,
    make_default,
    of_list,
    own,
    rename,
    save_as,
)

__all__ = [
    "LENGTH",
    "MOST",
    "NOTHING",
    "BulkEdit",
    "Kept",
    "SavedView",
    "choose_columns",
    "lists_of",
    "make_default",
    "of_list",
    "own",
    "rename",
    "save_as",
]
