"""A week of a station in Chromium: building, households, a census, a split, a death and what follows, a merge and back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.jobs import worker
from app.registry.models import (
    Campaign,
    CampaignTarget,
    Dwelling,
    Household,
    LifeEvent,
    Person,
    PersonGroup,
    PersonMerge,
    Proposal,
)
from app.registry.service import duplicates
from tests.browser.test_census import FAMILY, Keys, site
from tests.factories.registry import ResidentFactory, make_person
from tests.support.jobs import run_now

__all__ = ["site"]
pytestmark = pytest.mark.browser


def go(page: Any, path: str) -> None:
    page.goto(path)
    page.wait_for_load_state("domcontentloaded")


def send(page: Any) -> None:
    """Ctrl+Enter, as the clerk does."""
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")


def only(system, model, **where):
    system.rollback()
    return system.scalars(select(model).filter_by(**where)).one()


@pytest.mark.demand("S4-90", "S4-53", "S0-61")
def test_a_week_of_the_station(site, system, world):
    page = site("clerk_a")

    # Monday: a building of one staircase with two floors of two flats, by the wizard
    go(page, f"/homes/building?area={world.uids['grid_a11']}")
    for name, value in {"name": "8", "units": "1", "floors": "2", "flats": "2"}.items():
        page.fill(f"[name={name}]", value)
    page.click("button[value=look]")
    page.wait_for_selector("button[value=make]")
    with page.expect_navigation():
        page.click("button[value=make]")
    system.rollback()
    flats = system.scalars(select(Dwelling).order_by(Dwelling.id)).all()
    assert len(flats) == 4

    # and a family of four at the census desk, keyboard only
    go(page, f"/census/dwelling/{flats[0].uid}")
    page.wait_for_selector(".gc-row")
    keys = Keys(page)
    for i, one in enumerate(FAMILY):
        keys.row(one, head=i == 0)
    with page.expect_navigation(url=f"**/{flats[1].uid}"):
        keys.press("Control+Shift+Enter")
    household = only(system, Household)
    people = {m.relation: m.person for m in household.members}
    assert len(people) == len(FAMILY)

    # Tuesday: a campaign over the community; the worker taps at the doors on the phone
    go(page, f"/campaign/add?area_id={world.uids['com_a1']}")
    page.fill("[name=name]", "Autumn census")
    page.fill("[name=starts_on]", clock.today().isoformat())
    page.fill("[name=ends_on]", (clock.today() + timedelta(days=20)).isoformat())
    send(page)
    campaign = only(system, Campaign)
    page.click("form[action$='/start'] button")
    page.click("#gb-dialog button[value=yes], #gb-dialog .btn-primary, #gb-dialog .btn-danger")
    page.wait_for_load_state("networkidle")
    assert worker.run_one("tester")
    system.rollback()
    assert {t.dwelling_id for t in system.scalars(select(CampaignTarget))} == {f.id for f in flats}
    phone = site("worker_a", "phone")
    go(phone, f"/canvass/{campaign.uid}")
    phone.click("main a[href*='/canvass/'][href*='-']")
    phone.wait_for_load_state("networkidle")
    target = only(system, CampaignTarget, household_id=household.id)
    phone.click(f"#t-{target.uid} button[value=visited]")
    phone.wait_for_load_state("networkidle")
    assert only(system, CampaignTarget, household_id=household.id).state == "visited"
    assert only(system, Household).last_visit_on == clock.today()
    go(page, f"/campaign/show/{campaign.uid}")
    assert "25" in page.locator("main").inner_text()  # one of four homes

    # Wednesday: the son founds a household of his own
    son = next(p for relation, p in people.items() if relation.startswith("2"))
    go(page, f"/life/enter/split/household/{household.uid}")
    page.check(f"[name=who_{son.uid}]")
    send(page)
    system.rollback()
    event = only(system, LifeEvent, kind="split")
    new = system.get(Household, event.other_household_id)
    assert [m.person_id for m in new.members if m.valid_to is None] == [son.id]

    # Thursday: the head has died; the page asks who is the head now, and what he drew is proposed to be closed
    head = people["02"]
    system.add(PersonGroup(person_id=head.id, group_code="G11", level="L3", valid_from=clock.today()))
    system.commit()
    go(page, f"/life/enter/death/person/{head.uid}")
    spouse = people["10"]
    page.select_option("select[name^=head_]", spouse.uid)
    page.select_option(f"select[name^=rel_][name$='{people['30'].uid}']", "30")
    send(page)
    system.rollback()
    assert system.get(Person, head.id).died_on == clock.today()
    assert system.get(Household, household.id).head_person_id == spouse.id
    assert worker.run_one("tester")  # what follows for the groups of the dead
    system.rollback()
    proposed = {p.rule for p in system.scalars(select(Proposal).where(Proposal.person_id == head.id))}
    assert {"death_pension", "death_dibao", "death_funeral", "death_account", "close_group"} <= proposed
    go(page, "/proposal/list/")
    assert head.name in page.locator("main").inner_text()

    # Friday: the spouse was entered twice; the night finds it, the clerk merges, and takes it apart again
    twin = make_person(
        system,
        world.areas["grid_a11"],
        ResidentFactory(name=spouse.name, birth=spouse.birth_date, male=spouse.sex == "1", number=None),
    )
    system.commit()
    assert run_now(system, duplicates.SCAN)["opened"] == 1
    go(page, "/duplicate/list/")
    page.click("main a[href*='/duplicate/show/']")
    page.wait_for_selector("[name=reason]")
    page.fill("[name=reason]", "Entered twice")
    with page.expect_navigation():
        page.click("button.btn-primary[type=submit]")
    merge = only(system, PersonMerge)
    assert {merge.kept_id, merge.gone_id} == {spouse.id, twin.id}
    go(page, f"/merge/apart/{merge.uid}")
    page.fill("[name=reason]", "Two people after all")
    with page.expect_navigation():
        page.click("form.gb-form button[type=submit]")
    system.rollback()
    assert only(system, PersonMerge).undone_at is not None
    assert system.scalars(select(Person.id).where(Person.name == spouse.name)).all() == [spouse.id, twin.id]
