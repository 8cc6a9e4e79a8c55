"""Staff, posts, groups, schemes, vacancies, units, grants on a database."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

from app.areas import queries
from app.areas.choices import WORKER_POSITIONS, Settlement
from app.areas.models import (
    Area,
    GridGroup,
    GridGroupArea,
    OrgUnit,
    Post,
    PostDuty,
    RoleScheme,
    RoleSchemeSeat,
    SensitiveGrant,
    Staff,
)
from app.areas.rules import PostSpan, settled
from app.areas.service import grants, posts, units
from app.areas.service import staff as staff_service
from app.core import clock, codes
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.scope import session_actor
from tests.factories.areas import make_area, make_duty, make_post, make_staff


@pytest.fixture
def clerk(acting):
    return acting("clerk_a")


@pytest.fixture
def a11(world):
    return world.areas["grid_a11"]


class TestStaff:
    @pytest.mark.demand("S4-38")
    def test_a_volunteer_without_an_account_is_kept_with_a_name_to_type(self, clerk, a11):
        person = make_staff(clerk, a11, " \u66fe\u5c0f\u660e ", kind="volunteer", phone="138 1234 5678")
        clerk.commit()
        assert (person.name, person.name_initials) == ("\u66fe\u5c0f\u660e", "zxm")
        assert person.phone == "13812345678"

    def test_outside_the_scope_nobody_is_added_or_seen(self, clerk, system, world):
        with pytest.raises(NotAllowed):
            make_staff(clerk, world.areas["grid_t11"])
        clerk.rollback()
        other = make_staff(system, world.areas["grid_t11"], "Foreign Worker")
        system.commit()
        assert clerk.get(Staff, other.id) is None

    def test_who_holds_posts_is_not_taken_off_the_list(self, clerk, a11):
        post = make_post(clerk, a11)
        with pytest.raises(Conflict):
            staff_service.must_be_free(clerk, post.staff, clock.now())
        posts.end_post(
            clerk, post, clock.today() - timedelta(days=0), "Left", session_actor(clerk), clock.now()
        )
        staff_service.must_be_free(clerk, post.staff, clock.now() + timedelta(days=1))


class TestPosts:
    def test_the_same_post_twice_is_refused_another_beside_it_is_not(self, clerk, a11, world):
        person = make_staff(clerk, a11)
        first = make_post(clerk, a11, person)
        with pytest.raises(Conflict) as refusal:
            make_post(clerk, a11, person)
        assert refusal.value.field == "position"
        make_post(clerk, a11, person, "grid_mediator")
        make_post(clerk, world.areas["grid_a12"], person)
        posts.end_post(clerk, first, clock.today(), "Changed", session_actor(clerk), clock.now())
        make_post(clerk, a11, person, valid_from=clock.today() + timedelta(days=1))

    @pytest.mark.demand("S2-23")
    def test_a_worker_number_is_unique_among_the_open_posts_of_a_community(self, clerk, system, a11, world):
        make_post(system, world.areas["grid_a21"], worker_no=1)  # another community
        system.commit()
        first = make_post(clerk, a11, worker_no=1)
        with pytest.raises(Conflict, match="Mei Chen") as refusal:
            make_post(clerk, world.areas["grid_a12"], make_staff(clerk, a11, "Other"), worker_no=1)
        assert refusal.value.field == "worker_no"
        make_post(
            clerk, world.areas["grid_a12"], first.staff, worker_no=1
        )  # one person, one number, two grids
        path = clerk.get(Area, a11).path
        assert queries.next_worker_no(clerk, path, clock.today()) == 2
        for post in first.staff.posts:
            posts.end_post(clerk, post, clock.today(), "Left", session_actor(clerk), clock.now())
        later = clock.today() + timedelta(days=1)
        make_post(clerk, a11, make_staff(clerk, a11, "Next"), worker_no=1, valid_from=later)

    @pytest.mark.demand("S2-23")
    def test_a_grid_worker_gets_the_lowest_free_number_of_the_community(self, clerk, a11, world):
        a12 = world.areas["grid_a12"]
        held = {
            post.worker_no for post in clerk.scalars(select(Post).where(Post.area_id.in_([a11, a12])))
        } - {None}
        first, second = make_post(clerk, a11), make_post(clerk, a12, make_staff(clerk, a11, "Other"))
        free = [number for number in range(1, 9) if number not in held]
        assert [first.worker_no, second.worker_no] == free[:2]
        again = make_post(clerk, a12, first.staff, "grid_worker_part")
        assert again.worker_no == first.worker_no
        assert make_post(clerk, a11, make_staff(clerk, a11, "Third"), "grid_mediator").worker_no is None
        posts.end_post(clerk, second, clock.today(), "Left", session_actor(clerk), clock.now())
        later = clock.today() + timedelta(days=1)
        assert make_post(clerk, a11, make_staff(clerk, a11, "Next"), valid_from=later).worker_no == free[1]

    def test_one_station_leader_and_one_first_responsible_at_a_time(self, clerk, a11, world):
        community = world.areas["com_a1"]
        make_post(
            clerk, community, make_staff(clerk, a11, "Leader"), "station_leader", is_station_leader=True
        )
        with pytest.raises(Conflict, match="Leader"):
            make_post(clerk, community, make_staff(clerk, a11, "B"), "station_leader", is_station_leader=True)
        make_post(clerk, community, position="first_responsible", is_first_responsible=True)
        other = make_staff(clerk, a11, "C")
        with pytest.raises(Conflict):
            make_post(clerk, community, other, "first_responsible", is_first_responsible=True)

    def test_ending_asks_a_reason_and_ends_the_duties(self, clerk, a11):
        post = make_post(clerk, a11)
        duty = make_duty(clerk, post, "census")
        actor, now = session_actor(clerk), clock.now()
        with pytest.raises(Invalid) as refusal:
            posts.end_post(clerk, post, clock.today(), "  ", actor, now)
        assert refusal.value.field == "reason"
        with pytest.raises(Invalid):
            posts.end_post(clerk, post, post.valid_from - timedelta(days=1), "Why", actor, now)
        posts.end_post(clerk, post, clock.today(), "Moved away", actor, now)
        assert (post.valid_to, post.end_reason, duty.valid_to) == (clock.today(), "Moved away", clock.today())
        with pytest.raises(Conflict):
            posts.end_post(clerk, post, clock.today(), "Again", actor, now)

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"role": "nonsense"}, "role"),
            ({"valid_to": date(2020, 1, 1)}, "valid_to"),
            ({"worker_no": 0}, "worker_no"),
            ({"grid_group_id": 10**6}, "grid_group"),
            ({"valid_from": date(2025, 6, 1)}, "area"),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_field(self, clerk, a11, fields, field):
        with pytest.raises(Invalid) as refusal:
            make_post(clerk, a11, **fields)
        assert refusal.value.field == field

    def test_roles_of_departments_and_of_the_site_stand_in_their_place(self, system, a11, world):
        for role, field in (("department", "org_unit"), ("auditor", "area")):
            with pytest.raises(Invalid) as refusal:
                make_post(system, a11, role=role)
            assert refusal.value.field == field

    @pytest.mark.demand("S0-23", "S4-13")
    def test_one_post_has_many_duties_each_once(self, clerk, a11):
        post = make_post(clerk, a11)
        make_duty(clerk, post, "census", "Every home once a year")
        make_duty(clerk, post, "proxy")
        make_duty(clerk, post, "census", "New tenants within a week")
        with pytest.raises(Conflict):
            make_duty(clerk, post, "proxy")
        given = clerk.scalars(select(PostDuty.domain).where(PostDuty.post_id == post.id))
        assert sorted(given) == ["census", "census", "proxy"]

    def tagged(self, clerk, system, a11, **domains):
        """Each domain can be given to a post, and is called what the article calls it."""
        post = make_post(clerk, a11)
        for domain, words in domains.items():
            assert codes.label(system, "work_domain", domain) == words
            make_duty(clerk, post, domain)
        assert {duty.domain for duty in post.duties} == set(domains)

    @pytest.mark.demand("S4-14", "S4-15", "S4-16")
    def test_duties_of_sanitation_culture_and_resident_service(self, clerk, system, a11):
        self.tagged(
            clerk,
            system,
            a11,
            sanitation="\u73af\u5883\u536b\u751f",
            culture="\u793e\u533a\u6587\u5316",
            residents="\u5c45\u6c11\u670d\u52a1",
        )

    @pytest.mark.demand("S4-17", "S4-18")
    def test_duties_of_security_and_education(self, clerk, system, a11):
        self.tagged(clerk, system, a11, governance="\u7efc\u6cbb\u7ef4\u7a33", education="\u6559\u80b2")

    @pytest.mark.demand("S4-40", "S4-41")
    def test_the_seven_services_are_domains(self, clerk, system, a11):
        seven = {
            "party",
            "sanitation",
            "family_planning",
            "relief",
            "culture",
            "education",
            "governance",
            "residents",
        }
        assert seven <= {code for code, _label in codes.choices(system, "work_domain")}
        self.tagged(
            clerk,
            system,
            a11,
            party="\u793e\u533a\u515a\u5efa",
            family_planning="\u8ba1\u5212\u751f\u80b2",
            relief="\u4fdd\u969c\u6551\u52a9",
        )


class TestDelegation:
    """A post with a role is an account's right: below the own rank, inside the own subtree (S1-33)."""

    @pytest.mark.demand("S1-33")
    def test_below_the_own_rank_inside_the_own_subtree(self, clerk, a11):
        person = make_staff(clerk, a11)
        clerk.commit()
        assert make_post(clerk, a11, person, role="grid_worker").role == "grid_worker"

    @pytest.mark.parametrize("role", ["workstation", "town_staff", "system_admin", "leader"])
    def test_not_at_or_above_the_own_rank(self, clerk, world, role):
        person = make_staff(clerk, world.areas["com_a1"])
        with pytest.raises((NotAllowed, Invalid)):
            make_post(clerk, world.areas["com_a1"], person, "grid_informant", role=role)

    def test_not_outside_the_own_subtree(self, clerk, world):
        person = make_staff(clerk, world.areas["com_a1"])
        for area in ("grid_t11", "town_a", "county"):
            with pytest.raises(NotAllowed):
                make_post(clerk, world.areas[area], person, role="grid_worker")
            clerk.rollback()
            person = make_staff(clerk, world.areas["com_a1"])

    def test_the_post_of_somebody_higher_is_not_ended(self, clerk, system, world):
        person = make_staff(system, world.areas["com_a1"], "Town person")
        post = make_post(system, world.areas["com_a1"], person, "town_staff", role="town_staff")
        system.commit()
        mine = clerk.get(Post, post.id)
        with pytest.raises(NotAllowed):
            posts.end_post(clerk, mine, clock.today(), "I want to", session_actor(clerk), clock.now())

    def test_a_clerk_acting_as_reader_of_another_town_writes_nothing_there(self, acting, world):
        session = acting("clerk_a_reads_t", "leader")
        with pytest.raises(NotAllowed):
            make_staff(session, world.areas["grid_t11"])


