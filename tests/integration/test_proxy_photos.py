"""Photos of papers: taken, stripped, straightened, put away or replaced; seen by whoever sees the case (S3-49)."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import select

from app.audit.models import AccessLog
from app.core import clock, files
from app.core.files import Attachment
from app.core.models import new_uid
from app.proxy.models import CaseMaterial, ProxyCase
from app.proxy.service import photos
from tests.factories.proxy import walk
from tests.support.pages import token_of
from tests.support.rows import fresh

pytest_plugins = ("tests.support.proxy",)
CORNERS = [[0.2, 0.1], [0.8, 0.15], [0.85, 0.9], [0.15, 0.85]]
HOME = b"27 deg 39 min"


def picture(size=(600, 400), gps=True, page=True):
    """A light page on a dark table, with the place where it was taken."""
    shot = Image.new("RGB", size, (60, 50, 40))
    if page:
        corners = [(x * size[0], y * size[1]) for x, y in CORNERS]
        ImageDraw.Draw(shot).polygon(corners, fill=(240, 238, 230))
    exif = Image.Exif()
    if gps:
        exif[0x010E] = HOME.decode()
        exif.get_ifd(0x8825).update({1: "N", 2: (27.0, 39.0, 12.0)})
    out = io.BytesIO()
    shot.save(out, "JPEG", exif=exif)
    return out.getvalue()


def send(client, uid, seq=1, data=None, name="photo.jpg", **fields):
    fields = {"client_uid": new_uid()} | fields
    given = {"csrf_token": token_of(client), "photo": (io.BytesIO(data or picture()), name), **fields}
    return client.post(f"/cases/{uid}/photos/{seq}", data=given, headers={"Accept": "application/json"})


def say(client, url, **fields):
    given = {"csrf_token": token_of(client), **fields}
    return client.post(url, data=given, headers={"Accept": "application/json"})


def kept(system, purpose="material"):
    query = select(Attachment).where(Attachment.purpose == purpose).order_by(Attachment.id)
    return fresh(system).scalars(query).all()


@pytest.mark.demand("S3-49")
def test_a_photo_at_the_door_is_stripped_kept_once_and_its_edges_are_proposed(system, login_as, booked):
    uid, worker = booked(), login_as("worker_a")
    again = new_uid()
    answers = [send(worker, uid, client_uid=again) for _n in range(2)]
    assert [a.status_code for a in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    for (x, y), (x0, y0) in zip(answers[0].json["corners"], CORNERS, strict=True):
        assert abs(x - x0) < 0.02
        assert abs(y - y0) < 0.02
    (photo,) = kept(system)
    assert (photo.level, photo.media_type) == ("L3", "image/jpeg")
    assert photo.keep_until > clock.today() + timedelta(days=700)
    data = files.read(photo)
    assert HOME not in data
    assert not Image.open(io.BytesIO(data)).getexif()
    assert f'data-page="{photo.uid}"' in worker.get(f"/cases/show/{uid}").text


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("data", "status"), [(b"GIF89a no photo", 400), (b"\xff\xd8\xff damaged", 400), (b"", 400)]
)
def test_what_is_no_photo_gets_a_sentence_and_nothing_is_kept(system, login_as, booked, data, status):
    uid = booked()
    answer = send(login_as("worker_a"), uid, data=data or b" ")
    assert answer.status_code == status
    assert answer.json["message"]
    assert kept(system) == []


@pytest.mark.any_database
def test_a_page_is_straightened_by_its_corners_again_and_back(system, login_as, booked):
    uid, worker = booked(), login_as("worker_a")
    photo = send(worker, uid).json["uid"]
    url = f"/cases/{uid}/photo/{photo}"
    before = worker.get(url).data
    assert say(worker, f"{url}/straighten", corners=json.dumps(CORNERS)).status_code == 200
    straight = Image.open(io.BytesIO(worker.get(url).data))
    assert (380 < straight.width < 430, 290 < straight.height < 320) == (True, True)
    edge = [straight.convert("L").getpixel(p) for p in ((8, 8), (straight.width - 9, straight.height - 9))]
    assert min(edge) > 200
    assert worker.get(f"{url}?taken=1").data == before
    # a quarter turn: the corners begin with the lower left one
    turned = [CORNERS[3], *CORNERS[:3]]
    assert say(worker, f"{url}/straighten", corners=json.dumps(turned)).status_code == 200
    assert Image.open(io.BytesIO(worker.get(url).data)).height > 380
    assert len(kept(system, "material_raw")) == 1
    assert say(worker, f"{url}/straighten").status_code == 200
    assert worker.get(url).data == before
    for wrong in ("[[0,0],[1,1],[1,0],[0,1]]", "[[0,0]]", "x", "[[0,0],[0.01,0],[0.01,0.01],[0,0.01]]"):
        assert say(worker, f"{url}/straighten", corners=wrong).status_code == 400


@pytest.mark.any_database
def test_each_look_is_written_down(system, login_as, booked):
    uid, worker = booked(), login_as("worker_a")
    photo = send(worker, uid).json["uid"]
    worker.get(f"/cases/{uid}/photo/{photo}")
    query = select(AccessLog).where(AccessLog.action == "DOWNLOAD")
    (line,) = fresh(system).scalars(query).all()
    assert (line.table_name, line.detail) == ("attachment", "L3 material")


def test_the_department_sees_it_after_the_hand_in_and_strangers_never(system, login_as, sessions, booked):
    uid = booked()
    photo = send(login_as("worker_a"), uid).json["uid"]
    url = f"/cases/{uid}/photo/{photo}"
    for stranger in ("worker_t", "worker_a2", "health", "town_clerk_t"):
        assert login_as(stranger).get(url).status_code == 404
    assert login_as("worker_a").get(f"/attachments/{photo}").status_code == 404  # no way past the case
    walk(sessions, uid, "submit")
    assert login_as("health").get(url).status_code == 200
    assert send(login_as("health"), uid).status_code == 403
    assert login_as("worker_t").get(url).status_code == 404
    sessions["department"].rollback()
    seen = sessions["department"].scalars(select(Attachment.uid)).all()
    assert photo in seen
    # the photo of one case shows no paper of another
    other = booked("RS-01")
    assert login_as("worker_a").get(f"/cases/{other}/photo/{photo}").status_code == 404


@pytest.mark.any_database
def test_before_the_hand_in_it_goes_with_a_reason_afterwards_it_is_only_replaced(
    system, login_as, sessions, booked
):
    uid, worker = booked(), login_as("worker_a")
    first, second = (send(worker, uid).json["uid"] for _n in range(2))
    assert say(worker, f"/cases/{uid}/photo/{first}/remove", reason=" ").status_code == 400
    assert say(worker, f"/cases/{uid}/photo/{first}/remove", reason="the wrong side").status_code == 200
    assert [p.uid for p in kept(system)] == [second]
    walk(sessions, uid, "submit")
    gone = say(worker, f"/cases/{uid}/photo/{second}/remove", reason="blurred")
    assert gone.status_code == 409
    assert say(worker, f"/cases/{uid}/photo/{second}/straighten").status_code == 409
    better = send(worker, uid, instead=second).json["uid"]
    assert [p.uid for p in kept(system)] == [better]
    assert [p.uid for p in kept(system, "material_old")] == [second]
    page = login_as("health").get(f"/cases/show/{uid}").text
    assert page.index(better) != page.index(second)


@pytest.mark.any_database
def test_a_decided_case_takes_no_more_photos_and_a_paper_only_so_many(
    system, login_as, sessions, booked, monkeypatch
):
    uid, worker = booked(), login_as("worker_a")
    monkeypatch.setattr(photos, "MOST_PAGES", 1)
    assert send(worker, uid).status_code == 200
    assert send(worker, uid).status_code == 400
    assert send(worker, uid, seq=99).status_code == 400
    walk(sessions, uid, "approve")
    assert send(worker, uid, seq=2).status_code == 409
    assert len(kept(system)) == 1


@pytest.mark.any_database
def test_until_when_a_paper_is_valid_is_written_down_and_no_expired_one_is_taken(system, login_as, booked):
    uid, worker = booked(), login_as("worker_a")
    day = clock.today() + timedelta(days=30)
    assert say(worker, f"/cases/{uid}/valid/2", valid_until=day.isoformat()).status_code == 200
    late = clock.today() - timedelta(days=1)
    assert say(worker, f"/cases/{uid}/valid/2", valid_until=late.isoformat()).status_code == 400
    case = fresh(system).scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()
    material = system.scalars(
        select(CaseMaterial).where(CaseMaterial.case_id == case.id, CaseMaterial.seq == 2)
    ).one()
    assert material.valid_until == day
