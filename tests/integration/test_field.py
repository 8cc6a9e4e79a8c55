"""The worker's phone through the HTTP client: plan, five doors, hand in, bring home; once; nobody from elsewhere."""

from __future__ import annotations

import base64
import io
import re
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import func, select

from app.core import clock
from app.core.files import Attachment
from app.core.models import new_uid
from app.proxy.models import CaseDelivery, Custody, ProxyCase
from app.registry.models import Person
from app.worklog.models import Visit, VisitStop
from tests.factories.proxy import step, years_before
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support.rows import fresh
from tests.support.world import csrf_of

pytestmark = pytest.mark.any_database

pytest_plugins = ("tests.support.proxy",)
NAMES = ("Elder An", "Elder Bai", "Elder Cao", "Elder Deng", "Elder E")
JSON = {"Accept": "application/json"}


def picture() -> bytes:
    out = io.BytesIO()
    image = Image.new("RGBA", (300, 120), (0, 0, 0, 0))
    image.paste((16, 35, 63, 255), (20, 40, 200, 84))
    image.save(out, "PNG")
    return out.getvalue()


DRAWN = "data:image/png;base64," + base64.b64encode(picture()).decode()


@pytest.fixture
def elders(system, world):
    """Uids of five elders of A11 behind four doors, by name."""
    for n, name in enumerate(NAMES[:4], 1):
        home = make_home(system, world.areas["grid_a11"], str(50 - n))
        people = [ResidentFactory(name=name, birth=years_before(70 + n))]
        if n == 4:
            people.append(ResidentFactory(name=NAMES[4], birth=years_before(75), male=False, relation="10"))
        make_household(system, home, people)
    system.commit()
    return dict(system.execute(select(Person.name, Person.uid).where(Person.name.in_(NAMES))).all())


class Phone:
    """A signed-in client that takes the ticket of the page it posts from."""

    def __init__(self, client) -> None:
        self.client = client
        self.token = csrf_of(client.get("/field/"))

    def get(self, url: str) -> str:
        answer = self.client.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
        return answer.get_data(as_text=True)

    def post(self, url: str, **form):
        form = {"client_uid": new_uid(), **form}
        return self.client.post(url, data=form, headers={**JSON, "X-CSRFToken": self.token})


@pytest.fixture
def phone(login_as, elders):
    return Phone(login_as("worker_a"))


def plan(phone, elders, names=NAMES, **form) -> str:
    form = {
        "item": "WJ-02",
        "planned_on": clock.today().isoformat(),
        "slot": "09:00-11:00",
        "people": [elders[name] for name in names],
    } | form
    answer = phone.post("/field/plan", **form)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()["url"]


def doors(system, url) -> dict[str, tuple[str, str]]:
    """Name → (address of the door's page, uid of the case)."""
    session = fresh(system)
    uid = url.rpartition("/")[2]
    rows = session.execute(
        select(Person.name, VisitStop.uid, ProxyCase.uid)
        .join(VisitStop, VisitStop.person_id == Person.id)
        .join(Visit, Visit.id == VisitStop.visit_id)
        .join(ProxyCase, ProxyCase.person_uid == Person.uid)
        .where(Visit.uid == uid)
    )
    return {name: (f"/field/door/{uid}/{stop}", case) for name, stop, case in rows}


def met(case: str, **more) -> dict[str, str]:
    """The form of a door with everything in order."""
    papers = {f"paper.{case}.1": "collected", f"paper.{case}.2": "shared"}
    return {"outcome": "met", "consent": "yes", "signature": DRAWN, **papers, **more}


def states(system) -> dict[str, str]:
    return dict(fresh(system).execute(select(ProxyCase.party_name, ProxyCase.state)).all())


