"""Who qualifies, on the page of a resident and at booking: reasons in words, a no that warns, health that stays closed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from app.audit.models import AccessLog
from app.core import clock
from app.core.scope import session_actor
from app.proxy.choices import Verdict
from app.proxy.models import ProxyCase
from app.proxy.service import entitlement
from app.proxy.service.catalogue import version_on
from app.registry.models import Person, PersonGroup
from app.registry.service import groups
from tests.factories.registry import make_person
from tests.support.pages import form_of, post

TODAY = clock.today()


def born(years: int) -> date:
    return date(TODAY.year - years, 1, 1)


def verdict(session, person, code):
    found = entitlement.answer_for(session, person, version_on(session, code, TODAY), TODAY)
    return found.verdict


@pytest.fixture
def people(system, world):
    a11 = world.areas["grid_a11"]
    made = {
        "old": make_person(system, a11, name="Old Li", birth=born(81), number=None),
        "young": make_person(system, a11, name="Young Wu", birth=born(30), number=None),
        "unborn": make_person(system, a11, name="Undated Xu", number=None),
        "far": make_person(system, world.areas["grid_t11"], name="Far Hu", birth=born(81), number=None),
    }
    made["unborn"].birth_date = None
    made["old"].population_kind = "registered"
    system.commit()
    return {key: row.uid for key, row in made.items()}


def get(session, uid):
    return session.scalars(select(Person).where(Person.uid == uid)).one()


@pytest.mark.demand("S0-61")
def test_missing_data_make_a_maybe_and_never_a_yes(acting, people):
    clerk = acting("clerk_a")
    hands = {"actor": session_actor(clerk), "now": clock.now()}
    old, undated = get(clerk, people["old"]), get(clerk, people["unborn"])
    assert verdict(clerk, old, "MZ-06") is Verdict.yes
    assert verdict(clerk, undated, "MZ-06") is Verdict.maybe  # no birth date
    assert verdict(clerk, get(clerk, people["young"]), "MZ-06") is Verdict.no
    assert verdict(clerk, old, "MZ-01") is Verdict.maybe  # nobody knows the income
    assert verdict(clerk, old, "MZ-14") is Verdict.no  # no certificate
    row = groups.add_group(clerk, old, "G21", **hands)
    assert verdict(clerk, old, "MZ-14") is Verdict.maybe  # a certificate, and nobody entered its grade
    row.details = {"disability_grade": "1"}
    clerk.flush()
    assert verdict(clerk, old, "MZ-14") is Verdict.yes
    row.details = {"disability_grade": "3"}
    clerk.flush()
    assert verdict(clerk, old, "MZ-14") is Verdict.no


def test_the_page_gives_every_answer_with_its_reasons_and_is_written_down(system, login_as, people):
    worker = login_as("worker_a")
    page = worker.get(f"/entitlement/show/{people['old']}").text
    assert "80 years and older" in page
    assert "registered in this county" in page
    assert "cannot be told from the records" in page
    system.rollback()
    seen = system.scalar(
        select(func.count())
        .select_from(AccessLog)
        .where(AccessLog.table_name == "person", AccessLog.detail == "L4-L5")
    )
    assert seen == 1
    assert worker.get(f"/entitlement/show/{people['far']}").status_code == 404
    asked = post(worker, "/entitlement/answer", person=people["far"], item="MZ-06")
    assert asked.status_code == 404
    for role in ("health", "leader"):
        assert login_as(role).get(f"/entitlement/show/{people['old']}").status_code in {302, 303, 403}


def test_the_page_of_a_resident_tells_what_health_does_not_decide(system, login_as, people):
    person = get(system, people["old"])
    system.add(PersonGroup(person_id=person.id, group_code="G21", level="L4", valid_from=TODAY))
    system.commit()
    page = login_as("worker_a").get(f"/person/show/{people['old']}").text
    part = page.split('id="entitlement"')[1].split("</section>")[0]
    allowance = version_on(system, "MZ-06", TODAY).name
    assert allowance in part
    assert "80 years and older" in part
    for code in ("MZ-13", "MZ-14", "CL-02", "CL-07"):
        assert version_on(system, code, TODAY).name not in part


@pytest.mark.demand("S0-61")
def test_a_no_warns_at_booking_and_blocks_nothing(system, login_as, people):
    worker = login_as("worker_a")
    said = post(worker, "/entitlement/answer", person=people["young"], item="MZ-02").get_json()["html"]
    assert "Does not qualify" in said
    opened = post(worker, "/proxy/book", person=people["young"], item="MZ-02", _open="1")
    assert opened.status_code == 200
    assert "Does not qualify" in opened.text
    form = form_of(opened.text)
    assert (form["person"], form["item"]) == (people["young"], "MZ-02")
    day = (TODAY + timedelta(days=1)).isoformat()
    done = post(worker, "/proxy/book", person=people["young"], item="MZ-02", appointment=day)
    assert done.status_code == 303
    assert "does not qualify for this service" in worker.get(done.location).text
    system.rollback()
    assert system.scalar(select(func.count(ProxyCase.id))) == 1
