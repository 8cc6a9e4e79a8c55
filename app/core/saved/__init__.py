"""What a user keeps about a list: views by name, columns, and edits of many rows that can be taken back."""

from app.core.saved.models import BulkEdit, SavedView, lists_of

__all__ = ["BulkEdit", "SavedView", "lists_of"]
