"""The result comes home: receipt F12, attempts, the rating on the resident's own page, the call-back after a bad one."""

from __future__ import annotations

import base64
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from app.areas.models import Staff
from app.core import clock, codes
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid
from app.core.files import Attachment
from app.documents import registry
from app.documents.context import shape_faults
from app.documents.models import IssuedDocument
from app.inbox.models import Notice
from app.proxy import papers
from app.proxy.models import CaseCallback, CaseDelivery, ProxyCase, StepLimit
from tests.factories.proxy import step, walk
from tests.integration.test_proxy_views import press
from tests.support.pages import fill, post
from tests.support.rows import fresh

pytestmark = pytest.mark.any_database
pytest_plugins = ("tests.support.proxy",)
__all__ = ["press"]


def case_of(session, uid) -> ProxyCase:
    return fresh(session).scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()


def drawn() -> str:
    out, picture = BytesIO(), Image.new("RGB", (300, 120), "white")
    ImageDraw.Draw(picture).line([(20, 90), (80, 20), (140, 95), (200, 30), (280, 80)], "black", 4)
    picture.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def door() -> tuple[BytesIO, str]:
    out = BytesIO()
    Image.new("RGB", (1600, 1200), "grey").save(out, "JPEG")
    out.seek(0)
    return out, "door.jpg"


def faults(context):
    sample = {k: v for k, v in registry.form("F12").sample.items() if k != "issue"}
    return shape_faults(sample, context)


@pytest.fixture
def phone(login_as):
    return login_as("worker_a")


def send(client, url, **fields):
    return post(client, url, client_uid=str(uuid4()), **fields)


@pytest.mark.demand("S3-51")
def test_the_result_is_handed_to_somebody_else_and_the_receipt_says_so(
    system, sessions, booked, phone, press, world
):
    uid = booked()
    walk(sessions, uid, "approve")
    assert post(phone, f"/cases/{uid}/paper/F12").status_code == 409  # nothing has been fetched
    walk_on = ("fetch", "set_out", "miss")
    for action in walk_on:
        step(sessions["worker"], uid, action)
    page = phone.get(f"/field/deliver/{uid}").text
    assert "Nobody was reached once before." in page
    assert f"/cases/{uid}/paper/F12" in page
    url = f"/field/deliver/{uid}"
    given = {"way": "handed", "recipient": "Li Wen", "signature": drawn(), "place": "Room 21", "copies": "2"}
    assert send(phone, url, **given).status_code == 400  # the relation is missing
    answer = send(phone, url, **given, relation="son", rating="5", door_photo=door())
    assert answer.headers["Location"].endswith(f"/field/rate/{uid}")
    case = case_of(system, uid)
    assert (case.state, case.rating) == ("delivered", None)  # no worker rates
    missed, done = case.deliveries
    worker = world.accounts["worker_a"].staff_id
    assert (missed.success, missed.reason, missed.staff_id) == (False, "nobody home", worker)
    assert (done.way, done.recipient, done.recipient_relation) == ("proxy", "Li Wen", "son")
    assert (done.staff_id, done.place, done.details) == (worker, "Room 21", {"signed": "drawn", "copies": 2})
    assert system.scalars(select(Attachment.purpose).where(Attachment.uid == done.photo_uid)).one() == "door"
    context = papers.slip(fresh(system), case_of(system, uid), "x")
    assert faults(context) == []
    assert (context["way"], context["recipient"]) == ("proxy", {"name": "Li Wen", "relation": "son"})
    assert (context["document"]["copies"], len(context["attempts"])) == (2, 1)
    assert context["signature"].startswith("data:image/png;base64,")
    assert context["photo"].startswith("data:image/jpeg;base64,")
    assert len(context["photo"]) < 100_000
    assert post(phone, f"/cases/{uid}/paper/F12").mimetype == "application/pdf"
    paper = fresh(system).scalars(select(IssuedDocument)).one()
    assert (paper.form_code, paper.owner_kind, paper.owner_uid) == ("F12", "proxy_case", uid)
    assert "Li Wen" in phone.get(f"/cases/show/{uid}").text


