"""The pages of a person, a household and a home: what each role sees, and what that costs."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

from app.areas.models import SensitiveGrant
from app.core import clock
from app.core.scope import session_actor
from app.registry import panels
from app.registry.choices import HouseholdKind
from app.registry.models import (
    DuplicateStep,
    FloatingStay,
    GroupVisit,
    HelpRecord,
    LifeEvent,
    LifeEventPerson,
    Person,
    PersonGroup,
    PersonMerge,
    Proposal,
    RentalHome,
    Tenancy,
    Venue,
)
from app.registry.service import duplicates, households, persons
from app.registry.views.merges import PersonMergeView
from app.worklog.choices import VisitState
from app.worklog.models import Visit, VisitStop
from tests.factories.registry import ResidentFactory, make_home, make_household, make_person
from tests.support.marked import Marked

MOST = 12


@pytest.fixture
def place(system, world):
    """A household with everything that can hang on it, in grid A11."""
    area, fact = world.areas["grid_a11"], world.accounts["worker_a"]
    home = make_home(system, area)
    people = [
        ResidentFactory(name="Qiu Bai", birth=date(1944, 3, 4), phone="13812345678"),
        ResidentFactory(name="Ren Yi", relation="10"),
    ]
    household = make_household(system, home, people)
    head = household.head
    actor, now = session_actor(system), clock.now()
    persons.edit_person(system, head, {"name": "Qiu Bo"}, actor=actor, now=now)
    day = clock.today()
    system.add_all(
        [
            PersonGroup(person_id=head.id, group_code="G01", level="L5", valid_from=day, next_visit_on=day),
            PersonGroup(person_id=head.id, group_code="G21", level="L4", valid_from=day),
            PersonGroup(person_id=head.id, group_code="G11", level="L3", valid_from=day),
            FloatingStay(person_id=head.id, valid_from=day, inflow_reason="01"),
            Proposal(person_id=head.id, rule="age_80", anchor="80", topic="benefit", due_on=day),
            HelpRecord(household_id=household.id, given_on=day, what="Rice and oil", amount=200),
            Venue(area_id=area, dwelling_id=home.id, name="Corner shop", address="Road 1"),
        ]
    )
    rental = RentalHome(area_id=area, dwelling_id=home.id, landlord_name="Wu Lan")
    happened = LifeEvent(
        area_id=area, kind="move_in", happened_on=day, household_id=household.id, dwelling_id=home.id
    )
    visit = Visit(
        area_id=area, planned_on=day, visit_type="V1", state=VisitState.done.value, title="Spring round"
    )
    system.add_all([rental, happened, visit])
    system.flush()
    groups = {g.group_code: g for g in system.scalars(select(PersonGroup))}
    system.add_all(
        [
            Tenancy(rental_home_id=rental.id, person_id=head.id, valid_from=day),
            LifeEventPerson(event_id=happened.id, person_id=head.id, role="subject"),
            VisitStop(visit_id=visit.id, household_id=household.id, dwelling_id=home.id, outcome="met"),
            GroupVisit(group_id=groups["G01"].id, visited_on=day, way="met", by_label="x"),
            GroupVisit(group_id=groups["G11"].id, visited_on=day, way="absent", by_label="x"),
        ]
    )
    merged_into(system, head)
    marked = Marked(system, area, fact.user_id, fact.staff_id)
    case, paper = marked.row("proxy_case"), marked.row("issued_document")
    case.person_uid, case.number = head.uid, "CASE-77"
    paper.owner_kind, paper.owner_uid, paper.title = "proxy_case", case.uid, "Receipt of papers"
    paper.sensitivity = "L3"
    system.add(
        SensitiveGrant(
            staff_id=world.accounts["clerk_a"].staff_id,
            group_code="G01",
            area_id=world.areas["com_a1"],
            valid_from=day,
            valid_to=day + timedelta(days=30),
            reason="test",
        )
    )
    system.commit()
    return {"person": head.uid, "household": household.uid, "dwelling": home.uid, "groups": groups}


def merged_into(system, head) -> None:
    """A second record of his, made one with this one through a pair of the queue."""
    other = make_person(system, head.area_id, ResidentFactory(name="Qiu Bei", number=None))
    actor, now = session_actor(system), clock.now()
    pair = duplicates.by_hand(system, head, other, reason="noticed", actor=actor, now=now)
    system.flush()
    step = DuplicateStep(pair_id=pair.id, at=now, action="merge", to_state="merged", by_label="Clerk Zhou")
    merge = PersonMerge(
        pair_id=pair.id, kept_id=head.id, gone_id=other.id, gone_name="Qiu Bei", reason="same man", moved=[]
    )
    system.add_all([step, merge])


class Statements:
    """The reads of a page's handler."""

    def __init__(self, app, endpoint: str) -> None:
        self.app, self.endpoint, self.seen, self.inside = app, endpoint, [], False

    def __enter__(self) -> list[str]:
        from app.extensions import db

        self.plain = self.app.view_functions[self.endpoint]

        def watched(**kw):
            self.inside = True
            try:
                return self.plain(**kw)
            finally:
                self.inside = False

        def note(_c, _u, statement, *_more):
            if self.inside and statement.lstrip().startswith(("SELECT", "WITH")):
                self.seen.append(" ".join(statement.split()))

        self.note, self.engine = note, db.engine
        self.app.view_functions[self.endpoint] = watched
        event.listen(db.engine, "before_cursor_execute", note)
        return self.seen

    def __exit__(self, *_error) -> None:
        self.app.view_functions[self.endpoint] = self.plain
        event.remove(self.engine, "before_cursor_execute", self.note)


