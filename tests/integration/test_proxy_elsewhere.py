"""Another county: other level names, a holiday of its own, a service nobody else has, limits that change (issue 5)."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.areas.models import AreaLevel, CalendarDay
from app.areas.service import calendars
from app.core import clock
from app.core.errors import NotAllowed
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.documents.models import IssuedDocument
from app.proxy.models import CaseClock, ProxyCase, ServiceField, ServiceItem, ServiceMaterial, StepRole
from app.proxy.service import new_draft, publish
from app.proxy.service.items import begin_item
from tests.factories.proxy import step
from tests.integration.test_proxy_views import press
from tests.support.pages import post

pytest_plugins = ("tests.support.proxy",)
__all__ = ["press"]

FRIDAY = datetime(2026, 4, 17, 2, 0, tzinfo=UTC)  # 10:00 local
# the third day of the third month is a holiday of two working days in Guangxi only: 20 and 21 April 2026
HOLIDAY = (date(2026, 4, 20), date(2026, 4, 21))
LEVELS = {"county": "Banner", "town": "Sum", "community": "Gacha", "grid": "Ten-tent"}
WAY = ("entrust", "collect", "submit", "receive", "accept")
TO_THE_DOOR = ("process", "approve", "fetch", "set_out")
REST = ("deliver", "rate", "archive")
TO_CLOSE = {"rate": "clerk", "archive": "town"}
BY_OFFICE = {"receive", "accept", "process", "approve"}


@pytest.fixture
def banner(system, acting, world):
    """The county with names, a calendar and a service of its own, on a Friday before the holiday."""
    with clock.frozen(FRIDAY) as watch:
        for level in system.scalars(select(AreaLevel)):
            level.name = LEVELS.get(level.key, level.name)
        system.commit()
        operator = acting("operator")
        for day in HOLIDAY:
            row = CalendarDay(area_id=world.areas["county"], day=day, is_workday=False, name="Song festival")
            with unit_of_work(operator):
                calendars.save_day(operator, row, session_actor(operator), clock.now())
        admin = acting("admin_system")
        with unit_of_work(admin):
            item = ServiceItem(code="wj-91")
            admin.add(item)
            draft = begin_item(
                admin, item, clock.now(), name="Pasture card", department_code="WJ", kind="apply"
            )
            admin.flush()
            draft.materials.append(
                ServiceMaterial(seq=2, name="Brand of the herd", form="photo", required="yes")
            )
            draft.fields.append(
                ServiceField(
                    seq=1, key="heads", label="Heads", kind="decimal", is_required=True, at="collect"
                )
            )
            draft.promised_days, draft.statutory_days, draft.limits = 2, 4, {"precheck": [1, "work_day"]}
            admin.flush()
            publish(admin, draft, clock.today(), clock.now())
            # here the town closes the files, not the station
            admin.add(StepRole(action="archive", role="workstation", allowed=False))
        yield watch


def due(system, uid, kind):
    system.rollback()
    query = select(CaseClock).join(ProxyCase).where(ProxyCase.uid == uid, CaseClock.kind == kind)
    return clock.to_local(system.scalars(query).one().due_at).date()


def go(sessions, uid, *actions):
    for action in actions:
        who = "department" if action in BY_OFFICE else TO_CLOSE.get(action, "worker")
        more = {"questions": {"heads": 40}} if action == "collect" else {}
        step(sessions[who], uid, action, **more)


@pytest.mark.demand("S3-49", "S3-50", "S3-51")
def test_from_booking_to_the_archive_under_its_own_calendar(
    system, sessions, booked, banner, login_as, press
):
    uid = booked("WJ-91")
    go(sessions, uid, *WAY[:3])
    assert due(system, uid, "precheck") == date(2026, 4, 22)  # the weekend and the festival do not count
    go(sessions, uid, *WAY[3:])
    assert (due(system, uid, "promise"), due(system, uid, "statutory")) == (
        date(2026, 4, 23),
        date(2026, 4, 27),
    )
    # the limit changes while the case is open: it keeps its own, the next case has the new one
    admin = login_as("admin_system")
    assert admin.get("/areas/list/").status_code in {200, 403}
    with unit_of_work(system):
        item = system.scalars(select(ServiceItem).where(ServiceItem.code == "WJ-91")).one()
        draft = new_draft(system, item, clock.now())
        draft.promised_days = 1
        banner.move(days=1)
        publish(system, draft, clock.today(), clock.now())
    assert due(system, uid, "promise") == date(2026, 4, 23)
    go(sessions, uid, *TO_THE_DOOR)
    assert post(login_as("worker_a"), f"/cases/{uid}/paper/F12").mimetype == "application/pdf"
    go(sessions, uid, *REST[:-1])
    with pytest.raises(NotAllowed):
        step(sessions["clerk"], uid, "archive")
    go(sessions, uid, REST[-1])
    system.rollback()
    paper = system.scalars(select(IssuedDocument).where(IssuedDocument.owner_uid == uid)).one()
    assert (paper.form_code, paper.context["item_name"]) == ("F12", "Pasture card")
    case = system.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()
    assert (case.state, case.item_version.number, case.answers) == ("archived", 1, {"heads": 40})
    assert (case.used_days, case.was_on_time) == (0, True)
    other = booked("WJ-91")
    go(sessions, other, *WAY)
    assert due(system, other, "promise") == date(2026, 4, 22)


@pytest.mark.any_database
def test_its_levels_bear_its_own_names(system, banner, login_as, world):
    page = login_as("operator").get(f"/areas/show/{world.uids['grid_a11']}").text
    assert ("Ten-tent" in page, "Banner" in login_as("operator").get("/areas/list/").text) == (True, True)
