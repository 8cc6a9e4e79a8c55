"""Custom fields: an administrator adds a field to a record, without code and without a migration (issue text: low code)."""
