"""The risk colour of a rented home by the site's rules, and the day of its next check."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app import seeds
from app.core import clock, codes
from app.registry.choices import HazardState
from app.registry.models import Hazard, RentalHome, RiskRule, SafetyCheck, Tenancy, VenueThreshold
from app.registry.rules import risk

HOME_ITEMS, VENUE_ITEMS, COLOURS = "rental_check_item", "venue_check_item", "rental_risk"
REASON_LENGTH = 200


def spec() -> Any:
    """The seeds of safety checks: default rules, kinds of hazards, days."""
    return seeds.read("risk_rules")


def load_rules(session: Session) -> int:
    """Default rules and thresholds of a new site; a site that has any of its own keeps them. Returns the new rows."""
    added: list[Any] = []
    every = {"with_deleted": True}  # a rule that the site has deleted does not come back
    if session.scalars(select(RiskRule.id).limit(1).execution_options(**every)).first() is None:
        added += [RiskRule(seq=seq * 10, **raw) for seq, raw in enumerate(spec()["rules"], start=1)]
    if session.scalars(select(VenueThreshold.id).limit(1).execution_options(**every)).first() is None:
        source = spec()["threshold_source"]
        added += [VenueThreshold(**raw, source=source) for raw in spec()["thresholds"]]
    session.add_all(added)
    session.flush()
    return len(added)


def rules_in_force(session: Session) -> list[risk.Rule]:
    """The rules that are on, in the site's order."""
    rows = session.scalars(select(RiskRule).where(RiskRule.is_on).order_by(RiskRule.seq, RiskRule.id))
    return [risk.Rule(r.colour, r.name, r.condition, r.check_days) for r in rows]


def words(session: Session) -> risk.Words:
    """The codes a condition may name."""

    def labels(name: str) -> dict[str, str]:
        return {code: found.label for code, found in codes.codes(session, name).items()}

    return risk.Words(labels(HOME_ITEMS), labels("rental_kind"), labels("housing_use"))


def days_of(session: Session, colour: str) -> int:
    """Days between two checks of homes of a colour, as its code says; three weeks where it says nothing."""
    found = codes.codes(session, COLOURS).get(colour)
    days = found.attributes.get("inspect_interval_days") if found else None
    return days if isinstance(days, int) and days > 0 else 21


def people_living(session: Session, rental: RentalHome) -> int:
    """Tenants by the open tenancies; what the last check counted where it found more and no tenancy began or ended
    since.
    """
    registered = session.scalar(
        select(func.coalesce(func.sum(Tenancy.head_count), 0)).where(
            Tenancy.rental_home_id == rental.id, Tenancy.valid_to.is_(None)
        )
    )
    found = session.execute(
        select(SafetyCheck.people_found, SafetyCheck.checked_on)
        .where(SafetyCheck.rental_home_id == rental.id, SafetyCheck.people_found.is_not(None))
        .order_by(SafetyCheck.checked_on.desc(), SafetyCheck.id.desc())
        .limit(1)
    ).one_or_none()
    if found is None or found.people_found <= registered:
        return int(registered or 0)
    since = found.checked_on
    moved = select(Tenancy.id).where(
        Tenancy.rental_home_id == rental.id, or_(Tenancy.valid_from > since, Tenancy.valid_to >= since)
    )
    return int(registered or 0) if session.scalars(moved).first() else int(found.people_found)


def facts_of(session: Session, rental: RentalHome) -> risk.HomeFacts:
    """What the rules ask about a home."""
    hazards = list(
        session.scalars(
            select(Hazard.item).where(Hazard.rental_home_id == rental.id, Hazard.state != HazardState.closed)
        )
    )
    dwelling = rental.dwelling
    return risk.HomeFacts(
        rental_kind=rental.rental_kind,
        housing_use=dwelling.housing_use,
        heads=people_living(session, rental),
        area_m2=float(dwelling.area_m2) if dwelling.area_m2 else None,
        failed=frozenset(item for item in hazards if item),
        open_hazards=len(hazards),
        registered=bool(rental.registered),
        pledge_signed=bool(rental.pledge_signed),
    )


def foresee(
    session: Session, rental: RentalHome, bad: frozenset[str], people_found: int | None
) -> tuple[risk.Verdict, timedelta]:
    """The verdict once these items are found not in order, and the days to the next check."""
    known = facts_of(session, rental)
    facts = replace(
        known,
        failed=known.failed | bad,
        open_hazards=known.open_hazards + len(bad - known.failed),
        heads=max(known.heads, people_found or 0),
    )
    found = risk.verdict(rules_in_force(session), facts, words(session))
    return found, _days(session, found)


def _days(session: Session, found: risk.Verdict) -> timedelta:
    return timedelta(days=found.check_days or days_of(session, found.colour))


def settle_risk(
    session: Session, rental: RentalHome, *, now: datetime, rules: list[risk.Rule] | None = None
) -> risk.Verdict:
    """Colour, reason and day of the next check as the rules have them now. A home that nobody has checked is due within
    the days of its colour, and never later than it was due before. ``rules`` saves reading them for each of many homes.
    """
    session.flush()
    kept = rules_in_force(session) if rules is None else rules
    found = risk.verdict(kept, facts_of(session, rental), words(session))
    rental.risk, rental.risk_reason = found.colour, reason_text(found)
    days = _days(session, found)
    if rental.last_check_on is not None:
        rental.next_check_on = rental.last_check_on + days
    else:
        day = clock.to_local(now).date() + days
        rental.next_check_on = min(rental.next_check_on or day, day)
    session.flush()
    return found


def reason_text(found: risk.Verdict) -> str | None:
    """Why, as one line: the rule and what it met."""
    if not found.rule:
        return None
    met = "; ".join(str(reason) for reason in found.reasons)
    return gettext("%(rule)s: %(met)s", rule=found.rule, met=met)[:REASON_LENGTH]


def next_venue_check(checked_on: date, hazards: int) -> date:
    """Day of the next inspection of a venue: sooner while there are hazards."""
    days = spec()["venue_days_with_hazard" if hazards else "venue_days"]
    return checked_on + timedelta(days=days)
