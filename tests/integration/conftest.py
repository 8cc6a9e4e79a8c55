"""Fixtures of the integration tests."""

from tests.support.probe import probe, probe_app

__all__ = ["probe", "probe_app"]
