"""A clerk keys in a home through the HTTP client: drafts, checks, saves, replays, both sides of a move-in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from sqlalchemy import func, select

from app.core import clock, drafts
from app.core.drafts import Draft, Submission
from app.registry.models import Building, Dwelling, Household, MoveInRequest, Person, PersonDocument
from tests.factories.registry import (
    Resident,
    ResidentFactory,
    id_number,
    make_home,
    make_household,
    make_person,
)
from tests.support.pages import form_of, post, token_of

FAMILY = yaml.safe_load((Path(__file__).resolve().parents[1] / "data" / "family.yaml").read_text())
UIDS = iter(f"00000000-0000-4000-8000-{n:012d}" for n in range(1, 1000))


class Clerk:
    """A signed-in client that talks to the desk as its page does."""

    def __init__(self, client, home: str) -> None:
        self.client, self.home = client, home
        self.headers = {"X-CSRFToken": token_of(client), "Accept": "application/json"}

    def post(self, verb: str, body, home: str | None = None):
        return self.client.post(f"/census/{verb}/{home or self.home}", json=body, headers=self.headers)

    def page(self) -> str:
        answer = self.client.get(f"/census/dwelling/{self.home}")
        assert answer.status_code == 200
        return answer.text

    def data(self) -> dict:
        found = re.search(r'id="census-data">(.*?)</script>', self.page(), re.S)
        return json.loads(found[1])

    def save(self, *members: dict, **household):
        body = {
            "client_uid": next(UIDS),
            "source": "grid",
            "households": [{"ref": "h1", "kind": "living", "members": list(members)} | household],
        }
        return self.post("save", body)


def typed(ref: str, relation: str, resident: Resident | None = None, **more) -> dict:
    fields = {"name": resident.name} if resident else {}
    if resident and resident.number:
        fields["number"] = resident.number
    return {"ref": ref, "relation": relation, "fields": {**fields, **more.pop("fields", {})}, **more}


def family() -> list[dict]:
    rows = []
    for i, one in enumerate(FAMILY):
        number = id_number(one["birth"], one["sequence"], male=one["male"])
        fields = {"name": one["name"], "number": number, "ethnic": "01", "consistency": "01"}
        if one["phone"]:
            fields["phone"] = one["phone"]
        rows.append({"ref": f"r{i}", "relation": one["relation"], "fields": fields})
    return rows


@pytest.fixture
def homes(system, world) -> dict[str, str]:
    made = {key: make_home(system, world.areas[key]).uid for key in ("grid_a11", "grid_t11")}
    system.commit()
    return made


@pytest.fixture
def clerk(login_as, homes) -> Clerk:
    return Clerk(login_as("worker_a"), homes["grid_a11"])


@pytest.mark.demand("S4-53")
def test_a_family_is_keyed_in_and_found_again(clerk, system):
    answer = clerk.save(*family())
    assert answer.status_code == 200, answer.json
    assert answer.json["saved"]["added"] == 4
    names = [m["person"]["fields"]["name"] for m in answer.json["state"]["households"][0]["members"]]
    assert names == [one["name"] for one in FAMILY]
    head = system.scalars(select(Person).where(Person.name == FAMILY[0]["name"])).one()
    assert (head.name_initials, head.name_pinyin) == ("wjg", "wangjianguo")
    found = post(clerk.client, "/census/find", q="wjg")
    assert found.status_code == 303
    assert found.location.endswith(clerk.home)


def test_no_number_stands_in_page_answer_or_address(clerk):
    clerk.save(*family())
    page = clerk.page()
    for row in family():
        number = row["fields"]["number"]
        assert number not in page
        assert number[:14] not in page
    assert "4****************" in page


def test_what_is_typed_is_kept_encrypted_and_comes_back(clerk, system, homes, login_as):
    payload = {"form": 1, "households": [{"ref": "g1", "uid": None, "kind": "living", "members": family()}]}
    kept = clerk.post("draft", payload)
    assert kept.status_code == 200
    assert re.fullmatch(r"\d\d:\d\d:\d\d", kept.json["saved_at"])
    raw = system.connection().exec_driver_sql("SELECT payload, title FROM draft").one()
    assert FAMILY[0]["name"].encode() not in bytes(raw[0])
    assert clerk.data()["draft"]["payload"] == payload
    colleague = Clerk(login_as("clerk_a"), clerk.home)
    assert colleague.data()["draft"] is None
    assert clerk.save(*family()).status_code == 200
    assert clerk.data()["draft"] is None


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {},
        {"form": 2, "households": []},
        {"form": 1, "households": {}},
        {"form": 1, "households": [{"kind": "living"}]},
        {"form": 1, "households": [{"members": [1]}]},
        {"form": 1, "households": [{"members": [{"fields": None}]}]},
    ],
)
def test_a_draft_the_page_could_not_open_again_is_not_kept(clerk, system, homes, world, payload):
    assert clerk.post("draft", payload).status_code == 400
    assert system.scalar(select(func.count(Draft.id))) == 0
    user = world.accounts["worker_a"].user_id
    drafts.save_draft(system, user, f"census:{clerk.home}", payload)
    system.commit()
    assert clerk.data()["draft"] is None


def test_a_refused_save_keeps_the_draft(clerk, system):
    payload = {"form": 1, "households": []}
    clerk.post("draft", payload)
    assert clerk.save(typed("r1", "10", ResidentFactory())).status_code == 422
    assert clerk.data()["draft"]["payload"] == payload
    assert clerk.post("discard", {}).json == {"discarded": True}
    assert system.scalar(select(func.count(Draft.id))) == 0


def test_the_same_submission_is_saved_once(clerk, system):
    body = {
        "client_uid": next(UIDS),
        "source": "grid",
        "households": [{"ref": "h1", "kind": "living", "members": family()}],
    }
    first, second = clerk.post("save", body), clerk.post("save", body)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json["saved"] == second.json["saved"]
    assert system.scalar(select(func.count(Person.id))) == 4
    body["households"][0]["members"] = body["households"][0]["members"][:1]
    other = clerk.post("save", body)
    assert other.status_code == 409
    assert system.scalars(select(Submission)).one().user_id is not None


def test_text_that_cannot_be_stored_is_told_at_its_field(clerk, system):
    """Pasted from a sheet: control characters, and more than any field holds."""
    odd = typed("a", "02", ResidentFactory(number=None), fields={"workplace": "x" * 400, "note": "a\u0000b"})
    odd["number_reason"] = "x" * 201
    long = {"household_no": "1" * 40, "note": "x" * 301, "changed": True}
    answer = clerk.save(odd, **long)
    assert answer.status_code == 422
    found = {(p["household"], p["member"], p["field"], p["code"]) for p in answer.json["problems"]}
    assert found == {
        (None, "a", "workplace", "too_long"),
        (None, "a", "note", "characters"),
        ("h1", None, "note", "too_long"),
    }
    odd["fields"] = {"name": "Ma Li"}
    answer = clerk.save(odd, household_no="1" * 40, changed=True)
    found = {(p["household"], p["member"], p["field"], p["code"]) for p in answer.json["problems"]}
    assert {("h1", None, "household_no", "too_long"), (None, "a", "number", "too_long")} <= found
    assert system.scalar(select(func.count(Person.id))) == 0
    checked = clerk.post("check", {"ref": "a", "fields": {"name": "x" * 400}})
    assert [(p["member"], p["field"]) for p in checked.json["problems"]] == [("a", "name")]


def test_every_refusal_names_its_row_and_field(clerk):
    wrong = typed("a", "02", ResidentFactory(number=None), fields={"phone": "12", "ethnic": "zz"})
    answer = clerk.save(wrong, typed("b", "", ResidentFactory()))
    assert answer.status_code == 422
    found = {(p["member"], p["field"]) for p in answer.json["problems"] if p["stops"]}
    assert found == {("a", "phone"), ("a", "ethnic"), ("b", "relation")}
    assert all(p["message"] for p in answer.json["problems"])


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"client_uid": "x", "households": []},
        {"client_uid": "00000000-0000-4000-8000-000000000001", "households": "x"},
        {"client_uid": "00000000-0000-4000-8000-000000000001", "households": [{"ref": "<b>", "members": []}]},
        {
            "client_uid": "00000000-0000-4000-8000-000000000001",
            "households": [{"ref": "h", "members": [{"ref": "a", "fields": {"status": "cancelled"}}]}],
        },
        {
            "client_uid": "00000000-0000-4000-8000-000000000001",
            "households": [{"ref": "h", "members": [{"ref": "a", "fields": {"name": ["x"]}}]}],
        },
        {
            "client_uid": "00000000-0000-4000-8000-000000000001",
            "households": [{"ref": "h", "members": [{"ref": "a", "relation": "x" * 400}]}],
        },
        {
            "client_uid": "00000000-0000-4000-8000-000000000001",
            "households": [{"ref": "h", "members": [{"ref": "a"}, {"ref": "a"}]}],
        },
        {
            "client_uid": "00000000-0000-4000-8000-000000000001",
            "households": [{"ref": "h", "version": 2**63, "members": []}],
        },
        {
            "client_uid": "00000000-0000-4000-8000-000000000001",
            "households": [{"ref": "h", "members": [{"ref": "a", "decision": "steal"}]}],
        },
    ],
)
def test_what_our_page_never_sends_is_a_400(clerk, system, body):
    answer = clerk.post("save", body)
    assert answer.status_code == 400
    assert answer.json["message"]
    assert system.scalar(select(func.count(Person.id))) == 0


def test_a_broken_body_is_a_400_and_no_ticket_too(clerk):
    broken = clerk.client.post(
        f"/census/save/{clerk.home}", data="{", headers=clerk.headers, content_type="application/json"
    )
    assert broken.status_code == 400
    assert clerk.client.post(f"/census/save/{clerk.home}", json={}).status_code == 400
    assert clerk.post("draft", ["x"]).status_code == 400
    assert clerk.post("draft", {"x": "y" * 500_000}).status_code == 400


def test_an_outsider_gets_nothing_by_any_route(clerk, login_as, homes, system):
    clerk.save(*family())
    stranger = Clerk(login_as("worker_t"), clerk.home)
    for verb in ("draft", "discard", "check", "save"):
        assert stranger.post(verb, {"ref": "a", "client_uid": next(UIDS)}).status_code == 404
    for page in (f"/census/dwelling/{clerk.home}", f"/census/state/{clerk.home}"):
        assert stranger.client.get(page).status_code == 404
    area = system.get(
        Dwelling, system.scalars(select(Dwelling.id).where(Dwelling.uid == clerk.home)).one()
    ).area
    assert stranger.client.get(f"/census/?area={area.uid}").status_code == 404
    assert clerk.home not in post(stranger.client, "/census/find", q=FAMILY[0]["name"]).text
    person = system.scalars(select(Person)).first()
    for page in ("show", "edit", "history"):
        assert stranger.client.get(f"/person/{page}/{person.uid}").status_code == 404
    household = system.scalars(select(Household)).one()
    uid = next(UIDS)
    body = {
        "client_uid": uid,
        "households": [
            {
                "ref": "h",
                "uid": household.uid,
                "kind": "living",
                "members": [typed("a", "02", ResidentFactory())],
            }
        ],
    }
    foreign = stranger.post("save", body, home=homes["grid_t11"])
    assert foreign.status_code == 422
    assert {p["code"] for p in foreign.json["problems"]} == {"gone"}
    taken = typed("a", "02", person=person.uid, person_version=1, decision="use")
    answer = Clerk(stranger.client, homes["grid_t11"]).save(taken)
    assert answer.status_code == 422
    assert system.scalar(select(func.count(Person.id))) == 4


def test_roles_without_the_desk_are_shown_out(login_as, homes):
    for account in ("office_a", "leader", "health", "hotline", "admin_system"):
        client = login_as(account)
        answer = client.get(f"/census/dwelling/{homes['grid_a11']}")
        assert answer.status_code in {302, 303, 403}, account
        assert FAMILY[0]["name"] not in answer.text


class TestMoveIn:
    @pytest.fixture
    def wanted(self, system, world) -> Resident:
        resident = ResidentFactory(name="Tang Ning", male=False)
        make_household(system, make_home(system, world.areas["grid_t11"], "7"), [resident])
        system.commit()
        return resident

    def asked(self, clerk, wanted) -> None:
        rows = [
            typed("a", "02", ResidentFactory(name="Xu Bin")),
            typed("b", "10", wanted, decision="ask"),
        ]
        answer = clerk.save(*rows)
        assert answer.status_code == 200, answer.json
        assert answer.json["saved"]["asked"] == 1
        assert [r["name"] for r in answer.json["state"]["requests"]] == ["Tang Ning"]

    def test_typing_a_foreign_number_tells_only_that(self, clerk, wanted):
        answer = clerk.post("check", typed("b", "10", wanted))
        (problem,) = answer.json["problems"]
        assert problem["code"] == "elsewhere"
        assert "Town T" not in answer.text
        assert problem["data"] == {"how": "document"}

    def test_both_sides_and_the_person_moves(self, clerk, wanted, login_as, system, world):
        self.asked(clerk, wanted)
        request = system.scalars(select(MoveInRequest)).one()
        mine = clerk.client.get(f"/movein/show/{request.uid}").text
        assert "Town T" not in mine
        assert "Grid T11" not in mine
        person = system.get(Person, request.person_id)
        assert person.uid not in mine
        assert f"/movein/agree/{request.uid}" not in mine
        assert clerk.client.get(f"/movein/agree/{request.uid}").status_code in {302, 303, 403}
        holder = login_as("clerk_t")
        theirs = holder.get(f"/movein/show/{request.uid}").text
        assert person.uid in theirs
        assert f"/movein/agree/{request.uid}" in theirs
        assert holder.get("/inbox/").status_code in {200, 404}
        early = post(holder, f"/movein/agree/{request.uid}", moved_on="2099-01-01")
        assert early.status_code == 422
        done = post(holder, f"/movein/agree/{request.uid}", moved_on=clock.today().isoformat())
        assert done.status_code == 303
        system.rollback()
        assert system.get(Person, request.person_id).area_id == world.areas["grid_a11"]
        assert holder.get(f"/person/show/{person.uid}").status_code == 404
        members = clerk.data()["state"]["households"][0]["members"]
        assert [m["person"]["fields"]["name"] for m in members] == ["Xu Bin", "Tang Ning"]
        assert post(holder, f"/movein/agree/{request.uid}", moved_on="2026-01-02").status_code in {
            404,
            409,
            422,
        }

    def test_declining_needs_a_reason(self, clerk, wanted, login_as, system):
        self.asked(clerk, wanted)
        uid = system.scalars(select(MoveInRequest.uid)).one()
        holder = login_as("clerk_t")
        assert post(holder, f"/movein/decline/{uid}", reason="").status_code == 422
        assert post(holder, f"/movein/decline/{uid}", reason="she stays").status_code == 303
        system.rollback()
        assert system.scalars(select(MoveInRequest.state)).one() == "declined"
        assert clerk.data()["state"]["requests"] == []

    def test_the_asker_withdraws(self, clerk, wanted, system):
        self.asked(clerk, wanted)
        uid = system.scalars(select(MoveInRequest.uid)).one()
        assert post(clerk.client, f"/movein/withdraw/{uid}").status_code == 303
        system.rollback()
        assert system.scalars(select(MoveInRequest.state)).one() == "withdrawn"


class TestHomes:
    @pytest.mark.demand("S4-56")
    def test_six_floors_of_four_flats_in_one_step(self, login_as, world, system):
        clerk = login_as("clerk_a")
        page = f"/homes/building?area={world.uids['grid_a11']}"
        data = form_of(clerk.get(page).text) | {"name": "8", "estate": "East Garden", "units": "2"}
        plan = clerk.post(page, data=data | {"step": "look"})
        assert plan.status_code == 200
        assert plan.text.count('class="gc-flat') == 48
        made = clerk.post(page, data=data | {"step": "make"})
        assert made.status_code == 303
        assert system.scalar(select(func.count(Dwelling.id))) == 48
        assert clerk.get(made.location).text.count('<a class="gc-flat') == 48
        clerk.post(page, data=data | {"step": "make"})
        system.rollback()
        assert system.scalar(select(func.count(Dwelling.id))) == 48
        assert system.scalar(select(func.count(Building.id))) == 1

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("floors", "0"),
            ("flats", "31"),
            ("units", "x"),
            ("first_floor", "0"),
            ("skipped_floors", "four"),
            ("pattern", "zz"),
            ("name", ""),
        ],
    )
    def test_impossible_buildings_are_refused_at_the_field(self, login_as, world, system, field, value):
        clerk = login_as("clerk_a")
        page = f"/homes/building?area={world.uids['grid_a11']}"
        data = form_of(clerk.get(page).text) | {"name": "8", field: value, "step": "make"}
        answer = clerk.post(page, data=data)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
        assert system.scalar(select(func.count(Dwelling.id))) == 0

    def test_a_foreign_grid_is_no_choice(self, login_as, world, system):
        clerk = login_as("clerk_a")
        page = f"/homes/building?area={world.uids['grid_a11']}"
        data = form_of(clerk.get(page).text) | {"name": "8", "area": world.uids["grid_t11"], "step": "make"}
        assert clerk.post(page, data=data).status_code == 422
        assert system.scalar(select(func.count(Dwelling.id))) == 0

    def test_houses_by_number(self, login_as, world, system):
        clerk = login_as("worker_a")
        page = f"/homes/houses?area={world.uids['grid_a11']}"
        data = form_of(clerk.get(page).text) | {"village_group": "Upper", "numbers": "1-12, 15, 12-1"}
        told = [clerk.get(clerk.post(page, data=data).location).text for _again in range(2)]
        assert "14 homes were made." in told[0]
        assert "homes were made." not in told[1]
        assert "14 were already there" in told[1]
        assert system.scalar(select(func.count(Dwelling.id))) == 14
        listed = clerk.get(f"/census/?area={world.uids['grid_a11']}&group=Upper").text
        assert listed.count('<a class="gc-flat') == 14


def test_a_person_of_the_own_area_is_used_and_not_doubled(clerk, system, world):
    known = make_person(system, world.areas["grid_a11"], name="Bai Yun")
    number = known.documents[0].number
    system.commit()
    row = typed("a", "02", ResidentFactory(number=number))
    (problem,) = clerk.post("check", row).json["problems"]
    card = problem["data"]["people"][0]
    assert card["uid"] == known.uid
    assert number not in json.dumps(card)
    answer = clerk.save(typed("a", "02", person=card["uid"], person_version=card["version"], decision="use"))
    assert answer.status_code == 200
    system.rollback()
    assert system.scalar(select(func.count(Person.id))) == 1
    assert system.scalar(select(func.count(PersonDocument.id))) == 1
