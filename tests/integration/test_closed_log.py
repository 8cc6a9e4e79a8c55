"""What an auditor can join of the two logs: a member of a group of level 5 looks like one of level 4 (guards, section 3)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select

from app.areas.models import SensitiveGrant
from app.audit.models import AccessLog, ChangeLog
from app.core import clock, jobs
from app.core.scope import session_actor
from app.registry.models import GroupVisit, LifeEvent, Person, PersonGroup, Proposal
from app.registry.service import life
from app.site import schema
from app.worklog.models import ServiceRecord, Visit, VisitPurpose, VisitStop
from tests.factories.registry import make_person
from tests.support.pages import fill, form_of

TODAY = clock.today()
ABOUT_GROUPS = ("person_group", "group_visit", "proposal", "visit_stop", "visit_purpose", "service_record")


@pytest.fixture
def members(system, world):
    """Two people of A11, in a group of level 4 and in one of level 5, for which the clerk holds the grant."""
    grant = {"staff_id": world.accounts["clerk_a"].staff_id, "area_id": world.areas["com_a1"]}
    system.add(SensitiveGrant(group_code="G01", valid_from=TODAY, valid_to=TODAY, reason="test", **grant))
    found = []
    for name, code, level in (("Qiu Bai", "G36", "L4"), ("Ren Yi", "G01", "L5")):
        person = make_person(system, world.areas["grid_a11"], name=name, number=None)
        group = PersonGroup(
            person_id=person.id, group_code=code, level=level, valid_from=TODAY - timedelta(days=9)
        )
        system.add(group)
        system.flush()
        found.append((person, group))
    system.commit()
    return found


def lines(system, after: tuple[int, int]) -> list[tuple[object, ...]]:
    """What both logs say in plain since then, but for the keys of the rows and the clock."""
    system.rollback()
    changes = system.scalars(select(ChangeLog).where(ChangeLog.id > after[0]).order_by(ChangeLog.id))
    looks = system.scalars(select(AccessLog).where(AccessLog.id > after[1]).order_by(AccessLog.id))
    said: list[tuple[object, ...]] = [
        (
            c.table_name,
            c.action,
            c.user_id,
            c.actor,
            c.role,
            c.reason,
            c.tag,
            c.area_id,
            json.loads(c.changes),
        )
        for c in changes
        if c.table_name in ABOUT_GROUPS
    ]
    return said + [(a.table_name, a.action, a.user_id, a.role, a.detail, a.reason, a.area_id) for a in looks]


def newest(system) -> tuple[int, int]:
    system.rollback()
    logs = [
        system.scalars(select(log.id).order_by(log.id.desc())).first() or 0 for log in (ChangeLog, AccessLog)
    ]
    return logs[0], logs[1]


def die(acting, person) -> str:
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


def both_say_the_same(system, members, act) -> None:
    """``act(person, group)`` leaves the same plain lines for the member of either level, and none names the member."""
    found = []
    for person, group in members:
        before, named = newest(system), {person.id, person.uid, group.uid}
        act(person, group)
        said = lines(system, before)
        plain = [
            value
            for *_head, last in said
            if isinstance(last, dict)
            for pair in last.values()
            for value in pair
        ]
        assert not named & {v for v in plain if isinstance(v, str | int) and not isinstance(v, bool)}
        found.append(said)
    assert found[0] == found[1]
    assert found[0]


def test_a_death_tells_the_auditor_of_no_closed_group(members, system, acting, login_as):
    """Rows by the same hand, of the same shape, without keys to join them by; opening and accepting them as well."""
    both_say_the_same(system, members, lambda person, _group: die(acting, person))
    clerk = login_as("clerk_a")

    def accept(person, _group) -> None:
        uid = system.scalars(select(Proposal.uid).filter_by(person_id=person.id, rule="close_group")).one()
        system.rollback()
        assert clerk.get(f"/proposal/show/{uid}").status_code == 200
        act = f"/proposal/act/{uid}/accept"
        sent = form_of(clerk.get(act).text.replace("gb-form gb-narrow", "gb-form"))
        assert clerk.post(act, data=sent).status_code == 303

    both_say_the_same(system, members, accept)
    both_say_the_same(system, members, lambda _p, g: clerk.get(f"/persongroup/show/{g.uid}"))


@pytest.mark.any_database
def test_a_care_visit_tells_the_auditor_of_no_closed_group(members, system, login_as):
    """A visit of today at level 5 reads as one of level 4 that is written down later: no door, a line without a name."""
    clerk = login_as("clerk_a")

    def visit(_person, group) -> None:
        url, day = f"/care/visit/{group.uid}", TODAY - timedelta(days=group.level == "L4")
        assert fill(clerk, url, way="met", visited_on=day.isoformat()).status_code == 303

    both_say_the_same(system, members, visit)


@pytest.mark.any_database
def test_what_a_death_proposes_falls_away_by_the_same_hand(members, system, acting):
    events = {person.id: die(acting, person) for person, _group in members}

    def revoke(person, _group) -> None:
        clerk = acting("clerk_a")
        event = clerk.scalars(select(LifeEvent).where(LifeEvent.uid == events[person.id])).one()
        life.revoke(clerk, event, "Another one", actor=session_actor(clerk), now=clock.now())
        clerk.commit()
        work_off()

    both_say_the_same(system, members, revoke)
    assert {p.state for p in system.scalars(select(Proposal).filter_by(rule="close_group"))} == {"dropped"}


def test_doors_of_closed_visits_from_before_are_taken_away(members, system, world):
    """Migration 0012: the stop of a visit at level 5 goes, the walk with it where nothing else was done; others stay."""
    area, staff = world.areas["grid_a11"], world.accounts["clerk_a"].staff_id
    walks = []
    for person, group in members:
        walk = Visit(area_id=area, visit_type="V1", planned_on=TODAY, state="done")
        seen = GroupVisit(group_id=group.id, visited_on=TODAY, way="met")
        system.add_all([walk, seen])
        system.flush()
        stop = VisitStop(visit_id=walk.id, person_id=person.id)
        system.add(stop)
        system.flush()
        about = {"record_type": "SR2", "ref_kind": "group_visit", "ref_uid": seen.uid, "visit_id": walk.id}
        line = {"area_id": area, "staff_id": staff, "done_on": TODAY, "content": "x"}
        system.add_all([VisitPurpose(stop_id=stop.id, **about), ServiceRecord(**line, **about)])
        walks.append(walk.id)
    system.commit()
    script = ScriptDirectory(str(schema.MIGRATIONS)).get_revision("0012").module
    with Operations.context(MigrationContext.configure(system.connection())):
        script.upgrade()
    system.commit()
    (person, _open), (_other, _closed) = members
    assert system.scalars(select(VisitStop.person_id)).all() == [person.id]
    assert system.scalars(select(VisitPurpose.visit_id)).all() == walks[:1]
    assert system.scalars(select(Visit.id)).all() == walks[:1]
    assert sorted(map(bool, system.scalars(select(ServiceRecord.visit_id)))) == [False, True]
