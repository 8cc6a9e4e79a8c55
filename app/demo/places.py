"""Rented homes with their tenancies, and venues: shops, workshops, schools, parcel points."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from app import seeds
from app.demo.keys import Days, Pile, Row, spelling
from app.demo.people import Inventor
from app.demo.residents import Residents
from app.registry.models import RentalHome, Tenancy, Venue
from app.registry.rules.addresses import AddressParts, compose
from app.registry.service import wording

VENUES = {"urban": 22, "rural": 6}
REGISTERED = 0.7  # share of lettings with a registered contract and a signed pledge
UNREGISTERED = seeds.read("risk_rules")["rules"][-1]["name"]  # why the others are yellow


class Places:
    """Collects what is let and what is open to the public in a grid."""

    def __init__(
        self, pile: Pile, spec: dict[str, Any], inventor: Inventor, days: Days, residents: Residents
    ) -> None:
        self.pile, self.spec, self.inventor, self.days = pile, spec, inventor, days
        self.residents = residents
        self.random = Random(f"{spec['code']} places")

    def let(self, grid: Row, home: Row, landlord: Row | None) -> None:
        """A rented home with its tenants; the landlord may be a resident of the grid."""
        since = self.days.ago(self.random.randint(20, 900))
        known = self.random.random() < REGISTERED
        owner = None if landlord else self.inventor.person(self.inventor.sex(), 40, 70)
        rental = self.pile.add(
            RentalHome,
            area_id=grid["id"],
            dwelling_id=home["id"],
            rental_kind=self.random.choice(("RH1", "RH2")),
            rental_use="02",
            risk="green" if known else "yellow",
            risk_reason=None if known else UNREGISTERED,
            hazard="00",
            pledge_signed=known,
            landlord_person_id=landlord["id"] if landlord else None,
            landlord_name=landlord["name"] if landlord else owner.name if owner else None,
            landlord_phone=owner.phone if owner else None,
            registered=known,
            lease_until=self.days.today + timedelta(days=self.random.randint(-30, 400)),
            next_check_on=self.days.today + timedelta(days=self.random.randint(-5, 20)),
        )
        for person in self.residents.tenants(grid, home, since):
            self.pile.add(
                Tenancy, rental_home_id=rental, person_id=person["id"], head_count=1, valid_from=since
            )
            self.residents.tie(person, grid, "tenant", since)

    def venues(self, grid: Row, town: Row, community: Row) -> None:
        """As many venues as such a grid has."""
        for _n in range(VENUES[grid["settlement"]]):
            self._venue(grid, town["name"] + community["name"])

    def _venue(self, grid: Row, division: str) -> None:
        kind = self.random.choice(self.spec["venues"])
        place = self.random.choice(self.spec["community_first"])
        name = kind["name"].format(s=self.inventor.surname(), e=place)
        owner = self.inventor.person(self.inventor.sex(), 25, 60)
        parts = AddressParts(
            division=division,
            road=self.random.choice(self.spec["roads"]),
            door_no=str(self.random.randint(1, 199)),
        )
        self.pile.add(
            Venue,
            area_id=grid["id"],
            name=name,
            name_initials=spelling(name)[1][:60],
            nine_small=kind.get("nine_small"),
            venue_key=kind["venue_key"],
            address=compose(parts, wording.words()["building"]),
            operator_name=owner.name,
            operator_phone=owner.phone,
            area_m2=self.random.randint(*kind["area"]),
            staff_count=self.random.randint(1, 12),
            licence_no=f"JY{self.random.randint(10**12, 10**13 - 1)}",
            licence_until=self.days.today + timedelta(days=self.random.randint(-40, 1200)),
        )
