"""Type once, reuse: what the registry or an earlier case of the person holds is offered with its source (S3-49)."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from app.core import clock, files
from app.core.errors import Conflict
from app.core.files import Attachment
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.core.uploads import clean_image
from app.proxy.choices import PaperSource
from app.proxy.models import CaseStep, ProxyCase
from app.proxy.queries import reuse as queries
from app.proxy.service import open_case, photos, reuse
from app.registry.models import HouseholdMember, Person, PersonGroup
from app.registry.service import groups
from tests.factories.proxy import make_case, step
from tests.factories.registry import ResidentFactory, make_person
from tests.integration.test_proxy_photos import say
from tests.support.jobs import run_now
from tests.support.rows import fresh

pytest_plugins = ("tests.support.proxy",)
CARD = 2  # the ID card among the papers of CL-01, CL-02 and WJ-02
CONDITION = 6  # the disability card of MZ-01, needed where somebody of the family is disabled


def photo():
    out = io.BytesIO()
    Image.effect_noise((60, 40), 50).convert("RGB").save(out, "JPEG")
    return clean_image(out.getvalue())


def case_of(system, uid):
    return fresh(system).scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()


def paper(system, uid, seq=CARD):
    return next(m for m in case_of(system, uid).materials if m.seq == seq)


@pytest.fixture
def collected(sessions, booked):
    """``collected("CL-02")``: an earlier case of the elder whose ID card was photographed and collected."""

    def _collected(item="CL-02", seq=CARD):
        uid, session = booked(item), sessions["worker"]
        step(session, uid, "entrust")
        with unit_of_work(session):
            case = open_case(session, uid)
            photos.add(session, session_actor(session), clock.now(), case, seq, photo())
        step(session, uid, "collect", materials=[{"seq": seq}])
        return uid

    return _collected


def offered(session, uid, seq=CARD):
    session.rollback()
    case = session.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()
    found = queries.offers(session, session_actor(session), case, clock.today())
    return {offer.source.value: offer for offer in found if offer.seq == seq}


def take(session, uid, offer):
    with unit_of_work(session):
        case = open_case(session, uid)
        args = (offer.seq, offer.source, offer.uid)
        return reuse.take_over(session, session_actor(session), clock.now(), case, *args)


@pytest.mark.demand("S3-49", "S3-56")
def test_a_paper_of_an_earlier_case_is_offered_with_number_and_day_and_taken_by_one_click(
    system, sessions, collected, booked, login_as
):
    first, second = collected(), booked("CL-01")
    number, day = case_of(system, first).number, clock.today().isoformat()
    answer = login_as("worker_a").get(f"/cases/{second}/there").json
    offer = next(o for o in answer["offers"] if o["source"] == "case")
    assert (offer["seq"], offer["usable"]) == (CARD, True)
    assert offer["words"].startswith(f"from case {number}, {day}")
    fields = {"source": "case", "uid": offer["uid"]}
    answer = say(login_as("worker_a"), f"/cases/{second}/reuse/{CARD}", **fields)
    assert answer.json["source"] == f"from case {number}, {day}"
    taken = paper(system, second)
    assert (taken.state, taken.source, taken.source_uid) == ("collected", "case", paper(system, first).uid)
    assert len(system.scalars(select(Attachment)).all()) == 1  # linked, not copied
    last = system.scalars(select(CaseStep).order_by(CaseStep.id.desc())).first()
    assert (last.action, last.data["paper"]) == ("reuse", taken.name)
    page = login_as("worker_a").get(f"/cases/show/{second}").text
    assert f"from case {number}, {day}" in page
    # not again, and back if the resident brings it anew
    assert say(login_as("worker_a"), f"/cases/{second}/reuse/{CARD}", **fields).status_code == 409
    assert say(login_as("worker_a"), f"/cases/{second}/reuse/{CARD}").json["state"] == "asked"


def test_who_sees_the_case_sees_the_linked_photo_and_the_earlier_case_stays_closed(
    system, sessions, collected, booked, login_as
):
    first, second = collected("CL-02"), booked("WJ-02")
    shot = fresh(system).scalars(select(Attachment)).one()
    take(sessions["worker"], second, offered(sessions["worker"], second)["case"])
    step(sessions["worker"], second, "entrust")
    step(sessions["worker"], second, "collect", materials=[{"seq": 1}, {"seq": CARD}])
    assert login_as("health").get(f"/cases/{second}/photo/{shot.uid}").status_code == 404
    step(sessions["worker"], second, "submit")
    assert login_as("health").get(f"/cases/{second}/photo/{shot.uid}").status_code == 200
    assert login_as("health").get(f"/cases/show/{first}").status_code == 404
    assert login_as("health").get(f"/cases/{first}/photo/{shot.uid}").status_code == 404
    # the photo serves two cases: it cannot be put away in the first
    url = f"/cases/{first}/photo/{shot.uid}/remove"
    assert say(login_as("worker_a"), url, reason="no longer needed").status_code == 409


@pytest.mark.any_database
@pytest.mark.parametrize("why", ["expired", "old", "bad", "withdrawn", "no photo", "level"])
def test_what_serves_no_longer_is_not_offered(system, sessions, collected, booked, why):
    first, second = collected(), booked("WJ-02")
    material, case = paper(system, first), case_of(system, first)
    assert "case" in offered(sessions["worker"], second)
    material = system.merge(material)
    if why == "expired":
        material.valid_until = clock.today() - timedelta(days=1)
    elif why == "old":
        material.collected_at = clock.now() - timedelta(days=366 * 6)
    elif why == "bad":
        material.mark, material.mark_note = "bad", "blurred"
    elif why == "withdrawn":
        step(sessions["worker"], first, "withdraw")
    elif why == "no photo":
        system.scalars(select(Attachment)).one().purpose = "material_old"
    elif why == "level":
        system.scalars(select(Attachment)).one().level = "L9"
    if why != "withdrawn":
        system.commit()
    assert "case" not in offered(sessions["worker"], second), case.number


@pytest.mark.any_database
def test_a_case_of_a_closed_service_tells_nothing(sessions, collected, booked):
    collected("MZ-10", seq=4)  # level 5: an orphan's living expenses
    later = booked("MZ-13")
    assert offered(sessions["worker"], later, 5) == {}
    collected("MZ-09", seq=5)  # the same bank account for a centenarian
    assert "case" in offered(sessions["worker"], later, 5)


@pytest.mark.any_database
def test_papers_of_another_person_and_from_outside_the_scope_are_never_offered(
    system, world, sessions, acting, collected, booked
):
    first = collected()
    make_person(system, world.areas["grid_a11"], ResidentFactory(name="Elder Bai"))
    system.commit()
    other = system.scalars(select(Person).where(Person.name == "Elder Bai")).one()
    theirs = make_case(sessions["worker"], other, "WJ-02").uid
    assert "case" not in offered(sessions["worker"], theirs)
    # the earlier case lies in the other grid now: its worker does not see it
    case = case_of(system, first)
    case.area_id = world.areas["grid_a12"]
    system.commit()
    assert "case" not in offered(sessions["worker"], booked("WJ-02"))
    given = queries.Offer(CARD, PaperSource.case, paper(system, first).uid, "", "", None, True)
    with pytest.raises(Conflict):
        take(sessions["worker"], theirs, given)


def test_the_registry_answers_for_shared_papers_and_is_only_told_for_the_others(
    system, world, sessions, elder, booked
):
    person = system.scalars(select(Person).where(Person.uid == elder)).one()
    actor, now = session_actor(system), clock.now()
    groups.add_group(system, person, "G21", actor=actor, now=now, since=clock.today() - timedelta(days=400))
    system.commit()
    uid = booked("MZ-13")
    offer = offered(sessions["worker"], uid, 3)["registry"]
    since = (clock.today() - timedelta(days=400)).isoformat()
    assert offer.words.endswith(f"since {since}")
    assert offer.usable
    taken = take(sessions["worker"], uid, offer)
    assert (taken.state, taken.source, taken.source_note) == ("shared", "registry", since)
    # the office clerk may not read groups, and so learns of none
    clerk = offered(sessions["clerk"], uid, 4)
    assert clerk == {}
    row = system.scalars(select(PersonGroup).where(PersonGroup.group_code == "G21")).one()
    row.level = "L5"
    system.commit()
    assert offered(sessions["worker"], booked("CL-03"), 3) == {}


@pytest.mark.any_database
def test_a_condition_that_the_registry_answers_is_proposed_with_its_source_and_not_decided(
    system, world, sessions, elder, booked, login_as
):
    uid = booked("MZ-01")
    assert login_as("worker_a").get(f"/cases/{uid}/there").json["conditions"] == []
    person = system.scalars(select(Person).where(Person.uid == elder)).one()
    mate = make_person(system, world.areas["grid_a11"], ResidentFactory(name="Elder Bai"))
    home = system.scalars(select(HouseholdMember).where(HouseholdMember.person_id == person.id)).one()
    system.add(HouseholdMember(household_id=home.household_id, person_id=mate.id, relation="10"))
    groups.add_group(system, mate, "G21", actor=session_actor(system), now=clock.now())
    system.commit()
    (found,) = login_as("worker_a").get(f"/cases/{uid}/there").json["conditions"]
    assert (found["seq"], found["applies"]) == (CONDITION, True)
    assert "household" in found["words"]
    assert "Bai" not in found["words"]
    assert paper(system, uid, CONDITION).applies is None
    door = login_as("office_a").get(f"/cases/{uid}/there")
    assert door.json["conditions"] == []


def test_a_linked_photo_outlives_its_own_term_while_the_later_case_needs_it(
    system, sessions, collected, booked
):
    first, second = collected(), booked("WJ-02")
    take(sessions["worker"], second, offered(sessions["worker"], second)["case"])
    shot = fresh(system).scalars(select(Attachment)).one()
    shot.keep_until = clock.today() - timedelta(days=1)
    system.commit()
    run_now(system, "site.retention")
    assert files.read(fresh(system).scalars(select(Attachment)).one())
    paper(system, second).collected_at = clock.now() - timedelta(days=366 * 3)
    system.commit()
    run_now(system, "site.retention")
    assert fresh(system).scalars(select(Attachment)).all() == []
    assert paper(system, first).state == "collected"
