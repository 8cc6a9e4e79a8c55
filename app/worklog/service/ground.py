"""Planned visits follow their first door when areas are divided anew (ADR 0003); done ones stay where they were made."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.areas.service import live
from app.worklog.choices import VisitState
from app.worklog.models import Visit, VisitStop


def register() -> None:
    """Tell the areas which visits move."""
    live.register_live(
        "visit",
        Visit,
        label=_("Planned visits"),
        where=Visit.state == VisitState.planned.value,
        via=select(VisitStop.visit_id, VisitStop.dwelling_id)
        .where(VisitStop.dwelling_id.is_not(None))
        .order_by(VisitStop.visit_id, VisitStop.seq),
    )


register()