@pytest.mark.demand("S3-51")
def test_a_result_waits_at_the_window_and_is_picked_up(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "set_out")
    for action, more in (("miss", {}), ("deposit", {}), ("pick_up", {"copies": "1"})):
        step(sessions["worker"], uid, action, **more)
    case = case_of(system, uid)
    assert [(d.way, d.success) for d in case.deliveries] == [
        ("hand", False),
        ("window", False),
        ("window", True),
    ]
    assert case.deliveries[1].details == {"notice_left": True}
    context = papers.slip(fresh(system), case_of(system, uid), "x")
    assert (context["way"], len(context["attempts"]), context["signature"]) == ("window", 1, "")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"way": "mail"}, "place"),
        ({"way": "left"}, "way"),
        ({"copies": "many"}, "copies"),
        ({"copies": "100"}, "copies"),
    ],
)
def test_what_cannot_be_on_a_receipt_is_refused(system, sessions, booked, given, field):
    uid = booked()
    walk(sessions, uid, "set_out")
    with pytest.raises(Invalid) as refused:
        step(sessions["worker"], uid, "deliver", **given)
    assert refused.value.field == field
    assert fresh(system).scalars(select(CaseDelivery)).all() == []


@pytest.fixture
def rated(system, sessions, booked, phone):
    """A case that the resident rated on the page of the own."""

    def _rated(level):
        uid = booked()
        walk(sessions, uid, "deliver")
        assert send(phone, f"/field/rate/{uid}", rating=level, words="came three times").status_code == 303
        return uid

    return _rated


@pytest.mark.demand("S3-51")
def test_the_resident_rates_on_a_page_alone_and_a_good_rating_ends_it(system, rated, phone, sessions):
    uid = rated("4")
    case = case_of(system, uid)
    assert (case.state, case.rating, case.callbacks) == ("evaluated", "4", [])
    last = case.steps[-1]
    assert (last.action, last.data) == (
        "rate",
        {"rating": "4", "rated_by": "phone", "words": "came three times"},
    )
    page = phone.get(f"/field/rate/{uid}").text
    assert "Recorded" in page
    assert 'name="rating"' not in page
    shown = phone.get(f"/cases/show/{uid}").text.partition("<dt>Rating</dt>")[2]
    assert shown.startswith(f"<dd>{codes.label(system, 'satisfaction', '4')}</dd>")
    assert send(phone, f"/field/rate/{uid}", rating="5").status_code == 409
    assert step(sessions["clerk"], uid, "archive").state == "archived"


def test_the_administrator_sets_within_how_many_days_is_called_back(system, login_as, rated):
    row = system.scalars(select(StepLimit).where(StepLimit.clock == "callback")).one()
    admin, url = login_as("admin_system"), f"/step-limits/edit/{row.uid}"
    assert "Call-back after a bad rating" in admin.get("/step-limits/list/").text
    typed = {"_version": str(row.version), "unit": "day"}
    refused = post(admin, url, **typed, amount="0").get_data(as_text=True)
    assert "lies between 1 and 120" in refused
    assert post(admin, url, **typed, amount="4").status_code in {302, 303}
    (call,) = case_of(fresh(system), rated("1")).callbacks
    last = to_local(call.due_at - timedelta(seconds=1))  # the end of the day
    assert (last.date() - to_local(call.opened_at).date()).days == 4


@pytest.mark.demand("S3-51")
def test_a_bad_rating_is_looked_into_by_somebody_else_before_the_file_is_closed(
    system, rated, phone, login_as, sessions, world
):
    uid = rated("2")
    (call,) = case_of(system, uid).callbacks
    assert call.staff_id == world.accounts["clerk_a"].staff_id
    assert call.staff_id != case_of(system, uid).staff_id
    days = (call.due_at - call.opened_at) / timedelta(days=1)
    assert 18 <= days <= 35  # fifteen working days
    lines = fresh(system).scalars(select(Notice.message).where(Notice.message.like("%rated badly%"))).all()
    assert len(lines) == 1
    with pytest.raises(Conflict) as refused:
        step(sessions["clerk"], uid, "archive")
    assert refused.value.data["bars"] == ["callbacks_open"]
    # the worker who was rated neither closes it nor reads what was said
    url = f"/cases/{uid}/callback/{call.uid}"
    closing = {"outcome": "settled", "answer": "Explained and apologised.", "new_rating": "4"}
    assert phone.get(url).status_code == 403
    assert "came three times" not in phone.get(f"/cases/show/{uid}").text.split('id="history"')[0]
    clerk = login_as("clerk_a")
    version = {"_version": str(case_of(system, uid).version)}
    assert post(clerk, f"{url}/tried", **version).status_code == 303
    version = {"_version": str(case_of(system, uid).version)}
    short = post(clerk, url, **version, **{**closing, "outcome": "unreachable"})
    assert short.status_code == 400
    assert "attempts first" in short.text
    assert post(clerk, url, **version, **closing).status_code in {302, 303}
    done = case_of(system, uid).callbacks[0]
    assert (done.attempts, done.outcome, done.new_rating) == (2, "settled", "4")
    assert (done.closed_at is not None, case_of(system, uid).rating) == (True, "2")
    assert post(clerk, url, **version, **closing).status_code == 409
    assert step(sessions["clerk"], uid, "archive").state == "archived"


