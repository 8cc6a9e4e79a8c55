"""Contexts of F10 and F11: exactly what the forms print, masked, one letter a person, one receipt a household."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.errors import Conflict, Invalid
from app.documents import registry
from app.documents.context import shape_faults
from app.documents.language import in_paper_language
from app.documents.models import IssuedDocument
from app.documents.render import render_pdf
from app.proxy import papers
from app.proxy.models import ProxyCase
from app.worklog.models import Visit
from config import ROOT
from tests.factories.proxy import step, walk
from tests.integration.test_proxy_rounds import NAMES, elders, log, plan, stop_log, worker
from tests.integration.test_proxy_views import press
from tests.support.pages import post
from tests.support.rows import fresh

pytestmark = pytest.mark.any_database

pytest_plugins = ("tests.support.proxy",)
__all__ = ["elders", "press", "worker"]


def case_of(session, uid) -> ProxyCase:
    return fresh(session).scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()


def faults(code, context):
    sample = {k: v for k, v in registry.form(code).sample.items() if k != "issue"}
    return shape_faults(sample, context)


def letter(session, *uids):
    return papers.authorization(session, [case_of(session, uid) for uid in uids], clock.now())


def receipt(session, *uids):
    return papers.receipt(session, [case_of(session, uid) for uid in uids], "Worker A")


@pytest.mark.demand("S3-49")
def test_the_letter_has_the_shape_of_the_form_and_no_plain_number(system, sessions, booked):
    uid = booked()
    for until in (None, "entrust"):
        if until:
            walk(sessions, uid, until)
        context = letter(system, uid)
        assert faults("F10", context) == []
        party = case_of(system, uid).party
        assert context["principal"]["name"] == "Elder Li"
        assert party["document_number"] not in str(context)
        assert party["phone"] not in str(context)
        assert context["matters"] == [
            {"code": "WJ-02", "name": case_of(system, uid).item_version.name,
             "department": case_of(system, uid).item_version.department_name}
        ]  # fmt: skip
        assert context["valid_from"] == clock.today().isoformat()
        assert context["valid_to"] > context["valid_from"]


def test_one_letter_for_all_matters_of_a_person_and_none_for_two(system, sessions, booked, worker, elders):
    first, second = booked(), booked("WJ-01")
    assert [m["code"] for m in letter(system, first, second)["matters"]] == ["WJ-02", "WJ-01"]
    plan(worker, ("Elder An",))
    other = fresh(system).scalars(select(ProxyCase.uid).where(ProxyCase.party_name == "Elder An")).one()
    with pytest.raises(Invalid):
        letter(system, first, other)


def test_who_cannot_write_is_said_on_the_letter(system, sessions, booked):
    uid = booked()
    step(sessions["worker"], uid, "entrust", cannot_sign=True, witness="a neighbour")
    assert letter(system, uid)["cannot_sign"] is True


def test_the_receipt_says_what_happened_to_each_paper(system, sessions, booked):
    uid = booked()
    with pytest.raises(Conflict):
        receipt(system, uid)
    walk(sessions, uid, "entrust")
    taken = [{"seq": 1}, {"seq": 2, "state": "shared"}, {"seq": 3}]
    step(sessions["worker"], uid, "collect", materials=taken)
    context = receipt(system, uid)
    assert faults("F11", context) == []
    (one,) = context["cases"]
    assert [m["handling"] for m in one["materials"]] == ["kept", "shared", "kept"]
    assert (one["missing"], one["supplement_until"], one["promised_on"]) == ([], "", "")
    assert (context["received_on"], context["fee"]) == (clock.today().isoformat(), 0)
    assert (one["applicant"], one["phone"]) == ("E*", "138****0001")
    step(sessions["worker"], uid, "return_previous")
    step(sessions["worker"], uid, "collect")  # the factory shows the ID card and takes the rest
    assert [m["handling"] for m in receipt(system, uid)["cases"][0]["materials"]] == [
        "kept",
        "returned",
        "kept",
    ]


def test_the_one_time_notice_and_the_promise_stand_on_it(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "receive")
    due = (clock.today() + timedelta(days=5)).isoformat()
    step(sessions["department"], uid, "request_supplement", due_on=due)
    (one,) = receipt(system, uid)["cases"]
    assert [(m["name"], m["note"]) for m in one["missing"]] == [
        (case_of(system, uid).materials[0].name, "blurred")
    ]
    assert one["supplement_until"] == due
    assert len(one["materials"]) == 2
    step(sessions["worker"], uid, "supply")
    step(sessions["department"], uid, "accept")
    (one,) = receipt(system, uid)["cases"]
    promise = next(c for c in case_of(system, uid).clocks if c.kind == "promise")
    assert one["promised_on"] == clock.to_local(promise.due_at).date().isoformat()
    assert (one["missing"], one["supplement_until"]) == ([], "")


@pytest.mark.parametrize("code", ["F10", "F11"])
def test_the_real_forms_print_them(system, sessions, booked, code):
    uid = booked()
    walk(sessions, uid, "accept")
    with in_paper_language():
        context = letter(system, uid) if code == "F10" else receipt(system, uid)
    issue = {"number": "", "at": "", "by": "", "office": "", "verify_url": "", "seal": ""}
    pdf = render_pdf(code, {**context, "issue": issue}, fonts_root=ROOT / "var" / "fonts", watermark="x")
    assert pdf.startswith(b"%PDF-")


def test_sentences_on_paper_are_chinese_whatever_the_screen_speaks(app, system, sessions, booked):
    from flask_babel import force_locale

    uid = booked()
    walk(sessions, uid, "collect")
    with force_locale("en"):
        assert receipt(system, uid)["query"]["how"].isascii()
        with in_paper_language():
            assert not receipt(system, uid)["query"]["how"].isascii()


# --- a round --------------------------------------------------------------------------------------------------------


@pytest.fixture
def walked(system, worker, elders):
    """A round on which everybody was met: uid, and stop uid by name."""
    uid = plan(worker)
    for name in NAMES:
        log(worker, uid, stop_log(worker, uid, name))
    visit = fresh(system).scalars(select(Visit).where(Visit.uid == uid)).one()
    stops = {s.id: s.uid for s in visit.stops}
    names = dict(system.execute(select(ProxyCase.uid, ProxyCase.party_name)).all())
    return uid, {names[p.ref_uid]: stops[p.stop_id] for p in visit.purposes}


@pytest.mark.demand("S3-65")
def test_one_receipt_for_a_household_and_one_letter_for_a_person(system, login_as, walked, press):
    uid, stops = walked
    client = login_as("worker_a")
    assert f"/proxy/round/{uid}/paper/F11/" in client.get(f"/field/round/{uid}").text
    together = post(client, f"/proxy/round/{uid}/paper/F11/{stops['Elder Deng']}")
    alone = post(client, f"/proxy/round/{uid}/paper/F10/{stops['Elder Deng']}")
    assert (together.status_code, alone.status_code) == (200, 200)
    (_f11, household), (_f10, person) = press
    assert len(household["cases"]) == 2
    assert person["principal"]["name"] == "Elder Deng"
    issued = fresh(system).scalars(select(IssuedDocument).order_by(IssuedDocument.id)).all()
    assert [(d.form_code, d.owner_kind) for d in issued] == [("F11", "visit_stop"), ("F10", "proxy_case")]


@pytest.mark.parametrize(("account", "status"), [("worker_t", 404), ("clerk_t", 404), ("health", 403)])
def test_nobody_else_prints_for_a_round(login_as, walked, press, account, status):
    uid, stops = walked
    answer = post(login_as(account), f"/proxy/round/{uid}/paper/F11/{stops['Elder An']}")
    assert answer.status_code == status
    assert press == []


def test_a_paper_of_an_unknown_door(login_as, walked, press):
    uid, _stops = walked
    client = login_as("worker_a")
    assert post(client, f"/proxy/round/{uid}/paper/F11/{uid}").status_code == 404
    assert post(client, f"/proxy/round/{uid}/paper/F99/{uid}").status_code == 404
