"""Pages of the areas domain through the HTTP client: forms call the services, foreign rows are not found."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.areas.models import (
    Area,
    AreaLevel,
    AreaPlan,
    CalendarDay,
    GridGroup,
    OfficeHours,
    OrgUnit,
    Post,
    PostDuty,
    RoleScheme,
    SensitiveGrant,
    Staff,
)
from app.areas.service import plans
from app.core import clock
from app.core.actor import Actor
from app.core.codes import CodeItem, CodeList
from tests.factories.areas import make_area, make_post, make_staff
from tests.factories.registry import make_home, make_household
from tests.support.pages import fill, form_of, keys_in, post
from tests.support.rows import fresh, reread

pytestmark = pytest.mark.any_database


def uid(session, model, **by):
    return session.scalars(select(model).filter_by(**by)).one().uid


def level_uid(session, key):
    return uid(session, AreaLevel, key=key)


class TestAreas:
    def test_the_tree_opens_at_the_top_of_the_own_areas(self, login_as, world):
        for username, top in (("operator", "county"), ("clerk_a", "com_a1"), ("worker_a", "grid_a11")):
            answer = login_as(username).get("/areas/tree/")
            assert answer.headers["Location"].endswith(f"/areas/show/{world.uids[top]}")

    @pytest.mark.demand("S0-19")
    def test_the_page_of_a_grid_shows_way_people_numbers_and_boundary(self, login_as, system, world):
        grid = system.get(Area, world.areas["grid_a11"])
        grid.boundary_east, grid.boundary_north = "Jade Road", "Railway"
        grid.polygon = {
            "type": "Polygon",
            "coordinates": [[[113.5, 27.6], [113.6, 27.6], [113.6, 27.7], [113.5, 27.6]]],
        }
        make_household(system, make_home(system, grid.id))
        system.commit()
        page = login_as("clerk_a").get(f"/areas/show/{grid.uid}").text
        for words in ("Jade Road", "Railway", "Worker A", "<svg viewBox", "Community A1"):
            assert words in page
        # the way up is shown, but leads only where the clerk works
        assert f"/areas/show/{world.uids['com_a1']}" in page
        assert f"/areas/show/{world.uids['town_a']}" not in page
        assert "gb-warn" in page  # one household is fewer than 300: a hint

    def test_areas_below_with_declared_numbers_and_vacancies_page_by_page(self, login_as, system, world):
        for number in range(2, 70):
            make_area(
                system,
                world.areas["com_a2"],
                "grid",
                f"4302990010020{number:02d}",
                f"G{number}",
                declared_households=number,
            )
        system.commit()
        client = login_as("operator")
        first = client.get(f"/areas/show/{world.uids['com_a2']}").text
        assert "G40" in first
        assert "G69" not in first
        last = keys_in(first.split("<tbody>")[1].split("</tbody>")[0], "/areas")[-1]
        second = client.get(f"/areas/show/{world.uids['com_a2']}?from={last}").text
        assert "G69" in second
        assert (
            client.get(f"/areas/show/{world.uids['com_a2']}?from={world.uids['grid_t11']}").status_code == 400
        )

    def test_below_a_community_level_code_and_settlement_are_proposed(self, login_as, system, world):
        form = form_of(login_as("operator").get(f"/areas/add?parent_id={world.uids['com_a1']}").text)
        assert form["level_id"] == level_uid(system, "grid")
        assert form["code"] == "430299001001003"
        assert form["settlement"] == "urban"

    def test_an_area_is_added_and_refusals_stand_at_their_field(self, login_as, system, world):
        client = login_as("operator")
        url = f"/areas/add?parent_id={world.uids['com_a1']}"
        answer = fill(client, url, name="Grid A13", polygon='{"type": "Point"}')
        assert answer.status_code == 422
        assert "Grid A13" in answer.text
        answer = fill(client, url, name="Grid A13", code="430299001001001")
        assert answer.status_code == 422
        assert 'id="code-error"' in answer.text
        assert fill(client, url, name="Grid A13", boundary_west="School").status_code == 303
        area = fresh(system).scalars(select(Area).where(Area.code == "430299001001003")).one()
        assert (area.boundary_west, area.full_name) == ("School", "Town A Community A1 Grid A13")

    def test_an_area_is_changed_and_closed_with_a_reason(self, login_as, system, world):
        area = make_area(system, world.areas["com_a1"], "grid", "430299001001003", "Grid A13")
        system.commit()
        client = login_as("operator")
        assert fill(client, f"/areas/edit/{area.uid}", name="Grid Thirteen").status_code == 303
        assert reread(system, area).name == "Grid Thirteen"
        assert fill(client, f"/areas/close/{area.uid}", reason="").status_code == 422
        assert fill(client, f"/areas/close/{area.uid}", reason="Built over").status_code == 303
        assert reread(system, area).valid_to == clock.today()
        assert fill(client, f"/areas/reopen/{area.uid}", reason="").status_code == 422
        assert fill(client, f"/areas/reopen/{area.uid}", reason="A mistake").status_code == 303
        assert reread(system, area).valid_to is None
        assert fill(client, f"/areas/reopen/{area.uid}", reason="Once more").status_code == 422
        answer = fill(client, f"/areas/close/{world.uids['grid_a11']}", reason="Still full")
        assert answer.status_code == 422

    def test_areas_of_another_town_are_not_found_whatever_the_page(self, login_as, world):
        foreign = world.uids["grid_t11"]
        for username in ("town_clerk_a", "clerk_a", "worker_a"):
            client = login_as(username)
            for page in ("show", "history"):
                assert client.get(f"/areas/{page}/{foreign}").status_code == 404
            assert foreign not in client.get("/areas/list/?psize_AreaView=200").text
            found = client.get("/areas/lookup?q=Grid").json["results"]
            assert foreign not in {row["id"] for row in found}
            assert client.get(f"/vacancies/list/?area={foreign}").status_code in (403, 404)

    def test_closed_areas_are_not_offered_any_more(self, login_as, system, world):
        area = make_area(system, world.areas["com_a1"], "grid", "430299001001003", "Old grid")
        area.valid_to = clock.today() - timedelta(days=1)
        system.commit()
        client = login_as("operator")
        assert client.get("/areas/lookup?q=Old").json["results"] == []
        assert "Old grid" in client.get("/areas/list/").text

    def test_levels_are_edited_by_the_system_administrator_only(self, login_as, system):
        client = login_as("admin_system")
        values = {
            "name": "Street office",
            "key": "street",
            "kind": "division",
            "rank": "30",
            "parent_keys": "county",
        }
        assert fill(client, "/levels/add", **values).status_code == 303
        assert fill(client, "/levels/add", **values).status_code == 422
        assert fill(client, "/levels/add", **{**values, "key": "x1", "code_pattern": "["}).status_code == 422
        assert (
            fill(client, "/levels/add", **{**values, "key": "x2", "parent_keys": "cell"}).status_code == 422
        )
        grid = level_uid(fresh(system), "grid")
        # a pattern that the grids in use do not fit would stop every later edit
        assert fill(client, f"/levels/edit/{grid}", code_pattern="[0-9]{9}").status_code == 422
        assert post(client, f"/levels/delete/{grid}", reason="Gone").status_code == 409
        assert login_as("operator").get("/levels/add").status_code == 403


class TestPlans:
    @pytest.fixture
    def dwelling(self, system, world):
        rows = [make_home(system, world.areas["grid_a11"], str(number)) for number in range(1, 4)]
        make_household(system, rows[0])
        system.commit()
        return rows[0]

    def start(self, world, mode):
        return f"/plans/add?source={world.uids['grid_a11']}&form={mode}"

    @pytest.mark.demand("S0-15")
    def test_a_split_is_typed_looked_at_scheduled_and_applied(self, login_as, system, world, dwelling):
        client = login_as("operator")
        page = client.get(self.start(world, "split")).text
        form = form_of(page)
        assert (form["p1-code"], form["p2-code"]) == ("430299001001003", "430299001001004")
        worker = uid(system, Post, area_id=world.areas["grid_a11"])
        day = (clock.today() + timedelta(days=1)).isoformat()
        values = {"title": "Two grids", "effective_on": day, "p1-name": "Grid A13", "p2-name": "Grid A14"}
        answer = client.post(
            self.start(world, "split"),
            data={**form, **values, f"ground-{dwelling.uid}": "p2", "p2-posts": worker},
        )
        assert answer.status_code == 303
        where = answer.headers["Location"]
        shown = client.get(where).text
        assert "Two grids" in shown
        assert "430299001001004" in shown
        assert post(client, where.replace("show", "schedule")).status_code == 303
        plan = fresh(system).scalars(select(AreaPlan)).one()
        assert plan.state == "scheduled"
        piece = plan.definition["pieces"][1]
        assert piece["grounds"] == [dwelling.id]
        assert [system.get(Post, key).uid for key in piece["posts"]] == [worker]
        assert client.get(where.replace("show", "edit")).status_code == 403  # no longer a draft
        post(client, where.replace("show", "apply"))
        assert reread(system, plan).state == "scheduled"  # its day has not come
        assert post(client, where.replace("show", "unschedule")).status_code == 303
        assert reread(system, plan).state == "draft"

    def test_a_due_plan_is_put_into_force_by_the_button(self, login_as, system, world, dwelling):
        with clock.frozen(clock.now() - timedelta(days=3)):
            plan = plans.draft_plan(
                system,
                kind="split",
                title="Due",
                effective_on=clock.today() + timedelta(days=1),
                definition={
                    "sources": [world.areas["grid_a11"]],
                    "pieces": [
                        {"code": "430299001001003", "name": "A"},
                        {"code": "430299001001004", "name": "B", "grounds": [dwelling.id]},
                    ],
                },
                actor=_as_editor(system),
                now=clock.now(),
            )
            plans.schedule(system, plan, _as_editor(system), clock.now())
        system.commit()
        client = login_as("operator")
        assert post(client, f"/plans/apply/{plan.uid}").status_code == 303
        assert reread(system, plan).state == "applied"
        assert reread(system, dwelling).area_id != world.areas["grid_a11"]
        page = client.get(f"/plans/show/{plan.uid}").text
        assert "430299001001004" in page
        # the old grid says where it went, the new one where it came from
        old = client.get(f"/areas/show/{world.uids['grid_a11']}").text
        assert page.count("/areas/show/") >= 2
        assert "gb-warn" in old

    def test_one_more_area_keeps_what_was_typed(self, login_as, world, dwelling):
        client = login_as("operator")
        page = client.get(self.start(world, "split")).text
        form = {**form_of(page), "title": "Three", f"ground-{dwelling.uid}": "p2", "more": "1"}
        answer = client.post(self.start(world, "split"), data=form)
        assert answer.status_code == 200
        assert 'name="p3-code"' in answer.text
        assert form_of(answer.text)["title"] == "Three"
        assert form_of(answer.text)[f"ground-{dwelling.uid}"] == "p2"

    def test_what_is_missing_comes_back_with_everything_typed(self, login_as, world, dwelling):
        client = login_as("operator")
        answer = fill(client, self.start(world, "split"), title="", **{"p1-name": "Kept"})
        assert answer.status_code == 422
        assert form_of(answer.text)["p1-name"] == "Kept"

    def test_a_draft_is_changed_and_the_second_writer_is_told(self, login_as, system, world, dwelling):
        client = login_as("operator")
        day = (clock.today() + timedelta(days=5)).isoformat()
        fill(
            client,
            self.start(world, "split"),
            title="First",
            effective_on=day,
            **{"p1-name": "A", "p2-name": "B"},
        )
        plan = fresh(system).scalars(select(AreaPlan)).one()
        url = f"/plans/edit/{plan.uid}"
        page = form_of(client.get(url).text)
        assert (page["p1-name"], page["title"]) == ("A", "First")
        assert client.post(url, data={**page, "title": "Second"}).status_code == 303
        stale = client.post(url, data={**page, "title": "Third"})
        assert stale.status_code == 422
        assert reread(system, plan).title == "Second"

    @pytest.mark.parametrize("mode", ["merge", "homes", "place"])
    def test_the_other_ways_are_typed_too(self, login_as, system, world, dwelling, mode):
        client = login_as("operator")
        day = (clock.today() + timedelta(days=5)).isoformat()
        neighbour = world.uids["grid_a12"]
        more = {
            "merge": {"other": neighbour, "p1-name": "Both"},
            "homes": {"other": neighbour, f"ground-{dwelling.uid}": neighbour},
            "place": {"parent": world.uids["com_a2"], "p1-code": "430299001002002", "p1-name": "Moved"},
        }[mode]
        assert fill(client, self.start(world, mode), title=mode, effective_on=day, **more).status_code == 303
        plan = fresh(system).scalars(select(AreaPlan)).one()
        assert plans.preview(system, plan, clock.today()).errors == []
        again = form_of(client.get(f"/plans/edit/{plan.uid}").text)
        assert again["title"] == mode
        assert client.post(f"/plans/edit/{plan.uid}", data={**again, **more}).status_code == 303
        assert plans.preview(system, reread(system, plan), clock.today()).errors == []

    def test_a_plan_is_dropped_with_a_reason_only(self, login_as, system, world):
        client = login_as("operator")
        day = (clock.today() + timedelta(days=5)).isoformat()
        fill(
            client,
            self.start(world, "split"),
            title="No",
            effective_on=day,
            **{"p1-name": "A", "p2-name": "B"},
        )
        plan = fresh(system).scalars(select(AreaPlan)).one()
        post(client, f"/plans/cancel/{plan.uid}", reason=" ")
        assert reread(system, plan).state == "draft"
        post(client, f"/plans/cancel/{plan.uid}", reason="Objections")
        assert reread(system, plan).state == "cancelled"

    def test_nobody_plans_for_another_town(self, login_as, system, world):
        from tests.factories.areas import make_post as give

        person = system.get(Staff, world.accounts["town_clerk_a"].staff_id)
        for post_row in list(person.posts):
            system.delete(post_row)
        system.flush()
        give(system, world.areas["town_a"], person, "dispatcher", role="center_operator")
        system.commit()
        client = login_as("town_clerk_a")
        assert client.get(f"/plans/add?source={world.uids['grid_t11']}&form=split").status_code == 404
        assert client.get(self.start(world, "split")).status_code == 200


def _as_editor(session):
    return Actor(role="center_operator", whole_site=True, read_only=False, label="Operator")


class TestStaffPages:
    def test_somebody_is_added_given_a_post_and_a_duty_and_leaves(self, login_as, system, world):
        client = login_as("clerk_a")
        grid = world.uids["grid_a11"]
        values = {"name": "Li Guiying", "kind": "party_member", "phone": "13812345678", "area_id": grid}
        assert fill(client, "/staff/add", **values).status_code == 303
        person = fresh(system).scalars(select(Staff).where(Staff.name == "Li Guiying")).one()
        values = {
            "staff_id": person.uid,
            "position": "grid_chief",
            "area_id": grid,
            "is_first_responsible": "y",
        }
        assert fill(client, "/posts/add", **values).status_code == 303
        held = fresh(system).scalars(select(Post).where(Post.staff_id == person.id)).one()
        assert (held.role, held.is_first_responsible) == (None, True)
        again = fill(client, "/posts/add", **values)
        assert again.status_code == 422
        values = {"post_id": held.uid, "domain": "party", "task": "Lead the group"}
        assert fill(client, "/duties/add", **values).status_code == 303
        assert (
            fresh(system).scalars(select(PostDuty.task).where(PostDuty.post_id == held.id)).one()
            == "Lead the group"
        )
        assert fill(client, f"/posts/end/{held.uid}", reason="").status_code == 422
        assert fill(client, f"/posts/end/{held.uid}", reason="Moved away").status_code == 303
        assert reread(system, held).end_reason == "Moved away"
        assert "13812345678" not in client.get("/staff/list/").text

    def test_only_roles_below_the_own_rank_are_offered_and_taken(self, login_as, system, world):
        client = login_as("clerk_a")
        page = client.get("/posts/add").text
        offered = page.split('name="role"')[1].split("</select>")[0]
        assert 'value="grid_worker"' in offered
        assert 'value="workstation"' not in offered
        person = make_staff(system, world.areas["grid_a11"])
        system.commit()
        values = {"staff_id": person.uid, "position": "grid_worker", "area_id": world.uids["grid_a11"]}
        assert fill(client, "/posts/add", **values, role="town_staff").status_code == 422
        assert fill(client, "/posts/add", **values, role="grid_worker").status_code == 303

    def test_a_worker_number_that_is_taken_is_refused_at_its_field(self, login_as, system, world):
        make_post(system, world.areas["grid_a12"], worker_no=7)
        person = make_staff(system, world.areas["grid_a11"], "Other")
        system.commit()
        values = {
            "staff_id": person.uid,
            "position": "grid_worker",
            "area_id": world.uids["grid_a11"],
            "worker_no": "7",
        }
        answer = fill(login_as("clerk_a"), "/posts/add", **values)
        assert answer.status_code == 422
        assert 'id="worker_no-error"' in answer.text

    def test_whoever_holds_posts_is_not_deleted(self, login_as, system, world):
        person = make_post(system, world.areas["grid_a11"]).staff
        system.commit()
        client = login_as("town_clerk_a")
        assert post(client, f"/staff/delete/{person.uid}", reason="Gone").status_code == 409
        assert reread(system, person).deleted_at is None

    def test_staff_and_posts_of_another_town_are_not_found(self, login_as, system, world):
        foreign = make_post(
            system, world.areas["grid_t11"], make_staff(system, world.areas["grid_t11"], "Stranger")
        )
        group = GridGroup(area_id=world.areas["com_t1"], name="Foreign team")
        system.add(group)
        system.commit()
        for username in ("town_clerk_a", "clerk_a"):
            client = login_as(username)
            for url in (
                f"/staff/show/{foreign.staff.uid}",
                f"/posts/show/{foreign.uid}",
                f"/posts/edit/{foreign.uid}",
                f"/posts/end/{foreign.uid}",
                f"/groups/show/{group.uid}",
            ):
                assert client.get(url).status_code == 404, url
            assert (
                post(client, f"/posts/end/{foreign.uid}", last_day="20261201", reason="x y").status_code
                == 404
            )
            for url in ("/staff/list/", "/posts/list/", "/groups/list/"):
                assert "Stranger" not in client.get(url).text
                assert "Foreign team" not in client.get(url).text
        assert reread(system, foreign).end_reason is None

    def test_a_group_covers_grids_of_its_area(self, login_as, system, world):
        client = login_as("clerk_a")
        assert fill(client, "/groups/add", name="Team", area_id=world.uids["com_a1"]).status_code == 303
        group = uid(fresh(system), GridGroup, name="Team")
        values = {"group_id": group, "area_id": world.uids["grid_a11"]}
        assert fill(client, "/group-grids/add", **values).status_code == 303
        assert fill(client, "/group-grids/add", **values).status_code == 422

    def test_a_unit_is_added_changed_and_closed(self, login_as, system, world):
        client = login_as("operator")
        parent = system.get(OrgUnit, world.units["center"]).uid
        values = {"name": "Station A1", "kind": "workstation", "code": "ST1", "area_id": world.uids["com_a1"]}
        assert fill(client, f"/units/add?parent_id={parent}", **values).status_code == 303
        unit = fresh(system).scalars(select(OrgUnit).where(OrgUnit.code == "ST1")).one()
        assert unit.path.startswith(system.get(OrgUnit, world.units["center"]).path)
        assert fill(client, f"/units/edit/{unit.uid}", go_live_on="20260531").status_code == 303
        assert reread(system, unit).go_live_on == date(2026, 5, 31)
        assert fill(client, f"/units/close/{unit.uid}", reason="Moved").status_code == 303
        assert reread(system, unit).valid_to == clock.today()
        health = system.get(OrgUnit, world.units["health"]).uid
        assert fill(client, f"/units/close/{health}", reason="Has posts").status_code == 422


class TestVacancyPage:
    @pytest.mark.demand("S0-08", "S4-21")
    def test_vacant_grids_are_listed_with_totals(self, login_as, system, world):
        make_area(system, world.areas["com_a1"], "grid", "430299001001009", "Empty grid")
        system.commit()
        client = login_as("clerk_a")
        page = client.get("/vacancies/list/?missing=people").text
        assert "Empty grid" in page
        assert "Grid A11" not in page
        assert "Grid A11" in client.get("/vacancies/list/").text

    def test_bad_arguments_get_a_sentence(self, login_as, world):
        client = login_as("operator")
        for query in (
            "missing=nonsense",
            "after=x",
            "area=1",
            "after=00000000-0000-7000-8000-000000000000",
            "area=%00",
        ):
            assert client.get(f"/vacancies/list/?{query}").status_code in (400, 404), query


class TestCalendarPages:
    def test_a_day_is_added_changed_and_taken_out(self, login_as, system, world):
        client = login_as("admin_system")
        values = {"day": "20260316", "name": "Porcelain fair", "area_id": world.uids["county"]}
        assert fill(client, "/calendar/add", **values).status_code == 303
        assert fill(client, "/calendar/add", **values).status_code == 422
        row = fresh(system).scalars(select(CalendarDay)).one()
        assert row.is_workday is False
        assert "Porcelain fair" in client.get("/calendar/year/?year=2026").text
        assert fill(client, f"/calendar/edit/{row.uid}", day="2026-03-17").status_code == 303
        assert reread(system, row).day == date(2026, 3, 17)
        assert post(client, f"/calendar/delete/{row.uid}", reason="A mistake").status_code == 303
        assert fresh(system).scalars(select(CalendarDay)).all() == []

    def test_office_hours_are_read_as_typed(self, login_as, system):
        client = login_as("admin_system")
        values = {
            "from_day": "5-1",
            "to_day": "0930",
            "morning_from": "8:00",
            "morning_to": "1200",
            "afternoon_from": "15:00",
            "afternoon_to": "18:00",
        }
        assert fill(client, "/office-hours/add", **{**values, "afternoon_to": "9:00"}).status_code == 422
        assert fill(client, "/office-hours/add", **values).status_code == 303
        row = fresh(system).scalars(select(OfficeHours)).one()
        assert (row.from_day, row.to_day, row.morning_from) == ("05-01", "09-30", "08:00")

    @pytest.mark.parametrize("year", ["x", "1900", "99999", "-1", "\u2461"])
    def test_a_year_is_a_year(self, login_as, year):
        assert login_as("admin_system").get(f"/calendar/year/?year={year}").status_code == 400


class TestCodesAndGrants:
    def test_local_lists_are_edited_standard_ones_are_not(self, login_as, system):
        client = login_as("admin_system")
        local, locked = uid(system, CodeList, name="work_domain"), uid(system, CodeList, name="gender")
        values = {"code": "fire", "label": "Fire watch", "seq": "20"}
        assert fill(client, f"/codes/add?list_id={local}", **values).status_code == 303
        assert fill(client, f"/codes/add?list_id={local}", **values).status_code == 422
        assert (
            fill(client, f"/codes/add?list_id={local}", **{**values, "code": "f2", "extra": "{"}).status_code
            == 422
        )
        assert fill(client, f"/codes/add?list_id={locked}", **values).status_code == 422
        item = fresh(system).scalars(select(CodeItem).join(CodeList).where(CodeList.name == "gender")).first()
        assert client.get(f"/codes/edit/{item.uid}").status_code == 403
        assert client.get(f"/code-lists/edit/{locked}").status_code == 403
        assert client.get(f"/codes/delete/{item.uid}").status_code == 404

    def test_the_last_code_of_a_list_stays(self, login_as, system):
        client = login_as("admin_system")
        items = system.scalars(select(CodeItem).join(CodeList).where(CodeList.name == "settlement")).all()
        assert fill(client, f"/codes/edit/{items[0].uid}", valid_to="20260101").status_code == 303
        assert fill(client, f"/codes/edit/{items[1].uid}", valid_to="20260101").status_code == 422
        # and every page that uses the list still opens
        assert client.get("/areas/add").status_code == 200

    def test_role_schemes_and_seats(self, login_as, system):
        client = login_as("admin_system")
        values = {
            "name": "Two watches",
            "key": "two_watches",
            "level_id": level_uid(system, "grid"),
            "active": "y",
        }
        assert fill(client, "/schemes/add", **values).status_code == 303
        assert fill(client, "/schemes/add", **values).status_code == 422
        scheme = uid(fresh(system), RoleScheme, key="two_watches")
        seat = {"scheme_id": scheme, "position": "grid_patrol", "needed": "2"}
        assert fill(client, "/scheme-seats/add", **seat).status_code == 303
        assert fill(client, "/scheme-seats/add", **seat).status_code == 422
        assert (
            fill(
                client, "/scheme-seats/add", **{**seat, "position": "grid_police", "needed": "0"}
            ).status_code
            == 422
        )
        assert post(client, f"/schemes/delete/{scheme}", reason="Not used").status_code == 303

    def test_a_grant_is_given_and_taken_back_never_edited(self, login_as, system, world):
        client = login_as("admin_security")
        worker = system.get(Staff, world.accounts["worker_a"].staff_id).uid
        until = (clock.today() + timedelta(days=90)).isoformat()
        values = {
            "staff_id": worker,
            "group_code": "G03",
            "area_id": world.uids["grid_a11"],
            "valid_to": until,
            "reason": "Visits with the doctor",
        }
        assert fill(client, "/grants/add", **{**values, "valid_to": ""}).status_code == 422
        assert fill(client, "/grants/add", **values).status_code == 303
        grant = fresh(system).scalars(select(SensitiveGrant)).one()
        assert client.get(f"/grants/edit/{grant.uid}").status_code == 404
        assert post(client, f"/grants/delete/{grant.uid}", reason="No longer needed").status_code == 303
        assert reread(system, grant).valid_to < clock.today()
