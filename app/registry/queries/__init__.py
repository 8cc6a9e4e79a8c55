"""Selects of the registry that return rows or plain data for screens."""
