"""A test client whose requests are as separate as those of real users."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient


class SeparateClient(FlaskClient):
    """Gives each request an app context of its own.

    The ``app`` fixture keeps one open, and Flask would lend it to every request: ``g`` (the signed-in user) and the
    database session (the identity map of another scope) would live on from one client to the next.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        with self.application.app_context():
            return super().open(*args, **kwargs)
