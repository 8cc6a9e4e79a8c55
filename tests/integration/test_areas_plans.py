"""Grids divided anew under existing rows: preview, the day, what moves, what stays, who reads it (S0-15)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.areas import queries
from app.areas.actors import build_actor
from app.areas.models import (
    Account,
    Area,
    AreaPlan,
    AreaSuccession,
    CalendarDay,
    GridGroup,
    GridGroupArea,
    Post,
    Staff,
)
from app.areas.service import plans
from app.core import clock, counters
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.scope import acting_as, session_actor
from app.registry.models import Building, Dwelling, Household, Person, PersonArea
from tests.factories.areas import make_area, make_duty, make_post
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support.jobs import PLANS, run_now

CODES = ("430299001001003", "430299001001004")


def tomorrow():
    return clock.today() + timedelta(days=1)


def noon(day: date):
    return clock.day_bounds(day)[0] + timedelta(hours=12)


@pytest.fixture
def grid(world):
    return world.areas["grid_a11"]


@pytest.fixture
def homes_of_a11(system, grid):
    """Four homes with a household of one each, and one empty home."""
    rows = [make_home(system, grid, str(number)) for number in range(1, 6)]
    for home in rows[:4]:
        make_household(system, home)
    system.commit()
    return rows


@pytest.fixture
def operator(acting):
    return acting("operator")


def draft(session, kind, definition, *, title="Divide anew", on=None):
    return plans.draft_plan(
        session,
        kind=kind,
        title=title,
        effective_on=on or tomorrow(),
        definition=definition,
        actor=session_actor(session),
        now=clock.now(),
    )


def split_of(grid, grounds, **more):
    first = {"key": "p1", "code": CODES[0], "name": "Grid A13", "rest": True, **more.pop("first", {})}
    second = {"key": "p2", "code": CODES[1], "name": "Grid A14", "grounds": grounds, **more.pop("second", {})}
    return {"sources": [grid], "pieces": [first, second], **more}


@pytest.fixture
def put_into_force(system):
    def _put(operator, plan, day=None):
        """Schedule, and let the job of the day run; the other sessions begin to read anew."""
        plans.schedule(operator, plan, session_actor(operator), clock.now())
        operator.commit()
        with clock.frozen(noon(day or plan.effective_on)):
            outcome = run_now(system, PLANS)
        system.rollback()
        operator.rollback()
        return outcome

    return _put


def area_by_code(session, code, day):
    return session.scalars(select(Area).where(Area.code == code, *queries.in_force(Area, day))).one()


def home_areas(session, rows):
    session.expire_all()
    return [session.get(Dwelling, row.id).area_id for row in rows]


class TestSplit:
    @pytest.mark.demand("S0-15", "S0-14")
    def test_homes_households_and_people_move_on_the_day(
        self, system, operator, grid, homes_of_a11, put_into_force
    ):
        plan = draft(operator, "split", split_of(grid, [homes_of_a11[0].id, homes_of_a11[1].id]))
        outcome = put_into_force(operator, plan)
        assert (outcome["applied"], outcome["refused"]) == ([plan.uid], {})
        first, second = (area_by_code(system, code, tomorrow()) for code in CODES)
        assert home_areas(system, homes_of_a11) == [second.id, second.id, first.id, first.id, first.id]
        for model in (Household, Person):
            found = sorted(system.scalars(select(model.area_id)))
            assert found == sorted([first.id, first.id, second.id, second.id]), model
        open_ties = select(PersonArea.area_id, PersonArea.valid_from).where(
            PersonArea.valid_to.is_(None), PersonArea.kind == "managing"
        )
        assert sorted(system.execute(open_ties).all()) == sorted(
            [(area, tomorrow()) for area in (first.id, first.id, second.id, second.id)]
        )
        # the ties of the past stay in the area of their day
        closed = select(PersonArea.area_id, PersonArea.valid_to).where(PersonArea.kind == "managing")
        past = system.execute(closed.where(PersonArea.valid_to.is_not(None))).all()
        assert past == [(grid, clock.today())] * 4

    def test_the_old_area_ends_the_id_stays_and_the_succession_is_written(
        self, system, operator, world, grid, homes_of_a11, put_into_force
    ):
        plan = draft(operator, "split", split_of(grid, [homes_of_a11[0].id]))
        put_into_force(operator, plan)
        old = system.get(Area, grid)
        assert (old.code, old.valid_to) == ("430299001001001", clock.today())
        first, second = (area_by_code(system, code, tomorrow()) for code in CODES)
        assert first.valid_from == second.valid_from == tomorrow()
        assert first.parent_id == world.areas["com_a1"]
        assert first.full_name == "Town A Community A1 Grid A13"
        links = system.execute(
            select(AreaSuccession.old_area_id, AreaSuccession.new_area_id, AreaSuccession.kind)
        ).all()
        assert sorted(links) == [(grid, first.id, "split"), (grid, second.id, "split")]
        system.refresh(plan := system.scalars(select(AreaPlan)).one())
        assert plan.state == "applied"
        assert plan.preview["moving"]["dwelling"] == 5

    @pytest.mark.any_database
    def test_a_piece_may_take_over_the_code_of_the_old_area(
        self, system, operator, grid, homes_of_a11, put_into_force
    ):
        definition = split_of(grid, [homes_of_a11[0].id], first={"code": "430299001001001"})
        put_into_force(operator, draft(operator, "split", definition))
        assert area_by_code(system, "430299001001001", clock.today()).id == grid
        assert area_by_code(system, "430299001001001", tomorrow()).id != grid

    def test_a_building_goes_as_a_whole_but_for_a_home_named_by_itself(
        self, system, operator, grid, put_into_force
    ):
        rows = [make_home(system, grid, str(number)) for number in range(3)]
        building = Building(area_id=grid, name="Block 1", address="Block 1")
        system.add(building)
        system.flush()
        for row in rows:
            row.building_id = building.id
        single = make_home(system, grid, "9")
        system.commit()
        definition = split_of(grid, [], second={"groups": [building.id]}, first={"grounds": [rows[2].id]})
        put_into_force(operator, draft(operator, "split", definition))
        first, second = (area_by_code(system, code, tomorrow()) for code in CODES)
        assert home_areas(system, [*rows, single]) == [second.id, second.id, first.id, first.id]

    def test_counters_follow(self, system, operator, world, grid, homes_of_a11, put_into_force):
        before = counters.total(system, "dwelling")
        plan = draft(operator, "split", split_of(grid, [homes_of_a11[0].id]))
        put_into_force(operator, plan)
        first, second = (area_by_code(system, code, tomorrow()) for code in CODES)

        def own(area):
            return counters.total(system, "dwelling", ((area.path, area.path),))

        assert (own(first), own(second), own(system.get(Area, grid))) == (4, 1, 0)
        assert counters.total(system, "dwelling") == before
        for kind in ("person", "household"):
            assert counters.total(system, kind, ((second.path, second.path),)) == 1

    @pytest.mark.demand("S0-15")
    def test_the_successors_worker_reads_the_old_rows_and_nobody_elses(
        self, system, operator, world, grid, homes_of_a11, put_into_force
    ):
        post = system.scalars(select(Post).where(Post.area_id == grid, Post.role == "grid_worker")).one()
        definition = split_of(grid, [homes_of_a11[0].id], second={"posts": [post.id]})
        put_into_force(operator, draft(operator, "split", definition))
        first, second = (area_by_code(system, code, tomorrow()) for code in CODES)
        with clock.frozen(noon(tomorrow())):
            actor, seats = build_actor(world.accounts["worker_a"].user_id, clock.today())
            assert [seat.area_id for seat in seats] == [second.id]
            assert actor.covers(second.path)
            assert actor.covers(system.get(Area, grid).path)
            assert not actor.covers(first.path)
            assert not actor.covers(system.get(Area, world.areas["grid_a12"]).path)
            with acting_as(actor) as session:
                assert session.scalars(select(Dwelling.id)).all() == [homes_of_a11[0].id]
                assert len(session.scalars(select(Person.id)).all()) == 1

    def test_posts_go_where_the_plan_says_with_duties_number_and_history(
        self, system, operator, world, grid, put_into_force
    ):
        post = system.scalars(select(Post).where(Post.area_id == grid)).one()
        post.worker_no = 7
        duty = make_duty(system, post, "census", "Every home once a year")
        ending = make_post(system, grid, position="grid_mediator")
        system.commit()
        definition = split_of(grid, [], first={"posts": [post.id]}, second={"posts": [post.id]})
        plan = draft(operator, "split", definition)
        assert plans.preview(operator, plan, clock.today()).ending == 1
        put_into_force(operator, plan)
        system.expire_all()
        assert (post.valid_to, post.end_reason, duty.valid_to) == (
            clock.today(),
            "Divide anew",
            clock.today(),
        )
        assert ending.valid_to == clock.today()
        first, second = (area_by_code(system, code, tomorrow()) for code in CODES)
        new = system.scalars(
            select(Post).where(Post.area_id.in_([first.id, second.id])).order_by(Post.area_id)
        ).all()
        assert [(p.area_id, p.worker_no, p.role, p.valid_from) for p in new] == [
            (area.id, 7, "grid_worker", tomorrow()) for area in (first, second)
        ]
        assert [d.task for p in new for d in p.duties] == ["Every home once a year"] * 2
        assert system.get(Staff, post.staff_id).area_id == first.id
        account = system.scalars(select(Account).where(Account.staff_id == post.staff_id)).one()
        assert account.home_area_id == first.id

    def test_groups_and_calendar_days_go_to_every_piece(self, system, operator, world, grid, put_into_force):
        group = GridGroup(area_id=world.areas["com_a1"], name="Team 1")
        system.add(group)
        system.flush()
        system.add(GridGroupArea(group_id=group.id, area_id=grid, valid_from=date(2026, 1, 1)))
        far = tomorrow() + timedelta(days=30)
        system.add(CalendarDay(area_id=grid, day=far, is_workday=False, name="Temple fair"))
        system.commit()
        put_into_force(operator, draft(operator, "split", split_of(grid, [])))
        first, second = (area_by_code(system, code, tomorrow()) for code in CODES)
        open_rows = (
            select(GridGroupArea.area_id)
            .where(GridGroupArea.valid_to.is_(None))
            .order_by(GridGroupArea.area_id)
        )
        assert system.scalars(open_rows).all() == [first.id, second.id]
        days = select(CalendarDay.area_id).where(CalendarDay.day == far).order_by(CalendarDay.area_id)
        assert system.scalars(days).all() == [grid, first.id, second.id]

    def test_a_community_is_split_with_its_grids(self, system, operator, world, put_into_force):
        source = world.areas["com_a1"]
        definition = {
            "sources": [source],
            "pieces": [
                {"key": "p1", "code": "430299001003", "name": "Community A3", "rest": True},
                {
                    "key": "p2",
                    "code": "430299001004",
                    "name": "Community A4",
                    "children": [world.areas["grid_a12"]],
                },
            ],
        }
        plan = draft(operator, "split", definition)
        found = plans.preview(operator, plan, clock.today())
        assert {row[3] for row in found.recodes} == {"430299001003001", "430299001004002"}
        put_into_force(operator, plan)
        new = area_by_code(system, "430299001004002", tomorrow())
        assert new.id == world.areas["grid_a12"]
        assert new.path.startswith(area_by_code(system, "430299001004", tomorrow()).path)
        assert new.full_name == "Town A Community A4 Grid A12"


class TestMerge:
    def test_two_grids_become_one_with_all_posts_once(
        self, system, operator, world, grid, homes_of_a11, put_into_force
    ):
        other = world.areas["grid_a12"]
        make_household(system, make_home(system, other, "77"))
        for area_id, number in ((grid, 300), (other, 260)):
            system.get(Area, area_id).declared_households = number
        system.commit()
        definition = {"sources": [grid, other], "pieces": [{"code": CODES[0], "name": "Grid A13"}]}
        plan = draft(operator, "merge", definition)
        found = plans.preview(operator, plan, clock.today())
        assert (found.pieces[0].households, found.ending) == (5, 0)
        assert [f.code for f in found.findings] == ["too_small"]
        put_into_force(operator, plan)
        new = area_by_code(system, CODES[0], tomorrow())
        assert set(home_areas(system, homes_of_a11)) == {new.id}
        assert system.get(Area, new.id).declared_households == 560
        workers = queries.holders(system, [new.id], tomorrow())[new.id]
        assert {h.staff_name for h in workers} == {"Worker A", "Worker A2"}
        with clock.frozen(noon(tomorrow())):
            actor, _seats = build_actor(world.accounts["worker_a2"].user_id, clock.today())
            for old in (grid, other):
                assert actor.covers(system.get(Area, old).path)

    def test_a_chain_of_divisions_is_followed_to_its_beginning(
        self, system, operator, world, grid, homes_of_a11, put_into_force
    ):
        post = system.scalars(select(Post).where(Post.area_id == grid)).one()
        plan = draft(operator, "split", split_of(grid, [], first={"posts": [post.id]}))
        put_into_force(operator, plan)
        later = tomorrow() + timedelta(days=10)
        first = area_by_code(system, CODES[0], tomorrow())
        definition = {
            "sources": [first.id, world.areas["grid_a12"]],
            "pieces": [{"code": "430299001001005", "name": "Grid A15"}],
        }
        with clock.frozen(noon(tomorrow())):
            second_plan = draft(operator, "merge", definition, on=later)
            assert put_into_force(operator, second_plan)["refused"] == {}
        with clock.frozen(noon(later)):
            actor, _seats = build_actor(world.accounts["worker_a"].user_id, clock.today())
        assert all(
            actor.covers(system.get(Area, old).path) for old in (grid, first.id, world.areas["grid_a12"])
        )
        assert not actor.covers(area_by_code(system, CODES[1], later).path)

    @pytest.mark.any_database
    def test_areas_of_two_communities_are_not_merged(self, operator, world):
        definition = {
            "sources": [world.areas["grid_a11"], world.areas["grid_a21"]],
            "pieces": [{"code": CODES[0], "name": "Grid X"}],
        }
        found = plans.preview(operator, draft(operator, "merge", definition), clock.today())
        assert "parents" in {f.code for f in found.errors}


class TestTransfer:
    def test_homes_go_to_the_neighbour_and_its_worker_reads_only_them(
        self, system, operator, world, grid, homes_of_a11, put_into_force
    ):
        other = world.areas["grid_a12"]
        moved = [homes_of_a11[0].id, homes_of_a11[1].id]
        definition = {"sources": [grid, other], "pieces": [{"id": grid}, {"id": other, "grounds": moved}]}
        put_into_force(operator, draft(operator, "transfer", definition))
        assert home_areas(system, homes_of_a11) == [other, other, grid, grid, grid]
        assert system.get(Area, grid).valid_to is None
        with clock.frozen(noon(tomorrow())):
            actor, _seats = build_actor(world.accounts["worker_a2"].user_id, clock.today())
            assert not actor.covers(system.get(Area, grid).path)
            with acting_as(actor) as session:
                assert sorted(session.scalars(select(Dwelling.id))) == moved
        links = system.execute(select(AreaSuccession.old_area_id, AreaSuccession.new_area_id)).all()
        assert links == [(grid, other)]

    def test_a_grid_goes_to_another_community_with_its_rows_and_a_new_code(
        self, system, operator, world, grid, homes_of_a11, put_into_force
    ):
        definition = {
            "sources": [grid],
            "parent": world.areas["com_a2"],
            "pieces": [{"id": grid, "code": "430299001002002"}],
        }
        plan = draft(operator, "transfer", definition)
        found = plans.preview(operator, plan, clock.today())
        assert found.errors == []
        assert found.moving["household.living"] == 4
        put_into_force(operator, plan)
        area = system.get(Area, grid)
        system.refresh(area)
        parent = system.get(Area, world.areas["com_a2"])
        assert area.path.startswith(parent.path)
        assert (area.code, area.full_name) == ("430299001002002", "Town A Community A2 Grid A11")
        assert set(home_areas(system, homes_of_a11)) == {grid}

    def test_a_town_moves_with_everything_below(self, system, operator, world, put_into_force):
        zone = make_area(system, world.areas["county"], "zone", "430299Z01", "North zone")
        system.commit()
        town = world.areas["town_a"]
        plan = draft(operator, "transfer", {"sources": [town], "parent": zone.id, "pieces": [{"id": town}]})
        put_into_force(operator, plan)
        rows = system.scalars(select(Area).where(Area.path.startswith(zone.path)).order_by(Area.path)).all()
        assert [row.depth for row in rows] == [1, 2, 3, 4, 4, 3, 4]
        assert len({row.path for row in rows}) == 7

    @pytest.mark.any_database
    def test_an_area_does_not_go_below_itself_or_a_wrong_level(self, operator, world):
        town = world.areas["town_a"]
        for parent, code in ((world.areas["com_a1"], "own_child"), (world.areas["town_t"], "level")):
            plan = draft(
                operator, "transfer", {"sources": [town], "parent": parent, "pieces": [{"id": town}]}
            )
            assert code in {f.code for f in plans.preview(operator, plan, clock.today()).errors}


class TestLife:
    def test_applied_twice_changes_nothing_the_second_time(
        self, system, operator, grid, homes_of_a11, put_into_force
    ):
        plan = draft(operator, "split", split_of(grid, [homes_of_a11[0].id]))
        put_into_force(operator, plan)
        before = sorted(system.execute(select(Area.id, Area.path, Area.valid_to)).all())
        with clock.frozen(noon(tomorrow())):
            assert run_now(system, PLANS)["applied"] == []
            assert plans.apply_one(plan.uid, clock.now()) is False
        system.rollback()
        assert sorted(system.execute(select(Area.id, Area.path, Area.valid_to)).all()) == before
        steps = plans.steps_of(system, system.scalars(select(AreaPlan)).one())
        assert [(step.from_state, step.to_state) for step in steps] == [
            (None, "draft"),
            ("draft", "scheduled"),
            ("scheduled", "applied"),
        ]
        assert steps[0].by_role == "center_operator"

    @pytest.mark.any_database
    def test_before_its_day_a_plan_waits(self, operator, system, grid):
        plan = draft(operator, "split", split_of(grid, []))
        plans.schedule(operator, plan, session_actor(operator), clock.now())
        operator.commit()
        assert run_now(system, PLANS)["applied"] == []
        with pytest.raises(Conflict, match="day"):
            plans.apply_one(plan.uid, clock.now())

    def test_a_late_run_applies_what_was_due(self, operator, system, grid, put_into_force):
        plan = draft(operator, "split", split_of(grid, []))
        outcome = put_into_force(operator, plan, day=tomorrow() + timedelta(days=4))
        assert outcome["applied"] == [plan.uid]
        assert system.get(Area, grid).valid_to == clock.today()

    def test_a_home_that_came_in_meanwhile_goes_to_the_rest(self, operator, system, grid, homes_of_a11):
        plan = draft(operator, "split", split_of(grid, [homes_of_a11[0].id]))
        plans.schedule(operator, plan, session_actor(operator), clock.now())
        operator.commit()
        system.rollback()
        new = make_home(system, grid, "99")
        system.commit()
        with clock.frozen(noon(tomorrow())):
            assert run_now(system, PLANS)["applied"] == [plan.uid]
        system.rollback()
        first = area_by_code(system, CODES[0], tomorrow())
        assert home_areas(system, [new]) == [first.id]

    def test_a_plan_that_no_longer_fits_waits_with_its_reason_and_changes_nothing(
        self, operator, system, world, grid, homes_of_a11
    ):
        plan = draft(operator, "split", split_of(grid, []))
        plans.schedule(operator, plan, session_actor(operator), clock.now())
        operator.commit()
        make_area(system, world.areas["com_a1"], "grid", CODES[0])
        system.commit()
        with clock.frozen(noon(tomorrow())):
            outcome = run_now(system, PLANS)
        system.rollback()
        assert outcome["applied"] == []
        assert plan.uid in outcome["refused"]
        assert set(home_areas(system, homes_of_a11)) == {grid}
        assert system.scalars(select(AreaPlan)).one().state == "scheduled"

    @pytest.mark.any_database
    def test_errors_stop_the_scheduling(self, operator, grid, homes_of_a11):
        cases = (
            split_of(grid, [homes_of_a11[0].id], first={"grounds": [homes_of_a11[0].id]}),  # twice
            split_of(grid, [10**6]),  # of another area
            split_of(grid, [], first={"code": "430299001001002"}),  # taken
            split_of(grid, [], first={"code": "77"}),  # not the level's form
            split_of(grid, [], first={"name": ""}),
            split_of(grid, [], first={"id": grid}),
        )
        for definition in cases:
            plan = draft(operator, "split", definition)
            with pytest.raises(Conflict):
                plans.schedule(operator, plan, session_actor(operator), clock.now())
            assert plan.state == "draft"

    @pytest.mark.any_database
    def test_two_plans_for_one_grid_do_not_wait_beside_each_other(self, operator, grid):
        plans.schedule(
            operator, draft(operator, "split", split_of(grid, [])), session_actor(operator), clock.now()
        )
        operator.commit()
        second = draft(operator, "split", split_of(grid, []), title="Another")
        assert "busy" in {f.code for f in plans.preview(operator, second, clock.today()).errors}

    @pytest.mark.any_database
    def test_back_to_draft_changed_and_dropped_with_a_reason(self, operator, grid):
        actor, now = session_actor(operator), clock.now()
        plan = draft(operator, "split", split_of(grid, []))
        plans.schedule(operator, plan, actor, now)
        with pytest.raises(Conflict):
            plans.revise_plan(
                operator,
                plan,
                title="x",
                effective_on=tomorrow(),
                definition=split_of(grid, []),
                actor=actor,
                now=now,
            )
        plans.unschedule(operator, plan, actor, now)
        plans.revise_plan(
            operator,
            plan,
            title="Later",
            effective_on=tomorrow(),
            definition=split_of(grid, []),
            actor=actor,
            now=now,
        )
        assert (plan.title, plan.preview) == ("Later", None)
        with pytest.raises(Invalid):
            plans.cancel(operator, plan, " ", actor, now)
        plans.cancel(operator, plan, "The residents objected", actor, now)
        assert plans.steps_of(operator, plan)[-1].reason == "The residents objected"

    @pytest.mark.any_database
    @pytest.mark.parametrize(
        "definition", [[], {"sources": "x"}, {"sources": [True]}, {"pieces": [3]}, {"pieces": {}}]
    )
    def test_a_definition_that_is_none_is_refused(self, operator, definition):
        with pytest.raises(Invalid):
            draft(operator, "split", definition)


class TestWho:
    def test_plans_are_seen_in_their_area_only(self, operator, acting, system, world):
        draft(operator, "split", split_of(world.areas["grid_a11"], []))
        operator.commit()
        assert len(acting("operator").scalars(select(AreaPlan)).all()) == 1
        assert acting("clerk_t").scalars(select(AreaPlan)).all() == []
        assert acting("supervisor").scalars(select(AreaPlan)).all() != []

    def test_only_inside_the_own_areas_and_only_by_the_right_roles(self, acting, world, system):
        with pytest.raises(NotAllowed):
            draft(acting("town_clerk_a"), "split", split_of(world.areas["grid_a11"], []))
        person = system.get(Staff, world.accounts["town_clerk_a"].staff_id)
        make_post(system, world.areas["town_a"], person, "dispatcher", role="center_operator")
        system.commit()
        session = acting("town_clerk_a", "center_operator")
        assert draft(session, "split", split_of(world.areas["grid_a11"], [])).state == "draft"
        with pytest.raises(NotAllowed):
            draft(session, "split", split_of(world.areas["grid_t11"], []))

    def test_putting_into_force_needs_a_session_that_sees_every_row(self, operator, grid):
        plan = draft(operator, "split", split_of(grid, []), on=clock.today())
        with pytest.raises(NotAllowed):
            plans.apply_plan(operator, plan, session_actor(operator), clock.now())

    def test_an_administrator_who_sees_no_residents_still_gets_whole_numbers(
        self, acting, grid, homes_of_a11
    ):
        session = acting("admin_system")
        assert session.scalars(select(Person.id)).all() == []
        plan = draft(session, "split", split_of(grid, []))
        session.commit()
        found = plans.preview(session, plan, clock.today())
        assert found.moving["person"] == 4


def test_somebody_living_here_and_registered_there_is_moved_where_they_live(
    system, operator, world, grid, put_into_force
):
    """Two homes in one grid: the household lives in the first; both go to different pieces."""
    lived, owned = make_home(system, grid, "1"), make_home(system, grid, "2")
    make_household(system, lived, [ResidentFactory()])
    system.commit()
    put_into_force(operator, draft(operator, "split", split_of(grid, [owned.id])))
    first = area_by_code(system, CODES[0], tomorrow())
    assert system.scalars(select(Person.area_id)).all() == [first.id]
