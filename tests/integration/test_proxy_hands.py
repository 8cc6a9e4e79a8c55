"""Originals go from hand to hand: each hand is written, one is handed on, one is lost, each has its receipt F13."""

from __future__ import annotations

import base64
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from app.areas.models import Staff
from app.core import clock
from app.core.errors import Conflict, Invalid
from app.core.files import Attachment
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.documents.models import IssuedDocument
from app.inbox.models import Notice
from app.proxy.models import CaseAlarm, CaseSignature, CaseStep, Custody, CustodyMove
from app.proxy.service import give_back, handing, open_case
from tests.factories.proxy import given_for, step, walk
from tests.integration.test_proxy_steps import case_of, rows
from tests.integration.test_proxy_views import press
from tests.support.pages import post, token_of
from tests.support.rows import fresh

pytest_plugins = ("tests.support.proxy",)
__all__ = ["press"]


def hands(system, uid):
    """(from, to, name) of every change of hands."""
    return [(m.from_kind, m.to_kind, m.to_name) for m in rows(system, CustodyMove, uid)]


def drawn(points) -> str:
    """A signature along these points, as the page sends it."""
    out, picture = BytesIO(), Image.new("RGB", (300, 120), "white")
    ImageDraw.Draw(picture).line(points, "black", 4)
    picture.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def original(system, uid) -> Custody:
    return rows(system, Custody, uid)[0]


def told(system, world, name) -> list[str]:
    """What stands in the inbox of an account."""
    query = select(Notice.message).where(Notice.user_id == world.accounts[name].user_id).order_by(Notice.id)
    return list(fresh(system).scalars(query))


def version(system, uid) -> str:
    return str(case_of(system, uid).version)


@pytest.mark.any_database
@pytest.mark.demand("S3-49", "S3-50", "S3-51")
def test_each_change_of_hands_is_a_row_with_a_name(system, sessions, world, booked):
    uid = booked()
    walk(sessions, uid, "submit")
    step(sessions["worker"], uid, "take_back")
    step(sessions["worker"], uid, "submit")
    for who, action in (
        ("department", "receive"), ("department", "accept"), ("department", "process"), ("department", "approve"),
        ("worker", "fetch"), ("worker", "set_out"), ("worker", "deliver"),
    ):  # fmt: skip
        step(sessions[who], uid, action)
    worker, office = session_actor(sessions["worker"]).label, case_of(system, uid).department.name
    assert hands(system, uid) == [
        ("owner", "staff", worker),
        ("staff", "unit", office),
        ("unit", "staff", worker),
        ("staff", "unit", office),
        ("unit", "staff", worker),
        ("staff", "owner", "Elder Li"),
    ]