class TestGroups:
    @pytest.mark.demand("S1-19")
    def test_a_group_covers_grids_of_its_area_once_at_a_time(self, clerk, system, world):
        now = clock.now()
        group = staff_service.save_group(
            clerk, GridGroup(area_id=world.areas["com_a1"], name="Team 1"), session_actor(clerk), now
        )

        def cover(area):
            return staff_service.cover(
                clerk, GridGroupArea(group_id=group.id, area_id=world.areas[area]), session_actor(clerk), now
            )

        cover("grid_a11")
        cover("grid_a12")
        with pytest.raises(Conflict):
            cover("grid_a11")
        with pytest.raises(Invalid):
            cover("grid_a21")
        worker = make_post(clerk, world.areas["com_a1"], grid_group_id=group.id)
        with pytest.raises(Invalid) as refusal:
            make_post(clerk, world.areas["grid_a11"], worker.staff, grid_group_id=group.id)
        assert refusal.value.field == "area"
        found = queries.holders(clerk, [world.areas["grid_a12"]], clock.today())[world.areas["grid_a12"]]
        assert ("Mei Chen", True) in {(h.staff_name, h.via_group) for h in found}


class TestSchemes:
    @pytest.mark.demand("S3-12", "S4-34", "S1-46")
    def test_the_three_schemes_are_data_with_their_seats(self, system):
        found = {s.key: [seat.position for seat in s.seats] for s in system.scalars(select(RoleScheme))}
        assert found["three_chiefs"] == ["grid_chief", "party_group_leader", "joint_group_leader"]
        assert len(found["five_officers"]) == 5
        assert len(found["seven_and_three"]) == 10

    def test_seats_filled_and_vacant_of_a_grid_and_of_the_county(self, system, a11, world):
        make_post(system, a11, position="grid_chief")
        make_post(system, a11, make_staff(system, a11, "Second"), "grid_chief")
        make_post(system, world.areas["grid_t11"], position="party_group_leader")
        fills = {
            f.position: (f.held, f.vacant)
            for f in queries.seats_of(system, system.get(Area, a11), clock.today())
        }
        assert fills == {"grid_chief": (2, 0), "party_group_leader": (0, 1), "joint_group_leader": (0, 1)}
        totals = queries.scheme_totals(system, system.get(Area, world.areas["county"]).path, clock.today())
        # four grids; two chiefs in one grid fill one seat
        assert [(f.position, f.needed, f.held) for f in totals] == [
            ("grid_chief", 4, 1),
            ("party_group_leader", 4, 1),
            ("joint_group_leader", 4, 0),
        ]

    def test_a_scheme_of_one_town_holds_there_only(self, system, world):
        level_id = system.get(Area, world.areas["grid_a11"]).level_id
        system.add(
            RoleScheme(
                key="town_scheme",
                name="Town scheme",
                level_id=level_id,
                area_id=world.areas["town_t"],
                seats=[RoleSchemeSeat(position="grid_police", needed=2)],
            )
        )
        system.flush()
        path = system.get(Area, world.areas["county"]).path
        totals = {f.scheme_key: f.needed for f in queries.scheme_totals(system, path, clock.today())}
        assert totals["town_scheme"] == 2
        for area, expected in (("grid_t11", True), ("grid_a11", False)):
            keys = {
                f.scheme_key
                for f in queries.seats_of(system, system.get(Area, world.areas[area]), clock.today())
            }
            assert ("town_scheme" in keys) is expected

    @pytest.mark.demand("S1-45", "S3-15")
    def test_first_responsible_persons_are_counted_by_level(self, system, world):
        make_post(system, world.areas["town_a"], position="first_responsible", is_first_responsible=True)
        path = system.get(Area, world.areas["county"]).path
        found = [
            (areas, filled) for _n, areas, filled in queries.responsible_totals(system, path, clock.today())
        ]
        assert found == [(1, 0), (2, 1), (3, 0), (4, 0)]


