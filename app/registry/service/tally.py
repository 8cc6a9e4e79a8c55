"""Counters per area that are finer than a table: people who are here, homes that stand, households by kind.

The kernel keeps them with each flush and each bulk write (core/counters). The 300–500 rule counts
``household.living`` (S0-17).
"""

from __future__ import annotations

from app.core import counters
from app.registry.choices import HouseholdKind
from app.registry.models import CampaignTarget, Dwelling, Household, Person, RentalHome, Venue

PERSONS, DWELLINGS, RENTALS, VENUES = "person.present", "dwelling.open", "rental_home.open", "venue.open"
SEEN, TARGETS = "household.seen", "campaign_target"
LIVING, REGISTERED, COLLECTIVE = (f"household.{kind}" for kind in HouseholdKind)

counters.refine(Person, {PERSONS: {"status": "effective"}})
counters.refine(Household, {f"household.{k}": {"kind": str(k), "valid_to": None} for k in HouseholdKind})
# by the month of the last visit
counters.spread(Household, SEEN, ("last_visit_on",), {"kind": str(HouseholdKind.living), "valid_to": None})
counters.refine(Dwelling, {DWELLINGS: {"valid_to": None}})
counters.refine(RentalHome, {RENTALS: {"status": "effective"}})
counters.refine(Venue, {VENUES: {"status": "effective"}})
counters.spread(CampaignTarget, TARGETS, ("campaign_id", "state"))
