"""What single light registers do beyond what all of them do: what a community lacks, balances, confidence, links."""

from __future__ import annotations

import re
from datetime import date

import pytest

from app.core import codes
from app.registers.activities import Activity
from app.registers.association_members import AssociationMember
from app.registers.associations import Association
from app.registers.defence_duties import DefenceDuty
from app.registers.facilities import Facility, FacilityRegister
from app.registers.legal_advice import LegalAdvice
from app.registers.needs import Need
from app.registers.party_duties import PartyDuty
from app.registers.party_goals import PartyGoal
from app.registers.party_lessons import PartyLesson
from app.registers.projects import Project
from app.registers.video_points import VideoPoint
from tests.support.marked import Marked
from tests.support.pages import fill, form_of, keys_in, post, rows_of
from tests.support.registers import typed


def a_facility(system, world, area, kind, **more):
    row = Facility(area_id=world.areas[area], name=kind, kind=kind, **more)
    system.add(row)
    return row


@pytest.mark.any_database
@pytest.mark.demand("S4-30", "S4-25", "S4-66")
def test_the_figures_name_what_a_community_lacks_of_the_six(login_as, world, system):
    for kind in ("hall", "culture", "e_reading", "library", "display"):
        a_facility(system, world, "com_a1", kind)
    a_facility(system, world, "grid_a11", "counselling")
    a_facility(system, world, "com_a2", "hall", condition="closed")
    a_facility(system, world, "com_t1", "hall")
    system.commit()
    page = login_as("town_clerk_a").get("/registerfigures/FacilityRegister").text
    lines = {re.search(r">(Community \w+)<", part)[1]: part for part in rows_of(page).split("<tr>")[1:]}
    assert set(lines) == {"Community A1", "Community A2"}
    assert lines["Community A1"].count("lacking") == 0
    assert lines["Community A2"].count("lacking") == 6
    assert "1 of 2 areas lack" in page


@pytest.mark.any_database
@pytest.mark.demand("S4-26", "S4-27", "S4-28")
def test_the_six_are_kinds_that_no_register_can_do_without(system):
    kinds = codes.codes(system, "facility_kind")
    assert list(kinds)[:6] == list(FacilityRegister.wanted)
    assert [kinds[k].label_en for k in ("culture", "e_reading", "library")] == [
        "culture centre",
        "electronic reading room",
        "library",
    ]


@pytest.mark.any_database
@pytest.mark.demand("S4-29", "S4-67")
def test_what_is_closed_or_only_planned_does_not_count(login_as, world, system):
    for kind, condition in (("display", "planned"), ("elder", "in_use"), ("fitness", "repair")):
        a_facility(system, world, "com_a1", kind, condition=condition)
    system.commit()
    page = login_as("clerk_a").get("/registerfigures/FacilityRegister").text
    assert page.count("lacking") == 6
    counted = dict(re.findall(r"_flt_0_kind=(\w+)&amp;[^>]+>(\d+)<", page))
    assert counted == {"elder": "1", "fitness": "1"}


@pytest.mark.any_database
@pytest.mark.demand("S1-05")
def test_devices_are_counted_by_town_inside_the_scope(login_as, app, world, system):
    view = app.extensions["geban_pages"]["TerminalRegister"]
    clerk = login_as("clerk_a")
    post(clerk, "/terminalregister/add", **typed(system, world, view))
    page = login_as("leader").get("/registerfigures/TerminalRegister?level=town").text
    towns = [re.sub(r"<[^>]+>", " ", part).split() for part in rows_of(page).split("<tr>")[1:]]
    assert [(words[:2], words[-1]) for words in towns] == [(["Town", "A"], "1"), (["Town", "T"], "0")]
    assert clerk.get(f"/registerfigures/TerminalRegister?area={world.uids['town_t']}").status_code == 404
    assert clerk.get("/registerfigures/TerminalRegister?level=town").status_code == 400
    assert clerk.get("/registerfigures/EstateRegister").status_code == 404
    assert login_as("hotline").get("/registerfigures/TerminalRegister").status_code == 403


