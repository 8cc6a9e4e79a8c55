"""Verbs of the registry: functions that take session, actor and now, and flush; only the edge commits."""

from app.registry.service import grounds, tally  # noqa: F401 - counters, and what moves when areas are divided anew
