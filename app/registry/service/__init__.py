"""Verbs of the registry: functions that take session, actor and now, and flush; only the edge commits."""

# counters, what moves when areas are divided anew, what follows from data, the nightly look for proposals
from app.registry.service import following, grounds, proposing, tally  # noqa: F401
