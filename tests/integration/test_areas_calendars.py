"""Working days and office hours handed down the tree; clocks that follow a change; code lists."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from app.areas.models import Area, CalendarDay, OfficeHours
from app.areas.service import calendars
from app.areas.service import codes as code_service
from app.core import clock, codes
from app.core.codes import CodeItem, CodeList
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.scope import session_actor
from app.core.sla import LOCAL_ZONE, deadline
from app.core.workdays import DEFAULT_HOURS, last_published_year

MONDAY = date(2026, 3, 16)


@pytest.fixture
def admin(acting):
    return acting("admin_system")


def day(session, area_id, at=MONDAY, work=False, **fields):
    row = CalendarDay(
        area_id=area_id, day=at, is_workday=work, name=fields.pop("name", "Local festival"), **fields
    )
    return row, calendars.save_day(session, row, session_actor(session), clock.now())


def hours(session, area_id, first="05-01", last="09-30", opens="08:00"):
    row = OfficeHours(
        area_id=area_id,
        from_day=first,
        to_day=last,
        morning_from=opens,
        morning_to="12:00",
        afternoon_from="15:00",
        afternoon_to="18:00",
    )
    return row, calendars.save_hours(session, row, session_actor(session), clock.now())


class TestInheritance:
    def test_without_own_days_the_nation_is_followed(self, admin, world):
        calendar = calendars.calendar_for(admin, world.areas["grid_a11"])
        assert calendar.is_workday(MONDAY)
        assert not calendar.is_workday(date(2026, 10, 1))
        assert calendar.office_hours(MONDAY) == DEFAULT_HOURS

    def test_the_nearest_area_wins(self, admin, world):
        day(admin, None, work=False)
        day(admin, world.areas["town_a"], work=True)
        day(admin, world.areas["com_a1"], work=False)
        expected = {"grid_a11": False, "com_a1": False, "grid_a21": True, "town_a": True, "grid_t11": False}
        for name, working in expected.items():
            assert calendars.calendar_for(admin, world.areas[name]).is_workday(MONDAY) is working, name

    def test_seasons_of_the_nearest_area_come_first(self, admin, world):
        hours(admin, None, "01-01", "12-31", "09:00")
        hours(admin, world.areas["town_a"], "05-01", "09-30", "08:00")
        calendar = calendars.calendar_for(admin, world.areas["grid_a11"])
        assert calendar.office_hours(date(2026, 7, 1))[0][0] == time(8)
        assert calendar.office_hours(date(2026, 2, 2))[0][0] == time(9)
        assert calendars.calendar_for(admin, world.areas["grid_t11"]).office_hours(date(2026, 7, 1))[0][
            0
        ] == time(9)

    def test_the_answer_is_kept_until_somebody_changes_something(self, admin, world):
        area = world.areas["grid_a11"]
        first = calendars.calendar_for(admin, area)
        assert calendars.calendar_for(admin, area) is first
        row, _effect = day(admin, world.areas["town_a"])
        second = calendars.calendar_for(admin, area)
        assert second is not first
        assert second.version != first.version
        calendars.drop_day(admin, row, session_actor(admin), clock.now())
        assert calendars.calendar_for(admin, area).version == first.version

    def test_a_list_asks_for_the_calendars_of_all_its_areas_at_once(self, admin, world):
        """The same answers as one by one, and no statement for an area that was asked before."""
        day(admin, None, work=False)
        day(admin, world.areas["town_a"], work=True)
        hours(admin, None, "01-01", "12-31", "09:00")
        hours(admin, world.areas["com_a1"], "05-01", "09-30", "08:00")
        areas = list(admin.scalars(select(Area)))
        together = calendars.calendars_for(admin, areas)
        assert together.keys() == {area.id for area in areas}
        calendars._cache.clear()
        alone = {area.id: calendars.calendar_for(admin, area.id).version for area in areas}
        assert {key: calendar.version for key, calendar in together.items()} == alone
        assert len(set(alone.values())) == 3

    def test_another_process_sees_the_change_after_its_commit(self, admin, acting, world):
        area, other = world.areas["grid_a11"], acting("operator")
        assert calendars.calendar_for(other, area).is_workday(MONDAY)
        other.rollback()
        day(admin, None)
        admin.commit()
        assert not calendars.calendar_for(other, area).is_workday(MONDAY)

    def test_a_year_without_data_is_provisional(self, admin, world):
        calendar = calendars.calendar_for(admin, world.areas["grid_a11"])
        start = datetime(last_published_year(), 12, 30, 10, tzinfo=LOCAL_ZONE)
        assert deadline(start, 10, "work_day", calendar).provisional
        for offset in range(30):
            day(admin, None, date(last_published_year() + 1, 1, 1) + timedelta(offset), work=offset % 7 < 5)
        assert not deadline(
            start, 10, "work_day", calendars.calendar_for(admin, world.areas["grid_a11"])
        ).provisional


class TestEditing:
    def test_typed_months_days_and_hours_are_read(self):
        assert [calendars.month_day(text, "f") for text in ("5-1", "0501", "05-01", " 5/1 ")] == ["05-01"] * 4
        assert [calendars.hour(text, "f") for text in ("8:30", "830", "08\uff1a30")] == ["08:30"] * 3
        for call, text in (
            (calendars.month_day, "13-01"),
            (calendars.month_day, "x"),
            (calendars.hour, "25:00"),
        ):
            with pytest.raises(Invalid):
                call(text, "f")

    def test_a_day_twice_and_hours_in_disorder_are_refused(self, admin, world):
        day(admin, world.areas["town_a"])
        with pytest.raises(Invalid) as refusal:
            day(admin, world.areas["town_a"])
        assert refusal.value.field == "day"
        with pytest.raises(Invalid):
            hours(admin, None, opens="13:00")
        with pytest.raises(Invalid):
            day(admin, None, name=" ")

    def test_only_inside_the_own_areas_and_everywhere_only_for_the_site(self, acting, world):
        session = acting("town_clerk_a")
        day(session, world.areas["com_a1"])
        for area in (None, world.areas["town_t"], world.areas["county"]):
            with pytest.raises(NotAllowed):
                day(session, area, date(2026, 3, 17))


class TestClocks:
    """An upper domain's clocks are told; here a stand-in that notes what it was asked."""

    @pytest.fixture
    def told(self):
        calls = []

        def affected(session, areas, first_day):
            ids = set(session.scalars(areas))
            calls.append(("affected", ids, first_day))
            return len(ids)

        def reschedule(session, areas, first_day, actor, now):
            calls.append(("reschedule", set(session.scalars(areas)), first_day))
            return 1

        calendars.register_clocks("test", label="Test clocks", affected=affected, reschedule=reschedule)
        yield calls
        calendars.forget_clocks("test")

    def test_a_changed_day_reschedules_the_clocks_below_it_in_the_same_step(self, admin, world, told):
        _row, effect = day(admin, world.areas["town_a"])
        inside = {
            world.areas[name] for name in ("town_a", "com_a1", "com_a2", "grid_a11", "grid_a12", "grid_a21")
        }
        assert told == [("affected", inside, MONDAY), ("reschedule", inside, MONDAY)]
        mine = [row for row in effect.rows if row[0] == "Test clocks"]
        assert mine == [("Test clocks", 6, 1)]

    def test_a_day_that_was_moved_counts_from_the_earlier_one(self, admin, world, told):
        row, _effect = day(admin, None)
        told.clear()
        row.day = MONDAY + timedelta(days=3)
        calendars.save_day(admin, row, session_actor(admin), clock.now(), was=MONDAY)
        assert {call[2] for call in told} == {MONDAY}

    def test_hours_and_a_new_year_tell_them_too(self, admin, world, told):
        row, _effect = hours(admin, world.areas["com_a1"])
        calendars.drop_hours(admin, row, session_actor(admin), clock.now())
        calendars.recount_all(admin, session_actor(admin), clock.now())
        assert [call[0] for call in told] == ["affected", "reschedule"] * 3


