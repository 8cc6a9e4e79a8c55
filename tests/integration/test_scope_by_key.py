"""The form of the guard for statements that name their rows by key must be as tight as the common one."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.areas.models import Post, Staff

ACTORS = ("worker_a", "town_clerk_a", "worker_t", "town_clerk_t", "worker_a")


@pytest.mark.parametrize("model", [Staff, Post])
def test_each_actor_gets_the_own_criterion(acting, model):
    """A lambda that closes over another lambda is cached by its code: the second actor saw the first one's rows."""
    for username in ACTORS:
        session = acting(username)
        common = set(session.scalars(select(model.id)))
        by_key = set(session.scalars(select(model.id).execution_options(by_key=True)))
        assert by_key == common, username
    assert common
