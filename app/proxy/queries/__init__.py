"""Selects of the proxy domain: they return rows or counts and change nothing."""
