"""Corners of a photographed page: proposed where it stands out, never where nobody can be sure (S3-49)."""

from __future__ import annotations

import io
import math

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageEnhance

from app.core.errors import Invalid
from app.core.pages import WHOLE, check_corners, propose, straighten

SIZE = (800, 600)
TILTED = [(210, 60), (540, 80), (640, 560), (125, 540)]


def rotated(degrees):
    a = math.radians(degrees)
    box = [(-150, -210), (150, -210), (150, 210), (-150, 210)]
    return [
        (400 + x * math.cos(a) - y * math.sin(a), 300 + x * math.sin(a) + y * math.cos(a)) for x, y in box
    ]


def shot(page, ground=(90, 70, 50), dark=1.0):
    """A page with lines of print on a table, with the noise of a phone; ``dark`` as in a hall without light."""
    picture = Image.new("RGB", SIZE, ground)
    drawn = ImageDraw.Draw(picture)
    drawn.polygon(page, fill=(243, 240, 232))
    middle = [sum(v) / 4 for v in zip(*page, strict=True)]
    for n in range(9):
        y = middle[1] - 110 + n * 24
        drawn.line((middle[0] - 80, y, middle[0] + 70, y), fill=(40, 40, 50), width=7)
    picture = ImageEnhance.Brightness(picture).enhance(dark)
    noise = Image.effect_noise(SIZE, 14).convert("RGB")
    out = io.BytesIO()
    ImageChops.add(picture, noise, offset=-128).save(out, "JPEG", quality=80)
    return out.getvalue()


@pytest.mark.parametrize(
    ("page", "options"),
    [(TILTED, {}), (rotated(0), {}), (rotated(30), {}), (rotated(-20), {}), (TILTED, {"dark": 0.2})],
    ids=["tilted", "straight", "turned", "turned back", "dark"],
)
def test_a_page_on_a_table_is_found(page, options):
    found = propose(shot(page, **options))
    for x, y in found:
        assert min(math.dist((x * SIZE[0], y * SIZE[1]), corner) for corner in page) < 12


@pytest.mark.parametrize(
    ("page", "options"),
    [
        ([(-50, -50), (850, -50), (850, 650), (-50, 650)], {}),
        ([(-200, 80), (380, 70), (390, 560), (-200, 580)], {}),
        (TILTED, {"ground": (236, 233, 226)}),
        ([(300, 100), (500, 300), (300, 500), (290, 300)], {}),
        ([(380, 280), (420, 280), (420, 320), (380, 320)], {}),
    ],
    ids=["fills the picture", "half outside", "white on white", "no page", "tiny"],
)
def test_where_nobody_can_be_sure_nothing_is_proposed(page, options):
    assert propose(shot(page, **options)) is None


def test_a_picture_of_a_few_pixels_is_left_alone():
    out = io.BytesIO()
    Image.new("RGB", (20, 300), "white").save(out, "PNG")
    assert propose(out.getvalue()) is None


def test_straightening_by_the_whole_picture_changes_no_size_and_turns_by_the_first_corner():
    plain = straighten(shot(TILTED), WHOLE)
    assert (plain.width, plain.height) == SIZE
    turned = straighten(shot(TILTED), (WHOLE[3], *WHOLE[:3]))
    assert (turned.width, turned.height) == SIZE[::-1]


@pytest.mark.parametrize(
    "raw",
    [None, "x", [[0, 0]], [[0, 0], [1, 0], [1, 2], [0, 1]], [[0, 0], [1, 1], [1, 0], [0, 1]],
     [[0, 0], [0, 1], [1, 1], [1, 0]], [[float("nan"), 0], [1, 0], [1, 1], [0, 1]]],
)  # fmt: skip
def test_corners_without_a_page_between_them_are_refused(raw):
    with pytest.raises(Invalid) as refused:
        check_corners(raw)
    assert refused.value.field == "corners"
