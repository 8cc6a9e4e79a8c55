"""A custom field in Chromium: an administrator adds it, a clerk fills it in on a phone, filters by it, prints it."""

from __future__ import annotations

import pytest

from app.core.extra import columns
from app.registry.models import Dwelling
from app.registry.queries import sheets
from tests.factories.registry import make_home

pytestmark = pytest.mark.browser

LABEL = "Smart smoke alarm"


@pytest.fixture
def homes(system, world):
    """Two homes of grid A11."""
    made = [make_home(system, world.areas["grid_a11"], number) for number in ("1", "2")]
    system.commit()
    return made


def send(page):
    with page.expect_navigation():
        page.locator("form.gb-form button[type=submit]").first.click()


def test_a_field_goes_from_the_administrator_to_the_clerk_and_onto_paper(open_as, axe, system, homes):
    admin = open_as("admin_system")
    admin.goto("/custom-fields/add")
    for name, value in (("subject", "dwelling"), ("kind", "yes_no"), ("level", "L3")):
        admin.select_option(f"#{name}", value)
    admin.fill("#label", LABEL)
    admin.check("#in_list")
    assert axe(admin) == []
    send(admin)
    system.rollback()
    name = columns(system, Dwelling)[0].name

    clerk = open_as("clerk_a", "phone")
    with_alarm, without = homes
    for home, answer in ((with_alarm, "1"), (without, "0")):
        clerk.goto(f"/dwelling/edit/{home.uid}")
        clerk.select_option(f"#{name}", answer)
        box = clerk.locator(f"#{name}").bounding_box()
        assert box["height"] >= 43.5
        assert box["x"] + box["width"] <= 390
        send(clerk)
    assert LABEL in clerk.inner_text("main")

    clerk.goto("/dwelling/list/")
    clerk.click("[data-more-filters]")
    clerk.select_option(f"[name=_flt_0_{name}]", "1")
    with clerk.expect_navigation():
        clerk.locator(".gb-filters button[type=submit]").click()
    rows = clerk.locator("tr.gb-record")
    assert rows.count() == 1
    assert f'/dwelling/show/{with_alarm.uid}"' in rows.first.inner_html()
    assert LABEL in rows.first.inner_html()

    on_paper(system, homes)


def on_paper(system, homes):
    """The household sheet prints the answers, and boxes on an empty one."""
    system.rollback()
    place = sheets.Place(1, 2)
    printed = sheets.sheets(system, [home.id for home in homes], worker="", is_blank=False, place=place)
    assert [(f["label"], f["decision"]) for home in printed for f in home["extra"]] == [
        (LABEL, "yes"),
        (LABEL, "no"),
    ]