@pytest.mark.demand("S3-65", "S3-49", "S3-51")
def test_five_elders_from_the_plan_to_the_stamped_card(phone, system, sessions, elders):
    assert "Elder An" in phone.get("/field/plan")
    url = plan(phone, elders)
    page = phone.get(url)
    assert [page.index(n) for n in NAMES[:4][::-1]] == sorted(page.index(n) for n in NAMES[:4])
    found = doors(system, url)
    later = (clock.today() + timedelta(days=2)).isoformat()
    for name in NAMES:
        at, case = found[name]
        assert name in phone.get(at)
        form = {"outcome": "absent", "again_on": later} if name == "Elder E" else met(case)
        answer = phone.post(at, **form)
        assert (answer.status_code, answer.get_json()) == (200, {"url": url})
    collected = dict.fromkeys(NAMES[:4], "collected")
    assert states(system) == collected | {"Elder E": "booked"}
    assert fresh(system).scalars(select(Visit.state).order_by(Visit.id)).all() == ["done", "planned"]
    assert "4" in phone.get("/field/")

    assert phone.post(f"{url}/submit", window="Window 3").status_code == 303
    assert states(system) == dict.fromkeys(NAMES[:4], "submitted") | {"Elder E": "booked"}
    for name in NAMES[:4]:
        for action in ("receive", "accept", "process", "approve"):
            step(sessions["department"], found[name][1], action)
    assert phone.post(f"{url}/fetch").status_code == 303
    for n, name in enumerate(NAMES[:4]):
        assert found[name][1] in phone.get(url)
        form = {"way": "handed", "recipient": name, "signature": DRAWN, "rating": "5"}
        if n == 3:
            form |= {"recipient": "Son Deng", "relation": "son"}
        assert phone.post(f"/field/deliver/{found[name][1]}", **form).status_code == 200
    assert states(system) == dict.fromkeys(NAMES[:4], "delivered") | {"Elder E": "booked"}
    rows = fresh(system).execute(select(CaseDelivery.way, CaseDelivery.recipient, CaseDelivery.signature_uid))
    assert [(way, who) for way, who, _uid in rows] == [
        *(("hand", n) for n in NAMES[:3]),
        ("proxy", "Son Deng"),
    ]
    assert fresh(system).scalar(select(func.count()).where(Custody.returned_at.is_(None))) == 0


@pytest.mark.demand("S3-49")
def test_a_door_sent_twice_is_written_once(phone, system, elders):
    url = plan(phone, elders, NAMES[:2])
    at, case = doors(system, url)["Elder An"]
    form = met(case, client_uid=new_uid())
    first, second = phone.post(at, **form), phone.post(at, **form)
    assert first.get_json() == second.get_json() == {"url": url}
    assert fresh(system).scalar(select(func.count(Attachment.id))) == 1
    assert fresh(system).scalar(select(func.count(Custody.id))) == 1
    assert phone.post(at, **met(case)).status_code == 409
    assert phone.post(at, **{**form, "note": "other"}).status_code == 409


def test_a_plan_sent_twice_makes_one_round(phone, system, elders):
    uid = new_uid()
    assert plan(phone, elders, client_uid=uid) == plan(phone, elders, client_uid=uid)
    assert fresh(system).scalar(select(func.count(Visit.id))) == 1
    assert fresh(system).scalar(select(func.count(ProxyCase.id))) == len(NAMES)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"signature": ""}, "signature"),
        ({"signature": "data:image/png;base64,AAAA"}, "file"),
        ({"signature": "data:text/html;base64,AAAA"}, "signature"),
        ({"cannot_sign": "1", "witness": " "}, "witness"),
        ({"outcome": ""}, "outcome"),
        ({"outcome": "asleep"}, "outcome"),
        ({"outcome": "absent", "again_on": ""}, "again_on"),
        ({"outcome": "absent", "again_on": "2001-01-01"}, "appointment"),
        ({"outcome": "absent", "again_on": "soon"}, "again_on"),
        ({"note": "x" * 301}, "note"),
        ({"due_back_on": "x"}, "due_back_on"),
        ({"client_uid": "1"}, "client_uid"),
    ],
)
def test_what_cannot_be_right_is_one_sentence_and_nothing_is_written(phone, system, elders, form, field):
    at, case = doors(system, plan(phone, elders, NAMES[:1]))["Elder An"]
    answer = phone.post(at, **{**met(case), **form})
    assert answer.status_code == 400
    assert (answer.get_json()["field"], bool(answer.get_json()["message"])) == (field, True)
    assert states(system) == {"Elder An": "booked"}
    assert fresh(system).scalar(select(func.count(Attachment.id))) == 0


@pytest.mark.parametrize("form", [{"people": []}, {"planned_on": ""}, {"item": "XX-9"}, {"slot": "noon"}])
def test_a_plan_that_cannot_be(phone, system, elders, form):
    given = {"item": "WJ-02", "planned_on": clock.today().isoformat(), "people": list(elders.values())} | form
    assert phone.post("/field/plan", **given).status_code == 400
    assert fresh(system).scalar(select(func.count(Visit.id))) == 0


def test_a_photo_of_the_inked_paper_and_a_witness_do_as_well(phone, system, elders):
    at, case = doors(system, plan(phone, elders, NAMES[:1]))["Elder An"]
    form = met(case, signature="", cannot_sign="1", witness="Neighbour Wu")
    answer = phone.post(at, **form, photo=(io.BytesIO(picture()), "paper.png"))
    assert answer.status_code == 200
    row = fresh(system).scalars(select(ProxyCase)).one()
    given = next(s.data for s in row.steps if s.action == "entrust")
    kept = fresh(system).scalars(select(Attachment)).one()
    assert (given["signature"], given["witness"]) == ("photo", "Neighbour Wu")
    assert (kept.uid, kept.owner_uid, kept.purpose) == (given["signature_uid"], case, "signature")


