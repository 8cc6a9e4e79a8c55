"""Issuing and reprinting papers: numbers without gaps, stored bytes, roles, void papers, the public check."""

from __future__ import annotations

import copy
import threading

import pytest
from sqlalchemy import func, select

from app.areas.actors import build_actor
from app.areas.models import OrgUnit
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.scope import acting_as
from app.core.session import unit_of_work
from app.documents import registry, service
from app.documents.choices import DocumentAction
from app.documents.drawing import Press
from app.documents.errors import PaperError
from app.documents.models import IssuedDocument, PrintLog
from app.documents.render import render_pdf
from config import ROOT
from tests.support.world import csrf_of

PRESS = Press(
    lambda form, context, variant, mark: render_pdf(
        form, context, fonts_root=ROOT / "var" / "fonts", variant=variant, watermark=mark
    ),
    "https://geban.test",
)
PERSONAL = ("李桂英", "书院路21号", "138****5678")


def context(name: str = "李桂英") -> dict:
    sample = copy.deepcopy(registry.form("F10").sample)
    sample.pop("issue")
    sample["principal"]["name"] = name
    return sample


def issue(session, actor, world, *, name: str = "李桂英", area: str = "grid_a11", press: Press = PRESS):
    return service.issue(
        session,
        actor,
        clock.now(),
        press,
        form_code="F10",
        owner_kind="case",
        owner_uid="u-1",
        area_id=world.areas[area],
        context=context(name),
    )


@pytest.fixture
def station(system, world):
    """The workstation that issues for community A1."""
    unit = OrgUnit(
        path="000Z",
        kind="workstation",
        code="A1",
        name="Station A1",
        area_id=world.areas["com_a1"],
        document_code="430299001001",
    )
    system.add(unit)
    system.commit()
    return unit


@pytest.fixture
def worker(world):
    return build_actor(world.accounts["worker_a"].user_id, clock.today())[0]


@pytest.fixture
def paper(worker, world, station):
    with acting_as(worker) as session, unit_of_work(session):
        return issue(session, worker, world).uid


def by_uid(session, uid: str) -> IssuedDocument:
    return session.scalars(select(IssuedDocument).where(IssuedDocument.uid == uid)).one()


@pytest.mark.demand("S3-50")
def test_a_letter_of_authorisation_gets_the_next_number_of_its_station(worker, world, station):
    year = clock.to_local(clock.now()).year
    with acting_as(worker) as session, unit_of_work(session):
        first, second = issue(session, worker, world), issue(session, worker, world)
        assert [first.number, second.number] == [f"F10-430299001001-{year}-{n:05d}" for n in (1, 2)]
        assert first.state == "issued"
        assert first.copy_no == 1


@pytest.mark.any_database
def test_a_name_no_font_can_print_takes_no_number(worker, world, station):
    with acting_as(worker) as session:
        with pytest.raises(Invalid) as refused, unit_of_work(session):
            issue(session, worker, world, name="李\U0003fffd")
        assert "U+3FFFD" in str(refused.value)
        with unit_of_work(session):
            assert issue(session, worker, world).number.endswith("-00001")


def test_numbers_have_no_gaps_when_every_third_issue_fails(app, worker, world, station):
    def press(form, ctx, variant, mark):
        if ctx["principal"]["name"] == "broken":
            raise PaperError("no paper")
        return b"%PDF-1.7\n"

    cheap = Press(press, "https://geban.test")
    failures = []

    def work(lane: int) -> None:
        for n in range(6):
            try:
                with acting_as(worker) as session, unit_of_work(session):
                    name = "broken" if (n + lane) % 3 == 0 else "ok"
                    issue(session, worker, world, name=name, press=cheap)
            except Exception as error:
                failures.append(type(error).__name__)

    service_pages, service.page_count = service.page_count, lambda _pdf: 1
    try:
        lanes = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
    finally:
        service.page_count = service_pages
    with acting_as(worker) as session:
        numbers = sorted(int(n[-5:]) for n in session.scalars(select(IssuedDocument.number)))
    assert failures == ["DomainError"] * 8
    assert numbers == list(range(1, 17))


def test_a_reprint_is_the_stored_bytes_and_a_row(worker, world, station, paper):
    with acting_as(worker) as session, unit_of_work(session):
        document = by_uid(session, paper)
        first = service.print_copy(session, worker, clock.now(), document)
    with acting_as(worker) as session:
        with pytest.raises(Invalid), unit_of_work(session):
            service.print_copy(session, worker, clock.now(), by_uid(session, paper))
        with unit_of_work(session):
            again = service.print_copy(
                session, worker, clock.now(), by_uid(session, paper), 2, "resident lost it"
            )
        assert again == first
        assert first.startswith(b"%PDF")
        rows = session.execute(select(PrintLog.copies, PrintLog.reason).order_by(PrintLog.id)).all()
        assert [tuple(r) for r in rows] == [(1, "first print"), (2, "resident lost it")]


