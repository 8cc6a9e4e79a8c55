"""Census campaigns (S4-90): planned, started (every home becomes a target), rung at, closed; targets follow the homes."""

from app.registry.service.campaigns import following  # noqa: F401  (what is written about homes reaches the targets)
from app.registry.service.campaigns.doors import can_take_back, ring, take_back, tried, written_down
from app.registry.service.campaigns.leading import act, check_days, leads, offers, plan
from app.registry.service.campaigns.settling import settle
from app.registry.service.campaigns.targets import AREAS, areas_of, gather

__all__ = [
    "AREAS",
    "act",
    "areas_of",
    "can_take_back",
    "check_days",
    "gather",
    "leads",
    "offers",
    "plan",
    "ring",
    "settle",
    "take_back",
    "tried",
    "written_down",
]
