"""A census week in one community, by HTTP: a building, its households, a split, a death, one person twice, the progress."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.core import clock, counters, jobs
from app.registry.models import (
    Campaign,
    CampaignTarget,
    DuplicatePair,
    Dwelling,
    Household,
    HouseholdMember,
    Person,
    PersonMerge,
    Proposal,
)
from tests.factories.registry import id_number
from tests.journeys.test_census import Clerk, typed
from tests.support import pages
from tests.support.pages import fill, post

TODAY = clock.today()
BORN = {"Anna Li": "1950-03-01", "Bo Wang": "1948-05-05", "Carl Wang": "1976-07-07", "Dora Hu": "1978-09-09"}


def family() -> list[dict[str, Any]]:
    """Bo is the head, Anna his wife, Carl their son, Dora the daughter-in-law."""
    rows = []
    for n, (name, relation) in enumerate(
        {"Bo Wang": "02", "Anna Li": "12", "Carl Wang": "21", "Dora Hu": "28"}.items()
    ):
        number = id_number(date.fromisoformat(BORN[name]), 40 + n, male=name in ("Bo Wang", "Carl Wang"))
        rows.append(typed(f"r{n}", relation, fields={"name": name, "number": number, "consistency": "01"}))
    return rows


def form_of(answer: Any) -> dict[str, str]:
    return pages.form_of(answer.text.replace("gb-form gb-narrow", "gb-form"))


@pytest.mark.any_database
@pytest.mark.demand("S4-90", "S4-61", "S0-61")
def test_a_census_week(login_as, system, world):
    clerk, worker = login_as("clerk_a"), login_as("worker_a")

    # Monday: the new building, two floors of two flats
    plan = {
        "area": world.uids["grid_a11"],
        "name": "7",
        "units": "1",
        "floors": "2",
        "flats": "2",
        "pattern": "floor_flat",
        "step": "make",
    }
    assert fill(clerk, "/homes/building", **plan).status_code in (302, 303)
    system.rollback()
    flats = [d.uid for d in system.scalars(select(Dwelling).order_by(Dwelling.id))]
    assert len(flats) == 4

    # the campaign begins: every home is a door to ring at
    made = fill(
        clerk,
        f"/campaign/add?area_id={world.uids['com_a1']}",
        name="Census week",
        starts_on=TODAY.isoformat(),
        ends_on=(TODAY + timedelta(days=6)).isoformat(),
    )
    assert made.status_code == 303
    system.rollback()
    campaign = system.scalars(select(Campaign.uid)).one()
    assert post(clerk, f"/campaign/act/{campaign}/start").status_code == 303
    while jobs.run_one("week"):
        pass

    # Tuesday: a household of four at the first door
    saved = Clerk(clerk, flats[0]).save(*family())
    assert saved.status_code == 200, saved.text
    system.rollback()
    people = {p.name: p.uid for p in system.scalars(select(Person))}
    assert set(people) == set(BORN)
    first_door = system.scalars(select(CampaignTarget).order_by(CampaignTarget.id)).first().uid
    assert post(worker, f"/canvass/ring/{first_door}", outcome="visited").status_code == 303

    # Wednesday: the young couple keeps house by itself
    household = system.scalars(select(Household)).one().uid
    url = f"/life/enter/split/household/{household}"
    who = {f"who_{people[name]}": "y" for name in ("Carl Wang", "Dora Hu")}
    asked = clerk.post(url, data=form_of(clerk.get(url)) | who)
    sent = form_of(asked) | {"head_new": people["Carl Wang"], f"rel_new_{people['Dora Hu']}": "12"}
    sent |= {f"head_{household}": people["Bo Wang"], f"rel_{household}_{people['Anna Li']}": "12"}
    done = clerk.post(url, data=sent)
    assert done.status_code == 303, done.text[-3000:]

    # Thursday: Bo has died; what follows is proposed
    url = f"/life/enter/death/person/{people['Bo Wang']}"
    sent = form_of(clerk.get(url)) | {"happened_on": TODAY.isoformat()}
    sent |= {key: people["Anna Li"] for key in sent if key.startswith("head_")}
    done = clerk.post(url, data=sent)
    assert done.status_code == 303, done.text[-3000:]
    system.rollback()
    assert {"death_pension", "death_account"} <= set(system.scalars(select(Proposal.rule)))
    assert "Bo Wang" in clerk.get("/proposal/list/").text

    # Friday: the worker meets Dora at another door, without her card; the clerk keeps both apart at first
    row = typed("x1", "02", fields={"name": "Dora Hu", "birth": BORN["Dora Hu"], "sex": "2"})
    again = Clerk(worker, flats[1])
    told = again.save(row)
    assert told.status_code == 422
    assert "name and birth date" in told.text
    assert again.save(row | {"decision": "apart"}).status_code == 200
    system.rollback()
    pair = system.scalars(select(DuplicatePair)).one()
    assert "Dora Hu" in clerk.get("/duplicate/list/").text
    page = clerk.get(f"/duplicate/show/{pair.uid}")
    given = pages.form_of(page.text) | {"stays": "1", "take_living": "1", "reason": "one woman"}
    merged = post(clerk, f"/duplicate/merge/{pair.uid}", **given)
    assert merged.location == f"/person/show/{people['Dora Hu']}"
    system.rollback()
    twice = system.scalars(select(Person).where(Person.name == "Dora Hu")).all()
    assert [p.uid for p in twice] == [people["Dora Hu"]]

    # Saturday: it was her cousin after all
    row = system.scalars(select(PersonMerge)).one()
    assert "Dora Hu" in post(clerk, f"/merge/apart/{row.uid}", reason="her cousin").text
    system.rollback()
    assert len(system.scalars(select(Person).where(Person.name == "Dora Hu")).all()) == 2
    query = select(HouseholdMember.id).where(HouseholdMember.valid_to.is_(None))
    assert len(system.scalars(query).all()) == 4  # Anna; Carl and Dora; the cousin

    # Sunday: how far the week came, and every number is right
    # (the home that the worker keyed in counts as visited by that alone)
    assert "2 / 4" in clerk.get(f"/campaign/show/{campaign}").text
    assert counters.verify(system) == []