class TestVacancies:
    @pytest.mark.demand("S0-08", "S4-21")
    def test_people_duties_and_tasks_of_each_grid(self, system, world):
        day = clock.today()
        path = system.get(Area, world.areas["com_a1"]).path
        worker = system.scalars(select(Post).where(Post.area_id == world.areas["grid_a11"])).one()
        empty = make_area(system, world.areas["com_a1"], "grid", "430299001001009", "Empty")
        make_duty(system, worker, "census")
        states = {s.code: s.missing for s in queries.grid_states(system, path, day)}
        assert states["430299001001001"] == [Settlement.tasks]
        assert states["430299001001002"] == [Settlement.duties, Settlement.tasks]
        assert states[empty.code] == [Settlement.people, Settlement.duties, Settlement.tasks]
        vacant = queries.grid_states(system, path, day, missing=Settlement.people)
        assert [s.id for s in vacant] == [empty.id]
        make_duty(system, worker, "proxy", "Pensions")
        complete = queries.grid_states(system, path, day, missing=Settlement.complete)
        assert [s.code for s in complete] == ["430299001001001"]
        totals = queries.grid_totals(system, path, day)
        assert (totals.grids, totals.people, totals.duties, totals.tasks, totals.complete) == (3, 2, 1, 1, 1)

    def test_pages_follow_each_other_without_gap(self, system, world):
        path, seen, after = system.get(Area, world.areas["county"]).path, [], ""
        while page := queries.grid_states(system, path, clock.today(), after=after, limit=1):
            seen.append(page[0].code)
            after = page[-1].path
        assert len(seen) == 4
        assert seen == sorted(seen)

    def test_the_sql_says_what_the_rule_says(self, system, world):
        """Many grids with random posts and duties, judged by the pure rule one by one."""
        rng, day = random.Random(7), clock.today()
        community = world.areas["com_a2"]
        person = make_staff(system, community, "Busy")
        for number in range(10, 30):
            make_area(system, community, "grid", f"4302990010020{number:02d}")
        path = system.get(Area, community).path
        grids = list(system.scalars(select(Area.id).where(queries.base_grids(path, day))))
        for area_id in grids:
            for position in rng.sample(["grid_worker", "grid_worker_part", "grid_chief"], rng.randrange(3)):
                begin = day + timedelta(days=rng.choice([-20, -5, 0, 3]))
                end = rng.choice([None, None, day, day - timedelta(days=1)])
                if end is not None and end < begin:
                    end = None
                post = make_post(system, area_id, person, position, valid_from=begin, valid_to=end)
                if rng.random() < 0.6:
                    task = rng.choice([None, "A task"])
                    system.add(PostDuty(post_id=post.id, area_id=area_id, domain="census", task=task))
        system.flush()
        for state in queries.grid_states(system, path, day, limit=100):
            rows = list(system.scalars(select(Post).where(Post.area_id == state.id)))
            spans = [
                PostSpan(
                    "grid_worker" if p.position in WORKER_POSITIONS else p.position, p.valid_from, p.valid_to
                )
                for p in rows
            ]
            held = [p for p in rows if p.is_valid_on(day)]
            duties = [d for p in held for d in p.duties]
            rule = settled(spans, len(duties), sum(1 for d in duties if d.task), day)
            assert [m.value for m in state.missing] == list(rule.missing)

    def test_numbers_of_statements_do_not_grow_with_the_grids(self, app, system, world):
        community, day = world.areas["com_a2"], clock.today()
        path = system.get(Area, community).path

        def statements():
            from app.extensions import db

            seen = []
            listener = lambda *args: seen.append(args[2])  # noqa: E731
            event.listen(db.engine, "before_cursor_execute", listener)
            queries.grid_states(system, path, day)
            queries.grid_totals(system, path, day)
            queries.scheme_totals(system, path, day)
            ids = [s.id for s in queries.grid_states(system, path, day)]
            queries.holders(system, ids, day)
            event.remove(db.engine, "before_cursor_execute", listener)
            return len(seen)

        before = statements()
        for number in range(10, 40):
            area = make_area(system, community, "grid", f"4302990010020{number:02d}")
            make_post(system, area.id, make_staff(system, area.id, f"W{number}"))
        assert statements() == before

    def test_a_post_of_a_grid_group_settles_each_grid_of_the_group(self, acting, system, world):
        clerk = acting("operator")
        actor, now, day = session_actor(clerk), clock.now(), clock.today()
        group = staff_service.save_group(
            clerk, GridGroup(area_id=world.areas["com_a1"], name="Team 1"), actor, now
        )
        grids = [make_area(clerk, world.areas["com_a1"], "grid", f"43029900100100{n}") for n in (7, 8, 9)]
        for grid in grids[:2]:
            staff_service.cover(clerk, GridGroupArea(group_id=group.id, area_id=grid.id), actor, now)
        shared = make_post(clerk, world.areas["com_a1"], grid_group_id=group.id)
        make_duty(clerk, shared, "census", "Rounds")
        clerk.commit()
        path = system.get(Area, world.areas["com_a1"]).path
        missing = {s.id: s.missing for s in queries.grid_states(system, path, day)}
        assert [missing[grid.id] == [] for grid in grids] == [True, True, False]
        assert queries.grid_totals(system, path, day).complete == 2

    def test_the_work_grows_with_the_grids_and_not_with_grids_times_posts(self, system, world):
        """A county has thousands of both: steps of SQLite's machine, counted at 20 and at 80 grids."""
        if system.get_bind().dialect.name != "sqlite":
            pytest.skip("PostgreSQL has no such counter")
        path, day = system.get(Area, world.areas["com_a2"]).path, clock.today()

        def steps(first, last):
            for number in range(first, last):
                area = make_area(system, world.areas["com_a2"], "grid", f"4302990010020{number:02d}")
                staff = Staff(area_id=area.id, name=f"W{number}", kind="employee")
                post = Post(
                    staff=staff, area_id=area.id, position="grid_worker", role="grid_worker", valid_from=day
                )
                system.add(PostDuty(post=post, area_id=area.id, domain="census", task="x"))
            system.flush()
            counted = []
            driver = system.connection().connection.dbapi_connection
            driver.set_progress_handler(lambda: counted.append(1) and None, 100)
            queries.grid_totals(system, path, day)
            driver.set_progress_handler(None, 0)
            return len(counted)

        few = steps(10, 30)
        assert steps(30, 90) < 8 * few

    def test_a_reader_of_one_community_sees_its_own_numbers_only(self, acting, world):
        session = acting("clerk_a")
        path = session.get(Area, world.areas["com_t1"]).path
        # the tree itself is a dictionary, the people in it are not
        assert queries.grid_totals(session, path, clock.today()).people == 0


