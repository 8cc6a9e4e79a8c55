"""The record of somebody in a group of level 5 is deleted by somebody without the grant (guards, section 3)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.areas.models import SensitiveGrant
from app.core import clock, jobs
from app.core.scope import session_actor
from app.inbox.models import Notice
from app.registry.models import LifeEvent, PersonGroup, Proposal
from app.registry.service import groups_gone, life, proposals
from tests.factories.registry import make_person
from tests.support.pages import post

TODAY = clock.today()
GONE = "special group open to you was deleted"
BACK = "special group open to you was restored"


@pytest.fixture
def member(system, world):
    """Two people of A11; one is in a group of level 5, for which the worker holds the grant."""
    for who, area in (("worker_a", "grid_a11"), ("clerk_t", "com_t1")):
        grant = {"staff_id": world.accounts[who].staff_id, "area_id": world.areas[area], "reason": "test"}
        system.add(SensitiveGrant(group_code="G01", valid_from=TODAY, valid_to=TODAY, **grant))
    person, other = (
        make_person(system, world.areas["grid_a11"], name=n, number=None) for n in ("Qiu", "Ren")
    )
    day = TODAY - timedelta(days=9)
    group = PersonGroup(
        person_id=person.id, group_code="G01", level="L5", valid_from=day, next_visit_on=TODAY
    )
    system.add(group)
    system.flush()
    hands = {"actor": session_actor(system), "now": clock.now()}
    rule = proposals.rule_of(proposals.CLOSE_GROUP)
    proposal = proposals.propose(system, person, rule, group.uid, **hands)
    system.commit()
    return {"person": person.uid, "other": other.uid, "group": group.uid, "proposal": proposal.uid}


def told(system, world, account) -> list[str]:
    while jobs.run_one("tests"):
        pass
    system.rollback()
    query = select(Notice.message).where(
        Notice.kind == groups_gone.INBOX, Notice.user_id == world.accounts[account].user_id
    )
    return [re.sub(".*with a ", "", text).split(". ")[0].rstrip(".") for text in system.scalars(query)]


def test_its_pages_rest_with_the_record_and_the_holder_is_told(member, login_as, system, world):
    clerk, worker = login_as("clerk_a"), login_as("worker_a")
    pages = [
        f"/persongroup/show/{member['group']}",
        f"/persongroup/edit/{member['group']}",
        f"/persongroup/history/{member['group']}",
        f"/care/visit/{member['group']}",
        f"/proposal/show/{member['proposal']}",
        f"/proposal/act/{member['proposal']}/accept",
    ]
    lists = ["/persongroup/list/", "/care/due/list/", "/proposal/list/"]
    before = [worker.get(url).status_code for url in pages]
    assert before[0] == before[3] == before[4] == 200
    assert all(member["group"] in worker.get(url).text for url in lists[:2])
    # deleting one with a closed group goes as deleting one without
    answers = [post(clerk, f"/person/delete/{member[who]}", reason="Not here") for who in ("person", "other")]
    assert [(a.status_code, a.headers["Location"]) for a in answers] == [
        (303, answers[0].headers["Location"])
    ] * 2
    assert {worker.get(url).status_code for url in pages} <= {403, 404}
    assert {clerk.get(url).status_code for url in pages} <= {403, 404}
    assert worker.get(pages[0]).status_code == worker.get(pages[3]).status_code == 404
    for url in lists:
        page = worker.get(url)
        assert page.status_code == 200
        assert not {member["group"], member["proposal"]} & set(re.findall(r"[0-9a-f-]{36}", page.text))
    assert told(system, world, "worker_a") == [GONE]
    assert told(system, world, "clerk_a") == told(system, world, "clerk_t") == []
    # … and is back with the record, as it was
    assert post(clerk, f"/person/restore/{member['person']}").status_code == 303
    assert [worker.get(url).status_code for url in pages] == before
    assert told(system, world, "worker_a") == [GONE, BACK]
    group = system.scalars(select(PersonGroup).where(PersonGroup.uid == member["group"])).one()
    assert (group.valid_to, group.next_visit_on) == (None, TODAY)
    assert system.scalars(select(Proposal.state).where(Proposal.uid == member["proposal"])).one() == "open"


def test_a_revoked_move_in_takes_a_closed_group_along(login_as, acting, system, world):
    """The clerk who revokes the birth does not see the group that hangs on the child; its holder is told."""
    from tests.factories.registry import ResidentFactory, make_home, make_household

    grant = {"staff_id": world.accounts["worker_a"].staff_id, "area_id": world.areas["grid_a11"]}
    system.add(SensitiveGrant(group_code="G41", valid_from=TODAY, valid_to=TODAY, reason="test", **grant))
    household = make_household(
        system, make_home(system, world.areas["grid_a11"]), [ResidentFactory(male=False)]
    )
    system.commit()
    clerk = acting("clerk_a")
    hands = {"actor": session_actor(clerk), "now": clock.now()}
    mother = clerk.get(type(household.head), household.head_person_id)
    joins = [(clerk.get(type(household), household.id), "20")]
    event = life.birth(
        clerk, life.Child("Dora", "2"), life.Told(TODAY), mother=mother, father=None, joins=joins, **hands
    )
    uid, child = event.uid, next(p.person for p in event.people if p.person.name == "Dora")
    child_id = child.id
    clerk.commit()
    system.rollback()
    system.add(PersonGroup(person_id=child_id, group_code="G41", level="L5", valid_from=TODAY))
    system.commit()
    clerk.rollback()
    event = clerk.scalars(select(LifeEvent).where(LifeEvent.uid == uid)).one()
    life.revoke(clerk, event, "Another one", actor=session_actor(clerk), now=clock.now())
    clerk.commit()
    assert told(system, world, "worker_a") == [GONE]
