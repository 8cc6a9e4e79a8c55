"""Numbers of the service by worker, service, grid and department, against the steps they are counted from."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event, select

from app.core import clock
from app.proxy.models import CaseStep, ProxyCase
from app.proxy.queries import figures
from tests.factories.proxy import step, walk
from tests.support.pages import rows_of

pytest_plugins = ("tests.support.proxy",)
MONDAY = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def month(sessions, booked):
    """Three cases in November: one in time and rated, one sent back and late, one still open."""
    with clock.frozen(MONDAY) as watch:
        quick = booked("WJ-02")
        walk(sessions, quick, "deliver")
        step(sessions["clerk"], quick, "rate", rating="5")
        slow = booked("WJ-01")
        walk(sessions, slow, "process")
        step(sessions["department"], slow, "request_supplement")
        step(sessions["worker"], slow, "supply")
        watch.move(days=60)
        step(sessions["department"], slow, "refuse")
        booked("WJ-02", again=True)
        yield {"quick": quick, "slow": slow}


def counted(session, by="service", **more):
    first, last = date(2026, 11, 1), date(2027, 1, 31)
    found, whole = figures.lines(session, by, first, last, **more)
    figures.add_open(session, by, clock.now(), found, whole, **more)
    session.rollback()
    return {line.name: line for line in found}, whole


@pytest.mark.demand("S0-39", "S1-68", "S3-48")
def test_what_stands_in_the_lines_is_what_the_steps_say(system, sessions, month, acting):
    lines, whole = counted(acting("operator"))
    quick, slow = (next(v for v in lines.values() if v.approved == n) for n in (1, 0))
    assert (quick.booked, quick.decided, quick.open, quick.rating, quick.on_time_share) == (2, 1, 2, 5.0, 1.0)
    assert (slow.booked, slow.decided, slow.approved, slow.on_time_share) == (1, 1, 0, 0.0)
    system.rollback()
    ids = dict(system.execute(select(ProxyCase.uid, ProxyCase.id)).all())
    returns = system.scalars(
        select(CaseStep.action).where(
            CaseStep.case_id == ids[month["slow"]], CaseStep.action == "request_supplement"
        )
    ).all()
    assert slow.returns == len(returns) == 1
    # 42 working days of the plain week between 2 November and 1 January, less what the papers were missing (nothing)
    assert slow.p90_days == slow.average_days > 40
    assert (quick.average_days, quick.hand_overs) == (0.0, 3)
    assert (whole.booked, whole.decided, whole.open, whole.rated) == (3, 2, 3, 1)


@pytest.mark.parametrize("by", figures.BY)
def test_each_way_of_counting_has_the_same_sum(month, acting, by):
    _lines, whole = counted(acting("operator"), by)
    assert (whole.booked, whole.decided, whole.returns) == (3, 2, 1)


def test_nobody_counts_beyond_the_own_areas(month, acting, login_as):
    assert counted(acting("clerk_t"))[0] == {}
    assert counted(acting("health"))[1].decided == 2
    page = login_as("health").get("/proxy-figures/?by=worker")
    assert page.status_code == 400
    assert login_as("nobody").get("/proxy-figures/").status_code in {303, 403}
    assert login_as("hotline").get("/proxy-figures/").status_code == 403


def test_the_page_and_its_refusals(month, login_as, acting):
    clerk, trips = login_as("clerk_a"), counted(acting("operator"))[1].worker_trips
    for by, head in (("worker", "Grid worker"), ("service", "Service"), ("area", "Grid")):
        text = clerk.get(f"/proxy-figures/?by={by}&first=2026-11-01&last=2027-01-31").text
        assert f'<th scope="col">{head}</th>' in text
        assert f'data-label="Trips of the worker" class="gb-num">{trips}<' in text.partition("<tfoot>")[2]
    page = clerk.get("/proxy-figures/?by=service&first=2026-11-01&last=2027-01-31")
    assert (page.status_code, rows_of(page.text).count("<tr>")) == (200, 2)
    for query in ("by=name", "first=2026-13-01", "first=2027-01-31&last=2026-11-01", "first=2001-01-01"):
        assert clerk.get(f"/proxy-figures/?{query}").status_code == 400


def test_it_costs_few_statements(month, login_as, system):
    clerk, asked = login_as("clerk_a"), []
    clerk.get("/proxy-figures/")
    engine = system.get_bind().engine

    def note(*args):
        asked.append(args[2])

    event.listen(engine, "before_cursor_execute", note)
    clerk.get("/proxy-figures/?by=worker")
    event.remove(engine, "before_cursor_execute", note)
    assert len(asked) <= 10
