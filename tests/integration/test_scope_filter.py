"""The form of the guard for statements led by their own index must be as tight as the common one."""

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
        as_filter = set(session.scalars(select(model.id).execution_options(scope="filter")))
        assert as_filter == common, username
    assert common