PAGES = {"person": "PersonView", "household": "HouseholdView", "dwelling": "DwellingView"}


def anchors(page: str) -> list[str]:
    return re.findall(r'<section class="gb-card gb-part[^"]*" id="([^"]+)"', page)


def part(page: str, key: str) -> str:
    return page.split(f'id="{key}"')[1].split("</section>")[0]


@pytest.mark.parametrize("subject", PAGES)
def test_a_page_costs_at_most_twelve_statements(subject, app, login_as, place):
    clerk = login_as("clerk_a")
    url = f"/{subject}/show/{place[subject]}"
    clerk.get(url)
    with Statements(app, f"{PAGES[subject]}.show") as seen:
        page = clerk.get(url)
    assert page.status_code == 200
    assert 1 < len(seen) <= MOST, "\n".join(seen)


@pytest.mark.demand("S4-55")
class TestPerson:
    def test_everything_stands_in_sections_with_anchors(self, login_as, place):
        page = login_as("clerk_a").get(f"/person/show/{place['person']}").text
        assert anchors(page) == [
            "household", "homes", "groups", "visits", "cases", "entitlement", "papers", "visits-at-the-door", "stays",
            "proposals", "events", "identity-parts", "tenancies", "merges", "provenance",
        ]  # fmt: skip
        for key in (*anchors(page), "timeline", "record"):
            assert f'href="#{key}"' in page
        assert "Ren Yi" in part(page, "household")
        assert "Spring round" in part(page, "visits-at-the-door")
        assert "CASE-77" in part(page, "cases")
        assert "Receipt of papers" in part(page, "papers")
        assert "Move in" in part(page, "events")
        for words in ("Qiu Bei", "same man", "Clerk Zhou", "/merge/apart/", "Take the merge apart"):
            assert words in part(page, "merges")
        moments = page.split('id="timeline"')[1]
        assert "Born" in moments
        assert moments.index("Receipt of papers") < moments.index("Born")
        assert "13812345678" not in page
        assert "138****5678" in part(page, "identity-parts")

    def test_a_role_that_reads_merges_and_takes_none_apart_is_offered_no_way_back(
        self, login_as, place, monkeypatch
    ):
        """Roles are cut by the site: the seeded ones that list merges may take them apart as well."""
        may = PersonMergeView.can
        monkeypatch.setattr(PersonMergeView, "can", lambda self, verb: verb != "edit" and may(self, verb))
        read = part(login_as("clerk_a").get(f"/person/show/{place['person']}").text, "merges")
        assert ("same man" in read, "/merge/apart/" in read) == (True, False)

    def test_protected_groups_are_named_on_their_own_page_only(self, login_as, place):
        listed = part(login_as("clerk_a").get(f"/person/show/{place['person']}").text, "groups")
        groups = place["groups"]
        assert groups["G01"].uid in listed  # a grant by name: the row is there, its name is not
        assert groups["G21"].uid in listed
        assert listed.count("\u2022\u2022\u2022\u2022") == 2
        worker = login_as("worker_a").get(f"/person/show/{place['person']}").text
        assert groups["G01"].uid not in worker
        assert part(worker, "visits").count("<tr") == 2  # the head and the visit without a grant

    def test_everybody_sees_what_hangs_on_her_through_a_scope_of_their_own(
        self, system, world, login_as, place
    ):
        """She belongs to a household of another town as well. The statement is made once and serves all three in turn."""
        head = system.scalars(select(Person).where(Person.uid == place["person"])).one()
        home = make_home(system, world.areas["grid_t11"], "9")
        far = make_household(system, home, [ResidentFactory(name="Song Di")], HouseholdKind.registered)
        actor, now = session_actor(system), clock.now()
        households.add_member(system, far, head, "30", dwelling=home, actor=actor, now=now)
        system.commit()
        near = (
            "Ren Yi" in (page := login_as("clerk_a").get(f"/person/show/{head.uid}").text),
            "Song Di" in page,
        )
        other = (
            "Ren Yi" in (page := login_as("clerk_t").get(f"/person/show/{head.uid}").text),
            "Song Di" in page,
        )
        again = login_as("clerk_a").get(f"/person/show/{head.uid}").text
        assert (near, other, "Song Di" in again) == ((True, False), (False, True), False)

    def test_what_a_role_may_not_list_is_not_loaded(self, app, login_as, place):
        office = login_as("office_a")
        url = f"/person/show/{place['person']}"
        office.get(url)
        with Statements(app, "PersonView.show") as seen:
            page = office.get(url).text
        assert anchors(page) == ["cases", "papers", "provenance"]
        read = " ".join(seen)
        for table in (
            "person_group",
            "group_visit",
            "residence",
            "life_event",
            "visit_stop",
            "proposal",
            "tenancy",
        ):
            assert not re.search(rf"(FROM|JOIN) {table}\b", read), table


