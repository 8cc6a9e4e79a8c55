"""A journey begins where a user's day begins: at the login form."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.world import World, sign_in_by_form


@pytest.fixture
def login_as(app, world: World) -> Callable:
    """``login_as("worker_a")`` gives a client that went through the login form."""

    def _login(username: str):
        return sign_in_by_form(app, world, username)

    return _login