@pytest.mark.any_database
@pytest.mark.demand("S4-87")
def test_needs_open_with_what_is_not_settled_and_keep_who_said_it(login_as, world, system):
    """A resident who has moved to another town is not seen here, and is not lost when the need is settled."""
    account = world.accounts["worker_t"]
    stranger = Marked(system, world.areas["grid_t11"], account.user_id, account.staff_id).row("person")
    common = {"area_id": world.areas["grid_a11"], "kind": "life", "said_on": stranger.created_at.date()}
    needs = [Need(what="a bench", person_id=stranger.id, **common), Need(what="a lamp", **common)]
    system.add_all(needs)
    system.commit()
    clerk, base = login_as("clerk_a"), "/needregister"
    assert (
        fill(clerk, f"{base}/edit/{needs[0].uid}", answer="it stands", done_on="20260601").status_code == 303
    )
    assert keys_in(clerk.get(f"{base}/list/").text, base) == [needs[1].uid]
    assert keys_in(clerk.get(f"{base}/list/?_flt_0_open=0").text, base) == [needs[0].uid]
    system.rollback()
    system.refresh(needs[0])
    assert needs[0].person_id == stranger.id


@pytest.mark.any_database
@pytest.mark.demand("S4-70")
def test_nobody_spends_more_kindness_than_there_is(app, login_as, world, system):
    clerk, pages = login_as("clerk_a"), app.extensions["geban_pages"]
    post(clerk, "/kindnessaccountregister/add", **typed(system, world, pages["KindnessAccountRegister"]))
    account = keys_in(clerk.get("/kindnessaccountregister/list/").text, "/kindnessaccountregister")[0]
    form = form_of(clerk.get(f"/kindnessentryregister/add?account_id={account}").text)
    assert form["area_id"] == world.uids["grid_a11"]
    for points, status in (("5", 303), ("-3", 303), ("-3", 422)):
        deed = form | {"done_on": "20260501", "what": "x", "points": points}
        answer = post(clerk, "/kindnessentryregister/add", **deed)
        assert answer.status_code == status
    assert "There are only 2 points." in answer.text
    cells = re.sub(r"<[^>]+>", " ", rows_of(clerk.get("/kindnessaccountregister/list/").text)).split()
    assert "2" in cells


def rows_in(system, world, *rows):
    """Some rows in grid A11."""
    for row in rows:
        row.area_id = world.areas["grid_a11"]
    system.add_all(rows)
    system.commit()
    return rows


@pytest.mark.any_database
@pytest.mark.demand("S1-51", "S1-53")
def test_members_stand_on_the_page_of_their_association_and_hold_it(login_as, world, system):
    (peace,) = rows_in(system, world, Association(name="Peace", kind="peace"))
    rows_in(system, world, AssociationMember(name="Li", association_id=peace.id, office="head"))
    clerk, base = login_as("clerk_a"), "/associationregister"
    piece = clerk.get(f"{base}/show/{peace.uid}/AssociationMemberRegister").text
    assert "Li" in rows_of(piece)
    assert f"association_id={peace.uid}" in piece
    assert post(clerk, f"{base}/delete/{peace.uid}", reason="dissolved").status_code == 409


@pytest.mark.any_database
@pytest.mark.demand("S1-52")
def test_legal_advice_is_for_those_who_work_with_it_and_its_question_stands_in_no_list(
    login_as, world, system
):
    day = date(2026, 5, 1)
    (advice,) = rows_in(
        system, world, LegalAdvice(asked_on=day, name="Li", topic="family", question="QUESTION")
    )
    base = "/legaladviceregister"
    for outsider in ("worker_a", "leader", "operator", "supervisor"):
        assert login_as(outsider).get(f"{base}/show/{advice.uid}").status_code == 403
        assert base not in login_as(outsider).get("/").text
    clerk = login_as("clerk_a")
    assert "QUESTION" in clerk.get(f"{base}/show/{advice.uid}").text
    assert "QUESTION" not in clerk.get(f"{base}/list/").text


