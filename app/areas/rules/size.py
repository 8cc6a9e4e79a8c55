"""The size of a grid: 300 to 500 living households by default (S0-17); outside it is a warning only (S3-60)."""

from flask_babel import lazy_gettext as _

from app.core.errors import Finding, warning

BAND = (300, 500)


def band_finding(
    households: int | None, band: tuple[int | None, int | None] = BAND, *, ref: object = None
) -> Finding | None:
    """Warning when the number of living households lies outside the band (both ends belong to it).

    An open end (None) does not warn; an unknown number neither.
    """
    low, high = band
    if households is None:
        return None
    if low is not None and households < low:
        text = _("%(count)s living households: fewer than %(limit)s.", count=households, limit=low)
        return warning("too_small", "households", text, ref=ref)
    if high is not None and households > high:
        text = _("%(count)s living households: more than %(limit)s.", count=households, limit=high)
        return warning("too_large", "households", text, ref=ref)
    return None
