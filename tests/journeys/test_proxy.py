"""One visit, five elders, through the HTTP client: planned, logged at the door, accepted, decided, brought home, filed;
the other town sees none of it by any route."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.core import clock
from app.documents.models import IssuedDocument
from app.inbox.models import Notice
from app.proxy.models import CaseStep, Custody, ProxyCase
from app.worklog.models import ServiceRecord, Visit
from tests.integration.test_field import NAMES, Phone, doors, elders, met, plan
from tests.integration.test_proxy_views import press
from tests.support.pages import post
from tests.support.rows import fresh

pytest_plugins = ("tests.support.proxy",)
__all__ = ["elders", "press"]


def cases(system) -> dict[str, ProxyCase]:
    rows = fresh(system).scalars(select(ProxyCase).order_by(ProxyCase.id))
    return {case.party_name: case for case in rows}


class Desk:
    """A signed-in client at a desk: follows the main button of each page, as a clerk does."""

    def __init__(self, client, system) -> None:
        self.client, self.system = client, system

    def work(self) -> list[str]:
        page = self.client.get("/proxy/").text
        return list(
            dict.fromkeys(re.findall(r'class="gb-row-link" href="/cases/show/([0-9a-f-]{36})"', page))
        )

    def main_step(self, uid: str) -> str:
        page = self.client.get(f"/cases/show/{uid}").text
        found = re.search(r'class="btn btn-primary" href="/cases/[^/]+/act/(\w+)" data-step', page)
        return found[1] if found else ""

    def press(self, uid: str, action: str, **fields):
        page = self.client.get(f"/cases/{uid}/act/{action}")
        assert page.status_code == 200, (action, page.status_code)
        version = re.search(r'name="_version" value="(\d+)"', page.text)[1]
        answer = post(self.client, f"/cases/{uid}/act", action=action, _version=version, **fields)
        assert answer.status_code == 303, (action, answer.text[-1500:])


@pytest.mark.demand("S3-65", "S3-66", "S3-53")
def test_five_elders_from_the_appointment_to_the_file(system, login_as, elders, press):
    phone = Phone(login_as("worker_a"))
    health, clerk = Desk(login_as("health"), system), Desk(login_as("clerk_a"), system)

    # the worker plans one visit, walks it, signs with each, and hands everything in at once
    url = plan(phone, elders)
    assert health.work() == []
    for name, (door, case) in doors(system, url).items():
        assert phone.post(door, **met(case)).status_code == 200, name
    assert phone.post(f"{url}/submit", window="Window 3").status_code == 303
    assert {c.state for c in cases(system).values()} == {"submitted"}
    assert fresh(system).scalars(select(Visit.state)).all() == ["done"]

    # the department finds five cases in its list and follows the main button of each page
    waiting = health.work()
    assert sorted(waiting) == sorted(c.uid for c in cases(system).values())
    assert len(fresh(system).scalars(select(Notice).where(Notice.message.like("Case%"))).all()) == len(NAMES)
    for n, uid in enumerate(waiting, 1):
        for expected, fields in (
            ("receive", {}),
            ("accept", {}),
            ("process", {}),
            ("approve", {"decision": "approved", "result_no": f"WJ-{n}"}),
        ):
            assert health.main_step(uid) == expected
            health.press(uid, expected, **fields)
        assert health.main_step(uid) == ""
    assert health.work() == []

    # the worker fetches the stamped cards and hands each over against a signature
    assert phone.post(f"{url}/fetch").status_code == 303
    for name, (_door, case) in doors(system, url).items():
        handed = {"way": "handed", "recipient": name, "signature": met(case)["signature"]}
        assert phone.post(f"/field/deliver/{case}", **handed).status_code == 200
        assert phone.post(f"/field/rate/{case}", rating="5").status_code == 200  # the resident taps

    # letter and receipt are printed, the station files the cases: nothing is out, every step has its row
    some = cases(system)["Elder An"].uid
    for code in ("F10", "F11"):
        assert post(clerk.client, f"/cases/{some}/paper/{code}").mimetype == "application/pdf"
    for uid in clerk.work():
        clerk.press(uid, "archive")
    found = cases(system)
    assert {(c.state, c.outcome, c.rating) for c in found.values()} == {("archived", "approved", "5")}
    assert {c.result_no for c in found.values()} == {f"WJ-{n}" for n in range(1, 6)}
    assert fresh(system).scalars(select(Custody).where(Custody.returned_at.is_(None))).all() == []
    actions = [s.action for s in found["Elder An"].steps]
    assert actions == [
        "book", "entrust", "collect", "submit", "receive", "accept", "process", "approve", "fetch", "set_out",
        "deliver", "rate", "archive",
    ]  # fmt: skip
    lines = fresh(system).scalars(select(ServiceRecord)).all()
    assert len(lines) == 2 * len(NAMES)  # taken over, handed over


def sent(client, url, method="GET", **fields):
    return client.get(url) if method == "GET" else post(client, url, **fields)


def test_the_other_town_sees_none_of_it_by_any_route(app, system, login_as, elders, press):
    phone = Phone(login_as("worker_a"))
    url = plan(phone, elders)
    for door, case in doors(system, url).values():
        phone.post(door, **met(case))
    phone.post(f"{url}/submit", window="Window 3")
    some = cases(system)["Elder An"]
    post(login_as("clerk_a"), f"/cases/{some.uid}/paper/F11")
    paper = fresh(system).scalars(select(IssuedDocument)).one()
    visit = url.rpartition("/")[2]
    arguments = {
        "pk": some.uid, "uid": visit, "visit_uid": visit, "case_uid": some.uid,
        "stop_uid": next(iter(doors(system, url).values()))[0].rpartition("/")[2],
        "action": "withdraw", "code": "F11", "name": "phone", "child": "VisitStopView", "number": "1",
    }  # fmt: skip
    own = ("ProxyCaseView.", "ProxyDesk.", "FieldDesk.", "VisitView.", "VisitStopView.", "ServiceRecordView.",
           "IssuedDocumentView.")  # fmt: skip
    records = {"IssuedDocumentView": paper.uid, "VisitView": visit, "VisitStopView": visit}
    before = {c.uid: c.version for c in cases(system).values()}
    routes = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(own) and rule.arguments <= set(arguments):
            here = arguments | {"pk": records.get(rule.endpoint.partition(".")[0], some.uid)}
            path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", lambda m, here=here: here[m[1]], rule.rule)
            routes += [(method, path, bool(rule.arguments)) for method in rule.methods & {"GET", "POST"}]
    assert len(routes) > 25
    for account in ("worker_t", "clerk_t", "town_clerk_t"):
        stranger = login_as(account)
        for method, path, names_a_record in routes:
            answer = sent(
                stranger, path, method, action="withdraw", _version="2", reason="x", applicant="x",
                recipient="x", window="x", q="Elder",
            )  # fmt: skip
            where = (account, method, path, answer.status_code)
            text = answer.get_data(as_text=True)
            assert answer.status_code < 500, where
            assert not any(name in text for name in NAMES), where
            assert some.number not in text, where
            if names_a_record:
                assert answer.status_code in {303, 400, 403, 404, 409}, where
    assert {c.uid: c.version for c in cases(system).values()} == before
    assert press[1:] == []


def test_a_case_goes_on_when_its_person_has_moved_to_the_other_town(system, login_as, world, elders, press):
    from app.core.scope import session_actor
    from app.registry.models import Person
    from app.registry.service.residences import open_residence
    from tests.factories.registry import make_home

    phone = Phone(login_as("worker_a"))
    url = plan(phone, elders, NAMES[:2])
    door, case = doors(system, url)["Elder An"]
    phone.post(door, **met(case))
    person = fresh(system).scalars(select(Person).where(Person.name == "Elder An")).one()
    home = make_home(system, world.areas["grid_t11"], "7")
    open_residence(system, person, home, actor=session_actor(system), now=clock.now())
    system.commit()
    page = phone.get(url)
    assert "Elder An" in page  # the snapshot names the party
    assert phone.post(f"{url}/submit", window="Window 3").status_code == 303
    assert cases(system)["Elder An"].state == "submitted"
    assert case not in login_as("worker_t").get("/cases/list/").text
    steps = fresh(system).scalars(
        select(CaseStep.action).where(CaseStep.case_id == cases(system)["Elder An"].id)
    )
    assert list(steps)[-1] == "submit"