def test_missing_papers_stay_and_are_named_on_the_round(phone, system, elders):
    url = plan(phone, elders, NAMES[:2])
    found = doors(system, url)
    at, case = found["Elder An"]
    phone.post(at, **met(case) | {f"paper.{case}.1": "asked"})
    page = phone.get(url)
    assert f"{url}/submit" not in page
    assert "gf-open" in page
    at, case = found["Elder Bai"]
    until = (clock.today() + timedelta(days=5)).isoformat()
    phone.post(at, **met(case) | {f"paper.{case}.1": "asked", "supplement_until": until})
    assert states(system) == {"Elder An": "collected", "Elder Bai": "supplement"}


def test_nobody_reached_and_tried_again(phone, system, sessions, elders):
    url = plan(phone, elders, NAMES[:1])
    at, case = doors(system, url)["Elder An"]
    phone.post(at, **met(case))
    phone.post(f"{url}/submit", window="Window 3")
    for action in ("receive", "accept", "process", "approve"):
        step(sessions["department"], case, action)
    phone.post(f"{url}/fetch")
    there = f"/field/deliver/{case}"
    assert phone.post(there, way="missed", reason="").status_code == 400
    assert phone.post(there, way="missed", reason="gone shopping").status_code == 200
    assert states(system) == {"Elder An": "delivery_failed"}
    again = {"way": "handed", "recipient": "Elder An", "signature": DRAWN, "client_uid": new_uid()}
    assert phone.post(there, **again).status_code == 200
    assert phone.post(there, **again).status_code == 200
    assert states(system) == {"Elder An": "delivered"}
    assert fresh(system).scalar(select(func.count(CaseDelivery.id))) == 2
    assert phone.post(there, way="handed", recipient="x", signature=DRAWN).status_code == 409


def test_people_are_found_by_pinyin_and_age_in_the_own_grid_only(phone, system, world, elders):
    home = make_home(fresh(system), world.areas["grid_a12"], "9")
    make_household(system, home, [ResidentFactory(name="Elder Far", birth=years_before(90))])
    system.commit()

    def names(**form):
        return [p["name"] for p in phone.post("/field/people", **form).get_json()["people"]]

    assert sorted(names(age="65")) == sorted(NAMES)
    assert names(age="80") == []
    assert names(q="elderb", age="0") == names(q="Elder Bai") == ["Elder Bai"]
    plan(phone, elders, NAMES[:1])
    rows = phone.post("/field/people", item="WJ-02", age="65").get_json()["people"]
    assert {p["name"]: bool(p["busy"]) for p in rows}["Elder An"] is True
    assert phone.post("/field/people", q="x" * 41).status_code == 400


def test_a_round_is_called_off_with_a_reason(phone, system, elders):
    url = plan(phone, elders)
    assert phone.post(f"{url}/cancel", reason="").status_code == 400
    assert phone.post(f"{url}/cancel", reason="storm").status_code == 303
    assert fresh(system).scalars(select(Visit.state)).all() == ["cancelled"]
    assert url not in phone.get("/field/")


def test_a_late_round_stands_first(phone, system, elders):
    url = plan(phone, elders)
    row = fresh(system).scalars(select(Visit)).one()
    row.planned_on = clock.today() - timedelta(days=3)
    system.commit()
    assert re.search(r'id="r-late".*' + url, phone.get("/field/"), re.S)


@pytest.mark.parametrize("who", ["worker_t", "worker_a2"])
def test_a_worker_of_elsewhere_finds_none_of_it(phone, login_as, system, elders, who):
    url = plan(phone, elders)
    at, case = doors(system, url)["Elder An"]
    other = Phone(login_as(who))
    assert "Elder" not in other.get("/field/plan")
    assert url not in other.get("/field/")
    for there in (url, at, f"/field/deliver/{case}"):
        assert other.client.get(there).status_code == 404
    for there in (f"{url}/submit", f"{url}/fetch", f"{url}/cancel", at, f"/field/deliver/{case}"):
        assert other.post(there, **met(case), window="x", reason="x").status_code == 404
    given = {"item": "WJ-02", "planned_on": clock.today().isoformat(), "people": list(elders.values())}
    assert other.post("/field/plan", **given).status_code == 404
    assert states(system) == dict.fromkeys(NAMES, "booked")


@pytest.mark.parametrize("who", ["office_a", "health", "clerk_a"])
def test_other_roles_have_no_rounds(login_as, who):
    assert login_as(who).get("/field/").status_code in {302, 303, 403}