class TestUnits:
    @pytest.mark.demand("S0-26", "S1-51")
    def test_units_make_a_tree_of_their_own(self, system, world):
        now, actor = clock.now(), session_actor(system)

        def make(code, kind, area, parent=None, **fields):
            row = OrgUnit(code=code, kind=kind, name=code, area_id=world.areas[area], **fields)
            row.parent_id = parent.id if parent else None
            return units.create_unit(system, row, actor, now)

        center = system.get(OrgUnit, world.units["center"])
        sub = make(
            "SUB-A", "sub_center", "town_a", center, host_office="Town office", go_live_on=date(2026, 5, 31)
        )
        station = make("ST-A1", "workstation", "com_a1", sub, pilot_batch="1")
        peace = make("PEACE", "association", "com_a1")
        assert station.path.startswith(sub.path)
        assert sub.path.startswith(center.path)
        assert len({u.path for u in (center, sub, station, peace)}) == 4
        with pytest.raises(Invalid) as refusal:
            make("PEACE", "association", "com_a1")
        assert refusal.value.field == "code"
        sub.parent_id = station.id
        with pytest.raises(Invalid):
            units.change_unit(system, sub, actor, now)
        sub.parent_id = peace.id
        units.change_unit(system, sub, actor, now)
        assert station.path.startswith(sub.path)
        assert sub.path.startswith(peace.path)

    @pytest.mark.demand("S0-27", "S0-28", "S0-29")
    def test_center_sub_center_and_station_each_belong_to_their_place(self, acting, system, world):
        """Three levels of offices beside the tree of places, each under its host office; a town's clerk makes those of
        the own town and no other.
        """
        clerk = acting("town_clerk_a")
        now, actor = clock.now(), session_actor(clerk)
        center = system.get(OrgUnit, world.units["center"])
        sub = OrgUnit(
            code="SUB",
            kind="sub_center",
            name="Town center",
            host_office="Town",
            area_id=world.areas["town_a"],
        )
        sub.parent_id = center.id
        units.create_unit(clerk, sub, actor, now)
        station = OrgUnit(code="ST", kind="workstation", name="Station", area_id=world.areas["com_a1"])
        station.parent_id = sub.id
        units.create_unit(clerk, station, actor, now)
        assert [u.kind for u in (center, sub, station)] == ["center", "sub_center", "workstation"]
        assert (sub.host_office, station.path.startswith(sub.path)) == ("Town", True)
        level = {area.id: area.level.key for area in system.scalars(select(Area))}
        assert [level[u.area_id] for u in (center, sub, station)] == ["county", "town", "community"]

    @pytest.mark.demand("S4-08", "S1-09", "S0-64")
    def test_a_lead_group_with_its_members_a_pilot_batch_and_the_day_it_begins(self, system, world):
        now, actor = clock.now(), session_actor(system)
        begins = clock.today() + timedelta(days=30)
        group = OrgUnit(
            code="LEAD",
            kind="lead_group",
            name="Lead group",
            area_id=world.areas["county"],
            pilot_batch="first",
            go_live_on=begins,
        )
        units.create_unit(system, group, actor, now)
        members = [make_staff(system, world.areas["county"], name) for name in ("Head", "Deputy")]
        for person in members:
            make_post(system, world.areas["county"], person, "grid_supervisor", org_unit_id=group.id)
        found = system.scalars(select(Post).where(Post.org_unit_id == group.id)).all()
        assert sorted(post.staff.name for post in found) == ["Deputy", "Head"]
        assert system.scalars(select(OrgUnit.code).where(OrgUnit.pilot_batch == "first")).all() == ["LEAD"]
        assert system.scalars(select(OrgUnit.code).where(OrgUnit.go_live_on > clock.today())).all() == [
            "LEAD"
        ]

    def test_a_unit_with_posts_is_not_closed(self, system, world):
        unit = system.get(OrgUnit, world.units["health"])
        with pytest.raises(Conflict):
            units.close_unit(system, unit, clock.today(), "Dissolved", session_actor(system), clock.now())

    def test_outside_the_own_areas_no_unit_is_written(self, acting, world):
        session = acting("town_clerk_a")
        row = OrgUnit(code="X", kind="other", name="X", area_id=world.areas["town_t"])
        with pytest.raises(NotAllowed):
            units.create_unit(session, row, session_actor(session), clock.now())


