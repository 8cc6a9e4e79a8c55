"""Visits, daily service records; upper domains write down into it."""