class TestCodeLists:
    def item(self, session, name, code="x9", **fields):
        parent = session.scalars(select(CodeList).where(CodeList.name == name)).one()
        values = {"label": "Something", "label_en": None, **fields}
        row = CodeItem(list_id=parent.id, code=code, **values)
        return code_service.save_item(session, row, session_actor(session), clock.now())

    def test_a_local_list_takes_a_code_and_the_forms_know_it_at_once(self, admin):
        assert "x9" not in codes.codes(admin, "work_domain")
        self.item(admin, "work_domain")
        assert ("x9", "Something") in codes.choices(admin, "work_domain")

    def test_others_know_a_code_at_once_after_the_commit_whatever_savepoints_ended_before(
        self, admin, acting
    ):
        with admin.begin_nested():
            self.item(admin, "work_domain")
        other = acting("operator")
        assert "x9" not in codes.codes(other, "work_domain")
        other.rollback()
        admin.commit()
        assert "x9" in codes.codes(acting("operator"), "work_domain")

    def test_a_standard_list_is_locked(self, admin):
        with pytest.raises(Conflict):
            self.item(admin, "gender")
        row = admin.scalars(select(CodeList).where(CodeList.name == "gender")).one()
        row.label = "Mine"
        with pytest.raises(Conflict):
            code_service.save_list(admin, row, session_actor(admin), clock.now())
        admin.rollback()
        row = admin.scalars(select(CodeList).where(CodeList.name == "gender")).one()
        row.locked = False
        with pytest.raises(Conflict):
            code_service.save_list(admin, row, session_actor(admin), clock.now())

    @pytest.mark.parametrize("extra", ["{", "[1]", '"text"', "nonsense"])
    def test_broken_attributes_never_reach_the_pages(self, admin, extra):
        with pytest.raises(Invalid):
            self.item(admin, "work_domain", extra=extra)

    def test_a_code_is_ended_not_renumbered_and_the_last_one_stays(self, admin):
        item = self.item(admin, "work_domain")
        item.code = "x10"
        with pytest.raises(Conflict):
            code_service.save_item(admin, item, session_actor(admin), clock.now())
        admin.rollback()
        items = admin.scalars(select(CodeItem).join(CodeList).where(CodeList.name == "work_domain")).all()
        yesterday = clock.today() - timedelta(days=1)
        actor, now = session_actor(admin), clock.now()
        for item in items[:-1]:
            code_service.end_item(admin, item, yesterday, actor, now)
        with pytest.raises(Conflict):
            code_service.end_item(admin, items[-1], yesterday, actor, now)
        assert len(codes.choices(admin, "work_domain")) == 1
        # ended codes still have their words: old records stay readable
        assert codes.label(admin, "work_domain", items[0].code) == items[0].label

    def test_only_the_whole_sites_administrator_edits_lists(self, acting):
        with pytest.raises(NotAllowed):
            self.item(acting("town_clerk_a"), "work_domain")


def test_areas_are_read_by_everybody_and_written_by_few(acting, world):
    session = acting("worker_a")
    assert session.get(Area, world.areas["grid_t11"]).name == "Grid T11"
