"""Photos of papers in a few cases of the demo: drawn pages, small, the same at every run."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from random import Random

from PIL import Image, ImageDraw

from app.core import policy
from app.core.uploads import clean_image
from app.demo.acting import Cast
from app.proxy.choices import PaperState
from app.proxy.models import ProxyCase
from app.proxy.rules.photos import SERVES_AGAIN
from app.proxy.service import photos

CASES = 8
SIZE = (620, 877)  # a page of A4 at 75 dpi: legible as a picture, a few kilobytes


def page(turn: int) -> bytes:
    """A page with lines of print and a red seal; each ``turn`` looks a little different."""
    dice = Random(turn)
    picture = Image.new("RGB", SIZE, (247, 245, 239))
    drawn = ImageDraw.Draw(picture)
    drawn.rectangle((180, 60, 440, 84), fill=(50, 50, 60))
    for line in range(18):
        drawn.rectangle(
            (70, 140 + line * 32, 70 + dice.randint(220, 470), 152 + line * 32), fill=(90, 90, 100)
        )
    drawn.ellipse((400, 690, 540, 830), outline=(200, 40, 40), width=5)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=70)
    return out.getvalue()


def photograph(cast: Cast, now: datetime, cases: Sequence[ProxyCase]) -> int:
    """One photo each of the collected copies of a few undecided cases; returns how many."""
    made = 0
    with cast.playing("worker") as (session, actor):
        wanted = [c for c in cases if photos.may_add(actor, c) and policy.may_open(actor, photos.level_of(c))]
        for case in wanted[:CASES]:
            for material in case.materials:
                if material.state == PaperState.collected and material.form in SERVES_AGAIN:
                    photos.add(session, actor, now, case, material.seq, clean_image(page(made)))
                    made += 1
    return made
