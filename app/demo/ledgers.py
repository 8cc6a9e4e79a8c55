"""Ready ledgers of the demo county: elders, rented homes by risk, venues whose licence runs out."""

from __future__ import annotations

from datetime import datetime

from app import seeds
from app.demo.acting import Cast
from app.exchange.service import export_rows
from app.exchange.service.export_fields import fields_of
from app.exchange.service.ledgers import Given, save


def put_together(cast: Cast, now: datetime) -> None:
    """Save them as their maker would; a field or filter that is not there any more fails the demo."""
    spec = seeds.read("demo_ledgers")
    with cast.playing(spec["maker"]) as (session, actor):
        (area,) = export_rows.top_areas(session, actor, 1)
        for one in spec["ledgers"]:
            view = export_rows.view_named(one["view"])
            fields = fields_of(view, session, actor)
            sums = [name for name in one["columns"] if fields[name].adds]
            asked = {name: one[name] for name in ("view", "columns", "filters", "groups", "orders")}
            heading = {"size": "A4", "dated": True, **one["heading"]}
            asked |= {"totals": True, "numbered": True, "sums": sums, "heading": heading}
            save(session, actor, None, Given(one["name"], area, asked, tuple(one["roles"])), now)