def test_who_was_rated_does_not_give_the_case_away_to_read_what_was_said(
    system, sessions, booked, phone, login_as, world
):
    """Neither once the work was rated nor before: who had the case earlier is rated too."""
    uid, clerk = booked(), login_as("clerk_a")
    case, mine = case_of(system, uid), world.accounts["clerk_a"].staff_id
    worker = system.get_one(Staff, case.staff_id).uid
    case.staff_id = mine
    system.commit()
    assert fill(clerk, f"/cases/{uid}/give", staff=worker, reason="is nearer").status_code == 303
    walk(sessions, uid, "deliver")
    assert clerk.get(f"/cases/{uid}/give").status_code == 409
    assert send(phone, f"/field/rate/{uid}", rating="1", words="came three times").status_code == 303
    assert phone.get(f"/cases/{uid}/give").status_code == 409
    (call,) = case_of(system, uid).callbacks
    assert call.staff_id not in {mine, None}
    assert clerk.get(f"/cases/{uid}/callback/{call.uid}").status_code == 403


def test_the_list_of_call_backs_shows_what_is_open_and_nothing_of_other_towns(system, rated, login_as):
    uid = rated("1")
    number = case_of(system, uid).number
    assert number in login_as("clerk_a").get("/callbacks/list/").text
    assert number in login_as("clerk_a").get("/callbacks/list/?_flt_0_whose=mine").text
    assert number not in login_as("town_clerk_a").get("/callbacks/list/?_flt_0_whose=mine").text
    assert number not in login_as("clerk_t").get("/callbacks/list/").text
    (call,) = fresh(system).scalars(select(CaseCallback)).all()
    assert login_as("clerk_t").get(f"/cases/{uid}/callback/{call.uid}").status_code == 404
    assert login_as("worker_a").get("/callbacks/list/").status_code in {302, 403}
    assert call.due_at > clock.now()


def test_a_call_back_is_given_to_somebody_who_was_not_rated(system, rated, phone, login_as, world):
    uid = rated("1")
    (call,) = case_of(system, uid).callbacks
    url, clerk = f"/cases/{uid}/callback/{call.uid}/give", login_as("clerk_a")
    staff = {
        name: system.get_one(Staff, world.accounts[name].staff_id).uid
        for name in ("clerk_a", "town_clerk_a", "town_clerk_t", "office_a", "worker_a")
    }
    page = clerk.get(url).text
    offered = [name for name, key in staff.items() if f'value="{key}"' in page]
    assert offered == ["town_clerk_a", "office_a"], (
        "not who has it, not who was rated, nobody of another town"
    )
    version = {"_version": str(case_of(system, uid).version)}
    assert phone.get(url).status_code == 403
    assert post(clerk, url, **version, to=staff["worker_a"], reason="is nearer").status_code == 422
    short = post(clerk, url, **version, to=staff["town_clerk_a"], reason="no")
    assert (short.status_code, "Say why somebody else calls back." in short.text) == (400, True)
    form = {"to": staff["town_clerk_a"], "reason": "The clerk is on leave"}
    assert post(clerk, url, **version, **form).status_code == 303
    (call,) = case_of(system, uid).callbacks
    assert (call.staff_id, call.attempts, call.closed_at) == (
        world.accounts["town_clerk_a"].staff_id,
        0,
        None,
    )
    told = select(Notice.message).where(Notice.message.like("The call-back in case%"))
    assert len(fresh(system).scalars(told).all()) == 1
    town = login_as("town_clerk_a")
    assert case_of(system, uid).number in town.get("/callbacks/list/?_flt_0_whose=mine").text
    assert "The clerk is on leave" in town.get(f"/cases/show/{uid}").text
    assert "The clerk is on leave" not in phone.get(f"/cases/show/{uid}").text