class TestPlaces:
    def test_a_household_shows_members_homes_help_and_visits(self, login_as, place):
        page = login_as("clerk_a").get(f"/household/show/{place['household']}").text
        assert anchors(page) == [
            "members", "homes", "cases", "papers", "visits-at-the-door", "help", "residents", "events"
        ]  # fmt: skip
        assert "Rice and oil" in part(page, "help")
        assert "Ren Yi" in part(page, "members")
        assert "/cases/show/" in part(page, "cases")
        assert f"/helprecord/add?household_id={place['household']}" in page

    def test_a_home_shows_households_people_and_what_is_let(self, login_as, place):
        page = login_as("clerk_a").get(f"/dwelling/show/{place['dwelling']}").text
        assert anchors(page) == [
            "households",
            "residents",
            "visits-at-the-door",
            "rentals",
            "venues",
            "events",
        ]
        assert "Wu Lan" in part(page, "rentals")
        assert "Corner shop" in part(page, "venues")
        assert "Qiu Bo" in part(page, "residents")

    @pytest.mark.parametrize("subject", PAGES)
    def test_a_foreign_record_is_not_found(self, subject, login_as, place):
        assert login_as("clerk_t").get(f"/{subject}/show/{place[subject]}").status_code == 404


class TestPanels:
    @pytest.fixture
    def panel(self):
        """A panel of a test, taken away afterwards."""
        calls: list[str] = []

        def load(_session, record, actor):
            calls.append(actor.role)
            return [panels.Row(clock.today(), f"told of {record}", state="new", level="green")]

        panels.register(
            panels.Panel(
                "test",
                "Test panel",
                "fa-circle",
                frozenset({panels.PERSON}),
                ("can_list", "PersonGroupView"),
                load,
            )
        )
        yield calls
        panels.remove("test")

    def test_a_loader_runs_for_a_role_with_the_permission_only(self, panel, login_as, place):
        url = f"/person/show/{place['person']}"
        assert "told of Qiu Bo" in login_as("clerk_a").get(url).text
        assert "Test panel" not in login_as("office_a").get(url).text
        assert panel == ["workstation"]
        assert "Test panel" not in login_as("clerk_a").get(f"/household/show/{place['household']}").text

    def test_a_panel_is_registered_once_and_for_pages_that_exist(self, panel):
        known = panels.Panel(
            "test", "x", "fa-circle", frozenset({"person"}), ("can_list", "x"), lambda *_a: []
        )
        with pytest.raises(ValueError, match="twice"):
            panels.register(known)
        with pytest.raises(ValueError, match="no such page"):
            panels.register(
                panels.Panel("other", "x", "fa-circle", frozenset({"town"}), ("a", "b"), lambda *_a: [])
            )
