"""Where data come from and how long ago they were confirmed; corrections that somebody else accepts (S4-54)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.errors import Conflict, Invalid
from app.core.files import Attachment
from app.core.scope import session_actor
from app.inbox.models import Notice
from app.registry.choices import CorrectionAction, FieldGroup
from app.registry.models import ChangeRequest, ChangeRequestStep, Dwelling, Person, PersonPhone
from app.registry.queries import ageing
from app.registry.service import corrections, persons, sources
from tests.factories.registry import id_number, make_home, make_person
from tests.support import pages

TODAY = clock.today()
LONG_AGO = TODAY - timedelta(days=400)


def form_of(answer) -> dict[str, str]:
    return pages.form_of(answer.get_data(as_text=True).replace("gb-form gb-narrow", "gb-form"))


@pytest.fixture
def person(system, world):
    made = make_person(system, world.areas["grid_a11"], name="Anna Li", male=False)
    system.commit()
    return made


@pytest.mark.demand("S4-54")
def test_a_person_is_as_fresh_as_the_group_confirmed_longest_ago(acting, world):
    worker = acting("worker_a")
    actor, now = session_actor(worker), clock.now()
    person = make_person(worker, world.areas["grid_a11"])
    worker.commit()
    version = person.version
    assert person.confirmed_on == TODAY
    later = now + timedelta(days=30)
    sources.confirm(worker, person, {FieldGroup.contact}, actor=actor, now=later)
    assert person.confirmed_on == TODAY
    sources.confirm(
        worker, person, set(FieldGroup) - {FieldGroup.contact}, actor=actor, now=later, source="police"
    )
    sources.confirm_person(worker, person, actor=actor, now=later)
    worker.commit()
    assert person.confirmed_on == clock.to_local(later).date()
    assert person.version == version  # nobody's open form grows stale by a confirmation
    kept = {s.field_group: s.source for s in worker.scalars(select(sources.PersonSource))}
    assert (kept["identity"], kept["contact"]) == ("police", "grid")  # who confirms is not where it came from


@pytest.mark.demand("S3-18", "S4-54")
def test_records_age_into_the_list_of_their_grid_and_are_confirmed(login_as, system, world, person):
    other = make_person(system, world.areas["grid_a12"], name="Bo Hu")
    foreign = make_person(system, world.areas["grid_t11"], name="Far Hu")
    home = make_home(system, world.areas["grid_a11"])
    for row in (person, other, foreign, home):
        row.confirmed_on = LONG_AGO
    system.commit()
    clerk, worker = login_as("clerk_a"), login_as("worker_a")
    listed = clerk.get("/ageing/").get_data(as_text=True)
    assert "Anna Li" in listed
    assert "Bo Hu" in listed
    assert "Far Hu" not in listed
    assert "Bo Hu" not in clerk.get(f"/ageing/?area={world.uids['grid_a11']}").get_data(as_text=True)
    assert "Bo Hu" not in worker.get("/ageing/").get_data(as_text=True)
    assert home.address in worker.get("/ageing/?kind=dwelling").get_data(as_text=True)

    token = {"csrf_token": pages.token_of(worker)}
    one = worker.post("/ageing/confirm/dwelling", data=token | {"key": home.uid})
    assert one.status_code == 303
    assert worker.post("/ageing/confirm/person", data=token | {"key": foreign.uid}).status_code == 404
    token = {"csrf_token": pages.token_of(clerk)}
    asked = clerk.post("/ageing/confirm/person", data=token | {"key": [person.uid, other.uid]})
    assert asked.status_code == 200
    assert "2" in asked.get_data(as_text=True)
    system.rollback()
    assert system.get(Person, person.id).confirmed_on == LONG_AGO  # asked only
    done = clerk.post("/ageing/confirm/person", data=token | {"key": [person.uid, other.uid], "sure": "1"})
    assert done.status_code == 303
    system.rollback()
    rows = [system.get(Person, person.id), system.get(Person, other.id), system.get(Dwelling, home.id)]
    assert {row.confirmed_on for row in rows} == {TODAY}
    assert ageing.page(system, ageing.KINDS["person"], TODAY)[0] == [system.get(Person, foreign.id)]


@pytest.mark.demand("S4-54")
def test_at_the_door_plain_fields_change_and_identity_waits_for_somebody_else(
    login_as, system, world, person
):
    worker, clerk = login_as("worker_a"), login_as("clerk_a")
    url = f"/ageing/door/{person.uid}"
    sent = form_of(worker.get(url))
    refused = worker.post(url, data=sent | {"name": "Anne Li", "phone": "138"})
    assert refused.status_code == 422
    assert "Anne Li" in refused.get_data(as_text=True)
    missing = worker.post(url, data=sent | {"name": "Anne Li"})
    assert missing.status_code == 422  # a reason is needed
    done = worker.post(
        url,
        data=sent
        | {"name": "Anne Li", "phone": "13812345678", "workplace": "Mill 2", "reason": "As on the card"},
    )
    assert done.status_code == 303, done.get_data(as_text=True)[:2000]
    system.rollback()
    row = system.get(Person, person.id)
    assert (row.name, row.workplace) == ("Anna Li", "Mill 2")
    assert system.scalars(select(PersonPhone)).one().number == "13812345678"
    asked = system.scalars(select(ChangeRequest)).one()
    assert asked.fields == {"name": {"old": "Anna Li", "new": "Anne Li"}}
    told = system.scalars(select(Notice).where(Notice.kind == "correction")).all()
    clerks = {world.accounts[name].user_id for name in ("clerk_a", "clerk_a_reads_t")}
    assert {n.user_id for n in told} == clerks

    accept = f"/correction/act/{asked.uid}/accept"
    assert worker.get(accept).status_code == 403
    page = clerk.get(accept)
    text = page.get_data(as_text=True)
    assert "Anna Li" in text
    assert "Anne Li" in text
    assert clerk.post(accept, data=form_of(page)).status_code == 303
    system.rollback()
    assert system.get(Person, person.id).name == "Anne Li"
    assert [s.action for s in system.scalars(select(ChangeRequestStep))] == ["ask", "accept"]
    assert clerk.get(accept).status_code == 403  # only once
    assert login_as("clerk_t").get(f"/correction/show/{asked.uid}").status_code == 404
    stale = worker.post(url, data=sent | {"workplace": "Mill 3"})
    assert stale.status_code == 409


def test_a_record_that_moved_on_is_refused_with_both_versions(login_as, acting, system, person):
    worker, clerk = acting("worker_a"), login_as("clerk_a")
    hands = {"actor": session_actor(worker), "now": clock.now()}
    mine = worker.get(Person, person.id)
    asked = corrections.ask(worker, mine, {"name": "Anne Li"}, reason="As on the card", **hands)
    worker.commit()
    url = f"/correction/act/{asked.uid}/accept"
    sent = form_of(clerk.get(url))
    with pytest.raises(Conflict):
        corrections.ask(worker, mine, {"name": "Annie Li"}, reason="Again", **hands)
    worker.rollback()
    persons.edit_person(worker, mine, {"name": "Anka Li"}, **hands)
    worker.commit()
    refused = clerk.post(url, data=sent)
    assert refused.status_code == 409
    text = refused.get_data(as_text=True)
    assert all(name in text for name in ("Anka Li", "Anna Li", "Anne Li"))
    system.rollback()
    assert system.get(Person, person.id).name == "Anka Li"
    decline = url.replace("accept", "decline")
    assert clerk.post(decline, data=form_of(clerk.get(decline))).status_code == 422
    done = clerk.post(decline, data=form_of(clerk.get(decline)) | {"reason": "Put right meanwhile"})
    assert done.status_code == 303
    system.rollback()
    told = system.scalars(select(Notice).where(Notice.user_id == session_actor(worker).user_id)).all()
    assert len(told) == 1


def test_nobody_decides_on_a_request_of_their_own_and_the_asker_may_withdraw(
    login_as, acting, system, person
):
    clerk_session = acting("clerk_a")
    hands = {"actor": session_actor(clerk_session), "now": clock.now()}
    mine = clerk_session.get(Person, person.id)
    asked = corrections.ask(clerk_session, mine, {"sex": "1"}, reason="Typed wrongly", **hands)
    clerk_session.commit()
    for action in (CorrectionAction.accept, CorrectionAction.decline):
        with pytest.raises(Conflict):
            corrections.decide(clerk_session, asked, action, reason="Mine", **hands)
    clerk = login_as("clerk_a")
    url = f"/correction/act/{asked.uid}/withdraw"
    assert clerk.get(url.replace("withdraw", "accept")).status_code == 403
    assert clerk.post(url, data=form_of(clerk.get(url))).status_code == 303
    system.rollback()
    assert system.get(ChangeRequest, asked.id).state == "withdrawn"
    assert system.get(Person, person.id).sex == "2"


def test_a_number_is_corrected_behind_its_mask_and_only_a_clerk_reveals_it(login_as, acting, system, person):
    worker = acting("worker_a")
    hands = {"actor": session_actor(worker), "now": clock.now()}
    mine = worker.get(Person, person.id)
    old, new = mine.documents[0].number, id_number(mine.birth_date, 321, male=False)
    with pytest.raises(Invalid) as refusal:
        corrections.ask(worker, mine, {"number": "12"}, reason="As on the card", **hands)
    assert refusal.value.field == "number"
    asked = corrections.ask(worker, mine, {"number": new}, reason="As on the card", **hands)
    worker.commit()
    clerk, field = login_as("clerk_a"), login_as("worker_a")
    for visitor in (clerk, field):
        text = visitor.get(f"/correction/show/{asked.uid}").get_data(as_text=True)
        assert old not in text
        assert new not in text
    reveal = f"/correction/reveal/{asked.uid}/fields"
    assert pages.post(field, reveal, reason="Compare").status_code == 403
    other = acting("town_clerk_a")
    row = other.get(ChangeRequest, asked.id)
    corrections.decide(other, row, CorrectionAction.accept, actor=session_actor(other), now=clock.now())
    other.commit()
    worker.rollback()
    assert [d.number for d in mine.documents if d.deleted_at is None] == [new]


def test_a_photo_of_the_card_hangs_on_the_request(login_as, system, person):
    from io import BytesIO

    from PIL import Image

    picture = BytesIO()
    Image.new("RGB", (20, 20), "white").save(picture, "JPEG")
    worker = login_as("worker_a")
    url = f"/ageing/door/{person.uid}"
    sent = form_of(worker.get(url)) | {"name": "Anne Li", "reason": "As on the card"}
    bad = worker.post(url, data=sent | {"photo": (BytesIO(b"not a picture"), "card.jpg")})
    assert bad.status_code == 422
    done = worker.post(url, data=sent | {"photo": (BytesIO(picture.getvalue()), "card.jpg")})
    assert done.status_code == 303
    system.rollback()
    kept = system.scalars(select(Attachment)).one()
    assert (kept.owner_kind, kept.purpose) == ("change_request", "correction")
    assert login_as("clerk_a").get(f"/attachments/{kept.uid}").status_code == 200
    assert login_as("clerk_t").get(f"/attachments/{kept.uid}").status_code == 404


@pytest.mark.demand("S4-54")
def test_by_no_other_page_does_a_worker_change_somebodys_identity(login_as, system, person):
    worker, clerk = login_as("worker_a"), login_as("clerk_a")
    edit = f"/person/edit/{person.uid}"
    assert {"name", "sex", "birth_date", "register_address"} & set(form_of(worker.get(edit))) == set()
    sent = form_of(worker.get(edit)) | {"name": "Anne Hu", "birth_date": "1950-01-01", "workplace": "Mill 9"}
    assert worker.post(edit, data=sent).status_code == 303
    system.rollback()
    row = system.get(Person, person.id)
    assert (row.name, row.workplace) == ("Anna Li", "Mill 9")
    assert row.birth_date != date(1950, 1, 1)
    menu = worker.get(f"/life/person/{person.uid}").get_data(as_text=True)
    assert "/life/enter/death/" in menu
    for event in ("new_name", "new_document"):
        assert f"/life/enter/{event}/" not in menu
        assert worker.get(f"/life/enter/{event}/person/{person.uid}").status_code == 403
    document = person.documents[0].uid
    assert worker.get(f"/persondocument/edit/{document}").status_code == 403
    assert "name" in form_of(clerk.get(edit))


def test_a_slip_of_the_fingers_is_put_right_by_who_made_it_on_the_same_day(login_as, acting, system, world):
    session = acting("worker_a")
    own = make_person(session, world.areas["grid_a11"], name="Anna Ly")
    session.commit()
    worker, edit = login_as("worker_a"), f"/person/edit/{own.uid}"
    assert worker.post(edit, data=form_of(worker.get(edit)) | {"name": "Anna Li"}).status_code == 303
    system.rollback()
    assert system.get(Person, own.id).name == "Anna Li"
    assert corrections.is_free(own, session_actor(session), clock.now() + timedelta(days=1)) is False
