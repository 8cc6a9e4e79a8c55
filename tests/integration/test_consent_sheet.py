"""F29: the context fits the form, a child needs a guardian, the signed sheet settles the task, a void one reopens it."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from app.areas.actors import build_actor
from app.areas.models import Area, AreaLevel, OrgUnit, Post
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.scope import acting_as
from app.core.session import current_unit, unit_of_work
from app.documents import registry, service
from app.documents.choices import DocumentAction
from app.documents.context import shape_faults
from app.documents.drawing import Press
from app.documents.models import IssuedDocument
from app.documents.render import render_pdf
from app.registry import papers
from app.registry.models import ConsentTask, Person
from app.registry.papers import Asked
from app.registry.rules.guardian import Guardian
from app.registry.service import consents
from config import ROOT
from tests.factories.registry import ResidentFactory, make_home, make_household, make_person
from tests.support.pages import post, token_of

pytestmark = pytest.mark.any_database

PRESS = Press(
    lambda form, context, variant, mark: render_pdf(
        form, context, fonts_root=ROOT / "var" / "fonts", variant=variant, watermark=mark
    ),
    "https://geban.test",
)
GUARDIAN = Asked(guardian_name="李国强", guardian_relation="祖父")


def test_the_recipients_do_not_hang_on_the_names_of_levels(system, world):
    """A county keys its levels as it likes, and may be divided into zones: F29 still names county and town."""
    town = system.get(Area, world.areas["town_a"])
    for level in system.scalars(select(AreaLevel)):
        level.key = f"own_{level.key}"[:12]
    system.flush()
    grid = system.get(Area, world.areas["grid_a11"])
    found = [row["name"] for row in papers._recipients(system, grid)]
    assert [name.startswith(prefix) for name, prefix in zip(found, ("County", town.name), strict=True)] == [
        True,
        True,
    ]


def years_ago(years: int) -> date:
    today = clock.today()
    return date(today.year - years, 1, 1)


@pytest.fixture
def actor(world):
    return build_actor(world.accounts["clerk_a"].user_id, clock.today())[0]


@pytest.fixture
def family(actor, world, system):
    """A grandfather with a grandson of eight, and the station that serves them. uids by name."""
    station = OrgUnit(
        path="000Z",
        kind="workstation",
        code="A1",
        name="Station A1",
        area_id=world.areas["com_a1"],
        document_code="430299001001",
        phone="0731-23000001",
        address="Road 1",
    )
    system.add(station)
    system.flush()
    staff = world.accounts["clerk_a"].staff_id
    leader = system.scalars(select(Post).where(Post.staff_id == staff)).one()
    leader.org_unit_id, leader.is_station_leader = station.id, True
    system.commit()
    with acting_as(actor) as session, unit_of_work(session):
        home = make_home(session, world.areas["grid_a11"])
        make_household(
            session,
            home,
            [
                ResidentFactory(name="李国强", birth=years_ago(66), relation="02", phone="19900000001"),
                ResidentFactory(name="李一鸣", birth=years_ago(8), relation="41"),
            ],
        )
        people = {p.name: p.uid for p in session.scalars(select(Person))}
    return {"old": people["李国强"], "child": people["李一鸣"]}


def by_uid(session, model, uid):
    return session.scalars(select(model).where(model.uid == uid)).one()


def issue(session, actor, uid, asked=GUARDIAN, **more):
    person = by_uid(session, Person, uid)
    return consents.issue_sheet(session, actor, clock.now(), PRESS, person, asked, **more)


def test_the_context_has_exactly_the_keys_of_the_form(actor, family, world):
    with acting_as(actor) as session:
        person = by_uid(session, Person, family["child"])
        context = consents.sheet_context(session, actor, clock.now(), PRESS, person, GUARDIAN)
    sample = dict(registry.form("F29").sample)
    sample.pop("issue")
    assert shape_faults(sample, context) == []
    assert context["guardian"] == {"is_needed": True, "name": "李国强", "relation": "祖父"}
    assert context["sensitive"] == [{"code": "child", "decision": ""}]
    assert context["processor"]["name"] == "Station A1"
    assert "Clerk A" in context["processor"]["contact"]
    assert [r["name"].startswith(("County", "Town A")) for r in context["recipients"]] == [True, True]
    assert context["notice_url"] == "https://geban.test/notice/1"
    assert context["collected"] == ["identity", "residence", "household", "service"]


def test_numbers_on_the_sheet_are_masked(actor, family):
    with acting_as(actor) as session:
        person = by_uid(session, Person, family["old"])
        number = person.documents[0].number
        context = consents.sheet_context(session, actor, clock.now(), PRESS, person, Asked())
    assert context["subject"]["id_number"] == f"4{'*' * 16}{number[-1]}"
    assert context["subject"]["phone"] == "199****0001"
    assert number not in str(context)
    assert context["guardian"]["is_needed"] is False
    assert context["collected"][1] == "contact"


def test_a_child_needs_somebody_who_signs(actor, family):
    with acting_as(actor) as session:
        with pytest.raises(Invalid) as refused, unit_of_work(session):
            issue(session, actor, family["child"], Asked())
        assert refused.value.field == "guardian_name"
        (signer,) = consents.signers(session, by_uid(session, Person, family["child"]), clock.today())
        assert (signer.person.name, signer.kind, signer.word) == ("李国强", Guardian.grandparent, "祖父")


def test_the_signed_sheet_settles_the_task_and_a_void_one_opens_it_again(actor, family):
    with acting_as(actor) as session:
        with unit_of_work(session):
            paper = issue(session, actor, family["child"], guardian_uid=family["old"]).uid
        task = session.scalars(select(ConsentTask)).one()
        assert (task.document_uid, task.guardian_uid, task.notice_version) == (paper, family["old"], "1")
        assert task.done_on is None
        for action, given in ((DocumentAction.sign, {}), (DocumentAction.void, {"reason": "wrong guardian"})):
            with unit_of_work(session):
                document = by_uid(session, IssuedDocument, paper)
                service.act(session, actor, clock.now(), document, action, given)
            session.expire_all()
            task = session.scalars(select(ConsentTask)).one()
            assert task.done_on == (clock.today() if action is DocumentAction.sign else None)
        assert task.document_uid is None
        with unit_of_work(session):
            assert issue(session, actor, family["child"]).uid != paper


def test_one_sheet_is_out_at_a_time(actor, family):
    with acting_as(actor) as session:
        with unit_of_work(session):
            issue(session, actor, family["old"], Asked(sensitive=("health",)))
        with pytest.raises(Conflict), unit_of_work(session):
            issue(session, actor, family["old"], Asked())
        assert len(session.scalars(select(IssuedDocument)).all()) == 1


def test_a_sheet_lies_in_an_area_of_the_issuer(actor, family, world, system):
    clerk_t = build_actor(world.accounts["clerk_t"].user_id, clock.today())[0]
    with acting_as(clerk_t) as session:
        stranger = system.scalars(select(Person).where(Person.uid == family["old"])).one()
        with pytest.raises(NotAllowed):
            consents.sheet_area(session, clerk_t, stranger)
    with acting_as(actor) as session:
        area = consents.sheet_area(session, actor, by_uid(session, Person, family["old"]))
        assert isinstance(area, Area)
        assert area.id == world.areas["grid_a11"]


def test_the_notice_in_force_is_the_newest_that_has_begun():
    assert papers.notice_on(date(2030, 1, 1))["version"] == "1"
    assert papers.notice_on(date(2020, 1, 1))["version"] == "1"


class TestScreens:
    def test_a_clerk_issues_the_sheet_from_the_resident_s_page(self, login_as, family, system):
        clerk = login_as("clerk_a")
        page = clerk.get(f"/consents/person/{family['child']}").text
        assert "李国强" in page
        draft = post(clerk, f"/consents/preview/{family['child']}", guardian=family["old"])
        assert draft.data.startswith(b"%PDF")
        answer = post(clerk, f"/consents/issue/{family['child']}", guardian=family["old"], sensitive="photo")
        assert answer.status_code == 303
        paper = system.scalars(select(IssuedDocument)).one()
        assert answer.headers["Location"] == f"/documents/show/{paper.uid}"
        assert [s["code"] for s in paper.context["sensitive"]] == ["child", "photo"]
        assert paper.context["guardian"]["relation"] == "祖父"
        assert paper.number in clerk.get(f"/consents/person/{family['child']}").text

    def test_drawing_holds_no_transaction_and_the_mark_of_a_preview_is_chinese(self, app, login_as, family):
        seen = []

        def render(form, context, variant, mark):
            seen.append((current_unit() is None, mark))
            return PRESS.render(form, context, variant, mark)

        before = app.extensions.get("geban_press")
        app.extensions["geban_press"] = Press(render, "https://geban.test")
        try:
            clerk = login_as("clerk_a")
            for step in ("preview", "issue"):
                answer = post(clerk, f"/consents/{step}/{family['child']}", guardian=family["old"])
                assert answer.status_code < 400
        finally:
            app.extensions["geban_press"] = before
        assert [free for free, _mark in seen] == [True, True]
        assert not seen[0][1].isascii()

    def test_the_sheet_is_one_click_from_the_resident_and_from_the_task(self, login_as, family, system):
        link = f'href="/consents/person/{family["child"]}"'
        task = system.scalars(select(ConsentTask)).one()
        pages = (f"/person/show/{family['child']}", "/consent/list/", f"/consent/show/{task.uid}")
        for name in ("clerk_a", "worker_a"):
            client = login_as(name)
            assert all(link in client.get(page).text for page in pages), name
        assert link not in login_as("operator").get(pages[0]).text

    def test_an_outsider_learns_nothing_by_it(self, login_as, family, system):
        outsider = login_as("clerk_t")
        assert outsider.get(f"/consents/person/{family['child']}").status_code == 404
        for step in ("preview", "issue"):
            assert post(outsider, f"/consents/{step}/{family['child']}", guardian_name="x").status_code == 404
        assert system.scalars(select(IssuedDocument)).all() == []

    def test_bad_answers_get_a_sentence(self, login_as, family):
        clerk = login_as("clerk_a")
        url = f"/consents/issue/{family['child']}"
        token = token_of(clerk)
        for bad in (
            {"guardian": "0190a000-0000-7000-8000-000000000000"},
            {"guardian_name": "x" * 51},
            {"guardian": family["old"], "variant": "huge"},
            {},
        ):
            assert clerk.post(url, data={"csrf_token": token, **bad}).status_code == 400

    def test_everybody_may_read_the_notice(self, client):
        page = client.get("/notice/1")
        assert page.status_code == 200
        assert registry.form("F29").texts["1"]["lead"] in page.text
        assert client.get("/notice/99").status_code == 404


def test_adults_may_be_asked_too(actor, family, world):
    with acting_as(actor) as session, unit_of_work(session):
        make_person(session, world.areas["grid_a11"], ResidentFactory(name="Alone", birth=years_ago(40)))
        paper = issue(session, actor, session.scalars(select(Person).where(Person.name == "Alone")).one().uid)
        assert paper.owner_kind == "person"
        assert paper.context["guardian"] == {"is_needed": False, "name": "", "relation": ""}
