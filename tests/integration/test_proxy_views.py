"""Case pages, steps, booking and the work list through the HTTP client."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pikepdf
import pytest
from PIL import Image
from sqlalchemy import select

from app.areas.models import OrgUnit
from app.audit.models import AccessLog
from app.core import clock
from app.core.files import Attachment
from app.documents.drawing import Press
from app.documents.models import IssuedDocument, PrintLog
from app.proxy.models import CaseStep, ProxyCase, ServiceItemVersion
from app.registry.models import Person
from tests.factories.proxy import step, walk
from tests.support.pages import post
from tests.support.rows import fresh

pytestmark = pytest.mark.any_database

pytest_plugins = ("tests.support.proxy",)
JSON = {"Accept": "application/json"}


@pytest.fixture
def press(app, system, world):
    """Papers without the processes that render them: what is asked of them is kept. The station numbers them."""
    asked = []
    system.add(
        OrgUnit(
            path="000Z",
            kind="workstation",
            code="A1",
            name="Station A1",
            area_id=world.areas["com_a1"],
            document_code="430299001001",
        )
    )
    system.commit()

    def render(form, context, variant, mark):
        from app.documents import registry
        from app.documents.context import shape_faults

        assert shape_faults(registry.form(form).sample, context) == []
        asked.append((form, context))
        return MINIMAL

    before = app.extensions.get("geban_press")
    app.extensions["geban_press"] = Press(render, "https://geban.test")
    yield asked
    app.extensions["geban_press"] = before


def _minimal_pdf() -> bytes:
    import pikepdf

    out, pdf = io.BytesIO(), pikepdf.new()
    pdf.add_blank_page()
    pdf.save(out)
    return out.getvalue()


MINIMAL = _minimal_pdf()


def case_of(system, uid) -> ProxyCase:
    return fresh(system).scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()


def press_button(client, system, uid, action, version=None, **fields):
    version = case_of(system, uid).version if version is None else version
    return post(client, f"/cases/{uid}/act", action=action, _version=str(version), **fields)


# --- the page ----------------------------------------------------------------------------------------------------


def test_the_page_shows_one_main_step_lights_papers_and_history(login_as, sessions, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    page = login_as("worker_a").get(f"/cases/show/{uid}").text
    primary = re.findall(r'class="btn btn-primary" href="(/cases/[^"]+)" data-step', page)
    assert primary == [f"/cases/{uid}/act/submit"]
    others = re.findall(r'class="gb-pop-item" href="(/cases/[^"]+)" data-step', page)
    assert {u.rpartition("/")[2] for u in others} == {
        "request_supplement", "return_previous", "return_to_start", "withdraw",
    }  # fmt: skip
    assert "gb-light-green" in page
    assert page.count("<li><strong>") == 3
    assert "13800000001" not in page
    assert "138****0001" in page


def test_what_is_missing_is_listed_by_name(system, login_as, sessions, booked):
    uid = booked()
    walk(sessions, uid, "entrust")
    step(sessions["worker"], uid, "collect", materials=[{"seq": 2, "state": "shared"}])
    name = case_of(system, uid).materials[0].name
    page = login_as("worker_a").get(f"/cases/show/{uid}").text
    warned = (
        page.split('class="gb-card gc-missing"')[1].split("</section>")[0] if "gc-missing" in page else ""
    )
    # submitting is barred, so asking for the missing papers becomes the obvious step
    assert f'href="/cases/{uid}/act/request_supplement" data-step' in page
    assert name in page
    assert warned == "" or name in warned


@pytest.mark.parametrize("account", ["worker_t", "clerk_t", "town_clerk_t"])
def test_the_other_town_finds_none_of_it_by_any_route(system, login_as, sessions, booked, press, account):
    uid = booked()
    walk(sessions, uid, "collect")
    before = case_of(system, uid).version
    client = login_as(account)
    for url in (f"/cases/show/{uid}", f"/cases/{uid}/act/submit", f"/cases/history/{uid}"):
        assert client.get(url).status_code == 404, url
    for url in (
        f"/cases/{uid}/act", f"/cases/{uid}/mark", f"/cases/{uid}/give-back", f"/cases/{uid}/paper/F10",
        f"/cases/{uid}/paper/F11", f"/cases/{uid}/party/phone",
    ):  # fmt: skip
        answer = post(
            client, url, action="submit", _version=str(before), window="x", reason="x", recipient="x"
        )
        assert answer.status_code == 404, url
    for url in ("/cases/list/", "/proxy/", "/proxy/?tab=all"):
        assert uid not in client.get(url).text
    assert case_of(system, uid).version == before
    assert press == []


def test_a_department_sees_a_case_only_when_it_was_handed_in(login_as, sessions, booked):
    uid = booked()
    client = login_as("health")
    assert client.get(f"/cases/show/{uid}").status_code == 404
    assert uid not in client.get("/proxy/").text
    walk(sessions, uid, "submit")
    page = client.get(f"/cases/show/{uid}")
    assert page.status_code == 200
    assert f"/cases/{uid}/act/receive" in page.text
    assert uid in client.get("/proxy/").text
    assert "/paper/F10" not in page.text


def test_a_reading_role_sees_no_step(login_as, booked):
    page = login_as("supervisor").get(f"/cases/show/{booked()}")
    assert page.status_code == 200
    assert "data-step>" not in page.text


def test_sensitive_services_are_read_with_a_log_and_listed_without_the_name(system, login_as, booked):
    plain, told = booked(), booked("CL-02")
    client = login_as("clerk_a")
    for uid in (plain, told):
        client.get(f"/cases/show/{uid}")
    logged = fresh(system).scalars(select(AccessLog).where(AccessLog.table_name == "proxy_case")).all()
    assert [(r.action, r.row_id) for r in logged] == [("READ", case_of(system, told).id)]
    listed = client.get("/cases/list/").text
    assert listed.count("Elder Li") == 1
    assert "E*" in listed


def test_a_hotline_taker_goes_by_the_number_and_reads_no_name(system, login_as, sessions, booked):
    uid = booked()
    walk(sessions, uid, "fetch")
    step(sessions["worker"], uid, "deposit", reason="Elder Li is away", place="at Elder Li's niece")
    client, number = login_as("hotline"), case_of(system, uid).number
    pages = [client.get(url).text for url in (f"/cases/show/{uid}", "/cases/list/", "/")]
    pages.append(post(client, "/search/", q=number).get_data(as_text=True))
    assert number in pages[0]
    for page in pages:
        assert "Elder Li" not in page
        assert "13800000001" not in page
        assert "138****" not in page
    assert post(client, f"/cases/{uid}/party/phone", reason="x").status_code == 403
    assert number not in post(client, "/search/", q="Elder Li").get_data(as_text=True)


# --- steps ---------------------------------------------------------------------------------------------------------


@pytest.mark.demand("S3-50")
def test_the_department_accepts_decides_and_gives_a_number(system, login_as, sessions, booked):
    uid = booked()
    walk(sessions, uid, "submit")
    client = login_as("health")
    until = (clock.today() + timedelta(days=365)).isoformat()
    for action, fields in (
        ("receive", {"handler": "Ms Zhou"}),
        ("accept", {}),
        ("process", {}),
        ("approve", {"decision": "approved", "result_no": "WJ-2026-9", "result_until": until}),
    ):
        answer = press_button(client, system, uid, action, **fields)
        assert answer.status_code == 303, (action, answer.text[:500])
    case = case_of(system, uid)
    assert (case.state, case.result_no, case.result_until.isoformat()) == ("approved", "WJ-2026-9", until)


def test_a_step_form_asks_for_what_the_step_needs(login_as, sessions, booked):
    uid = booked()
    client = login_as("worker_a")
    page = client.get(f"/cases/{uid}/act/rebook").text
    assert {n for n in ("appointment", "reason", "slot") if f'name="{n}"' in page} == {
        "appointment",
        "reason",
        "slot",
    }
    piece = client.get(f"/cases/{uid}/act/rebook", headers={"X-Requested-With": "fetch"}).text
    assert "<html" not in piece
    assert 'name="appointment"' in piece
    walk(sessions, uid, "entrust")
    page = client.get(f"/cases/{uid}/act/collect").text
    assert len(set(re.findall(r'name="(paper-\d+)"', page))) == 3
    # what the office can fetch itself is proposed so
    assert re.search(r'name="paper-2".*?value="shared" selected', page, re.S)


@pytest.mark.parametrize(
    ("action", "status"), [("approve", 409), ("submit", 409), ("nonsense", 400), ("book", 409)]
)
def test_a_step_that_is_not_there(login_as, booked, action, status):
    assert login_as("worker_a").get(f"/cases/{booked()}/act/{action}").status_code == status


def test_a_role_that_may_not(system, login_as, sessions, booked):
    uid = booked()
    walk(sessions, uid, "submit")
    client = login_as("worker_a")
    assert client.get(f"/cases/{uid}/act/receive").status_code == 403
    assert press_button(client, system, uid, "receive").status_code == 403


def test_what_was_typed_is_not_lost_where_a_step_is_refused(system, login_as, booked):
    uid = booked()
    client = login_as("worker_a")
    answer = press_button(client, system, uid, "rebook", appointment="2001-01-01", reason="the son called")
    assert answer.status_code == 400
    assert 'value="2001-01-01"' in answer.text
    assert "the son called" in answer.text
    assert 'aria-invalid="true"' in answer.text
    answer = press_button(client, system, uid, "rebook", appointment="", reason="the son called")
    assert answer.status_code == 400
    assert "the son called" in answer.text
    assert case_of(system, uid).booked_for == clock.today()


def test_a_script_gets_the_sentence_and_the_field(system, login_as, booked):
    uid = booked()
    client = login_as("worker_a")
    answer = press_button(client, system, uid, "rebook", appointment="soon", reason="x", headers=JSON)
    assert (answer.status_code, answer.get_json()["field"]) == (400, "appointment")
    assert answer.get_json()["message"]
    day = clock.today().isoformat()
    answer = press_button(client, system, uid, "rebook", appointment=day, reason="x", headers=JSON)
    assert answer.get_json() == {"url": f"/cases/show/{uid}"}


@pytest.mark.parametrize("version", ["1", "", "x"])
def test_the_second_of_two_is_told_and_nothing_happens_twice(system, login_as, sessions, booked, version):
    uid = booked()
    old = str(case_of(system, uid).version)
    step(sessions["clerk"], uid, "entrust")
    answer = press_button(
        login_as("worker_a"), system, uid, "withdraw", version=old if version == "1" else version,
        reason="x", applicant="x", headers=JSON,
    )  # fmt: skip
    assert answer.status_code == 409
    assert answer.get_json()["message"]
    assert case_of(system, uid).state == "entrusted"


def test_a_double_click_takes_one_step(system, login_as, booked):
    uid = booked()
    client, version = login_as("worker_a"), case_of(system, uid).version
    first = press_button(client, system, uid, "entrust", version=version, consent="yes", signature="paper")
    second = press_button(client, system, uid, "entrust", version=version, consent="yes", signature="paper")
    assert (first.status_code, second.status_code) == (303, 409)
    actions = fresh(system).scalars(select(CaseStep.action).order_by(CaseStep.id)).all()
    assert actions == ["book", "entrust"]


def test_without_a_token_nothing_moves(system, login_as, booked):
    uid = booked()
    answer = login_as("worker_a").post(f"/cases/{uid}/act", data={"action": "entrust", "_version": "1"})
    assert answer.status_code == 400
    assert case_of(system, uid).state == "booked"


def test_papers_conditions_and_originals_come_from_the_form(system, login_as, sessions, booked):
    uid = booked("MZ-01")
    walk(sessions, uid, "entrust")
    conditional = {m.seq for m in case_of(system, uid).materials if m.condition}
    fields = {
        f"paper-{m.seq}": "collected" for m in case_of(system, uid).materials if m.seq not in conditional
    }
    fields |= {f"answer-{n}": "no" for n in conditional} | {f"paper-{n}": "collected" for n in conditional}
    due = (clock.today() + timedelta(days=10)).isoformat()
    answer = press_button(login_as("worker_a"), system, uid, "collect", due_back_on=due, **fields)
    assert answer.status_code == 303
    case = case_of(system, uid)
    assert {m.seq for m in case.materials if m.applies is False} == conditional
    assert {m.state for m in case.materials if m.seq in conditional} == {"asked"}
    assert {c.due_back_on.isoformat() for c in case.custody} == {due}


def test_the_one_time_list_comes_from_the_form(system, login_as, sessions, booked):
    uid = booked()
    walk(sessions, uid, "receive")
    due = (clock.today() + timedelta(days=5)).isoformat()
    fields = {"missing-1": "1", "missing-note-1": "torn", "due_on": due}
    client = login_as("health")
    refused = press_button(client, system, uid, "request_supplement", **fields)
    assert refused.status_code == 400  # nobody has said that this is everything
    assert 'value="torn"' in refused.text
    answer = press_button(client, system, uid, "request_supplement", told_at_once="y", **fields)
    assert answer.status_code == 303
    case = case_of(system, uid)
    assert (case.state, case.materials[0].mark_note) == ("supplement", "torn")


def test_a_photo_of_the_signed_paper_is_kept_and_shown_to_who_may(system, login_as, sessions, booked):
    uid = booked()
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, "JPEG")
    client = login_as("worker_a")
    photo = (io.BytesIO(out.getvalue()), "x.jpg")
    answer = press_button(client, system, uid, "entrust", consent="yes", signature="paper", photo=photo)
    assert answer.status_code == 303
    kept = fresh(system).scalars(select(Attachment)).one()
    assert (kept.owner_kind, kept.owner_uid, kept.purpose) == ("proxy_case", uid, "signature")
    url = f"/attachments/{kept.uid}"
    assert url in client.get(f"/cases/show/{uid}").text
    assert client.get(url).mimetype == "image/jpeg"
    assert login_as("worker_t").get(url).status_code == 404
    assert client.get(f"/attachments/{uid}").status_code == 404
    assert fresh(system).scalars(select(AccessLog.action).where(AccessLog.action == "DOWNLOAD")).all()


def blank_pdf() -> bytes:
    out, document = io.BytesIO(), pikepdf.new()
    document.add_blank_page()
    document.save(out)
    return out.getvalue()


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", blank_pdf()], ids=["markup", "no picture"])
def test_a_bad_photo_stops_the_step(system, login_as, booked, content):
    uid = booked()
    photo = (io.BytesIO(content), "x.jpg")
    answer = press_button(
        login_as("worker_a"), system, uid, "entrust", consent="yes", signature="paper", photo=photo
    )
    assert answer.status_code == 400
    assert case_of(system, uid).state == "booked"
    assert fresh(system).scalars(select(Attachment)).all() == []


def test_marks_are_saved_from_the_page(system, login_as, sessions, booked):
    uid = booked()
    walk(sessions, uid, "receive")
    client = login_as("health")
    assert 'name="mark-1"' in client.get(f"/cases/show/{uid}").text
    fields = {"mark-1": "ok", "mark-2": "bad", "mark-note-2": "blurred"}
    answer = post(client, f"/cases/{uid}/mark", _version=str(case_of(system, uid).version), **fields)
    assert answer.status_code == 303
    assert [(m.mark, m.mark_note) for m in case_of(system, uid).materials] == [
        ("ok", None), ("bad", "blurred"), (None, None),
    ]  # fmt: skip
    stale = post(client, f"/cases/{uid}/mark", _version="1", **fields)
    assert stale.status_code == 409
    assert 'name="mark-1"' not in login_as("worker_a").get(f"/cases/show/{uid}").text


def test_originals_go_home_from_the_page(system, login_as, sessions, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    client = login_as("clerk_a")
    assert "/give-back" in client.get(f"/cases/show/{uid}").text
    version = str(case_of(system, uid).version)
    answer = post(client, f"/cases/{uid}/give-back", _version=version, recipient="Elder Li")
    assert answer.status_code == 303
    assert case_of(system, uid).custody[0].returned_to == "Elder Li"
    assert "/give-back" not in client.get(f"/cases/show/{uid}").text


# --- what is masked -----------------------------------------------------------------------------------------------


def test_a_phone_is_shown_with_a_reason_and_a_log(system, login_as, booked):
    uid = booked()
    client = login_as("worker_a")
    assert post(client, f"/cases/{uid}/party/phone").status_code == 400
    answer = post(client, f"/cases/{uid}/party/phone", reason="call before the visit")
    assert answer.get_json() == {"value": "13800000001"}
    row = fresh(system).scalars(select(AccessLog).where(AccessLog.action == "REVEAL")).one()
    assert (row.table_name, row.detail, row.reason) == ("proxy_case", "party.phone", "call before the visit")
    assert post(client, f"/cases/{uid}/party/address", reason="x").status_code == 404


def test_a_department_does_not_ask_for_numbers(login_as, sessions, booked):
    uid = booked()
    walk(sessions, uid, "submit")
    client = login_as("health")
    assert 'data-reveal="/' not in client.get(f"/cases/show/{uid}").text
    assert post(client, f"/cases/{uid}/party/number", reason="x").status_code == 403


# --- papers ----------------------------------------------------------------------------------------------------------


@pytest.mark.demand("S3-49")
@pytest.mark.parametrize("account", ["worker_a", "clerk_a", "office_a"])
def test_f10_and_f11_are_issued_and_printed_in_one_go(system, login_as, sessions, booked, press, account):
    uid = booked()
    walk(sessions, uid, "collect")
    client = login_as(account)
    for code in ("F10", "F11"):
        answer = post(client, f"/cases/{uid}/paper/{code}")
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    issued = fresh(system).scalars(select(IssuedDocument).order_by(IssuedDocument.id)).all()
    assert [(d.form_code, d.owner_kind, d.owner_uid) for d in issued] == [
        ("F10", "proxy_case", uid), ("F11", "proxy_case", uid),
    ]  # fmt: skip
    assert len(system.scalars(select(PrintLog)).all()) == 2
    page = client.get(f"/cases/show/{uid}").text
    assert all(d.number in page for d in issued)
    (_f10, letter), (_f11, receipt) = press
    assert letter["principal"]["phone"] == "138****0001"
    assert "13800000001" not in str(press)
    assert receipt["cases"][0]["applicant"] == "E*"


def test_no_receipt_before_a_paper_was_taken_over_takes_no_number(system, login_as, booked, press):
    answer = post(login_as("worker_a"), f"/cases/{booked()}/paper/F11")
    assert answer.status_code == 409
    assert fresh(system).scalars(select(IssuedDocument)).all() == []


@pytest.mark.parametrize("code", ["F99", "F29"])
def test_other_papers_are_not_made_here(login_as, booked, press, code):
    assert post(login_as("worker_a"), f"/cases/{booked()}/paper/{code}").status_code == 404


# --- booking and the work list --------------------------------------------------------------------------------------


def book(client, **fields):
    fields = {"item": "WJ-02", "appointment": clock.today().isoformat()} | fields
    return post(client, "/proxy/book", **fields)


@pytest.mark.demand("S3-66")
def test_a_case_is_booked_on_the_page(system, login_as, elder):
    client = login_as("clerk_a")
    assert 'name="person"' in client.get("/proxy/book").text
    answer = book(client, person=elder, slot="09:00-10:00", applicant_name="Li Jr", relation="son")
    assert answer.status_code == 303, answer.text[:600]
    case = fresh(system).scalars(select(ProxyCase)).one()
    assert answer.headers["Location"] == f"/cases/show/{case.uid}"
    assert (case.applicant, case.applicant_relation) == ({"name": "Li Jr"}, "son")
    again = book(client, person=elder, slot="09:00-10:00", note="please ring twice")
    assert again.status_code == 409
    assert case.number in again.text
    assert "please ring twice" in again.text
    assert book(client, person=elder, again="y").status_code == 303


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"item": ""}, 422),
        ({"item": "XX-99"}, 400),
        ({"appointment": "2001-01-01"}, 400),
        ({"appointment": "soon"}, 422),
        ({"appointment": (clock.today() + timedelta(days=91)).isoformat()}, 400),
        ({"slot": "25:00-99:99"}, 400),
        ({"slot": "11:00-09:00"}, 400),
        ({"applicant_phone": "abc"}, 400),
        ({"applicant_name": "1<b>"}, 400),
        ({"person": ""}, 422),
    ],
)
def test_a_booking_that_is_refused_keeps_what_was_typed(system, login_as, elder, fields, status):
    answer = book(login_as("clerk_a"), **({"person": elder, "note": "please ring twice"} | fields))
    assert answer.status_code == status
    assert "please ring twice" in answer.text
    assert fresh(system).scalars(select(ProxyCase)).all() == []


def test_what_is_typed_of_who_asks_is_kept_as_the_registry_keeps_it(system, login_as, elder):
    answer = book(
        login_as("clerk_a"),
        person=elder,
        slot="9:00-11:00",
        applicant_name=" Li Jr ",
        applicant_phone="199 0000 0009",
    )
    assert answer.status_code == 303, answer.text[:600]
    case = fresh(system).scalars(select(ProxyCase)).one()
    assert case.applicant == {"name": "Li Jr", "phone": "19900000009"}
    assert case.booked_slot == "09:00-11:00"


def test_a_person_whom_the_service_is_not_meant_for_is_told_and_booked(system, login_as, elder):
    client = login_as("clerk_a")
    assert "the resident is" not in client.get(book(client, person=elder).headers["Location"]).text
    page = client.get(book(client, person=elder, item="MZ-09").headers["Location"]).text
    assert "people of 100 and older; the resident is" in page
    assert len(fresh(system).scalars(select(ProxyCase)).all()) == 2


def test_nobody_books_for_a_person_of_another_town_on_the_page(system, login_as, elder):
    answer = book(login_as("clerk_t"), person=elder)
    assert answer.status_code == 422
    assert "Elder Li" not in answer.text
    assert fresh(system).scalars(select(ProxyCase)).all() == []


@pytest.mark.parametrize("account", ["health", "dispatcher"])
def test_who_does_not_book(login_as, elder, account):
    client = login_as(account)
    assert client.get("/proxy/book").status_code == 403
    assert book(client, person=elder).status_code == 403


def test_services_are_found_by_letters_and_their_conditions_asked(system, login_as, elder):
    client = login_as("clerk_a")
    found = post(client, "/proxy/items", q="lnryd").get_json()["results"]
    assert "WJ-02" in [row["id"] for row in found]
    asked = [c["text"] for c in post(client, "/proxy/conditions", item="MZ-01").get_json()["conditions"]]
    version = system.scalars(select(ServiceItemVersion).join(ServiceItemVersion.item).where(
        ServiceItemVersion.name == case_name(system, "MZ-01"))).one()  # fmt: skip
    assert asked == [m.condition for m in version.materials if m.required == "conditional"]
    book(client, person=elder, item="MZ-01", **{"condition-0": "no", "condition-1": "yes"})
    case = fresh(system).scalars(select(ProxyCase)).one()
    assert {m.condition: m.applies for m in case.materials if m.condition} == {
        asked[0]: False,
        asked[1]: True,
    }


def case_name(system, code):
    from app.proxy.service import version_on

    return version_on(system, code, clock.today()).name


def test_the_work_list_shows_what_waits_for_whom(login_as, sessions, booked):
    uid = booked()
    worker, department = login_as("worker_a"), login_as("health")
    assert uid in worker.get("/proxy/").text
    walk(sessions, uid, "submit")
    assert uid not in worker.get("/proxy/").text
    assert uid in worker.get("/proxy/?tab=waiting").text
    assert uid in worker.get("/proxy/?tab=all").text
    assert uid in department.get("/proxy/?tab=mine").text


def test_the_work_list_is_sorted_by_what_is_left(system, login_as, booked):
    first, second, third = booked(), booked("WJ-01"), booked("WJ-03")
    now = clock.now()
    for uid, hours in ((first, 5), (second, -5), (third, None)):
        case = case_of(system, uid)
        case.step_due_at = now + timedelta(hours=hours) if hours else None
        case.step_warn_at = case.step_due_at
        system.commit()
    client = login_as("worker_a")
    page = client.get("/proxy/").text
    assert page.index(second) < page.index(first) < page.index(third)
    assert page.count("gb-light-red") == 1
    late = client.get("/proxy/?tab=all&late=1").text
    assert (second in late, first in late) == (True, False)
    number = case_of(system, first).number
    one = client.get(f"/proxy/?tab=all&number={number.lower()}").text
    assert (first in one, second in one) == (True, False)


@pytest.mark.parametrize("query", ["tab=other", "number=%00", "number=%E6%9D%8E", "item=" + "x" * 50])
def test_bad_arguments_of_the_work_list(login_as, query):
    assert login_as("worker_a").get(f"/proxy/?{query}").status_code == 400


def test_the_list_of_cases_filters_and_sorts(system, login_as, booked):
    first, second = booked(), booked("WJ-01")
    step_on = login_as("worker_a")
    number = case_of(system, first).number
    page = step_on.get(f"/cases/list/?_flt_2_number={number}").text
    assert (first in page, second in page) == (True, False)
    assert second in step_on.get("/cases/list/?_oc_ProxyCaseView=promise_light&_od_ProxyCaseView=asc").text
    assert step_on.get("/cases/list/?_flt_0_party_name=x").status_code == 400


def test_people_and_services_of_the_other_town_stay_unknown(system, login_as, world, elder):
    client = login_as("worker_t")
    found = post(client, "/people/lookup", q="Elder").get_data(as_text=True) if _has(client) else ""
    assert "Elder Li" not in found
    assert system.scalars(select(Person).where(Person.uid == elder)).one()


def _has(client) -> bool:
    return client.get("/people/lookup?q=x").status_code == 200
