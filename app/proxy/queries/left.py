"""What is left of a time limit, in words."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.areas.service.calendars import calendars_for
from app.core.errors import Invalid
from app.core.sla import Left, Unit, remaining


def left_words(left: Left) -> str:
    """“2 working days 3 h left”, “1 working day over”."""
    parts = []
    if left.days:
        days = (
            ngettext("%(num)s working day", "%(num)s working days", left.days)
            if left.working
            else ngettext("%(num)s day", "%(num)s days", left.days)
        )
        parts.append(days)
    if left.hours:
        parts.append(gettext("%(num)s h", num=left.hours))
    if not parts:
        return gettext("just over") if left.over else gettext("less than an hour left")
    time = " ".join(parts)
    return gettext("%(time)s over", time=time) if left.over else gettext("%(time)s left", time=time)


def left_of(session: Session, area: Area, due_at: datetime, now: datetime, unit: str = Unit.work_day) -> str:
    """Words by the calendar of an area; in a list all areas together cost one statement (`calendars_for`). Nothing where
    the calendar cannot be read: the light and the day stand there all the same.
    """
    try:
        calendar = calendars_for(session, [area])[area.id]
    except Invalid:
        return ""
    return left_words(remaining(due_at, now, unit, calendar))
