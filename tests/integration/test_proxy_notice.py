"""The one-time notice writes itself, prints whole, and never sends anybody to a committee for a forbidden proof."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import seeds
from app.core import clock
from app.core.errors import Invalid
from app.core.session import unit_of_work
from app.proxy.models import ProxyCase, ServiceItem, ServiceMaterial
from app.proxy.service import load_catalogue, new_draft, publish
from tests.factories.proxy import step, walk
from tests.integration.test_proxy_papers import receipt
from tests.integration.test_proxy_reuse import CARD, collected, offered, take
from tests.integration.test_proxy_views import press_button
from tests.support.pages import post
from tests.support.rows import fresh
from tests.unit.test_forbidden_proofs import SAID

pytest_plugins = ("tests.support.proxy",)
__all__ = ["collected"]
BANNED = next(row["note"] for row in SAID["forbidden"] if row["number"] == 10)
KINSHIP = SAID["forbidden"][0]["name"]


def case_of(system, uid):
    return fresh(system).scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()


def ticked(page):
    """Number of the paper → what is wrong, of those that are ticked."""
    on = re.findall(r'name="missing-(\d+)" value="1" checked', page)
    words = dict(re.findall(r'name="missing-note-(\d+)" value="([^"]*)"', page))
    return {int(n): words[n] for n in on}


@pytest.fixture
def half(sessions, booked):
    """A first disability card: the form is here, three papers are not, two conditions are open."""
    uid = booked("CL-01")
    step(sessions["worker"], uid, "entrust")
    step(sessions["worker"], uid, "collect", materials=[{"seq": 1}, {"seq": 2, "state": "shared"}])
    return uid


@pytest.mark.demand("S3-49")
def test_the_step_opens_with_every_missing_bad_and_open_paper_and_the_receipt_prints_them(
    system, login_as, sessions, half
):
    client, uid = login_as("worker_a"), half
    wrong = ticked(client.get(f"/cases/{uid}/act/request_supplement").text)
    assert sorted(wrong) == [3, 4, 5, 6]
    assert (wrong[3], wrong[4]) == ("not handed over yet", "not handed over yet")
    assert wrong[5].startswith("needed if: ")
    due = clock.today() + timedelta(days=5)
    fields = {f"missing-{n}": "1" for n in wrong} | {f"missing-note-{n}": text for n, text in wrong.items()}
    fields |= {"due_on": due.isoformat(), "told_at_once": "y"}
    assert press_button(client, system, uid, "request_supplement", **fields).status_code == 303
    case = case_of(system, uid)
    assert case.supplement_until == due
    assert case.materials[4].applies is None  # asked for, not decided
    (printed,) = receipt(system, uid)["cases"]
    assert [row["note"] for row in printed["missing"]] == list(wrong.values())
    assert printed["supplement_until"] == due.isoformat()
    assert {row["name"] for row in printed["materials"]}.isdisjoint(r["name"] for r in printed["missing"])
    # once in a step: the second list is refused
    step(sessions["worker"], uid, "supply", materials=[{"seq": n} for n in wrong])
    assert press_button(client, system, uid, "request_supplement", **fields).status_code == 409


@pytest.mark.any_database
def test_a_shared_paper_that_is_not_good_enough_is_to_be_brought(system, sessions, half):
    missing = [{"seq": 2, "note": "not found by data sharing"}]
    step(sessions["worker"], half, "request_supplement", missing_list=missing)
    card = case_of(system, half).materials[1]
    assert (card.state, card.required) == ("asked", True)


@pytest.mark.any_database
def test_neither_notice_nor_mark_demands_a_proof_of_a_committee(system, login_as, sessions, half, booked):
    client, uid = login_as("worker_a"), half
    fields = {"missing-3": "1", "missing-note-3": BANNED, "told_at_once": "y"}
    fields["due_on"] = (clock.today() + timedelta(days=5)).isoformat()
    refused = press_button(client, system, uid, "request_supplement", **fields)
    assert refused.status_code == 400
    assert ticked(refused.text)[3] == BANNED  # nothing typed is lost
    assert case_of(system, uid).state == "collected"
    other = booked()
    walk(sessions, other, "receive")
    version = str(case_of(system, other).version)
    marks = {"mark-1": "bad", "mark-note-1": BANNED, "_version": version}
    answer = post(login_as("health"), f"/cases/{other}/mark", headers={"Accept": "application/json"}, **marks)
    assert (answer.status_code, answer.json["field"]) == (400, "mark-note-1")
    assert case_of(system, other).materials[0].mark is None


@pytest.mark.any_database
def test_a_reused_paper_stands_on_the_receipt_with_the_case_it_comes_from(
    system, sessions, collected, booked
):
    first, second = collected(), booked("CL-03")
    step(sessions["worker"], second, "entrust")
    take(sessions["worker"], second, offered(sessions["worker"], second)["case"])
    (printed,) = receipt(system, second)["cases"]
    row = printed["materials"][0]
    assert (row["handling"], case_of(system, first).number in row["note"]) == ("reused", True)
    assert row["name"] == case_of(system, second).materials[CARD - 1].name


# --- the catalogue ----------------------------------------------------------------------------------------------------


@pytest.fixture
def draft(acting):
    session = acting("admin_system")
    with unit_of_work(session):
        item = session.scalars(select(ServiceItem).where(ServiceItem.code == "WJ-02")).one()
        found = new_draft(session, item, clock.now())
    return session, found


@pytest.mark.parametrize("issuer", ["", "village", "community"])
def test_a_draft_cannot_name_such_a_paper_of_a_committee(system, login_as, draft, issuer):
    _session, version = draft
    fields = {"seq": "9", "name": KINSHIP, "form": "original", "copies": "1", "required": "yes"}
    url = f"/service-materials/add?version_of={version.uid}"
    fields |= {"version_of": version.uid, "issuer": issuer}
    answer = post(login_as("admin_system"), url, **fields)
    assert answer.status_code == 422
    assert KINSHIP in answer.text
    assert "cannot be asked for" in answer.text or "may not" in answer.text
    names = fresh(system).scalars(select(ServiceMaterial.name)).all()
    assert KINSHIP not in names


@pytest.mark.any_database
def test_the_same_paper_of_the_police_may_be_asked_for_and_is_published(system, login_as, draft):
    session, version = draft
    fields = {"seq": "9", "name": KINSHIP, "form": "copy", "copies": "1", "required": "yes"}
    fields |= {"version_of": version.uid, "issuer": "police"}
    post(login_as("admin_system"), "/service-materials/add", **fields)
    assert KINSHIP in fresh(system).scalars(select(ServiceMaterial.name)).all()
    session.rollback()
    with unit_of_work(session):
        publish(session, session.merge(version), clock.today(), clock.now())


@pytest.mark.any_database
def test_no_way_round_the_form_leads_into_the_catalogue(system, draft, monkeypatch):
    session, version = draft
    paper = ServiceMaterial(
        item_version_id=version.id, seq=9, name=KINSHIP, form="copy", copies=1, required="yes"
    )
    session.add(paper)
    with pytest.raises(Invalid):
        session.flush()
    session.rollback()
    read = seeds.read
    raw = read("proxy_services")["items"][0] | {"code": "ZZ-99"}
    raw["materials"] = [{"name": KINSHIP, "form": "copy", "copies": 1, "required": True, "issuer": "village"}]
    given = {"proxy_services": {"items": [raw]}}
    monkeypatch.setattr(seeds, "read", lambda name: given.get(name) or read(name))
    with pytest.raises(Invalid):
        load_catalogue(system)
