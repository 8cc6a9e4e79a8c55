"""Screens of the proxy domain."""

from app.proxy.views import panels  # noqa: F401 - hangs cases and papers on the pages of the registry