@pytest.mark.any_database
@pytest.mark.demand("S4-49")
def test_a_video_point_leads_to_its_own_system_and_to_nothing_else(login_as, world, system):
    point = {"name": "Gate", "place": "Road 1"}
    good, bad = rows_in(
        system,
        world,
        VideoPoint(address="https://video.example/1", **point),
        VideoPoint(address="javascript:alert(1)", **point),
    )
    worker = login_as("worker_a")
    assert '<a href="https://video.example/1" target="_blank" rel="noopener noreferrer">' in (
        worker.get(f"/videopointregister/show/{good.uid}").text
    )
    page = worker.get(f"/videopointregister/show/{bad.uid}").text
    assert "javascript:alert(1)" in page
    assert 'href="javascript' not in page


@pytest.mark.any_database
@pytest.mark.demand("S4-50", "S4-52", "S4-74")
def test_watches_and_lessons_stand_newest_first(login_as, world, system):
    old, new = date(2026, 4, 1), date(2026, 6, 1)
    rows_in(
        system,
        world,
        *(DefenceDuty(held_on=d, shift="night", place="x", leader="Li") for d in (new, old)),
        *(PartyLesson(held_on=d, subject="s", form=f) for d, f in ((new, "iptv"), (old, "tv"))),
    )
    for base in ("/defencedutyregister", "/partylessonregister"):
        page = rows_of(login_as("worker_a").get(f"{base}/list/").text)
        assert page.index("2026-06-01") < page.index("2026-04-01")


@pytest.mark.any_database
@pytest.mark.demand("S4-73", "S4-77", "S4-93")
def test_members_on_duty_are_counted_by_kind_and_goals_open_with_what_is_due(login_as, world, system):
    kinds = ("PM1", "PM2", "PM4", "PM4")
    rows_in(system, world, *(PartyDuty(name="Li", member_kind=k, duty="mediation") for k in kinds))
    first, last, done = (date(2026, 6, n) for n in (1, 2, 3))
    rows_in(
        system,
        world,
        PartyGoal(body="Branch", goal="LAST", due_on=last),
        PartyGoal(body="Branch", goal="FIRST", due_on=first),
        PartyGoal(body="Branch", goal="DONE", due_on=first, done_on=done),
    )
    clerk = login_as("clerk_a")
    page = clerk.get("/registerfigures/PartyDutyRegister?level=grid").text
    assert dict(re.findall(r"_flt_0_member_kind=(\w+)&amp;[^>]+>(\d+)<", page)) == {
        "PM1": "1",
        "PM2": "1",
        "PM4": "2",
    }
    goals = rows_of(clerk.get("/partygoalregister/list/").text)
    assert goals.index("FIRST") < goals.index("LAST")
    assert "DONE" not in goals


@pytest.mark.any_database
@pytest.mark.demand("S4-68", "S4-69")
def test_a_project_shows_its_activities(login_as, world, system):
    school, net = rows_in(
        system, world, Project(name="School", kind="after_school"), Project(name="Net", kind="green_net")
    )
    common = {"held_on": date(2026, 5, 1), "kind": "learn"}
    rows_in(
        system,
        world,
        Activity(title="Homework", project_id=school.id, **common),
        Activity(title="Dance", **common),
    )
    clerk = login_as("clerk_a")
    piece = clerk.get(f"/projectregister/show/{school.uid}/ActivityRegister").text
    assert "Homework" in piece
    assert "Dance" not in piece
    assert keys_in(clerk.get("/projectregister/list/?_flt_0_kind=green_net").text, "/projectregister") == [
        net.uid
    ]
