"""Printing papers of cases: one press one number, print again, issue anew, preview, what is missing."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.core.session import current_unit
from app.documents.drawing import Press
from app.documents.models import IssuedDocument, PrintLog
from tests.factories.proxy import step, walk
from tests.integration.test_proxy_papers import walked
from tests.integration.test_proxy_rounds import elders, worker
from tests.integration.test_proxy_views import MINIMAL, press
from tests.support.pages import post
from tests.support.rows import fresh

pytestmark = pytest.mark.any_database

pytest_plugins = ("tests.support.proxy",)
__all__ = ["elders", "press", "walked", "worker"]


def papers(system) -> list[IssuedDocument]:
    return list(fresh(system).scalars(select(IssuedDocument).order_by(IssuedDocument.id)))


def states(system) -> list[tuple[str, str]]:
    return [(d.number[-5:], d.state) for d in papers(system)]


@pytest.fixture
def collected(sessions, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    return uid


@pytest.mark.demand("S3-49")
def test_a_second_press_takes_no_second_number(system, login_as, press, collected):
    client = login_as("clerk_a")
    first = post(client, f"/cases/{collected}/paper/F10")
    again = post(client, f"/cases/{collected}/paper/F10")
    assert (first.status_code, again.status_code) == (200, 409)
    assert papers(system)[0].number in again.text
    assert states(system) == [("00001", "issued")]
    assert post(login_as("worker_a"), f"/cases/{collected}/paper/F10").status_code == 409
    assert post(client, f"/cases/{collected}/paper/F11").status_code == 200  # another form


def test_the_same_press_sent_twice_gives_the_same_paper(system, login_as, press, collected):
    client, uid = login_as("clerk_a"), str(uuid4())
    answers = [post(client, f"/cases/{collected}/paper/F10", client_uid=uid) for _ in range(2)]
    assert [a.status_code for a in answers] == [200, 200]
    assert answers[0].data == answers[1].data
    assert states(system) == [("00001", "issued")]
    assert fresh(system).scalars(select(PrintLog.reason)).all() == ["first print"]
    assert "First print" in client.get("/prints/list/").text
    assert post(client, f"/cases/{collected}/paper/F11", client_uid=uid).status_code == 409


def test_issued_anew_with_a_reason_it_names_and_ends_the_old_number(system, login_as, press, collected):
    client = login_as("worker_a")
    url = f"/cases/{collected}/paper/F10"
    post(client, url)
    (old,) = papers(system)
    assert post(client, url, replaces=old.uid).status_code == 400
    assert post(client, url, replaces=str(uuid4()), reason="x").status_code == 409
    assert states(system) == [("00001", "issued")]
    page = client.get(f"/cases/show/{collected}").text
    assert f"replaces {old.number}" in page
    assert post(client, url, replaces=old.uid, reason="the phone was wrong").status_code == 200
    assert states(system) == [("00001", "replaced"), ("00002", "issued")]
    new = papers(system)[1]
    assert (new.replaces_id, new.copy_no) == (old.id, 2)
    assert [s.reason for s in papers(system)[0].steps] == [None, "the phone was wrong"]
    assert new.number in client.get(f"/documents/show/{old.uid}").text
    assert old.number in client.get(f"/documents/show/{new.uid}").text
    # the old one is neither printed nor replaced again
    assert post(client, f"/documents/print/{old.uid}", copies="1", reason="x").status_code == 409
    assert post(client, url, replaces=old.uid, reason="again").status_code == 409
    assert post(client, f"/documents/act/{new.uid}", action="supersede", reason="x").status_code == 409


def test_a_void_paper_makes_room_for_the_next(system, login_as, press, collected):
    client = login_as("clerk_a")
    post(client, f"/cases/{collected}/paper/F10")
    post(client, f"/documents/act/{papers(system)[0].uid}", action="void", reason="wrong")
    assert post(client, f"/cases/{collected}/paper/F10").status_code == 200
    assert states(system) == [("00001", "voided"), ("00002", "issued")]


def test_the_page_offers_what_can_be_printed_and_says_what_is_missing(
    system, login_as, sessions, booked, press
):
    uid, client = booked(), login_as("clerk_a")
    page = client.get(f"/cases/show/{uid}").text
    assert f'action="/cases/{uid}/paper/F10"' in page
    assert f'action="/cases/{uid}/paper/F11"' not in page
    assert "No paper has been taken over yet." in page
    post(client, f"/cases/{uid}/paper/F10")
    (letter,) = papers(system)
    page = client.get(f"/cases/show/{uid}").text
    assert f'action="/documents/print/{letter.uid}"' in page
    assert "Why is it printed again?" in page
    step(sessions["worker"], uid, "entrust")
    step(sessions["worker"], uid, "collect")
    page = client.get(f"/cases/show/{uid}").text
    assert f'action="/cases/{uid}/paper/F11"' in page
    assert "No paper has been taken over yet." not in page


@pytest.mark.parametrize("code", ["F10", "F11"])
def test_a_preview_takes_no_number(system, login_as, press, collected, code):
    client = login_as("clerk_a")
    answer = post(client, f"/cases/{collected}/preview/{code}")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    ((_code, context),) = press
    assert (context["issue"]["number"], context["issue"]["verify_url"]) == ("", "")
    assert papers(system) == []
    assert post(login_as("clerk_t"), f"/cases/{collected}/preview/{code}").status_code == 404


def test_drawing_holds_no_transaction_and_the_number_is_still_right(
    system, login_as, press, collected, app, booked
):
    """What is drawn before is drawn again only where another paper took the number meanwhile."""
    client, seen, other = login_as("clerk_a"), [], booked("WJ-01")
    late = login_as("worker_a")

    def render(form, context, variant, mark):
        seen.append((current_unit() is None, context["issue"]["number"][-5:]))
        if len(seen) == 1:
            assert post(late, f"/cases/{other}/paper/F10").status_code == 200
        return MINIMAL

    app.extensions["geban_press"] = Press(render, "https://geban.test")
    assert post(client, f"/cases/{collected}/paper/F10").status_code == 200
    assert seen == [(True, "00001"), (True, "00001"), (False, "00002")]
    assert [n for n, _state in states(system)] == ["00001", "00002"]


# --- rounds ---------------------------------------------------------------------------------------------------------


def test_a_round_prints_once_for_each_door_and_offers_the_rest(system, login_as, walked, press):
    uid, stops = walked
    client = login_as("worker_a")
    url = f"/proxy/round/{uid}/paper/F11/{stops['Elder Deng']}"
    assert post(client, url.replace("/paper/", "/preview/")).status_code == 200
    assert papers(system) == []
    assert [post(client, url).status_code for _ in range(2)] == [200, 409]
    (receipt,) = papers(system)
    assert receipt.owner_kind == "visit_stop"
    page = client.get(f"/field/round/{uid}").text
    assert f'action="/documents/print/{receipt.uid}"' in page
    # every case behind the door shows the same receipt, and prints no other
    cases = re.findall(r"/cases/show/([0-9a-f-]{36})", page)
    shown = {c for c in cases if receipt.number in client.get(f"/cases/show/{c}").text}
    assert len(shown) == 2
    for case in shown:
        assert post(client, f"/cases/{case}/paper/F11").status_code == 409
    anew = post(client, f"/cases/{shown.pop()}/paper/F11", replaces=receipt.uid, reason="one more paper came")
    assert anew.status_code == 200
    assert [(d.owner_kind, d.owner_uid, d.state) for d in papers(system)] == [
        ("visit_stop", receipt.owner_uid, "replaced"),
        ("visit_stop", receipt.owner_uid, "issued"),
    ]
