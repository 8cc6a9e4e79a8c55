"""The way out for attachments: through the record they hang on, by role and level, never past the log."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from app.areas.roles import ROLES
from app.audit.models import AccessLog
from app.core import clock, files, policy
from app.core.files import Attachment
from app.core.session import unit_of_work
from app.core.uploads import clean_image
from app.proxy.models import ProxyCase
from tests.factories.proxy import walk
from tests.support.rows import fresh

pytest_plugins = ("tests.support.proxy",)


def photo():
    out = io.BytesIO()
    Image.effect_noise((60, 40), 50).convert("RGB").save(out, "JPEG")
    return clean_image(out.getvalue())


@pytest.fixture
def kept(system, booked):
    """``kept(level)`` hangs a photo on a new case of grid A11; returns its address, its row and the case."""

    def _kept(level: str = "L3"):
        case = system.scalars(select(ProxyCase).where(ProxyCase.uid == booked())).one()
        with unit_of_work(system):
            row = files.save(
                system, photo(), area_id=case.area_id, owner_kind="proxy_case", owner_uid=case.uid,
                purpose="signature", level=level,
            )  # fmt: skip
        return f"/attachments/{row.uid}", row, case

    return _kept


def stored():
    return set(files.store().keys(clock.now() + timedelta(days=1)))


def downloads(system):
    query = select(AccessLog).where(AccessLog.action == "DOWNLOAD")
    return fresh(system).scalars(query.order_by(AccessLog.id)).all()


@pytest.mark.any_database
def test_the_answer_is_the_file_under_a_neutral_name_and_kept_by_nobody(kept, system, login_as):
    url, row, case = kept()
    answer = login_as("worker_a").get(url)
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.data == files.read(row)
    assert answer.headers["Content-Disposition"] == f'inline; filename="{row.uid}.jpg"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    (line,) = downloads(system)
    assert (line.table_name, line.row_id, line.area_id, line.detail) == (
        "attachment", row.id, case.area_id, "L3 signature",
    )  # fmt: skip


@pytest.mark.parametrize("stranger", ["worker_t", "town_clerk_t", "worker_a2", "health"])
def test_who_does_not_see_the_record_does_not_get_the_file(kept, system, login_as, stranger):
    url, _row, _case = kept()
    assert login_as(stranger).get(url).status_code == 404
    assert downloads(system) == []


@pytest.mark.any_database
def test_an_administrator_of_the_whole_site_has_no_page_of_the_record(kept, system, login_as):
    url, _row, _case = kept()
    for name in ("admin_system", "admin_audit"):
        assert login_as(name).get(url).status_code == 404
    assert downloads(system) == []


@pytest.mark.any_database
def test_without_signing_in_there_is_no_file(kept, client):
    assert client.get(kept()[0]).status_code == 303


@pytest.mark.any_database
@pytest.mark.parametrize(("level", "may"), [("L3", True), ("L4", False), ("L5", False), ("L9", False)])
def test_the_level_of_a_file_asks_for_a_business_with_it(kept, system, login_as, level, may):
    url, _row, case = kept(level)
    operator = login_as("operator")
    assert operator.get(url).status_code == (200 if may else 403)
    assert (url in operator.get(f"/cases/show/{case.uid}").text) == may
    assert login_as("worker_a").get(url).status_code == (403 if level == "L9" else 200)
    assert len(downloads(system)) == may + (level != "L9")


def test_a_department_opens_the_file_of_the_case_it_was_handed(kept, sessions, login_as):
    url, _row, case = kept("L5")
    client = login_as("health")
    assert client.get(url).status_code == 404
    walk(sessions, case.uid, "submit")
    assert client.get(url).status_code == 200


def test_a_file_follows_its_case_into_another_grid(kept, system, world, login_as):
    url, row, case = kept()
    with unit_of_work(system):
        system.get(ProxyCase, case.id).area_id = world.areas["grid_a12"]
    assert row.area_id == world.areas["grid_a11"]
    assert login_as("worker_a2").get(url).status_code == 200
    assert login_as("worker_a").get(url).status_code == 404


@pytest.mark.parametrize("which", [Attachment, ProxyCase])
def test_a_deleted_record_or_file_is_gone(kept, system, login_as, which):
    url, row, case = kept()
    client = login_as("worker_a")
    assert client.get(url).status_code == 200
    with unit_of_work(system):
        system.get(which, {Attachment: row, ProxyCase: case}[which].id).deleted_at = clock.now()
    assert client.get(url).status_code == 404


def test_a_stranger_hangs_nothing_on_a_case(kept, acting, world):
    from app.core.errors import NotAllowed

    _url, _row, case = kept()
    session, before = acting("worker_t"), stored()
    with pytest.raises(NotAllowed):
        files.save(
            session, photo(), area_id=world.areas["grid_t11"], owner_kind="proxy_case", owner_uid=case.uid,
            purpose="signature",
        )  # fmt: skip
    assert stored() == before


@pytest.mark.any_database
def test_a_wrong_address_is_told(client, login_as):
    client = login_as("worker_a")
    assert client.get("/attachments/00000000-0000-7000-8000-000000000000").status_code == 404
    assert client.get("/attachments/17").status_code == 404
    assert client.get("/attachments/..%2Fkeys").status_code in {400, 404}


def test_levels_name_roles_that_exist_and_no_administrator():
    for level, roles in policy.attachment_roles().items():
        assert roles <= set(ROLES), level
        assert not roles & {"system_admin", "security_admin", "auditor"}, level
    assert set(policy.attachment_roles()) == {"L1", "L2", "L3", "L4", "L5"}
