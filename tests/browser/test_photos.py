"""A photo at the door: made small, kept while the network is gone, its edges dragged by thumb and keys; axe."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from app.core import files
from app.core.files import Attachment
from tests.browser.test_field import round_url
from tests.support.rows import fresh

pytestmark = pytest.mark.browser
__all__ = ["round_url"]
SIZE = (2600, 1900)
PAGE = [(520, 190), (2080, 285), (2210, 1710), (390, 1615)]
CAMERA = "[data-camera] >> nth=0"


def shot():
    """A page on a dark table, larger than what is sent."""
    picture = Image.new("RGB", SIZE, (70, 55, 40))
    ImageDraw.Draw(picture).polygon(PAGE, fill=(242, 240, 233))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=70)
    return {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def kept(system):
    return fresh(system).scalars(select(Attachment).where(Attachment.purpose == "material")).all()


def corner(page, n):
    box = page.locator(f"[data-corner='{n}']").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drawn(page):
    """The picture stands in the dialog. Asked in turns: the content policy lets no page wait for an expression."""
    for _n in range(60):
        if page.evaluate("document.querySelector('[data-image]').naturalWidth"):
            return
        page.wait_for_timeout(50)
    raise AssertionError("the picture did not come")


@pytest.mark.demand("S3-49")
def test_a_photo_at_the_door_survives_a_dead_network_and_is_straightened_by_thumb_and_keys(
    open_as, axe, system, round_url
):
    page = open_as("worker_a", "phone")
    page.goto(round_url)
    page.locator("a[href*='/field/door/']").first.click()
    page.locator("label:has(input[name=outcome][value=met])").click()
    page.context.set_offline(True)
    page.set_input_files(CAMERA, shot())
    page.wait_for_selector("[data-failed] button")
    assert kept(system) == []
    page.context.set_offline(False)
    page.locator("[data-failed] button").first.click()
    page.wait_for_selector("[data-photo-dialog][open] [data-straighten]:visible")
    drawn(page)
    assert axe(page) == []
    (photo,) = kept(system)
    assert max(Image.open(io.BytesIO(files.read(photo))).size) == 2000
    # the edges were found; one corner is dragged aside by thumb and comes back by keys
    x, y = corner(page, 0)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 30, steps=4)
    page.mouse.up()
    moved = corner(page, 0)
    assert (abs(moved[0] - x - 40) < 3, abs(moved[1] - y - 30) < 3) == (True, True)
    for _n in range(3):
        page.keyboard.press("ArrowLeft")
    assert corner(page, 0)[0] < moved[0] - 5
    before = photo.sha256
    with page.expect_response("**/straighten"):
        page.locator("[data-straighten]").click()
    page.wait_for_selector("[data-look]:visible")
    (photo,) = kept(system)
    assert photo.sha256 != before
    page.locator("[data-close]").click()
    # a paper that was photographed is one that is here
    chosen = page.locator(".gf-paper >> nth=0").locator("input[type=radio]:checked")
    assert chosen.get_attribute("value") == "collected"
    assert page.locator("[data-pages] a").count() == 1
