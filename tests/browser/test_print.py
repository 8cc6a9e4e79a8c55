"""A list and a record on paper: rows stay rows on a sheet as narrow as A4, and nothing to click is printed."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

A4 = {"width": 720, "height": 1000}
TO_CLICK = ".gb-side, .gb-top, .gb-bottom, .gb-actions, .gb-filters, main .btn"
SEEN = "all => all.filter(e => e.getBoundingClientRect().height > 0).length"


@pytest.mark.parametrize("path", ["/probe/areas/list/", "/probe/areas/show/{uid}", "/"])
def test_paper_shows_tables_and_nothing_to_click(open_as, world, path):
    page = open_as("town_clerk_a")
    page.set_viewport_size(A4)
    page.goto(path.format(uid=world.uids["com_a1"]))
    page.emulate_media(media="print")
    assert page.eval_on_selector_all(TO_CLICK, SEEN) == 0
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1
    if "list" in path:
        assert page.locator("main thead").bounding_box()["height"] > 10
        assert (
            page.locator("main tbody td").first.evaluate("e => getComputedStyle(e).display") == "table-cell"
        )
