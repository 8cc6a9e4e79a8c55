"""Birth dates as clerks type them, and the age that follows from one (completed years)."""

from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _

from app.core.choices import Choice
from app.core.dates import figures
from app.core.errors import Invalid

EARLIEST_YEAR = 1850
FIELD = "birth_date"


class Precision(Choice):
    """How much of a birth date is known: people of old age often know the year only."""

    day = "day", _("Day"), "green"
    month = "month", _("Month"), "yellow"
    year = "year", _("Year"), "yellow"


@dataclass(frozen=True)
class Birth:
    """A birth date with its precision; unknown parts of `date` are 1 (first month, first day)."""

    date: date
    precision: Precision = Precision.day

    def __str__(self) -> str:
        return self.date.isoformat()[: {"day": 10, "month": 7, "year": 4}[self.precision]]

    def agrees_with(self, exact: date) -> bool:
        """Whether an exactly known date fits what is known here."""
        parts = {"day": 3, "month": 2, "year": 1}[self.precision]
        return self.date.timetuple()[:parts] == exact.timetuple()[:parts]


def parse_birth(text: str, today: date) -> Birth:
    """Read 19850221, 1985.2.1, 1985-02-21, 1985/2, 1985 or the same with the characters for year, month, day.

    Full-width digits are read as digits. Raises Invalid(field="birth_date") with a sentence for two-digit years,
    impossible dates, dates after `today` or before 1850.
    """
    parts = figures(text)
    if parts is None:
        raise Invalid(_("Please write the birth date like 1985-02-21 or 19850221."), field=FIELD)
    if len(parts[0]) != 4:
        raise Invalid(_("Please write the year with four digits, like 1985-02-21."), field=FIELD)
    return _checked([int(part) for part in parts], today)


def age_on(birth: Birth | date | None, day: date) -> int | None:
    """Completed years on a day, counted from the birthday (29 February: from 1 March in common years).

    With a month or a year only, the years that are completed for certain. None before birth or when unknown.
    """
    if birth is None:
        return None
    known = birth if isinstance(birth, Birth) else Birth(birth)
    last = known.date
    if known.precision is Precision.year:
        latest: tuple[int, ...] = (12, 31)
    elif known.precision is Precision.month:
        latest = (last.month, 31)
    else:
        latest = (last.month, last.day)
    years = day.year - last.year - ((day.month, day.day) < latest)
    if day < last:
        return None
    return max(years, 0)


def _checked(numbers: list[int], today: date) -> Birth:
    precision = (Precision.year, Precision.month, Precision.day)[len(numbers) - 1]
    year, month, day = (numbers + [1, 1])[:3]
    try:
        born = date(year, month, day)
    except ValueError:
        raise Invalid(_("There is no such day in the calendar."), field=FIELD) from None
    if born > today:
        raise Invalid(_("The birth date lies in the future."), field=FIELD)
    if year < EARLIEST_YEAR:
        raise Invalid(_("The birth date is too far in the past."), field=FIELD)
    return Birth(born, precision)