@pytest.mark.any_database
def test_changed_bytes_are_not_printed(worker, world, station, paper, system):
    from app.core import crypto

    document = by_uid(system, paper)
    document.pdf = crypto.ring().encrypt(b"%PDF something else", service.PDF_CONTEXT)
    system.commit()
    with acting_as(worker) as session, pytest.raises(Conflict):
        service.print_copy(session, worker, clock.now(), by_uid(session, paper))


def test_the_pdf_and_the_snapshot_are_stored_encrypted(worker, world, station, paper, system):
    from sqlalchemy import text

    pdf, snapshot = system.execute(text("SELECT pdf, context FROM issued_document")).one()
    assert b"%PDF" not in bytes(pdf)
    assert "李桂英".encode() not in bytes(snapshot)


def test_who_may_not_issue_takes_no_number(world, station):
    leader = build_actor(world.accounts["operator"].user_id, clock.today())[0]
    with acting_as(leader) as session, pytest.raises(NotAllowed), unit_of_work(session):
        issue(session, leader, world)


def test_a_void_paper_stays_in_the_register_and_is_not_printed(world, station, paper):
    clerk = build_actor(world.accounts["clerk_a"].user_id, clock.today())[0]
    with acting_as(clerk) as session:
        with pytest.raises(Invalid), unit_of_work(session):
            service.act(session, clerk, clock.now(), by_uid(session, paper), DocumentAction.void)
        with unit_of_work(session):
            service.act(
                session,
                clerk,
                clock.now(),
                by_uid(session, paper),
                DocumentAction.void,
                {"reason": "wrong person"},
            )
        document = by_uid(session, paper)
        assert document.state == "voided"
        assert [s.to_state for s in document.steps] == ["issued", "voided"]
        with pytest.raises(Conflict):
            service.print_copy(session, clerk, clock.now(), document, 1, "again")
        assert session.scalar(select(func.count(IssuedDocument.id))) == 1


@pytest.mark.any_database
class TestScreens:
    def test_the_office_prints_from_the_desk_and_an_outsider_sees_nothing(
        self, app, login_as, world, station, paper
    ):
        office = login_as("office_a")
        desk = office.get("/print-desk/").get_data(as_text=True)
        assert "F10-430299001001" in desk
        page = office.get(f"/documents/show/{paper}")
        answer = office.post(f"/documents/print/{paper}", data={"copies": "1", "csrf_token": csrf_of(page)})
        assert answer.status_code == 200
        assert answer.data.startswith(b"%PDF")
        assert answer.headers["Cache-Control"] == "no-store"
        outsider = login_as("clerk_t")
        token = csrf_of(outsider.get("/"))
        assert outsider.get(f"/documents/show/{paper}").status_code == 404
        assert outsider.get(f"/documents/page/{paper}/1").status_code in {403, 404}
        for step in ("print", "act"):
            refused = outsider.post(
                f"/documents/{step}/{paper}", data={"csrf_token": token, "action": "void", "reason": "x"}
            )
            assert refused.status_code in {403, 404}
        assert "F10-430299001001" not in outsider.get("/documents/list/").get_data(as_text=True)

    def test_bad_copies_get_a_sentence_and_print_nothing(self, login_as, paper, system):
        office = login_as("office_a")
        token = csrf_of(office.get(f"/documents/show/{paper}"))
        for copies in ("0", "-1", "abc", "1e9", "99", "\u2460", "\u00b2", "1" * 5000):
            answer = office.post(f"/documents/print/{paper}", data={"copies": copies, "csrf_token": token})
            assert 400 <= answer.status_code < 500
        assert system.scalar(select(func.count(PrintLog.id))) == 0

    def test_the_public_check_tells_number_and_state_but_nothing_personal(self, app, worker, world, station):
        seen = {}

        def press(form, ctx, variant, mark):
            seen["url"] = ctx["issue"]["verify_url"]
            return PRESS.render(form, ctx, variant, mark)

        with acting_as(worker) as session, unit_of_work(session):
            number = issue(session, worker, world, press=Press(press, "https://geban.test")).number
        client = app.test_client()
        page = client.get(seen["url"].removeprefix("https://geban.test"))
        text = page.get_data(as_text=True)
        assert page.status_code == 200
        assert number in text
        assert not any(word in text for word in PERSONAL)
        assert client.get("/v/not-a-token").status_code == 404
