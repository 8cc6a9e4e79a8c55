"""Sheets on their way in: what is declared, how rows are written, batches and their steps, undoing."""
