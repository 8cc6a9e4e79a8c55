"""Days of life events, new heads, parents of a newborn; birthdays and conditions of proposals."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest

from app.core.errors import Conflict, Invalid
from app.registry.choices import CorrectionState, EventKind
from app.registry.rules import Birth, Precision, age_on
from app.registry.rules.corrections import MACHINE as CORRECTIONS
from app.registry.rules.corrections import decides, moved, stale_before
from app.registry.rules.life import (
    Parent,
    Past,
    check_birth,
    check_day,
    lived_for,
    needs_head,
    newborn_relation,
    relations_of,
)
from app.registry.rules.proposals import (
    About,
    applies,
    born_until,
    completes_on,
    due_on,
    parse,
    reached,
    risen,
)

TODAY = date(2026, 11, 22)
BORN = Birth(date(1950, 3, 1))


class TestDays:
    def test_a_late_entry_is_fine(self):
        past = Past(BORN, None, ((date(2026, 1, 1), EventKind.birth),))
        assert check_day(EventKind.death, date(2026, 5, 1), TODAY, [past]) == date(2026, 5, 1)

    @pytest.mark.parametrize("day", [TODAY + timedelta(days=1), date(1849, 1, 1), date(1950, 2, 28)])
    def test_ahead_too_old_or_before_the_birth(self, day):
        with pytest.raises(Invalid) as refusal:
            check_day(EventKind.death, day, TODAY, [Past(BORN)])
        assert refusal.value.field == "happened_on"

    def test_after_a_death_and_twice_dead(self):
        dead = Past(BORN, date(2026, 1, 1))
        for kind in (EventKind.death, EventKind.new_name):
            with pytest.raises(Conflict):
                check_day(kind, TODAY, TODAY, [dead])

    def test_only_events_that_move_people_keep_their_order(self):
        past = Past(
            BORN, None, ((date(2026, 6, 1), EventKind.move_out), (date(2026, 7, 1), EventKind.new_name))
        )
        with pytest.raises(Conflict) as refusal:
            check_day(EventKind.death, date(2026, 5, 1), TODAY, [past])
        assert "2026-06-01" in str(refusal.value)
        check_day(EventKind.new_document, date(2026, 5, 1), TODAY, [past])
        check_day(EventKind.death, date(2026, 6, 1), TODAY, [past])


class TestParents:
    DAY = date(2026, 6, 1)

    @pytest.mark.parametrize(
        ("mother", "father", "field"),
        [
            (None, None, "mother"),
            (Parent("1", None, None), None, "mother"),
            (None, Parent("2", None, None), "father"),
            (Parent("2", Birth(date(2026, 6, 1)), None), None, "mother"),
            (Parent("2", BORN, date(2026, 5, 31)), None, "mother"),
            (None, Parent("1", BORN, date(2025, 6, 1)), "father"),
        ],
    )
    def test_refused(self, mother, father, field):
        with pytest.raises(Invalid) as refusal:
            check_birth(self.DAY, mother, father)
        assert refusal.value.field == field

    def test_a_mother_who_died_that_day_and_a_father_who_died_before_are_possible(self):
        check_birth(self.DAY, Parent("2", BORN, self.DAY), Parent("1", None, date(2025, 12, 1)))

    @pytest.mark.parametrize(
        ("parent", "sex", "relation"),
        [
            ("02", "1", "20"),
            ("12", "2", "30"),
            ("20", "1", "41"),
            ("38", "2", "42"),
            ("30", "1", "43"),
            ("28", "2", "44"),
            ("97", "1", None),
            (None, "1", None),
            ("02", None, None),
        ],
    )
    def test_likely_relation(self, parent, sex, relation):
        assert newborn_relation(parent, sex) == relation


@dataclass
class Choice:
    head: int | None
    relations: dict = field(default_factory=dict)


class TestHeads:
    PEOPLE = {1: ("a", "Anna"), 2: ("b", "Bo")}

    def test_when_a_household_needs_one(self):
        assert needs_head(1, {1}, {2})
        assert needs_head(None, {1}, {2})
        assert not needs_head(1, {2}, {1})
        assert not needs_head(1, {1}, ())

    def test_the_head_is_02_whatever_was_typed(self):
        assert relations_of(Choice(1, {1: "20", 2: "10"}), self.PEOPLE, field="h") == {1: "02", 2: "10"}

    @pytest.mark.parametrize(
        ("choice", "name"),
        [
            (None, "head_h"),
            (Choice(None), "head_h"),
            (Choice(9), "head_h"),
            (Choice(1), "rel_h_b"),
            (Choice(1, {2: "02"}), "rel_h_b"),
        ],
    )
    def test_refused(self, choice, name):
        with pytest.raises(Invalid) as refusal:
            relations_of(choice, self.PEOPLE, field="h")
        assert refusal.value.field == name


class TestBirthdays:
    @pytest.mark.parametrize(
        "birth",
        [
            Birth(date(1960, 2, 29)),
            Birth(date(1961, 2, 28)),
            Birth(date(1961, 3, 1)),
            Birth(date(1961, 4, 1), Precision.month),
            Birth(date(1961, 5, 1), Precision.month),
            Birth(date(1961, 1, 1), Precision.year),
        ],
    )
    @pytest.mark.parametrize("years", [60, 64, 65])
    def test_the_day_is_the_first_on_which_the_years_are_completed(self, birth, years):
        day = completes_on(birth, years)
        assert age_on(birth, day) == years
        assert age_on(birth, day - timedelta(days=1)) == years - 1

    def test_29_february(self):
        born = Birth(date(1960, 2, 29))
        assert completes_on(born, 65) == date(2025, 3, 1)
        assert completes_on(born, 64) == date(2024, 2, 29)

    @pytest.mark.parametrize(
        "day", [date(2025, 2, 28), date(2025, 3, 1), date(2024, 2, 29), date(2028, 2, 29)]
    )
    def test_the_bound_of_a_search_leaves_nobody_out(self, day):
        bound = born_until(day, 65)
        near = [bound + timedelta(days=n) for n in range(-3, 4)]
        assert [age_on(d, day) >= 65 for d in near] == [d <= bound for d in near]

    def test_reached_looks_ahead_and_due_counts_from_then_on(self):
        rule = parse([entry(when="age", age=60, ahead_days=30, due_days=10)])[0]
        assert reached(rule, Birth(date(1966, 12, 22)), TODAY) == date(2026, 12, 22)
        assert reached(rule, Birth(date(1966, 12, 23)), TODAY) is None
        assert reached(rule, None, TODAY) is None
        assert reached(parse([entry()])[0], BORN, TODAY) is None
        assert due_on(rule, date(2026, 12, 22), TODAY) == date(2027, 1, 1)
        assert due_on(rule, date(1990, 1, 1), TODAY) == date(2026, 12, 2)
        after_birth = parse([entry(when="birth", due_days=30)])[0]
        assert due_on(after_birth, date(2026, 9, 1), TODAY) == date(
            2026, 10, 1
        )  # overdue, for it was entered late

    def test_an_allowance_rises_in_steps(self):
        ages = [
            entry(code=f"a{age}", when="age", age=age, item=item)
            for age, item in ((80, "M"), (90, "M"), (65, "W"))
        ]
        rules = parse([*ages, entry(code="g", item="M")])
        assert [risen(rule, rules) for rule in rules] == [(None, 90), (80, None), (None, None), (None, None)]


def entry(**more):
    return {"code": "x", "when": "group", "topic": "benefit", "zh": "x", "en": "x", "source": "law"} | more


class TestConditions:
    RULE = parse(
        [entry(groups=["G36"], with_groups=[["G11", "G12"]], unless_groups=["G21"], min_age=65, max_age=99)]
    )[0]

    @pytest.mark.parametrize(
        ("age", "groups", "holds"),
        [
            (70, {"G36", "G11"}, True),
            (70, {"G36", "G12"}, True),
            (64, {"G36", "G11"}, False),
            (100, {"G36", "G11"}, False),
            (None, {"G36", "G11"}, False),
            (70, {"G36"}, False),
            (70, {"G11"}, False),
            (70, {"G36", "G11", "G21"}, False),
        ],
    )
    def test_all_of_them_must_hold(self, age, groups, holds):
        assert applies(self.RULE, About(age, frozenset(groups))) is holds

    def test_an_upper_age_alone(self):
        rule = parse([entry(max_age=59)])[0]
        assert applies(rule, About(59))
        assert not applies(rule, About(None))

    @pytest.mark.parametrize(
        "wrong",
        [
            [entry(when="wedding")],
            [entry(), entry()],
            [entry(source="")],
            [entry(when="age")],
            [entry(age=60)],
            [entry(groups=["G01"])],
        ],
    )
    def test_data_that_would_do_harm_is_refused(self, wrong):
        with pytest.raises(ValueError, match="proposals"):
            parse(wrong, {"G01"})


class TestCorrections:
    FIELDS = {"name": {"old": "Anna", "new": "Anne"}, "register_address": {"old": "", "new": "Road 1"}}

    def test_only_fields_that_moved_on_are_named(self):
        assert moved(self.FIELDS, {"name": "Anna", "register_address": None}) == []
        assert moved(self.FIELDS, {"name": "Anka", "register_address": "Road 2"}) == [
            "name",
            "register_address",
        ]

    def test_a_record_is_due_again_after_so_many_days(self):
        assert stale_before(90, TODAY) == date(2026, 8, 24)

    def test_nobody_decides_on_their_own_and_only_the_asker_withdraws(self):
        offered = {
            side: {
                str(o.action)
                for o in CORRECTIONS.actions(CorrectionState.asked, ["workstation"], {side: True})
            }
            for side in ("mine", "others")
        }
        assert offered == {"mine": {"withdraw"}, "others": {"accept", "decline"}}
        worker = CORRECTIONS.actions(CorrectionState.asked, ["grid_worker"], {"others": True})
        assert worker == []


class TestParentsOfAChild:
    def test_nobody_died_before_their_child_was_born(self):
        born = date(2026, 6, 1)
        mother, father = (
            Past(BORN, None, lived_on=lived_for(born, mother=is_mother)) for is_mother in (True, False)
        )
        with pytest.raises(Conflict) as refusal:
            check_day(EventKind.death, date(2026, 5, 31), TODAY, [mother])
        assert refusal.value.data["finding"] == "child"
        check_day(EventKind.death, born, TODAY, [mother])
        check_day(EventKind.death, date(2026, 5, 31), TODAY, [father])
        with pytest.raises(Conflict):
            check_day(EventKind.death, date(2025, 6, 1), TODAY, [father])


@pytest.mark.parametrize(
    ("role", "is_own", "at_once"),
    [
        ("workstation", False, True),
        ("town_staff", False, True),
        ("grid_worker", False, False),
        ("grid_worker", True, True),
    ],
)
def test_who_changes_an_identity_at_once(role, is_own, at_once):
    assert decides(role, is_own=is_own) is at_once
