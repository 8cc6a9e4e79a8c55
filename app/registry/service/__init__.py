"""Verbs of the registry: functions that take session, actor and now, and flush; only the edge commits."""

# counters, what moves when areas are divided anew, what follows from data, the nightly look for proposals, the targets
# of campaigns
from app.registry.service import campaigns, following, grounds, proposing, tally  # noqa: F401
