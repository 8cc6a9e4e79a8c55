"""Somebody calls and asks where an application stands: who takes the call finds it and can say so (S0-58)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.proxy.models import ProxyCase
from tests.factories.proxy import step
from tests.support.pages import post

pytestmark = pytest.mark.any_database
pytest_plugins = ("tests.support.proxy",)


@pytest.mark.demand("S0-38", "S0-58")
def test_who_takes_the_call_finds_what_is_stuck_and_says_with_whom_it_lies(
    system, sessions, booked, login_as
):
    """Minimum allowance, labour, family planning, disability: booked for the home, asked for by number or by name."""
    uids = [booked(item) for item in ("MZ-01", "RS-01", "WJ-01", "CL-01")]
    for uid in uids:
        step(sessions["worker"], uid, "entrust")
    numbers = dict(system.execute(select(ProxyCase.uid, ProxyCase.number)).all())
    with clock.frozen(clock.now() + timedelta(days=30)):
        hotline, station = login_as("hotline"), login_as("clerk_a")
        by_name = post(station, "/search/", q="Elder Li").text
        late = station.get("/proxy/?tab=all&late=1").text
        for uid in uids:
            assert (
                post(hotline, "/search/", q=numbers[uid]).headers["Location"].endswith(f"/cases/show/{uid}")
            )
            assert (f"/cases/show/{uid}" in by_name, f"/cases/show/{uid}" in late) == (True, True)
        for client in (hotline, station):
            page = client.get(f"/cases/show/{uids[0]}").text
            assert ("gb-light-red" in page, "Worker A" in page) == (True, True)
