"""Sheets in and out: import with a dry run, export, and the ledger builder (一表通)."""