class TestGrants:
    def save(self, session, staff_id, area, **fields):
        values = {
            "group_code": "G03",
            "reason": "Visits with the doctor",
            "valid_to": clock.today() + timedelta(90),
        }
        row = SensitiveGrant(staff_id=staff_id, area_id=area, **{**values, **fields})
        return grants.save_grant(session, row, session_actor(session), clock.now())

    def test_a_grant_has_a_reason_and_ends_within_a_year(self, acting, world):
        session, area = acting("admin_security"), world.areas["grid_a11"]
        worker = world.accounts["worker_a"].staff_id
        assert self.save(session, worker, area).valid_from == clock.today()
        for fields, field in (
            ({"reason": " "}, "reason"),
            ({"group_code": "G10"}, "group_code"),
            ({"valid_to": None}, "valid_to"),
            ({"valid_to": clock.today() + timedelta(400)}, "valid_to"),
        ):
            with pytest.raises(Invalid) as refusal:
                self.save(session, worker, world.areas["grid_a12"], **fields)
            assert refusal.value.field == field
        with pytest.raises(Conflict):
            self.save(session, worker, area)

    def test_nobody_opens_a_group_to_themselves(self, acting, world):
        with pytest.raises(NotAllowed):
            self.save(
                acting("admin_security"), world.accounts["admin_security"].staff_id, world.areas["county"]
            )

    def test_taken_back_it_is_over_today(self, acting, world):
        from app.areas.actors import build_actor

        session, account = acting("admin_security"), world.accounts["worker_a"]
        grant = self.save(session, account.staff_id, world.areas["grid_a11"])
        session.commit()
        assert build_actor(account.user_id, clock.today())[0].grants == {"G03"}
        grants.end_grant(session, grant, "No longer needed", session_actor(session), clock.now())
        session.commit()
        assert build_actor(account.user_id, clock.today())[0].grants == frozenset()
