"""Services of the registry on a database: people, homes, households, ties to areas, counters, provenance."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.core import clock, counters
from app.core.errors import Conflict, DomainError, Invalid, NotAllowed
from app.core.scope import session_actor
from app.registry.choices import AreaTie, HouseholdKind, ResidenceKind
from app.registry.models import (
    Building,
    ConsentTask,
    Dwelling,
    DwellingAlias,
    Household,
    HouseholdMember,
    Person,
    PersonArea,
    PersonDocument,
    PersonGroup,
    PersonPhone,
    PersonSource,
    Residence,
    Venue,
)
from app.registry.rules import Birth, Precision
from app.registry.rules.rooms import plan_rooms
from app.registry.service import (
    documents,
    groups,
    homes,
    households,
    life,
    persons,
    regrid,
    rentals,
    residences,
    tally,
)
from tests.factories.registry import (
    ResidentFactory,
    id_number,
    make_home,
    make_household,
    make_person,
    make_rental,
    make_venue,
)


def open_ties(session, person) -> set[tuple[int, str]]:
    query = select(PersonArea.area_id, PersonArea.kind).where(
        PersonArea.person_id == person.id, PersonArea.valid_to.is_(None)
    )
    return {tuple(row) for row in session.execute(query)}


@pytest.fixture
def worker(acting):
    return acting("worker_a")


@pytest.fixture
def a11(world):
    return world.areas["grid_a11"]


class TestPersons:
    def test_a_new_person_is_searchable_managed_and_sourced(self, worker, a11):
        person = make_person(worker, a11, name="Anna Li", phone="138 1234 5678")
        worker.commit()
        assert (person.name_pinyin, person.name_initials) == ("annali", "al")
        assert open_ties(worker, person) == {(a11, "managing")}
        assert {s.field_group for s in worker.scalars(select(PersonSource))} == {
            "identity",
            "residence",
            "contact",
            "status",
        }
        assert worker.scalars(select(PersonPhone)).one().number == "13812345678"

    @pytest.mark.demand("S4-54")
    def test_an_edit_renews_the_source_of_the_groups_it_touched_only(self, worker, a11):
        person = make_person(worker, a11)
        before = {s.field_group: s.confirmed_at for s in worker.scalars(select(PersonSource))}
        later = clock.now() + timedelta(days=3)
        changed = persons.edit_person(
            worker, person, {"education": "20"}, actor=session_actor(worker), now=later, source="hr"
        )
        assert changed == {"education"}
        rows = {s.field_group: s for s in worker.scalars(select(PersonSource))}
        assert rows["status"].source == "hr"
        assert rows["status"].confirmed_at == later
        assert rows["identity"].confirmed_at == before["identity"]

    @pytest.mark.any_database
    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"ethnic": "99"}, "ethnic"),
            ({"education": "x" * 30}, "education"),
            ({"status": "cancelled"}, "status"),
            ({"name": ""}, "name"),
            ({"name": "Li 4"}, "name"),
            ({"occupation": "x" * 31}, "occupation"),
        ],
    )
    def test_what_cannot_be_right_is_refused_at_its_field(self, worker, a11, fields, field):
        person = make_person(worker, a11)
        with pytest.raises(Invalid) as refusal:
            persons.edit_person(worker, person, fields, actor=session_actor(worker), now=clock.now())
        assert refusal.value.field == field

    @pytest.mark.any_database
    def test_a_child_under_14_leaves_a_consent_task_and_nothing_else(self, worker, a11):
        today = clock.today()
        child = make_person(worker, a11, birth=today - timedelta(days=5 * 365), number=None)
        make_person(worker, a11, birth=date(1970, 1, 1))
        task = worker.scalars(select(ConsentTask)).one()
        assert (task.person_id, task.due_on) == (child.id, today + timedelta(days=30))
        persons.edit_person(
            worker,
            child,
            {"birth": Birth(date(today.year - 6, 1, 1), Precision.year)},
            actor=session_actor(worker),
            now=clock.now(),
        )
        assert len(worker.scalars(select(ConsentTask)).all()) == 1

    def test_a_replaced_phone_is_closed_and_the_same_one_kept_once(self, worker, a11):
        person = make_person(worker, a11, phone="13812345678")
        actor, now = session_actor(worker), clock.now()
        old = persons.open_phones(person)[0]
        assert (
            persons.set_phone(worker, person, "+86 138-1234-5678", actor=actor, now=now, replaces=old) is old
        )
        persons.set_phone(worker, person, "13987654321", actor=actor, now=now, replaces=old)
        worker.flush()
        assert [p.number for p in persons.open_phones(person)] == ["13987654321"]
        with pytest.raises(Invalid):
            persons.set_phone(worker, person, "12", actor=actor, now=now)

    def test_a_new_name_reaches_the_row_of_names_and_the_household(self, worker, a11):
        household = make_household(worker, make_home(worker, a11))
        head = household.head
        persons.edit_person(worker, head, {"name": "Bo Wen"}, actor=session_actor(worker), now=clock.now())
        assert head.name_initials == "bw"
        assert [n.name for n in head.names] == ["Bo Wen"]
        assert household.name.startswith("Bo Wen")


class TestDocuments:
    def test_an_old_number_is_found_by_its_new_form_and_kept_as_given(self, worker, a11):
        person = make_person(worker, a11, birth=date(1975, 3, 2), number=None)
        new = id_number(date(1975, 3, 2), 7)
        old = new[:6] + new[8:17]
        row = documents.add_document(
            worker, person, kind="111", number=old, actor=session_actor(worker), now=clock.now()
        )
        assert row.number == old
        again = documents.add_document(
            worker, person, kind="111", number=new.lower(), actor=session_actor(worker), now=clock.now()
        )
        assert again is row

    @pytest.mark.any_database
    def test_a_wrong_check_digit_asks_for_a_reason_and_keeps_it(self, worker, a11):
        person = make_person(worker, a11, birth=date(1980, 1, 1), number=None)
        number = id_number(date(1980, 1, 1), 9)
        wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
        args = {"kind": "111", "number": wrong, "actor": session_actor(worker), "now": clock.now()}
        with pytest.raises(Invalid) as refusal:
            documents.add_document(worker, person, **args)
        assert refusal.value.data["needs_reason"]
        row = documents.add_document(worker, person, **args, warning_reason="so it stands on the card")
        assert (row.warning, row.warning_reason) == ("check_digit", "so it stands on the card")

    @pytest.mark.any_database
    @pytest.mark.parametrize("old", [False, True], ids=["18", "15"])
    def test_a_number_that_contradicts_the_record_asks_for_a_reason_and_keeps_it(self, worker, a11, old):
        person = make_person(worker, a11, birth=date(1955, 5, 26), male=False, number=None)
        number = id_number(date(1990, 1, 1), 12)
        number = number[:6] + number[8:17] if old else number
        args = {"kind": "111", "number": number, "actor": session_actor(worker), "now": clock.now()}
        with pytest.raises(Invalid) as refusal:
            documents.add_document(worker, person, **args)
        assert refusal.value.data["needs_reason"]
        row = documents.add_document(worker, person, **args, warning_reason="the card says so")
        assert (row.warning, row.warning_reason) == ("birth_differs", "the card says so")

    def test_nobody_has_two_identity_cards_in_force(self, worker, a11):
        person = make_person(worker, a11, birth=date(1980, 1, 1))
        hands = {"actor": session_actor(worker), "now": clock.now()}
        first, other = person.documents[0], id_number(date(1980, 1, 1), 871)
        with pytest.raises(Conflict) as refusal:
            documents.add_document(worker, person, kind="111", number=other, **hands)
        assert refusal.value.data["finding"] == "one_only"
        ended = clock.today() - timedelta(days=1)
        past = documents.add_document(worker, person, kind="111", number=other, valid_to=ended, **hands)
        for number in ("E10000001", "E10000002"):
            documents.add_document(worker, person, kind="414", number=number, **hands)
        past.valid_to = None
        with pytest.raises(Conflict):
            documents.refuse_second(person, past, clock.today())
        past.valid_to = ended
        told = life.Told(clock.today())
        with pytest.raises(Conflict):
            life.new_document(worker, person, told, kind="111", number=other, **hands)
        fresh = id_number(date(1980, 1, 1), 872)
        life.new_document(worker, person, told, kind="111", number=fresh, old=first, **hands)
        assert first.valid_to is not None

    def test_two_bearers_of_a_number_are_kept_apart_with_a_reason_only(self, worker, a11):
        first = make_person(worker, a11)
        number = first.documents[0].number
        worker.commit()
        second = make_person(worker, a11, birth=first.birth_date, number=None)
        args = {"kind": "111", "number": number, "actor": session_actor(worker), "now": clock.now()}
        with pytest.raises(Conflict):
            documents.add_document(worker, second, **args)
        row = documents.add_document(worker, second, **args, dup_reason="both books show it")
        assert (row.dup_no, row.dup_reason) == (1, "both books show it")
        worker.commit()

    def test_a_number_borne_elsewhere_cannot_be_kept_apart(self, acting, world):
        other = acting("worker_t")
        number = make_person(other, world.areas["grid_t11"], birth=date(1980, 1, 1)).documents[0].number
        other.commit()
        mine = acting("worker_a")
        person = make_person(mine, world.areas["grid_a11"], birth=date(1980, 1, 1), number=None)
        with pytest.raises(Conflict) as refusal:
            documents.add_document(
                mine,
                person,
                kind="111",
                number=number,
                dup_reason="let me",
                actor=session_actor(mine),
                now=clock.now(),
            )
        assert refusal.value.data["finding"] == "elsewhere"

    def test_a_corrected_number_leaves_the_wrong_one_in_the_bin(self, worker, a11):
        person = make_person(worker, a11)
        wrong = person.documents[0].number
        right = id_number(person.birth_date, 3)
        documents.replace_document(
            worker,
            person,
            person.documents[0],
            reason="typing error",
            kind="111",
            number=right,
            actor=session_actor(worker),
            now=clock.now(),
        )
        worker.commit()
        assert [d.number for d in worker.scalars(select(PersonDocument))] == [right]
        stranger = make_person(worker, a11, birth=person.birth_date, number=None)
        documents.add_document(
            worker, stranger, kind="111", number=wrong, actor=session_actor(worker), now=clock.now()
        )


class TestHouseholds:
    @pytest.mark.demand("S4-53")
    def test_members_live_in_the_home_and_the_grid_sees_them(self, worker, a11):
        home = make_home(worker, a11)
        household = make_household(
            worker, home, [ResidentFactory(), ResidentFactory(relation="10", male=False)]
        )
        worker.commit()
        assert household.head.name == household.members[0].person.name
        for member in household.members:
            assert open_ties(worker, member.person) == {(a11, "managing"), (a11, "residence")}
        assert {r.dwelling_id for r in worker.scalars(select(Residence))} == {home.id}

    @pytest.mark.any_database
    @pytest.mark.parametrize(
        ("relations", "code"),
        [(["10", "20"], "no_head"), (["02", "02"], "several_heads"), (["02", "10"], None)],
    )
    def test_one_head_and_no_more(self, worker, a11, relations, code):
        household = make_household(
            worker, make_home(worker, a11), [ResidentFactory(relation=r) for r in relations]
        )
        if code is None:
            households.check_household(worker, household, clock.today())
            return
        with pytest.raises(Invalid) as refusal:
            households.check_household(worker, household, clock.today())
        assert refusal.value.data["finding"] == code

    @pytest.mark.any_database
    def test_a_collective_household_needs_no_head(self, worker, a11):
        household = make_household(
            worker, make_home(worker, a11), [ResidentFactory(relation="99")], HouseholdKind.collective
        )
        households.check_household(worker, household, clock.today())

    def test_one_open_membership_per_kind_and_one_home_at_a_time(self, worker, a11):
        first, second = make_home(worker, a11, "1"), make_home(worker, a11, "2")
        old = make_household(worker, first)
        person = old.head
        new = make_household(worker, second)
        actor, now = session_actor(worker), clock.now()
        households.add_member(worker, new, person, "71", dwelling=second, actor=actor, now=now)
        worker.commit()
        open_rows = worker.scalars(
            select(HouseholdMember).where(
                HouseholdMember.person_id == person.id, HouseholdMember.valid_to.is_(None)
            )
        ).all()
        assert [m.household_id for m in open_rows] == [new.id]
        assert old.valid_to is not None
        homes_now = residences.open_residences(worker, person, ResidenceKind.living)
        assert [r.dwelling_id for r in homes_now] == [second.id]
        assert open_ties(worker, person) == {(a11, "managing"), (a11, "residence")}

    def test_a_person_may_be_registered_in_one_home_and_live_in_another(self, worker, a11):
        first, second = make_home(worker, a11, "1"), make_home(worker, a11, "2")
        living = make_household(worker, first)
        registered = households.create_household(
            worker, second, kind=HouseholdKind.registered, now=clock.now(), household_no="000012345"
        )
        actor = session_actor(worker)
        households.add_member(
            worker, registered, living.head, "02", dwelling=second, actor=actor, now=clock.now()
        )
        worker.commit()
        assert living.valid_to is None
        assert open_ties(worker, living.head) == {(a11, k) for k in ("managing", "residence", "registered")}

    @pytest.mark.any_database
    def test_the_last_one_to_leave_closes_the_household(self, worker, a11):
        household = make_household(worker, make_home(worker, a11))
        member = household.members[0]
        households.end_membership(
            worker, member, reason="moveout", actor=session_actor(worker), now=clock.now()
        )
        worker.commit()
        assert household.valid_to is not None
        assert open_ties(worker, member.person) == {(a11, "managing")}

    @pytest.mark.any_database
    def test_a_head_who_leaves_leaves_no_head(self, worker, a11):
        household = make_household(
            worker, make_home(worker, a11), [ResidentFactory(), ResidentFactory(relation="10", male=False)]
        )
        households.end_membership(
            worker, household.members[0], reason="moveout", actor=session_actor(worker), now=clock.now()
        )
        assert (household.head_person_id, household.name, household.valid_to) == (None, None, None)

    def test_nobody_is_taken_out_of_a_household_elsewhere(self, acting, world, system):
        t11, a11 = world.areas["grid_t11"], world.areas["grid_a11"]
        household = make_household(system, make_home(system, t11))
        person = household.head
        system.add(
            PersonArea(person_id=person.id, area_id=a11, kind="registered", valid_from=date(2026, 1, 1))
        )
        system.commit()
        mine = acting("worker_a")
        home = make_home(mine, a11)
        other = households.create_household(mine, home, kind=HouseholdKind.living, now=clock.now())
        seen = mine.get(Person, person.id)
        assert seen is not None
        for place in (home, None):  # without a home only the membership itself stands in the way
            with pytest.raises(Conflict):
                households.add_member(
                    mine, other, seen, "02", dwelling=place, actor=session_actor(mine), now=clock.now()
                )
        with pytest.raises(Conflict):
            residences.open_residence(mine, seen, home, actor=session_actor(mine), now=clock.now())


class TestHomes:
    def test_the_wizard_builds_six_floors_of_four_flats_once(self, worker, a11):
        building = homes.create_building(worker, name="3", area_id=a11, fields={"estate": "River Garden"})
        rooms = plan_rooms(units=2, floors=6, flats=4)
        made = homes.build(worker, building, rooms, now=clock.now())
        assert len(made) == 48
        assert len(homes.build(worker, building, rooms, now=clock.now())) == 0
        assert all(p.exists for p in homes.preview_rooms(worker, building, rooms))
        worker.commit()
        flat = worker.scalars(select(Dwelling).where(Dwelling.room_no == "302")).first()
        assert flat.address.startswith("Town A" + "Community A1" + "River Garden")
        assert flat.address_pinyin.endswith("302s")
        assert (
            homes.create_building(worker, name="3", area_id=a11, fields={"estate": "River Garden"})
            is building
        )

    def test_two_grids_share_a_building_and_each_sees_its_own_flats(self, acting, world):
        clerk = acting("clerk_a")
        building = homes.create_building(clerk, name="9", area_id=world.areas["com_a1"])
        rooms = plan_rooms(units=2, floors=2, flats=2)
        by_unit = {1: world.areas["grid_a11"], 2: world.areas["grid_a12"]}
        homes.build(clerk, building, rooms, now=clock.now(), area_of_unit=by_unit)
        clerk.commit()
        for name, unit in (("worker_a", 1), ("worker_a2", 2)):
            session = acting(name)
            assert session.scalars(select(Building)).one().uid == building.uid
            assert {d.unit.seq for d in session.scalars(select(Dwelling))} == {unit}

    def test_a_home_belongs_to_a_grid_and_needs_a_place(self, acting, world):
        clerk = acting("clerk_a")
        with pytest.raises(Invalid):
            homes.create_dwelling(
                clerk,
                area_id=world.areas["com_a1"],
                now=clock.now(),
                fields={"village_group": "1", "door_no": "2"},
            )
        with pytest.raises(Invalid):
            homes.create_dwelling(clerk, area_id=world.areas["grid_a11"], now=clock.now())
        make_home(clerk, world.areas["grid_a11"])
        with pytest.raises(Conflict):
            make_home(clerk, world.areas["grid_a11"])

    def test_a_renumbered_home_stays_findable_by_its_old_address(self, worker, a11):
        home = make_home(worker, a11)
        old = home.address
        home.door_no = "99"
        homes.settle_address(worker, home)
        worker.commit()
        assert worker.scalars(select(DwellingAlias)).one().address == old

    @pytest.mark.demand("S0-15")
    def test_a_home_that_changes_its_grid_takes_its_people_along(self, acting, world):
        clerk = acting("clerk_a")
        a11, a12 = world.areas["grid_a11"], world.areas["grid_a12"]
        home = make_home(clerk, a11)
        household = make_household(clerk, home)
        regrid.move_dwelling(clerk, home, a12, now=clock.now())
        clerk.commit()
        assert household.area_id == a12
        assert open_ties(clerk, household.head) == {(a12, "managing"), (a12, "residence")}
        assert acting("worker_a").get(Person, household.head_person_id) is None
        assert acting("worker_a2").get(Person, household.head_person_id) is not None
        assert counters.verify(clerk) == []


class TestRentalsVenuesGroups:
    def test_a_tenant_is_seen_while_renting(self, acting, world, system):
        a11, t11 = world.areas["grid_a11"], world.areas["grid_t11"]
        home = make_home(system, a11)
        person = make_person(system, t11)
        rental = make_rental(system, home, rental_kind="RH1")
        tenancy = rentals.open_tenancy(system, rental, person, now=clock.now(), head_count=3)
        system.commit()
        assert acting("worker_a").get(Person, person.id) is not None
        with pytest.raises(Conflict):
            rentals.open_tenancy(system, rental, person, now=clock.now())
        rentals.end_tenancy(system, tenancy, now=clock.now())
        system.commit()
        assert acting("worker_a").get(Person, person.id) is None

    def test_a_crowded_home_is_noticed(self, system, world):
        home = make_home(system, world.areas["grid_a11"])
        home.area_m2 = 20
        rental = make_rental(system, home)
        assert rentals.crowding(system, rental) is None
        person = make_person(system, world.areas["grid_a11"])
        rentals.open_tenancy(system, rental, person, now=clock.now(), head_count=6)
        assert rentals.crowding(system, rental).code == "over_occupied"

    @pytest.mark.any_database
    def test_a_venue_takes_the_address_of_its_home(self, worker, a11):
        home = make_home(worker, a11)
        venue = make_venue(worker, a11, home, name="Noodle shop")
        assert (venue.address, venue.name_initials) == (home.address, "ns")
        with pytest.raises(Invalid):
            make_venue(worker, a11, home, name=" ")

    def test_closed_groups_need_a_grant_and_derived_ones_are_not_typed(self, worker, a11):
        person = make_person(worker, a11)
        args = {"actor": session_actor(worker), "now": clock.now()}
        row = groups.add_group(worker, person, "G33", **args)
        assert (row.level, row.next_visit_on) == ("L3", clock.today() + timedelta(days=30))
        for code, error in (("G01", NotAllowed), ("G31", Invalid), ("G33", Conflict), ("ZZ", Invalid)):
            with pytest.raises(error):
                groups.add_group(worker, person, code, **args)
        offered = {code for code, _label in groups.open_to(worker, session_actor(worker))}
        assert "G33" in offered
        assert not offered & {"G01", "G31"}
        groups.end_group(worker, row, reason="moved in with the son", **args)
        assert worker.scalars(select(PersonGroup)).one().next_visit_on is None

    @pytest.mark.any_database
    def test_nobody_is_in_a_group_before_the_birth_or_after_the_death(self, worker, a11):
        person = make_person(worker, a11, birth=date(1985, 2, 21))
        args = {"actor": session_actor(worker), "now": clock.now()}
        with pytest.raises(Invalid):
            groups.add_group(worker, person, "G33", since=date(1985, 2, 20), **args)
        person.died_on = clock.today() - timedelta(days=1)
        with pytest.raises(Invalid):
            groups.add_group(worker, person, "G33", **args)


def test_counters_follow_whatever_is_written(acting, world):
    clerk = acting("clerk_a")
    a11 = world.areas["grid_a11"]
    ranges = session_actor(clerk).ranges
    household = make_household(
        clerk, make_home(clerk, a11), [ResidentFactory(), ResidentFactory(relation="20")]
    )
    rental = make_rental(clerk, make_home(clerk, a11, "2"))
    make_venue(clerk, a11, name="Shop", address="x")
    clerk.commit()
    assert counters.total(clerk, tally.PERSONS, ranges) == 2
    assert counters.total(clerk, tally.LIVING, ranges) == 1
    assert counters.verify(clerk) == []
    rental.status = "cancelled"
    household.members[1].person.status = "cancelled"
    household.valid_to = clock.today()
    clerk.commit()
    assert counters.total(clerk, tally.PERSONS, ranges) == 1
    assert counters.total(clerk, "person", ranges) == 2
    assert counters.total(clerk, tally.LIVING, ranges) == 0
    assert counters.total(clerk, tally.RENTALS, ranges) == 0
    clerk.delete(clerk.scalars(select(Venue)).one())
    clerk.commit()
    assert counters.verify(clerk) == []


def test_an_outsider_writes_nothing_of_another_town(acting, world):
    owner = acting("worker_a")
    home = make_home(owner, world.areas["grid_a11"])
    household = make_household(owner, home)
    owner.commit()
    stranger = acting("worker_t")
    for model, key in ((Person, household.head_person_id), (Dwelling, home.id), (Household, household.id)):
        assert stranger.get(model, key) is None
    with pytest.raises(DomainError):
        make_home(stranger, world.areas["grid_a11"], "7")
    assert AreaTie.managing == "managing"
