"""The picture of the start page: open cases by state, late ones in red, only for who looks at many at once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from app.core import clock
from app.home import charts
from app.proxy.choices import State
from app.proxy.models import ProxyCase
from tests.support.marked import Marked


@pytest.fixture
def case(system, world):
    """One case in a grid of town A whose present step is late."""
    account = world.accounts["worker_a"]
    row = Marked(system, world.areas["grid_a11"], account.user_id, account.staff_id).row("proxy_case")
    row.state, row.step_due_at, row.closed_at = State.booked.value, clock.now() - timedelta(days=1), None
    system.commit()
    return row


def bars(login_as, username: str) -> str:
    page = login_as(username).get("/").get_data(as_text=True)
    return page.partition("gb-chart")[2].partition("</section>")[0]


def test_a_late_case_stands_in_the_bar_of_its_state(login_as, case):
    shown = bars(login_as, "clerk_a")
    assert "Booked" in shown
    assert "1 overdue" in shown
    assert "_flt_0_state=booked" in shown


def test_a_promise_that_is_over_counts_as_in_the_work_list_and_has_its_words(login_as, case, system):
    """One measure of overdue on the start page, its picture and the work list, in working days everywhere."""
    row = system.get(ProxyCase, case.id)
    row.step_due_at, row.promise_due_at = None, clock.now() - timedelta(days=12)
    system.commit()
    clerk = login_as("clerk_a")
    page = clerk.get("/").get_data(as_text=True)
    assert "1 overdue" in page.partition("gb-figures")[2].partition("gb-chart")[0]
    assert "1 overdue" in bars(login_as, "clerk_a")
    said = re.compile(r"\d working days?(?: \d+ h)? over")
    assert said.search(page)
    assert (
        said.search(page).group() == said.search(clerk.get("/proxy/?tab=all").get_data(as_text=True)).group()
    )


def test_a_closed_case_and_a_case_elsewhere_are_not_counted(login_as, case, system):
    assert bars(login_as, "clerk_t") == ""
    system.get(ProxyCase, case.id).closed_at = clock.now()
    system.commit()
    assert bars(login_as, "clerk_a") == ""


def test_a_worker_has_the_list_and_no_chart(login_as, case):
    assert bars(login_as, "worker_a") == ""
    assert "grid_worker" not in charts.ROLES