@pytest.mark.any_database
def test_a_withdrawal_moves_nothing_that_never_left_the_worker(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    step(sessions["clerk"], uid, "withdraw")
    assert [m[:2] for m in hands(system, uid)] == [("owner", "staff")]
    clerk = sessions["clerk"]
    with unit_of_work(clerk):
        give_back(clerk, session_actor(clerk), clock.now(), open_case(clerk, uid), {"recipient": "Elder Li"})
    assert hands(system, uid)[-1] == ("staff", "owner", "Elder Li")


@pytest.mark.any_database
def test_an_original_has_a_day_to_be_missed_by_and_its_number(system, sessions, booked):
    uid = booked()
    step(sessions["worker"], uid, "entrust")
    case = case_of(system, uid)
    seq = next(str(m.seq) for m in case.materials if m.form == "original" and not m.is_authorization)
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    with pytest.raises(Invalid) as refused:
        step(sessions["worker"], uid, "collect", due_back_on=yesterday)
    assert refused.value.field == "due_back_on"
    step(sessions["worker"], uid, "collect", originals={seq: {"document_no": "XN4302817"}})
    kept = original(system, uid)
    assert kept.due_back_on > clock.today()
    assert (kept.document_no, kept.reason) == ("XN4302817", case_of(system, uid).item_version.name)
    # what was typed for the receipt stands encrypted with the original, not in the history
    assert "XN4302817" not in str([s.data for s in rows(system, CaseStep, uid)])


# --- by posts of their own ------------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_one_original_is_handed_on_to_a_colleague(system, login_as, sessions, world, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    one, clerk = original(system, uid), login_as("clerk_a")
    url = f"/cases/{uid}/originals/{one.uid}/hand-on"
    assert "/hand-on" in clerk.get(f"/cases/show/{uid}").text
    page = clerk.get(url).text
    mine = world.accounts["clerk_a"].staff_id
    me = system.get_one(Staff, mine)
    assert f'value="staff:{me.uid}"' in page
    assert "unit:" not in page  # no office has the case yet
    before = hands(system, uid)
    assert post(clerk, url, _version=version(system, uid)).status_code == 422
    assert post(clerk, url, _version=version(system, uid), to="unit:x").status_code == 422
    late = (clock.today() - timedelta(days=2)).isoformat()
    assert (
        post(clerk, url, _version=version(system, uid), to=f"staff:{me.uid}", due_back_on=late).status_code
        == 400
    )
    assert hands(system, uid) == before
    later = (clock.today() + timedelta(days=40)).isoformat()
    form = {"to": f"staff:{me.uid}", "due_back_on": later, "note": "on leave"}
    assert post(clerk, url, _version=version(system, uid), **form).status_code == 303
    assert hands(system, uid)[-1] == ("staff", "staff", me.name)
    assert (original(system, uid).holder_staff_id, str(original(system, uid).due_back_on)) == (mine, later)
    assert post(clerk, url, _version=version(system, uid), **form).status_code == 422  # is there already
    assert me.name in clerk.get(f"/cases/show/{uid}").text
    assert told(system, world, "worker_a") == [handing.GONE], "the holder hears that somebody else took it"
    entry = rows(system, CaseStep, uid)[-1]
    assert (entry.action, entry.data["recipient"]) == ("hand_on", me.name)


def test_the_office_hands_an_original_back_and_strangers_touch_none(
    system, login_as, sessions, world, booked
):
    uid = booked()
    walk(sessions, uid, "submit")
    url = f"/cases/{uid}/originals/{original(system, uid).uid}/hand-on"
    health = login_as("health")
    worker = system.get_one(Staff, world.accounts["worker_a"].staff_id)
    assert worker.name in health.get(url).text
    assert post(health, url, _version=version(system, uid), to=f"staff:{worker.uid}").status_code == 303
    assert hands(system, uid)[-1][:2] == ("staff", "unit"), "it stays at the office until the worker says so"
    received = url.replace("hand-on", "received")
    assert post(login_as("worker_a"), received, _version=version(system, uid)).status_code == 303
    assert hands(system, uid)[-1] == ("unit", "staff", worker.name)
    assert health.get(url).status_code == 403  # it has none any more
    assert login_as("worker_t").get(url).status_code == 404
    assert login_as("admin_audit").get(url).status_code == 403
    assert login_as("worker_a").get(url.replace("hand-on", "x")).status_code == 404


@pytest.mark.any_database
@pytest.mark.demand("S3-49")
def test_a_lost_original_lets_the_file_be_closed_with_a_word(system, login_as, sessions, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    step(sessions["worker"], uid, "withdraw")
    worker, url = login_as("worker_a"), f"/cases/{uid}/originals/{original(system, uid).uid}/lose"
    assert post(worker, url, _version=version(system, uid), note="in the bus").status_code == 422
    with pytest.raises(Conflict):
        step(sessions["clerk"], uid, "archive")
    form = {"note": "in the bus", "done": "a new card is applied for at our cost"}
    assert post(worker, url, _version=version(system, uid), **form).status_code == 303
    kept = original(system, uid)
    assert (kept.lost_at is not None, kept.lost_note, kept.returned_at) == (True, "in the bus", None)
    assert hands(system, uid)[-1] == ("staff", "lost", None)
    page = worker.get(f"/cases/show/{uid}").text
    assert "in the bus" in page
    assert "at our cost" in page
    assert worker.get(url).status_code == 409
    with pytest.raises(Invalid) as refused:
        step(sessions["clerk"], uid, "archive", reason="")
    assert refused.value.field == "reason"
    assert 'name="reason"' in login_as("clerk_a").get(f"/cases/{uid}/act/archive").text
    assert step(sessions["clerk"], uid, "archive", reason="paid for").state == "archived"


@pytest.mark.any_database
@pytest.mark.demand("S3-49")
def test_a_colleague_says_that_an_original_arrived_before_the_chain_goes_on(
    system, login_as, sessions, world, booked
):
    uid = booked()
    walk(sessions, uid, "collect")
    one, worker, office = original(system, uid), login_as("worker_a"), login_as("office_a")
    base = f"/cases/{uid}/originals/{one.uid}"
    clerk, me = login_as("clerk_a"), system.get_one(Staff, world.accounts["office_a"].staff_id)
    form = {"to": f"staff:{me.uid}"}
    assert (
        post(clerk, f"{base}/received", _version=version(system, uid)).status_code == 409
    )  # nothing pending
    assert post(clerk, f"{base}/hand-on", _version=version(system, uid), **form).status_code == 303
    pending = original(system, uid)
    assert (pending.offered_to_id, pending.holder_staff_id) == (me.id, world.accounts["worker_a"].staff_id)
    assert hands(system, uid)[-1][:2] == ("owner", "staff")
    assert [login.get(f"/cases/show/{uid}").text.count(f"{base}/received") for login in (clerk, office)] == [
        0,
        1,
    ]
    assert "has not said yet" in worker.get(f"/cases/show/{uid}").text
    assert pending.name in office.get("/originals/list/?_flt_0_whose=asked").text
    assert pending.name not in worker.get("/originals/list/?_flt_0_whose=asked").text
    assert post(worker, f"{base}/received", _version=version(system, uid)).status_code == 403
    assert post(office, f"{base}/call-off", _version=version(system, uid)).status_code == 303
    assert (original(system, uid).offered_to_id, hands(system, uid)[-1][:2]) == (None, ("owner", "staff"))
    assert post(clerk, f"{base}/hand-on", _version=version(system, uid), **form).status_code == 303
    assert post(office, f"{base}/received", _version=version(system, uid)).status_code == 303
    assert hands(system, uid)[-1] == ("staff", "staff", me.name)
    assert original(system, uid).offered_to_id is None
    assert [r.action for r in rows(system, CaseStep, uid)][-3:] == ["call_off", "offer", "taken"]
    # asked again, and then it goes another way: who waits for it hears so, and who is said to have signed as well
    back = {"to": f"staff:{system.get_one(Staff, world.accounts['worker_a'].staff_id).uid}"}
    assert post(clerk, f"{base}/hand-on", _version=version(system, uid), **back).status_code == 303
    line = drawn([(20, 90), (80, 20), (140, 95), (280, 80)])
    third = {
        "to": f"staff:{system.get_one(Staff, world.accounts['worker_a2'].staff_id).uid}",
        "signature": line,
    }
    before = {name: len(told(system, world, name)) for name in ("worker_a", "worker_a2", "office_a")}
    assert post(clerk, f"{base}/hand-on", _version=version(system, uid), **third).status_code == 303
    after = {name: told(system, world, name)[n:] for name, n in before.items()}
    assert after == {
        "worker_a": [handing.CALLED_OFF],
        "worker_a2": [handing.GIVEN],
        "office_a": [handing.GONE],
    }


@pytest.mark.any_database
def test_who_has_no_account_here_signs_on_the_spot(system, login_as, sessions, world, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    with unit_of_work(system):
        helper = Staff(name="Helper Zhou", kind="backbone", area_id=world.areas["grid_a11"])
        system.add(helper)
    key, clerk = helper.uid, login_as("clerk_a")
    url = f"/cases/{uid}/originals/{original(system, uid).uid}/hand-on"
    page = clerk.get(url).text
    assert f'value="staff:{key}">Helper Zhou (must sign here)</option>' in page
    office = system.get_one(Staff, world.accounts["office_a"].staff_id)
    told_apart = f'value="staff:{office.uid}">{office.name}, Office clerk ('
    assert 0 < page.find(told_apart) < page.find("Helper Zhou"), (
        "who can open the case stands first, with the post"
    )
    refused = post(clerk, url, _version=version(system, uid), to=f"staff:{key}")
    assert (refused.status_code, "let the colleague sign here" in refused.text) == (400, True)
    dot = drawn([(20, 20), (21, 20)])
    assert (
        post(clerk, url, _version=version(system, uid), to=f"staff:{key}", signature=dot).status_code == 400
    )
    line = drawn([(20, 90), (80, 20), (140, 95), (280, 80)])
    assert (
        post(clerk, url, _version=version(system, uid), to=f"staff:{key}", signature=line).status_code == 303
    )
    assert hands(system, uid)[-1] == ("staff", "staff", "Helper Zhou")
    assert told(system, world, "worker_a") == [handing.GONE]
    signed_by = rows(system, CaseSignature, uid)[-1]
    assert (signed_by.kind, signed_by.way, signed_by.signer) == ("handover", "drawn", "Helper Zhou")
    assert rows(system, CustodyMove, uid)[-1].signature_id == signed_by.id


@pytest.mark.any_database
def test_a_lost_original_that_turns_up_is_out_again_and_its_old_alarm_is_settled(
    system, login_as, sessions, booked
):
    uid = booked()
    walk(sessions, uid, "collect")
    one, worker = original(system, uid), login_as("worker_a")
    base, day = f"/cases/{uid}/originals/{one.uid}", clock.now() - timedelta(days=1)
    with unit_of_work(system):
        alarm = CaseAlarm(about=f"custody:{one.uid}", rule="custody_late", due_at=day, at=day, told="owner")
        alarm.case_id = one.case_id
        system.add(alarm)
    assert worker.get(f"{base}/found").status_code == 409
    lost = {"note": "in the bus", "done": "asked the bus company"}
    assert post(worker, f"{base}/lose", _version=version(system, uid), **lost).status_code == 303
    assert f"{base}/found" in worker.get(f"/cases/show/{uid}").text
    assert post(worker, f"{base}/found", _version=version(system, uid)).status_code == 422
    past = (clock.today() - timedelta(days=1)).isoformat()
    form = {"note": "the driver kept it"}
    late = post(worker, f"{base}/found", _version=version(system, uid), due_back_on=past, **form)
    assert late.status_code == 400
    assert post(worker, f"{base}/found", _version=version(system, uid), **form).status_code == 303
    found = original(system, uid)
    assert (found.lost_at, found.lost_note, found.due_back_on >= clock.today()) == (None, None, True)
    assert hands(system, uid)[-1] == ("lost", "staff", session_actor(sessions["worker"]).label)
    assert rows(system, CaseAlarm, uid)[0].settled_at is not None
    assert "the driver kept it" in worker.get(f"/cases/show/{uid}").text
    assert found.name in worker.get("/originals/list/").text
    assert login_as("worker_t").get(f"{base}/found").status_code == 404


@pytest.mark.any_database
@pytest.mark.demand("S3-49")
def test_originals_go_home_at_the_desk_with_a_photo_of_the_signed_receipt(system, login_as, sessions, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    url, clerk = f"/cases/{uid}/give-back", login_as("clerk_a")
    page = clerk.get(url).text
    assert ('value="Elder Li"' in page, original(system, uid).name in page) == (True, True)
    typed = {"recipient": "Daughter Li", "cannot_sign": "y"}
    refused = post(clerk, url, _version=version(system, uid), **typed)
    assert (refused.status_code, "Daughter Li" in refused.text) == (400, True)
    photo = BytesIO()
    Image.new("RGB", (1200, 900), "grey").save(photo, "JPEG")
    photo.seek(0)
    form = typed | {
        "witness": "Neighbour Wu",
        "_version": version(system, uid),
        "csrf_token": token_of(clerk),
    }
    answer = clerk.post(
        url, data=form | {"photo": (photo, "receipt.jpg")}, content_type="multipart/form-data"
    )
    assert answer.status_code == 303
    row = rows(system, CaseSignature, uid)[-1]
    assert (row.kind, row.way, row.signer, row.witness) == ("custody", "photo", "Daughter Li", "Neighbour Wu")
    assert (
        system.scalars(select(Attachment).where(Attachment.uid == row.file_uid)).one().purpose == "signature"
    )
    assert hands(system, uid)[-1] == ("staff", "owner", "Daughter Li")
    assert clerk.get(url).status_code == 409
    assert login_as("hotline").get(url).status_code in (403, 409)


# --- the receipt and the list ---------------------------------------------------------------------------------------


@pytest.mark.any_database
@pytest.mark.demand("S3-49")
def test_each_original_has_its_receipt_with_a_masked_number(system, login_as, sessions, booked, press):
    uid = booked()
    step(sessions["worker"], uid, "entrust")
    case = case_of(system, uid)
    seq = next(str(m.seq) for m in case.materials if m.form == "original" and not m.is_authorization)
    step(sessions["worker"], uid, "collect", originals={seq: {"document_no": "XN4302817"}})
    url, worker = f"/cases/{uid}/originals/{original(system, uid).uid}", login_as("worker_a")
    assert f'action="{url}/receipt"' in worker.get(f"/cases/show/{uid}").text
    assert post(worker, f"{url}/preview").mimetype == "application/pdf"
    answer = post(worker, f"{url}/receipt")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert post(worker, f"{url}/receipt").status_code == 409
    system.rollback()
    paper = system.scalars(select(IssuedDocument)).one()
    assert (paper.form_code, paper.owner_kind, paper.owner_uid) == (
        "F13",
        "custody",
        original(system, uid).uid,
    )
    assert paper.context["original"]["number"] == "X*******7"
    assert paper.number in worker.get(f"/cases/show/{uid}").text
    assert post(login_as("worker_t"), f"{url}/receipt").status_code == 404
    system.rollback()
    row = system.scalars(select(Custody)).one()
    row.name = "\u5c45\u6c11\u8eab\u4efd\u8bc1"  # an ID card never stands on a receipt
    system.commit()
    assert post(worker, f"{url}/preview").status_code == 409
    assert post(worker, f"{url}/hand-on", _version=version(system, uid), to="").status_code in (400, 422)


def test_originals_that_are_out_stand_in_a_list_the_overdue_first(system, login_as, sessions, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    system.rollback()
    row = system.scalars(select(Custody)).one()
    row.due_back_on = clock.today() - timedelta(days=3)
    system.commit()
    page = login_as("clerk_a").get("/originals/list/").text
    assert row.name in page
    assert "3 days overdue" in page
    assert session_actor(sessions["worker"]).label in page
    assert row.name not in login_as("worker_t").get("/originals/list/").text
    step(sessions["worker"], uid, "withdraw", originals_returned=True)
    assert "No original is out." in login_as("clerk_a").get("/originals/list/").text


def test_no_card_is_handed_on(system, sessions, booked):
    uid = booked()
    step(sessions["worker"], uid, "entrust")
    session = sessions["worker"]
    case = open_case(session, uid)
    for material in case.materials:
        if material.form == "original" and not material.is_authorization:
            material.name = "\u94f6\u884c\u5361"
    session.commit()
    with pytest.raises(Conflict) as refused:
        step(session, uid, "collect", **given_for(case, "collect"))
    assert refused.value.data["bars"] == ["kept_cards"]
    assert rows(system, Custody, uid) == []


# --- signatures and consent -----------------------------------------------------------------------------------------


def signed(system, uid):
    return [(s.kind, s.way, s.signer, s.wording) for s in rows(system, CaseSignature, uid)]


@pytest.mark.any_database
@pytest.mark.demand("S3-49", "S3-51")
def test_every_signature_is_a_row_with_its_wording_and_version(system, sessions, booked, login_as):
    uid = booked()
    step(sessions["worker"], uid, "entrust", consent="yes")
    for who, action in (
        ("worker", "collect"), ("worker", "submit"), ("department", "receive"), ("department", "accept"),
        ("department", "process"), ("department", "approve"), ("worker", "fetch"), ("worker", "set_out"),
    ):  # fmt: skip
        step(sessions[who], uid, action)
    step(sessions["worker"], uid, "deliver", recipient="Son Li", relation="son", receipt="drawn")
    assert signed(system, uid) == [
        ("authorization", "paper", "Elder Li", "authorization@1"),
        ("consent", "paper", "Elder Li", "consent@1"),
        ("receipt", "drawn", "Son Li", "receipt@1"),
    ]
    page = login_as("worker_a").get(f"/cases/show/{uid}").text
    assert ("@1" in page, page.count("Wording: Version 1")) == (False, 3)
    last = rows(system, CustodyMove, uid)[-1]
    assert last.signature.kind == "receipt"  # who took the result signed for the original as well
    assert rows(system, CaseSignature, uid)[-1].relation == "son"


@pytest.mark.any_database
def test_a_fingerprint_needs_a_witness_whichever_way_it_is_said(system, sessions, booked):
    uid = booked()
    for given in (
        {"signature": "fingerprint"},
        {"signature": "paper", "cannot_sign": True},
        {"witness": " ", "signature": "fingerprint"},
    ):
        with pytest.raises(Invalid) as refused:
            step(sessions["worker"], uid, "entrust", **given)
        assert refused.value.field == "witness"
    with pytest.raises(Invalid):
        step(sessions["worker"], uid, "entrust", signature="voice")
    step(sessions["worker"], uid, "entrust", signature="paper", cannot_sign=True, witness="Neighbour Wu")
    (row,) = rows(system, CaseSignature, uid)
    assert (row.way, row.witness) == ("fingerprint", "Neighbour Wu")


@pytest.mark.any_database
@pytest.mark.demand("S3-49")
def test_consent_is_taken_back_at_any_time_and_stops_the_handing_in(system, login_as, sessions, booked):
    uid = booked()
    step(sessions["worker"], uid, "entrust", consent="yes")
    step(sessions["worker"], uid, "collect")
    worker, url = login_as("worker_a"), f"/cases/{uid}/consent"
    form = {"consent": "no", "signature": "fingerprint", "signed_by": "Elder Li"}
    assert post(worker, url, _version=version(system, uid), **form).status_code == 400  # no witness
    assert post(worker, url, _version=version(system, uid), witness="Wu", **form).status_code == 303
    assert signed(system, uid)[-1] == ("revocation", "fingerprint", "Elder Li", "revocation@1")
    with pytest.raises(Conflict) as refused:
        step(sessions["worker"], uid, "submit")
    assert refused.value.data["bars"] == ["consent_refused"]
    page = worker.get(f"/cases/show/{uid}").text
    assert "the resident does not agree that data are handed on" in page, "said beforehand, beside the step"
    assert 'href="#signed"' in page
    assert "does not agree that data are handed on" in worker.get(f"/cases/show/{uid}").text
    assert post(worker, url, _version=version(system, uid), witness="Wu", **form).status_code == 409
    form |= {"consent": "yes", "signature": "paper"}
    assert post(worker, url, _version=version(system, uid), **form).status_code == 303
    assert step(sessions["worker"], uid, "submit").state == "submitted"
    assert login_as("health").get(url).status_code == 403
    assert login_as("worker_t").get(url).status_code == 404


@pytest.mark.any_database
def test_withdrawing_is_signed_and_a_case_from_before_says_what_its_steps_say(
    system, login_as, sessions, booked
):
    uid = booked()
    walk(sessions, uid, "collect")
    step(sessions["clerk"], uid, "withdraw", originals_returned=True)
    assert signed(system, uid)[-1] == ("withdrawal", "paper", "Elder Li", "withdrawal@1")
    assert rows(system, CustodyMove, uid)[-1].signature.kind == "withdrawal"
    system.rollback()
    for model in (CustodyMove, CaseSignature):
        for row in system.scalars(select(model)):
            system.delete(row)
        system.flush()
    system.commit()
    page = login_as("clerk_a").get(f"/cases/show/{uid}").text
    assert 'id="signed"' not in page
    assert "taken over on" in page
