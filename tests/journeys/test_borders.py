"""Borders that move and borders that hold: a grid split under open cases; a clerk of A who also reads T."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.areas.models import Area, Post
from app.core import clock, jobs
from app.proxy.models import ProxyCase
from app.registry.models import Dwelling, Household, HouseholdMember, Person
from app.site.worker import run
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.integration.test_field import Phone, doors, elders, met, plan
from tests.journeys.test_proxy import Desk, cases
from tests.support.pages import form_of, post
from tests.support.rows import fresh
from tests.support.world import csrf_of

pytest_plugins = ("tests.support.proxy",)
__all__ = ["elders"]

STAYS, GOES = "Elder An", "Elder Bai"


def home_of(system, name) -> Dwelling:
    person = system.scalars(select(Person).where(Person.name == name)).one()
    members = select(Household).join(HouseholdMember).where(HouseholdMember.person_id == person.id)
    return system.scalars(members).one().dwellings[0].dwelling


@pytest.fixture
def night(app, monkeypatch, tmp_path):
    """``night(day)`` lets the worker process do what is due just after midnight of a day."""
    monkeypatch.setitem(app.config, "GEBAN_HOME", tmp_path)
    for kind in set(jobs.registry.daily_jobs()) - {"areas.plans"}:
        monkeypatch.delitem(jobs.registry._daily, kind)

    def _night(day) -> None:
        with clock.frozen(clock.day_bounds(day)[0] + timedelta(minutes=6)):
            run(app, once=True)

    return _night


@pytest.mark.demand("S0-15")
def test_a_grid_is_split_under_open_cases(system, login_as, world, elders, night):
    phone, operator = Phone(login_as("worker_a")), login_as("operator")
    url = plan(phone, elders, (STAYS, GOES))
    for door, case in doors(system, url).values():
        assert phone.post(door, **met(case)).status_code == 200
    before = {name: (c.number, c.state, c.promise_due_at) for name, c in cases(system).items()}

    # the operator plans the split for tomorrow: one home and the present worker go west
    tomorrow = clock.today() + timedelta(days=1)
    source = world.uids["grid_a11"]
    worker_post = system.scalars(select(Post).where(Post.area_id == world.areas["grid_a11"])).one()
    address = f"/plans/add?source={source}&form=split"
    typed = form_of(operator.get(address).text) | {
        "title": "Two grids by the river",
        "effective_on": tomorrow.isoformat(),
        "p1-name": "East",
        "p2-name": "West",
        f"ground-{home_of(system, GOES).uid}": "p2",
        "p1-posts": "",
        "p2-posts": worker_post.uid,
    }
    where = operator.post(address, data=typed).headers["Location"]
    # before it happens the page says how many open cases move
    assert re.search(r"\b2\b", operator.get(where).text)
    assert post(operator, where.replace("show", "schedule")).status_code == 303
    night(tomorrow)

    west, east = (
        fresh(system).scalars(select(Area).where(Area.name == name, Area.valid_from == tomorrow)).one()
        for name in ("West", "East")
    )
    after = cases(system)
    assert {name: (c.number, c.state, c.promise_due_at) for name, c in after.items()} == before
    assert (after[GOES].area_id, after[STAYS].area_id) == (west.id, east.id)

    with clock.frozen(clock.day_bounds(tomorrow)[0] + timedelta(hours=10)):
        worker, clerk = Desk(login_as("worker_a"), system), Desk(login_as("clerk_a"), system)
        # the worker goes on with the case of the west; the one of the east is nobody's but the station's
        assert worker.client.get(f"/cases/show/{after[STAYS].uid}").status_code == 404
        assert worker.main_step(after[GOES].uid) == "submit"
        worker.press(after[GOES].uid, "submit", window="Window 3")
        assert cases(system)[GOES].state == "submitted"
        assert set(clerk.work()) >= {after[STAYS].uid}
        assert [s.action for s in cases(system)[STAYS].steps] == ["book", "entrust", "collect"]
        # the closed grid's done papers stay readable for its heir
        assert worker.client.get(f"/areas/show/{source}").status_code == 200


@pytest.mark.demand("S1-19")
def test_a_clerk_of_a_who_also_reads_town_t_edits_nothing_of_t(system, login_as, world):
    home = make_home(system, world.areas["grid_t11"], "9")
    make_household(system, home, [ResidentFactory(name="Elder Tian")])
    system.commit()
    person = system.scalars(select(Person).where(Person.name == "Elder Tian")).one()
    pages = {"dwelling": home.uid, "person": person.uid}
    before = {row.uid: row.version for row in (home, person)}
    client = login_as("clerk_a_reads_t")
    token = csrf_of(client.get("/"))
    for role, reads in (("leader", 200), ("workstation", 404)):
        assert client.post("/account/act", data={"csrf_token": token, "role": role}).status_code == 303
        for name, uid in pages.items():
            assert client.get(f"/{name}/show/{uid}").status_code in {reads, 403}
            for acting in ("leader", "workstation"):  # a forged field of the form lends no second post
                sent = {
                    "csrf_token": token,
                    "_acting": acting,
                    "note": "x",
                    "name": "x",
                    "_version": "1",
                    "reason": "entered twice",
                }
                for step in ("edit", "delete"):
                    answer = client.post(f"/{name}/{step}/{uid}", data=sent)
                    assert answer.status_code in {403, 404}, (name, step, acting)
        assert client.get(f"/census/dwelling/{home.uid}").status_code in {403, 404}
        body = {"households": [{"members": [{"ref": "m1", "person": person.uid, "fields": {"name": "x"}}]}]}
        saved = client.post(f"/census/save/{home.uid}", json=body, headers={"X-CSRFToken": token})
        assert saved.status_code in {400, 403, 404}
    rows = [fresh(system).scalars(select(model).where(model.uid == uid)).one() for model, uid in
            ((Dwelling, home.uid), (Person, person.uid))]  # fmt: skip
    assert {row.uid: row.version for row in rows} == before
    assert system.scalars(select(ProxyCase)).all() == []
