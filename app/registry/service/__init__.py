"""Verbs of the registry: functions that take session, actor and now, and flush; only the edge commits."""

from app.registry.service import following, grounds, tally  # noqa: F401 - counters, what moves with areas, what follows
