"""A death and a group of level 5: whoever holds the grant is asked to close it, nobody else learns of it (guards §3)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.areas.models import SensitiveGrant
from app.audit.models import AccessLog
from app.core import clock, jobs
from app.core.scope import session_actor
from app.registry.models import LifeEvent, Person, PersonGroup, Proposal, ProposalStep
from app.registry.service import life, proposals_groups
from tests.factories.registry import make_person
from tests.support import pages
from tests.support.pages import post

TODAY = clock.today()
WORDS = "Death: close the special group"


@pytest.fixture
def dead(system, acting, world):
    """Two people of A11 whose death the clerk has entered, without any grant; one was in a group of level 5, for which
    the worker of A11 and the clerk of another town hold the grant.
    """
    for who, area in (("worker_a", "grid_a11"), ("clerk_t", "com_t1")):
        grant = {"staff_id": world.accounts[who].staff_id, "area_id": world.areas[area], "reason": "test"}
        system.add(SensitiveGrant(group_code="G01", valid_from=TODAY, valid_to=TODAY, **grant))
    people = [
        make_person(system, world.areas["grid_a11"], name=name, number=None) for name in ("Qiu Bai", "Ren Yi")
    ]
    group = PersonGroup(
        person_id=people[0].id, group_code="G01", level="L5", valid_from=TODAY - timedelta(days=9)
    )
    system.add(group)
    system.commit()
    events = [enter(acting, person) for person in people]
    return {"people": people, "group": group, "events": events, "proposal": closing(system)[0]}


def enter(acting, person) -> str:
    """The clerk enters a death, and the program looks at what follows."""
    clerk = acting("clerk_a")
    hands = {"actor": session_actor(clerk), "now": clock.now()}
    event = life.death(clerk, clerk.get(Person, person.id), life.Told(TODAY), **hands)
    uid = event.uid
    clerk.commit()
    work_off()
    return uid


def work_off() -> None:
    while jobs.run_one("tests"):
        pass


def closing(system) -> list[Proposal]:
    system.rollback()
    return list(system.scalars(select(Proposal).where(Proposal.rule == "close_group").order_by(Proposal.id)))


def without_keys(page: str, *names: str) -> str:
    """What a page says of one of two people, without what tells the two apart."""
    page = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "KEY", page)
    page = re.sub(r'(nonce|content|value)="[^"]*"', "", page)
    for name in names:
        page = page.replace(name, "NAME")
    return page


@pytest.mark.demand("S0-61")
def test_who_holds_no_grant_finds_no_trace_of_the_proposal(dead, login_as, system):
    uid, clerk = dead["proposal"].uid, login_as("clerk_a")
    for client in (clerk, login_as("leader"), login_as("clerk_t")):
        assert uid not in client.get("/proposal/list/").text
        for url in ("show", "history", "act"):
            tail = "/accept" if url == "act" else ""
            assert client.get(f"/proposal/{url}/{uid}{tail}").status_code in (403, 404)
    assert clerk.get(f"/proposal/show/{uid}").status_code == 404
    assert post(clerk, f"/proposal/act/{uid}/accept").status_code == 404
    assert clerk.get(f"/proxy/book?proposal={uid}").status_code == 404
    assert WORDS not in clerk.get("/proposal/list/?_flt_0_topic=group").text
    # the pages of the two people and of the two events say the same, to the last count
    for url in ("/person/show/{}", "/person/history/{}", "/life/person/{}"):
        said = [without_keys(clerk.get(url.format(p.uid)).text, p.name, "Qiu", "Ren") for p in dead["people"]]
        assert len({len(text.split()) for text in said}) == 1, url
        assert all(WORDS not in text and uid not in text for text in said)
    lists = [clerk.get(f"/lifeevent/show/{key}/ProposalView").text for key in dead["events"]]
    assert lists[0].count("<tr") == lists[1].count("<tr")
    assert all(WORDS not in text for text in lists)


def test_the_guard_hides_proposal_and_steps_from_every_statement(dead, acting, system):
    for who, seen in (("clerk_a", 0), ("leader", 0), ("worker_a", 1)):
        session = acting(who)
        mine = select(Proposal).where(Proposal.rule == "close_group")
        steps = select(ProposalStep).where(ProposalStep.proposal_id == dead["proposal"].id)
        assert (len(session.scalars(mine).all()), len(session.scalars(steps).all())) == (seen, seen), who


@pytest.mark.any_database
def test_who_holds_the_grant_closes_the_group_and_each_look_is_logged(dead, login_as, system):
    worker, uid = login_as("worker_a"), dead["proposal"].uid
    assert uid in worker.get("/proposal/list/").text
    assert WORDS in worker.get(f"/proposal/show/{uid}").text
    system.rollback()
    looks = select(AccessLog.detail).where(
        AccessLog.table_name == "proposal", AccessLog.row_id == dead["proposal"].id
    )
    assert system.scalars(looks).all() == ["L4-L5"]
    act = f"/proposal/act/{uid}/accept"
    sent = pages.form_of(worker.get(act).text.replace("gb-form gb-narrow", "gb-form"))
    assert worker.post(act, data=sent).status_code == 303
    system.rollback()
    assert system.get(PersonGroup, dead["group"].id).valid_to == TODAY
    assert len(system.scalars(looks).all()) > 1


def test_who_closed_the_group_may_revoke_the_death_all_the_same(dead, login_as, system, world):
    """The proposal that was carried out is one of level 5: it stands in nobody's way, seen or not."""
    staff, area = world.accounts["clerk_a"].staff_id, world.areas["com_a1"]
    system.add(
        SensitiveGrant(
            staff_id=staff, area_id=area, group_code="G01", reason="test", valid_from=TODAY, valid_to=TODAY
        )
    )
    system.commit()
    clerk, act = login_as("clerk_a"), f"/proposal/act/{dead['proposal'].uid}/accept"
    sent = pages.form_of(clerk.get(act).text.replace("gb-form gb-narrow", "gb-form"))
    assert clerk.post(act, data=sent).status_code == 303
    assert [p.state for p in closing(system)] == ["done"]
    assert post(clerk, f"/lifeevent/revoke/{dead['events'][0]}", reason="Another one").status_code == 303


def test_a_revoked_death_takes_it_back_and_another_death_proposes_it_again(dead, acting, login_as, system):
    uid = dead["proposal"].uid
    worker, clerk = login_as("worker_a"), login_as("clerk_a")
    act = f"/proposal/act/{uid}/accept"
    sent = pages.form_of(worker.get(act).text.replace("gb-form gb-narrow", "gb-form"))
    assert worker.post(act, data=sent).status_code == 303
    # what was closed does not hold the clerk up: a refusal would tell of it
    assert post(clerk, f"/lifeevent/revoke/{dead['events'][0]}", reason="Another one").status_code == 303
    work_off()
    assert [p.state for p in closing(system)] == ["dropped"]
    group = system.get(PersonGroup, dead["group"].id)
    assert (group.valid_to, group.end_reason) == (None, None)
    enter(acting, dead["people"][0])
    assert [p.state for p in closing(system)] == ["dropped", "open"]
    assert system.scalars(select(LifeEvent).where(LifeEvent.revoked_at.is_(None))).all()
    assert closing(system)[1].uid in worker.get("/proposal/list/").text
    assert WORDS not in clerk.get("/proposal/list/").text
    # asked twice, proposed once
    event = system.get(LifeEvent, closing(system)[1].event_id)
    proposals_groups.follow(system, event, actor=session_actor(system), now=clock.now())
    assert len(closing(system)) == 2
