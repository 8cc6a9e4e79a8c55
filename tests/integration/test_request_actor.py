"""A request starts as nobody and leaves nobody behind: the next one of the same thread must not be the last visitor."""

from __future__ import annotations

from app.core.actor import NOBODY, Actor, as_actor, current_actor


def test_nothing_of_a_visitor_is_left_in_the_thread(login_as):
    client = login_as("worker_a")
    with as_actor(NOBODY):
        for url, status in (("/", 200), ("/cases/show/17", 404), ("/audit/changes/list/", 403)):
            assert client.get(url).status_code == status
            assert current_actor() is NOBODY, url


def test_a_request_never_starts_as_somebody(app, client, monkeypatch):
    """Whatever a thread was left with, a visitor who has not signed in is nobody."""
    seen = []
    monkeypatch.setitem(app.view_functions, "health", lambda: seen.append(current_actor()) or "ok")
    left_over = Actor(user_id=1, whole_site=True, read_only=False)
    with as_actor(left_over):
        assert client.get("/health").status_code == 200
        assert current_actor() is left_over
    assert seen == [NOBODY]
