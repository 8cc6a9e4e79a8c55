"""First start of a site: lock, schema, roles, code lists, structure, the first administrators. May be repeated."""

from app.site.first_start import Report, first_start

__all__ = ["Report", "first_start"]
