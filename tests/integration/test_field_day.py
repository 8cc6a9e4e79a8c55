"""A worker's day on the phone: doors of today, own cases by light, households, proposed rounds, codes on doors."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.areas.models import SensitiveGrant
from app.core import clock, codes
from app.documents.qr import qr_svg
from app.proxy.models import ProxyCase
from app.registry.models import Dwelling, Person, PersonGroup, Proposal
from app.registry.rules.door_codes import code_of, spoken
from app.worklog.models import Visit, VisitPurpose, VisitStop
from tests.factories.proxy import make_case, walk
from tests.integration.test_field import NAMES, Phone, doors, elders, met, phone, plan, states
from tests.integration.test_statement_counts import counted
from tests.support.rows import fresh

__all__ = ["elders", "phone"]
pytest_plugins = ("tests.support.proxy",)
MOST_STATEMENTS = 12
HEAD = re.compile(r"<h1.*?</h1>", re.S)


def person(session, name) -> Person:
    return session.scalars(select(Person).where(Person.name == name)).one()


def home_of(system, name) -> Dwelling:
    session = fresh(system)
    living = select(VisitStop.dwelling_id).join(Person, Person.id == VisitStop.person_id)
    found = session.scalars(
        select(Dwelling).where(Dwelling.id.in_(living.where(Person.name == name)))
    ).first()
    assert found is not None
    return found


def main_of(page: str) -> str:
    return page[page.index("<main") :]


def group(system, name, code, level, due) -> str:
    """A membership of somebody whose care visit is due; its uid."""
    fresh(system)
    row = PersonGroup(
        person_id=person(system, name).id,
        group_code=code,
        level=level,
        valid_from=clock.today() - timedelta(days=90),
        next_visit_on=due,
    )
    system.add(row)
    system.commit()
    return row.uid


# --- the day -----------------------------------------------------------------------------------------------------


@pytest.mark.demand("S3-61", "S3-62")
def test_the_day_shows_doors_in_walking_order_and_own_cases_by_light(app, phone, system, sessions, elders):
    url = plan(phone, elders)
    phone.get("/")  # code lists are read once a process
    with counted(app, "Home.index") as seen:
        assert phone.get("/").count('href="/field/door/') == len(NAMES)
    assert len(seen) <= MOST_STATEMENTS, "\n".join(seen)
    late = fresh(system).scalars(select(ProxyCase).where(ProxyCase.party_name == "Elder Cao")).one()
    late.step_due_at = clock.now() - timedelta(hours=3)
    system.commit()
    with counted(app, "FieldDesk.index") as seen:
        page = main_of(phone.get("/field/"))
    assert len(seen) <= MOST_STATEMENTS, "\n".join(seen)
    at = [
        page.index(place)
        for place, _case in (doors(system, url)[n] for n in ("Elder Deng", "Elder Cao", "Elder An"))
    ]
    assert at == sorted(at), "the doors stand as they are walked: 46, 47, 49"
    assert "Annual stamp" in page or late.item_version.name in page
    counts = re.findall(r"show=(red|yellow|green)#cases[^>]*><strong>(\d+)", page)
    assert dict(counts) == {"red": "1", "yellow": "0", "green": "4"}
    red = main_of(phone.get("/field/?show=red"))
    assert red[red.index('id="cases"') :].count("gt-case-") == 1
    # the next step is the door of the planned round, and after it the hand-in
    place, case = doors(system, url)["Elder Cao"]
    assert f'href="{place}">Log this door' in red
    phone.post(place, **met(case))
    assert f"/cases/{case}/act/submit" in phone.get("/field/")
    assert phone.client.get("/field/?show=x").status_code == 400
    assert phone.client.get("/field/?page=0").status_code == 400


@pytest.mark.any_database
def test_a_result_that_is_handed_over_logs_its_door_and_ends_the_round(phone, system, sessions, elders):
    session = sessions["worker"]
    uid = make_case(session, person(session, "Elder An")).uid
    walk(sessions, uid, "fetch")
    page = phone.get("/field/proposed")
    assert f'value="deliver:{uid}"' in page
    answer = phone.post("/field/proposed", errands=f"deliver:{uid}", planned_on=clock.today().isoformat())
    visit = answer.get_json()["url"].rpartition("/")[2]
    door = fresh(system).scalars(select(VisitStop)).one()
    at = f"/field/door/{visit}/{door.uid}"
    assert f"/field/deliver/{uid}" in phone.get(at)
    assert f"paper.{uid}" not in phone.get(at)
    assert phone.post(f"/field/deliver/{uid}", way="missed", reason="away").status_code == 200
    stop = fresh(system).scalars(select(VisitStop)).one()
    assert (stop.outcome, stop.visit.state) == ("absent", "missed")
    # it failed and is proposed again
    assert f'value="deliver:{uid}"' in phone.get("/field/proposed")


# --- households --------------------------------------------------------------------------------------------------


@pytest.mark.demand("S3-61")
def test_from_the_building_to_the_door_to_a_booked_case(app, phone, system, elders):
    group(system, "Elder Deng", "G21", "L4", None)
    group(system, "Elder Deng", "G11", "L3", None)
    places = phone.get("/field/homes")
    there = re.search(r'href="(/field/homes/group\?[^"]+)"', places)
    row = re.search(
        r'href="(/field/home/[^"]+)"[^>]*>(?:(?!</a>).)*Elder Deng',
        phone.get(there[1].replace("&amp;", "&")),
        re.S,
    )
    with counted(app, "FieldDesk.home") as seen:
        page = phone.get(row[1])
    assert len(seen) <= MOST_STATEMENTS, "\n".join(seen)
    assert "Elder Deng" in page
    assert "Elder E" in page
    names = [codes.label(fresh(system), "special_group", code) for code in ("G21", "G11")]
    assert names[0] not in page, "a group of level 4 stands masked beside a name"
    assert names[1] in page
    form = phone.get(f"/field/new?person={elders['Elder Deng']}")
    assert 'name="item" value="WJ-02"' in form
    answer = phone.post("/field/new", people=elders["Elder Deng"], item="WJ-02", when="0").get_json()
    assert answer["url"].startswith("/field/door/")
    assert states(system) == {"Elder Deng": "booked"}
    again = phone.post("/field/new", people=elders["Elder Deng"], item="WJ-02", when="0")
    assert again.status_code == 409
    assert "Elder Deng" in again.get_json()["message"]
    for wrong, field in (({"people": ""}, "people"), ({"item": ""}, "item"), ({"when": "day"}, "planned_on")):
        asked = {"people": elders["Elder An"], "item": "WJ-02", "when": "0"} | wrong
        refused = phone.post("/field/new", **{k: v for k, v in asked.items() if v})
        assert (refused.status_code, refused.get_json()["field"]) == (400, field)


@pytest.mark.any_database
def test_a_home_is_found_by_name_and_pinyin_and_nothing_of_it_stands_in_an_address(phone, elders):
    answer = phone.client.post("/field/homes/find", data={"q": "elderb", "csrf_token": phone.token})
    assert answer.status_code in (302, 303)
    assert "/field/home/" in answer.location
    assert "elder" not in answer.location.lower()
    many = phone.client.post("/field/homes/find", data={"q": "elder", "csrf_token": phone.token})
    assert many.get_data(as_text=True).count("/field/home/") >= 4


@pytest.mark.demand("S3-62", "S3-64")
@pytest.mark.any_database
def test_nobody_home_comes_back_in_the_proposals_on_its_day(phone, system, elders):
    plan(phone, elders, ["Elder An"])
    home = home_of(system, "Elder An")
    soon = clock.today() + timedelta(days=3)
    call = f"/field/home/{home.uid}/call"
    assert phone.post(call, outcome="absent").get_json()["field"] == "again_on"
    far = clock.today() + timedelta(days=91)
    assert phone.post(call, outcome="absent", again_on=far.isoformat()).status_code == 400
    assert phone.post(call, outcome="absent", again="3", note="dog").status_code == 200
    stop = fresh(system).scalars(select(VisitStop).where(VisitStop.outcome == "absent")).one()
    assert (stop.revisit_on, stop.dwelling_id, stop.note) == (soon, home.id, "dog")
    key = f'value="revisit:{stop.uid}"'
    assert key not in phone.get("/field/proposed?days=0")
    assert key in phone.get("/field/proposed?days=3")
    assert (
        phone.post("/field/proposed", errands=f"revisit:{stop.uid}", planned_on=soon.isoformat()).status_code
        == 200
    )
    assert key not in phone.get("/field/proposed?days=14"), "it stands on a round now"
    again = phone.post("/field/proposed", errands=f"revisit:{stop.uid}", planned_on=soon.isoformat())
    assert again.status_code == 409, "a colleague had the same list open"
    assert "Elder An" in again.get_json()["message"]


# --- proposed rounds ---------------------------------------------------------------------------------------------


@pytest.fixture
def errands(system, world, sessions, elders) -> dict[str, str]:
    """A case to collect, a yearly stamp and two care visits in the own grid, by name of the errand."""
    session, due = sessions["worker"], clock.today() + timedelta(days=2)
    case = make_case(session, person(session, "Elder An"), appointment=due)
    fresh(system)
    review = Proposal(
        person_id=person(system, "Elder Bai").id,
        rule="renewal",
        anchor="x",
        topic="renewal",
        item_code="WJ-02",
        due_on=due,
    )
    system.add(review)
    system.commit()
    care = group(system, "Elder Bai", "G21", "L4", due)
    closed = group(system, "Elder Cao", "G41", "L5", due)
    fact = world.accounts["worker_a"]  # who may see the group must not tell of it by a round either
    grant = {"staff_id": fact.staff_id, "area_id": world.areas["grid_a11"], "reason": "test"}
    system.add(SensitiveGrant(group_code="G41", valid_from=clock.today(), valid_to=clock.today(), **grant))
    system.commit()
    return {
        "case": f"collect:{case.uid}",
        "review": f"review:{review.uid}",
        "care": f"care:{care}",
        "closed": f"care:{closed}",
    }


@pytest.mark.demand("S3-62", "S3-64")
def test_what_is_ticked_becomes_one_visit_with_many_doors_purposes_and_workers(
    app, phone, system, elders, errands
):
    with counted(app, "FieldDesk.proposed") as seen:
        page = main_of(phone.get("/field/proposed?days=3"))
    assert len(seen) <= MOST_STATEMENTS, "\n".join(seen)
    places = [page.index(errands[name]) for name in ("review", "case")]
    assert places == sorted(places), "house 48 comes before house 49"
    assert errands["closed"].partition(":")[2] not in page, "a planned visit would tell of a group of level 5"
    assert errands["case"] not in phone.get("/field/proposed?days=0"), (
        "it is agreed for the day after tomorrow"
    )
    other = fresh(system).execute(select(Person.uid)).first()  # no colleague: a stranger's uid is refused
    day = clock.today() + timedelta(days=1)
    asked = {
        "planned_on": day.isoformat(),
        "slot": "09:00-11:00",
        "errands": [errands[n] for n in ("case", "review", "care")],
    }
    assert phone.post("/field/proposed", **asked, staff=other.uid).status_code == 404
    answer = phone.post("/field/proposed", **asked)
    assert answer.status_code == 200, answer.get_json()
    session = fresh(system)
    visit = session.scalars(select(Visit)).one()
    assert (visit.planned_on, visit.slot, len(visit.stops)) == (day, "09:00-11:00", 2)
    purposes = session.scalars(select(VisitPurpose)).all()
    assert sorted((p.record_type, p.ref_kind) for p in purposes) == [
        ("SR2", "person_group"),
        ("SR7", "case"),
        ("SR7", "case"),
    ]
    cases = {c.party_name: c for c in session.scalars(select(ProxyCase))}
    assert {n: (c.state, c.booked_for, c.visit_id) for n, c in cases.items()} == {
        "Elder An": ("booked", day, visit.id),
        "Elder Bai": ("booked", day, visit.id),
    }
    assert [s.action for s in cases["Elder An"].steps] == ["book", "rebook"]
    assert session.scalars(select(Proposal.state)).all() == ["taken"]
    # nothing is proposed twice, and what is planned cannot be planned again
    page = phone.get("/field/proposed?days=14")
    assert not any(key in page for key in errands.values())
    told = {"planned_on": day.isoformat(), "errands": errands["closed"]}
    assert phone.post("/field/proposed", **told).status_code == 404
    again = phone.post("/field/proposed", **asked)
    assert again.status_code == 409
    assert "Elder An" in again.get_json()["message"]
    for key in ("care", "review"):  # each by itself: it stands on a round, or has its case
        again = phone.post("/field/proposed", planned_on=day.isoformat(), errands=errands[key])
        assert (again.status_code, "Elder Bai" in again.get_json()["message"]) == (409, True), key
    stop = next(s for s in visit.stops if s.person.name == "Elder Bai")
    assert "/care/visit/" + errands["care"].partition(":")[2] in phone.get(
        f"/field/door/{visit.uid}/{stop.uid}"
    )


WRONG = (
    ({"errands": ""}, 400, "errands"),
    ({"errands": "steal:00000000-0000-7000-8000-000000000000"}, 400, "errands"),
    ({"errands": "collect:x"}, 400, "errands"),
    ({"errands": "collect:00000000-0000-7000-8000-000000000000"}, 404, None),
    ({"planned_on": ""}, 400, "planned_on"),
    ({"planned_on": "2001-01-01"}, 400, "planned_on"),
)


@pytest.mark.any_database
def test_a_plan_that_cannot_be_leaves_nothing(phone, system, errands):
    for wrong, status, field in WRONG:
        asked = {"planned_on": clock.today().isoformat(), "errands": errands["case"]} | wrong
        refused = phone.post("/field/proposed", **{k: v for k, v in asked.items() if v})
        assert refused.status_code == status, wrong
        assert field is None or refused.get_json()["field"] == field
    assert fresh(system).scalars(select(Visit)).all() == []


# --- codes on doors ----------------------------------------------------------------------------------------------


@pytest.mark.demand("S3-61")
def test_a_code_at_the_door_opens_the_home_and_a_foreign_one_says_so(phone, login_as, system, elders):
    plan(phone, elders, ["Elder An"])
    home = home_of(system, "Elder An")
    code = code_of(home.id)
    for text in (code, spoken(code), f"http://another.example/d/{code}"):
        assert phone.post("/d/scan", text=text).get_json() == {"url": f"/field/home/{home.uid}"}
    assert phone.client.get(f"/d/{code}").location.endswith(f"/field/home/{home.uid}")
    said = {
        phone.post("/d/scan", text=t).get_json()["message"]
        for t in ("https://pay.example/x", "123", code_of(10**9))
    }
    other = Phone(login_as("worker_t"))
    foreign = other.post("/d/scan", text=code)
    assert foreign.status_code == 404
    assert said == {foreign.get_json()["message"]}, (
        "one sentence for what is not ours, not there, not one's own"
    )
    assert other.client.get(f"/field/home/{home.uid}").status_code == 404
    assert other.client.get(f"/d/{code}").status_code == 404
    typed = phone.client.post("/d/scan", data={"text": "9", "csrf_token": phone.token})
    assert typed.status_code == 404
    assert 'value="9"' in typed.get_data(as_text=True)
    # a clerk is led to the page of the home
    clerk = login_as("clerk_a")
    assert f"/dwelling/show/{home.uid}" in clerk.get(f"/d/{code}").location


@pytest.mark.any_database
def test_the_sheet_of_codes_names_nobody_and_bears_the_public_address(
    app, phone, login_as, system, elders, world, monkeypatch
):
    monkeypatch.setitem(app.config, "GEBAN_PUBLIC_URL", "https://city.example")
    page = phone.get(f"/d/houses?area={world.uids['grid_a11']}")  # printed inside, put up outside
    session = fresh(system)
    key = session.scalars(select(Dwelling.id).where(Dwelling.valid_to.is_(None))).first()
    assert qr_svg(f"https://city.example/d/{code_of(key)}") in page
    numbers = [
        spoken(code_of(key))
        for key in session.scalars(select(Dwelling.id).where(Dwelling.valid_to.is_(None)))
    ]
    assert [number in page for number in numbers] == [True] * len(numbers)
    assert not any(name in main_of(page) for name in NAMES)
    assert (
        Phone(login_as("worker_t")).client.get(f"/d/houses?area={world.uids['grid_a11']}").status_code == 404
    )


@pytest.mark.any_database
def test_who_has_no_rounds_has_no_day(login_as):
    for who in ("clerk_a", "leader", "health"):
        client = login_as(who)
        for path in ("/field/", "/field/homes", "/field/proposed", "/field/new"):
            assert client.get(path).status_code in {302, 303, 403}, (who, path)
