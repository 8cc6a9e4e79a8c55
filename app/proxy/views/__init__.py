"""Screens of the proxy domain."""

from app.proxy.views import entitled_panel, panels  # noqa: F401 - hang sections on the pages of the registry
