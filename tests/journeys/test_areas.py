"""Stories of the areas: a community is set up from nothing; a grid is divided while people work in it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.areas.models import Area, AreaPlan, Post, Staff
from app.core import clock
from app.registry.models import Dwelling
from tests.factories.registry import make_home, make_household
from tests.support.jobs import PLANS, run_now
from tests.support.pages import fill, form_of, post
from tests.support.rows import fresh, reread


@pytest.mark.demand("S0-16", "S4-21")
def test_a_community_is_set_up_with_a_grid_its_worker_and_three_settled_things(login_as, system, world):
    operator = login_as("operator")
    town = world.uids["town_a"]
    form = form_of(operator.get(f"/areas/add?parent_id={town}").text)
    assert form["code"] == "430299001003"
    assert fill(operator, f"/areas/add?parent_id={town}", name="Community A3").status_code == 303
    community = fresh(system).scalars(select(Area).where(Area.code == "430299001003")).one()
    assert fill(operator, f"/areas/add?parent_id={community.uid}", name="Grid A31").status_code == 303
    grid = fresh(system).scalars(select(Area).where(Area.code == "430299001003001")).one()
    page = operator.get(f"/vacancies/list/?area={community.uid}&missing=people").text
    assert "Grid A31" in page

    clerk = login_as("town_clerk_a")
    person = {"name": "Zhang Suqin", "kind": "employee", "area_id": grid.uid}
    assert fill(clerk, "/staff/add", **person).status_code == 303
    staff = fresh(system).scalars(select(Staff).where(Staff.name == "Zhang Suqin")).one()
    held = {"staff_id": staff.uid, "position": "grid_worker", "area_id": grid.uid, "worker_no": "1"}
    assert fill(clerk, "/posts/add", **held, role="grid_worker").status_code == 303
    given = fresh(system).scalars(select(Post).where(Post.staff_id == staff.id)).one()
    duty = {"post_id": given.uid, "domain": "census", "task": "Every home once a year"}
    assert fill(clerk, "/duties/add", **duty).status_code == 303
    assert "Grid A31" not in operator.get(f"/vacancies/list/?area={community.uid}&missing=people").text
    assert "Grid A31" in operator.get(f"/vacancies/list/?area={community.uid}&missing=complete").text


@pytest.mark.demand("S0-15", "S0-17")
def test_a_grid_is_split_while_its_worker_is_signed_in(login_as, system, world):
    homes = [make_home(system, world.areas["grid_a11"], str(number)) for number in range(1, 4)]
    for home in homes[:2]:
        make_household(system, home)
    system.commit()
    worker_post = system.scalars(select(Post).where(Post.area_id == world.areas["grid_a11"])).one()
    worker, operator = login_as("worker_a"), login_as("operator")
    assert worker.get(f"/areas/show/{world.uids['grid_a11']}").status_code == 200

    url = f"/plans/add?source={world.uids['grid_a11']}&form=split"
    tomorrow = clock.today() + timedelta(days=1)
    typed = form_of(operator.get(url).text) | {
        "title": "Two grids by the river",
        "effective_on": tomorrow.isoformat(),
        "p1-name": "East",
        "p2-name": "West",
        f"ground-{homes[0].uid}": "p2",
        "p1-posts": "",
        "p2-posts": worker_post.uid,
    }
    where = operator.post(url, data=typed).headers["Location"]
    post(operator, where.replace("show", "schedule"))
    plan = fresh(system).scalars(select(AreaPlan)).one()
    assert plan.state == "scheduled"

    with clock.frozen(clock.day_bounds(tomorrow)[0] + timedelta(minutes=6)):
        assert run_now(system, PLANS)["applied"] == [plan.uid]
    system.rollback()
    east, west = (
        system.scalars(select(Area).where(Area.name == name, Area.valid_from == tomorrow)).one()
        for name in ("East", "West")
    )
    assert [reread(system, home).area_id for home in homes] == [west.id, east.id, east.id]

    with clock.frozen(clock.day_bounds(tomorrow)[0] + timedelta(hours=9)):
        worker = login_as("worker_a")
        # the new grid and the closed one, whose papers stay readable; not the neighbour
        assert worker.get(f"/areas/show/{west.uid}").status_code == 200
        assert worker.get(f"/areas/show/{world.uids['grid_a11']}").status_code == 200
        assert worker.get(f"/areas/show/{east.uid}").status_code == 404
        rows = worker.get("/areas/list/").text
        assert "West" in rows
        assert "East" not in rows
        assert system.scalars(select(Dwelling.id).where(Dwelling.area_id == west.id)).all() == [homes[0].id]
