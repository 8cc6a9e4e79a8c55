"""Imports taken back: what the program hung on records goes with them, households whole, who may and why (issue 4)."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from app.audit.models import ChangeLog
from app.core import clock, counters, files, jobs
from app.core.session import unit_of_work
from app.exchange.models import ImportBatch, ImportRow, ImportStep
from app.exchange.service import undo_asked, undoing
from app.registry.choices import ProposalState
from app.registry.models import (
    Campaign,
    CampaignTarget,
    DuplicatePair,
    Dwelling,
    Household,
    HouseholdMember,
    Person,
    PersonGroup,
    PersonPhone,
    Proposal,
    ServiceResource,
)
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support.imports import brought, csv_of, run_jobs, step
from tests.support.pages import post

pytestmark = pytest.mark.any_database

PEOPLE = ("Name", "Grid or community", "Road", "Room", "Relation to head", "Birth date", "Sex")
PLACES = ("Designation", "Area", "Address")


def family(room, *names, born="1980-02-03"):
    relations = ("02", "10", "20")
    return [(n, "Grid A11", "Long Road", room, relations[at], born, "1") for at, n in enumerate(names)]


def came(client, sheet, headings, *rows):
    uid = brought(client, sheet, csv_of(headings, *rows))
    step(client, uid, "run")
    return uid


def outcomes(system, uid):
    system.rollback()
    query = select(ImportRow).join(ImportBatch).where(ImportBatch.uid == uid).order_by(ImportRow.row_no)
    return [row.outcome for row in system.scalars(query)]


def batch_of(system, uid):
    system.rollback()
    return system.scalars(select(ImportBatch).where(ImportBatch.uid == uid)).one()


def left(system, *models):
    system.rollback()
    return [system.scalar(select(func.count(model.id))) for model in models]


def started(system, world):
    """A campaign that runs in town A."""
    with unit_of_work(system):
        found = Campaign(
            name="Census",
            area_id=world.areas["town_a"],
            starts_on=clock.today(),
            ends_on=clock.today() + timedelta(days=30),
            state="running",
        )
        system.add(found)


def test_what_a_campaign_and_the_search_for_duplicates_hung_on_people_goes_with_them(login_as, system, world):
    """A sheet brought in by mistake, of people who are here already, while a census runs: nothing of it stays. The line of
    the campaign is settled, the pair and what was proposed fall away, a group that a night opened goes along.
    """
    started(system, world)
    with unit_of_work(system):
        home = make_home(system, world.areas["grid_t11"])
        make_household(system, home, [ResidentFactory(name="Same Name", number=None, birth=date(1980, 2, 3))])
    clerk = login_as("clerk_a")
    uid = came(clerk, "persons", PEOPLE, *family("101", "Same Name", "Wife"))
    system.rollback()
    new = system.scalars(select(Person).where(Person.name == "Wife")).one()
    assert left(system, DuplicatePair, CampaignTarget)[0] == 1
    assert set(system.scalars(select(CampaignTarget.state))) == {"todo"}
    with unit_of_work(system):  # as the night does
        system.add(Proposal(person_id=new.id, rule="age_65", anchor="65", topic="benefit"))
        system.add(PersonGroup(person_id=new.id, group_code="01", level="L3", valid_from=clock.today()))
    assert step(clerk, uid, "undo").status_code == 303
    assert outcomes(system, uid) == ["undone", "undone"]
    assert left(system, Household, Dwelling, PersonGroup) == [1, 1, 0]
    assert list(system.scalars(select(DuplicatePair.state))) == ["lapsed"]
    assert list(system.scalars(select(Proposal.state))) == [str(ProposalState.dropped)]
    assert set(system.scalars(select(CampaignTarget.state))) == {"gone"}


@pytest.mark.parametrize("what", ["door", "pair", "proposal"])
def test_what_somebody_did_with_it_keeps_the_household_whole(login_as, system, world, what):
    """Somebody rang, settled the pair, took the proposal up: the family stays, each row with its reason; others go."""
    started(system, world)
    clerk = login_as("clerk_a")
    rows = [*family("101", "Li Ming", "Wife"), *family("102", "Wang Li", "Husband")]
    uid = came(clerk, "persons", PEOPLE, *rows)
    system.rollback()
    people = {p.name: p for p in system.scalars(select(Person))}
    with unit_of_work(system):
        if what == "door":
            lives = select(HouseholdMember.household_id).where(HouseholdMember.person_id == people["Wife"].id)
            door = select(CampaignTarget).where(CampaignTarget.household_id.in_(lives))
            target = system.scalars(door).one()
            target.tried_at, target.tries = clock.now() + timedelta(minutes=1), 1
        elif what == "pair":
            first, second = sorted((people["Wife"].id, people["Li Ming"].id))
            system.add(
                DuplicatePair(
                    first_id=first,
                    second_id=second,
                    rules="",
                    found_by="import",
                    common_area_id=world.areas["grid_a11"],
                    state="different",
                )
            )
        else:
            system.add(
                Proposal(
                    person_id=people["Wife"].id, rule="age_65", anchor="65", topic="benefit", state="taken"
                )
            )
    page = clerk.get(f"/import/batch/{uid}/undo").text
    assert "other records hang on it by now" in page
    assert ("a household goes as a whole" in page) is (what != "pair")  # both hang on that
    step(clerk, uid, "undo")
    assert outcomes(system, uid) == ["kept", "kept", "undone", "undone"]
    assert left(system, Household, Dwelling, Person, HouseholdMember) == [1, 1, 2, 2]


def test_rows_that_stayed_are_undone_when_nothing_hinders_any_more(login_as, system):
    clerk = login_as("clerk_a")
    houses = came(clerk, "buildings", ("Area", "Building"), ("Grid A11", "3"), ("Grid A11", "5"))
    flats = came(clerk, "homes", ("Grid", "Building", "Room"), ("Grid A11", "3", "101"))
    step(clerk, houses, "undo")
    assert outcomes(system, houses) == ["kept", "undone"]
    step(clerk, flats, "undo")
    assert step(clerk, houses, "undo").status_code == 303
    batch = batch_of(system, houses)
    assert (outcomes(system, houses), batch.rows_undone) == (["undone", "undone"], 2)
    assert [row.findings for row in system.scalars(select(ImportRow).join(ImportBatch))] == [None] * 3
    assert post(clerk, f"/import/batch/{houses}/undo", reason="Once more").status_code == 409


def test_an_import_is_undone_for_a_reason_by_its_owner_or_by_who_may_delete(login_as, system):
    """A colleague who may not delete records neither undoes nor stops it; the reason stands in the course and in the log."""
    worker, other, clerk = (login_as(who) for who in ("worker_a", "town_clerk_a", "clerk_a"))
    row = ("Canteen", "Grid A11", "Road 1")
    uid = came(clerk, "conveniences", PLACES, row)
    assert "/undo" not in other.get(f"/import/batch/{uid}").text
    assert other.get(f"/import/batch/{uid}/undo").status_code == 403
    assert post(other, f"/import/batch/{uid}/undo", reason="Because").status_code == 403
    assert post(other, f"/import/batch/{uid}/undo/look").status_code == 403
    answer = post(clerk, f"/import/batch/{uid}/undo", reason=" ")
    assert (answer.status_code, "Please give the reason." in answer.text) == (422, True)
    assert left(system, ServiceResource) == [1]
    step(login_as("clerk_a_reads_t"), uid, "undo", reason="Old list")
    assert left(system, ServiceResource) == [0]
    assert "Old list" in list(system.scalars(select(ImportStep.reason)))
    gone = select(ChangeLog.reason).where(ChangeLog.table_name == "service_resource")
    assert list(system.scalars(gone.where(ChangeLog.action == "delete"))) == ["Old list"]
    own = came(worker, "conveniences", PLACES, row)
    step(worker, own, "undo")
    assert outcomes(system, own) == ["undone"]


def test_the_right_to_undo_is_asked_again_when_it_is_done(login_as, system, world):
    """Between the press and the job the sheet was given to somebody else: nothing goes."""
    worker = login_as("worker_a")
    uid = came(worker, "conveniences", PLACES, ("Canteen", "Grid A11", "Road 1"))
    post(worker, f"/import/batch/{uid}/undo", reason="By mistake")
    with unit_of_work(system):
        batch_of(system, uid).created_by = world.accounts["clerk_a"].user_id
    run_jobs()
    assert (outcomes(system, uid), left(system, ServiceResource)) == (["made"], [1])
    assert "Undoing interrupted" in login_as("clerk_a").get(f"/import/batch/{uid}").text


def test_the_files_of_a_sheet_are_out_of_sight_for_all_but_who_brought_it(login_as, acting, system):
    """Both walls: the guard of attachments by their owner, and a level that no role opens by the page of attachments."""
    rows = [("Canteen", "Grid A11", "Road 1"), ("Chemist", "Grid T11", "Road 2")]
    uid = brought(login_as("clerk_a"), "conveniences", csv_of(PLACES, *rows))
    seen = [len(files.of_owner(acting(who), "import_batch", uid)) for who in ("clerk_a", "clerk_a_reads_t")]
    assert seen == [2, 0]
    assert {file.level for file in files.of_owner(acting("clerk_a"), "import_batch", uid)} == {"LX"}


def test_a_long_undoing_is_looked_at_by_a_job(login_as, system, monkeypatch):
    """No row of it is read by the page; what the job found stands there when it is done, for its owner alone."""
    monkeypatch.setattr(undo_asked, "AT_SIGHT", 1)
    clerk = login_as("clerk_a")
    rows = [(f"Shop {n}", "Grid A11", f"Road {n}") for n in range(3)]
    uid = came(clerk, "conveniences", PLACES, *rows)
    monkeypatch.setattr(undo_asked, "facts_of", None)
    page = clerk.get(f"/import/batch/{uid}/undo").text
    assert ("Rows that go back" in page, "Look what undoing would do" in page) == (False, True)
    monkeypatch.undo()
    monkeypatch.setattr(undo_asked, "AT_SIGHT", 1)
    where = post(clerk, f"/import/batch/{uid}/undo/look").location
    assert "Each row is looked at" in clerk.get(where).text
    with unit_of_work(system):
        found = system.scalars(select(ServiceResource).where(ServiceResource.name == "Shop 1")).one()
        found.phone = "110"
        found.updated_by = 1
    run_jobs()
    page = clerk.get(where).text
    assert ("Rows that go back" in page, left(system, ServiceResource)) == (True, [3])
    assert login_as("clerk_a_reads_t").get(where).status_code == 404
    look = select(jobs.Job).where(jobs.Job.kind == undo_asked.LOOK)
    system.rollback()
    assert system.scalars(look).one().result["back"] + system.scalars(look).one().result["kept_count"] == 3


def test_what_goes_by_the_hundred_is_logged_and_counted_as_what_goes_alone(login_as, system):
    """Names, phones and sources go by statements, the rest through the session: each stands in the log with its batch."""
    clerk = login_as("clerk_a")
    people = [(*row, f"1381234567{at}") for at, row in enumerate(family("101", "Li Ming", "Wife"))]
    uid = came(clerk, "persons", (*PEOPLE, "Phone"), *people)
    step(clerk, uid, "undo")
    assert outcomes(system, uid) == ["undone"] * 2
    logged = {"insert": Counter(), "delete": Counter()}
    lines = select(ChangeLog).where(ChangeLog.batch == uid, ChangeLog.action.in_(logged))
    for line in system.scalars(lines):
        logged[line.action][line.table_name, line.row_id] += 1
        assert line.changes != "{}" or line.protected is not None
        assert line.action == "insert" or line.reason == "Brought by mistake"
    assert logged["delete"] == logged["insert"]
    assert {table for table, _key in logged["delete"]} >= {
        "person",
        "person_phone",
        "person_source",
        "dwelling",
    }
    assert counters.verify(system) == []
    query = select(PersonPhone).execution_options(with_deleted=True)
    assert [phone.deleted_step for phone in system.scalars(query)] == ["import_undo"] * 2


def test_a_record_that_is_edited_while_an_undoing_looks_keeps_its_household(login_as, system, monkeypatch):
    """On PostgreSQL somebody may save between the look and the statement: nothing is lost, and the row says why."""
    clerk, look = login_as("clerk_a"), undoing.facts_of
    people = [(*row, f"1381234568{at}") for at, row in enumerate(family("102", "Li Ming", "Wife"))]
    uid = came(clerk, "persons", (*PEOPLE, "Phone"), *people)

    def meanwhile(session, batch, rows):
        facts = look(session, batch, rows)
        session.connection().execute(
            update(PersonPhone.__table__).values(updated_at=clock.now() + timedelta(seconds=1))
        )
        return facts

    monkeypatch.setattr(undoing, "facts_of", meanwhile)
    step(clerk, uid, "undo")
    assert outcomes(system, uid) == ["kept"] * 2
    assert left(system, PersonPhone) == [2]
    monkeypatch.undo()
    step(clerk, uid, "undo")  # the next look sees it as it stands
    assert outcomes(system, uid) == ["undone"] * 2
