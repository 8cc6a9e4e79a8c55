"""Visits to special groups, and the groups that follow from other data (standards 1.5; list ``special_group``)."""

from __future__ import annotations

from datetime import date, timedelta

SOON_DAYS = 7  # a member who was not reached is tried again within a week
NOT_REACHED = frozenset({"absent", "refused"})
GONE = frozenset({"moved", "deceased"})
AGED, CENTENARIAN, SEVERE, ALONE = "G31", "G32", "G22", "G34"
DERIVED = (AGED, CENTENARIAN, SEVERE, ALONE)
AGED_FROM, CENTENARIAN_FROM, ELDER_FROM = 80, 100, 60
SEVERE_GRADES = frozenset({"1", "2"})


def next_visit(visited_on: date, interval_days: int, outcome: str) -> date | None:
    """The day of the next visit; None for a group without a visiting interval and for people who are gone.

    ``outcome`` is a code of the list visit_outcome. Whoever was not met or declined is tried again within a week.
    """
    if interval_days <= 0 or outcome in GONE:
        return None
    days = min(interval_days, SOON_DAYS) if outcome in NOT_REACHED else interval_days
    return visited_on + timedelta(days=days)


def derived_groups(
    *, age: int | None, grade: str | None, alone: bool | None, present: bool = True
) -> dict[str, bool | None]:
    """Which derived groups somebody belongs to: aged 80 and over, centenarian, severely disabled (grade 1 or 2),
    elder living alone. None leaves a group as it is: nothing that can be seen says otherwise.

    ``age`` in completed years (None: unknown, in no group of age); ``alone``: the only member of the living household,
    None where the household is not known; ``present``: alive and with a record in force.
    """
    years = age or 0
    lives_alone = False if years < ELDER_FROM else alone
    found: dict[str, bool | None] = {
        AGED: years >= AGED_FROM,
        CENTENARIAN: years >= CENTENARIAN_FROM,
        SEVERE: grade in SEVERE_GRADES,
        ALONE: lives_alone,
    }
    return found if present else dict.fromkeys(found, False)
