"""Risk colours, the machine of a hazard, small venues, rings at a door: every branch, without a database."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from app.core.errors import Conflict, Invalid
from app.registry.choices import CampaignState, HazardAction, HazardState, TargetState
from app.registry.rules import campaigns, hazards, risk, venues
from app.registry.rules.risk import HomeFacts, Rule, Words

WORDS = Words({"C03": "crowding", "C06": "wiring"}, {"RH3": "group let"}, {"H9": "three in one"})
RULES = [
    Rule("red", "Not for living", {"match": "any", "housing_use": ["H9"], "failed": ["C03"]}, 3),
    Rule("orange", "Crowded", {"match": "all", "below_m2": 5, "rental_kind": ["RH3"]}),
    Rule(
        "yellow", "Hazards", {"failed_count": 2, "open_hazards": 1, "unregistered": True, "no_pledge": True}
    ),
]
FINE = {"registered": True, "pledge_signed": True}


def told(**facts):
    found = risk.verdict(RULES, HomeFacts(**(FINE | facts)), WORDS)
    return found.colour, [str(r) for r in found.reasons]


class TestColour:
    def test_nothing_wrong_is_green_without_a_reason(self):
        assert told() == ("green", [])

    def test_the_first_rule_that_holds_gives_colour_reason_and_days(self):
        found = risk.verdict(RULES, HomeFacts(housing_use="H9", failed=frozenset({"C03"})), WORDS)
        assert (found.colour, found.rule, found.check_days) == ("red", "Not for living", 3)
        assert [str(r) for r in found.reasons] == ["three in one", "not in order: crowding"]

    @pytest.mark.parametrize(
        ("facts", "colour"),
        [
            ({"rental_kind": "RH3"}, "green"),  # all must be met: the area a head is not known
            ({"rental_kind": "RH3", "heads": 4, "area_m2": 20.0}, "green"),
            ({"rental_kind": "RH3", "heads": 5, "area_m2": 20.0}, "orange"),
            ({"rental_kind": "RH1", "heads": 5, "area_m2": 20.0}, "green"),
            ({"failed": frozenset({"C06"})}, "green"),
            ({"failed": frozenset({"C06", "C08"})}, "yellow"),
            ({"open_hazards": 1}, "yellow"),
            ({"registered": False}, "yellow"),
            ({"pledge_signed": False}, "yellow"),
        ],
    )
    def test_any_and_all(self, facts, colour):
        assert told(**facts)[0] == colour

    def test_a_reason_names_people_square_metres_and_limit(self):
        assert "5 people in 20 m²: below 5 m² a head." in told(rental_kind="RH3", heads=5, area_m2=20.0)[1]

    def test_an_empty_condition_never_holds(self):
        assert risk.met({"match": "any"}, HomeFacts(), WORDS) is None

    def test_the_limit_of_crowding_is_the_largest_that_a_rule_asks_for(self):
        assert risk.crowding_limit(RULES) == 5
        assert risk.crowding_limit(RULES[:1]) is None


class TestCondition:
    def test_what_is_right_is_kept_once(self):
        given = {"match": "all", "failed": ["C03", "C03"], "below_m2": 4.5, "no_pledge": True}
        assert risk.check_condition(given, WORDS) == {
            "match": "all",
            "failed": ["C03"],
            "below_m2": 4.5,
            "no_pledge": True,
        }

    @pytest.mark.parametrize(
        ("condition", "field"),
        [
            ("red", "condition"),
            ({}, "failed"),
            ({"match": "none", "failed_count": 1}, "match"),
            ({"__import__": 1}, "condition"),
            ({"failed": "C03"}, "failed"),
            ({"failed": []}, "failed"),
            ({"failed": ["C99"]}, "failed"),
            ({"rental_kind": ["RH99"]}, "rental_kind"),
            ({"housing_use": ["H99"]}, "housing_use"),
            ({"failed_count": 0}, "failed_count"),
            ({"failed_count": 2.5}, "failed_count"),
            ({"below_m2": 1000}, "below_m2"),
            ({"open_hazards": True}, "open_hazards"),
            ({"open_hazards": "2"}, "open_hazards"),
            ({"unregistered": "yes"}, "unregistered"),
        ],
    )
    def test_what_could_never_be_evaluated_is_refused_with_a_sentence(self, condition, field):
        with pytest.raises(Invalid) as refused:
            risk.check_condition(condition, WORDS)
        assert refused.value.field == field
        assert str(refused.value).endswith(".")


class TestHazards:
    def test_found_to_gone_and_back(self):
        machine, worker = hazards.MACHINE, ["grid_worker"]
        step = machine.apply(HazardState.found, HazardAction.rectify, worker, {"note": "new wires"})
        assert step.target is HazardState.rectified
        again = machine.apply(
            HazardState.rectified, HazardAction.failed, worker, {"note": "no", "fix_by": date(2026, 12, 1)}
        )
        assert again.target is HazardState.found
        gone = machine.apply(HazardState.rectified, HazardAction.passed, worker, {"note": "seen"})
        assert gone.target is HazardState.closed

    def test_nobody_closes_what_nobody_has_seen_again(self):
        with pytest.raises(Conflict):
            hazards.MACHINE.apply(HazardState.found, HazardAction.passed, ["grid_worker"], {"note": "x"})
        assert set(hazards.OPEN_STATES) == set(HazardState) - {HazardState.closed}


class TestSmallVenues:
    LIMITS = [
        venues.Threshold("N5", "K05", "beds", 50),
        venues.Threshold("N1", "K01", "seats", 500),
        venues.Threshold("N1", "K01", "beds", 50),
    ]

    def told(self, key, **sizes):
        found = venues.suggest_class(key, sizes, self.LIMITS)
        return found.nine_small, [str(w) for w in found.why], found.unknown

    def test_within_the_threshold_and_why(self):
        assert self.told("K05", beds=30) == ("N5", ["Beds 30: at most 50"], ())

    def test_above_it_and_why(self):
        assert self.told("K05", beds=51) == (None, ["Beds 51: more than 50"], ())

    def test_every_known_measure_must_fit_and_an_unknown_one_does_not_count(self):
        assert self.told("K01", seats=400)[0] == "N1"
        assert self.told("K01", seats=400, beds=60)[:2] == (None, ["Beds 60: more than 50"])

    def test_what_is_not_known_is_said(self):
        assert self.told("K01") == (None, [], ("seats", "beds"))
        assert self.told(None) == (None, [], ())


class TestDoors:
    DAY = date(2026, 11, 3)

    def test_machine(self):
        assert campaigns.MACHINE.finals == (CampaignState.closed,)

    @pytest.mark.parametrize("state", [TargetState.todo, TargetState.absent, TargetState.refused])
    def test_an_outcome_is_the_last_word(self, state):
        assert campaigns.next_state(state, TargetState.visited, self.DAY, None) == (TargetState.visited, None)
        assert campaigns.next_state(state, TargetState.absent, self.DAY, self.DAY) == (
            TargetState.absent,
            None,
        )

    def test_coming_again_wants_a_day(self):
        again = TargetState.revisit
        assert campaigns.next_state(TargetState.todo, again, self.DAY, self.DAY) == (again, self.DAY)
        for wrong in (None, date(2026, 11, 2), date(2027, 11, 3)):
            with pytest.raises(Invalid):
                campaigns.next_state(TargetState.todo, again, self.DAY, wrong)

    def test_a_visited_home_stays_visited(self):
        with pytest.raises(Conflict):
            campaigns.next_state(TargetState.visited, TargetState.absent, self.DAY, None)
        assert campaigns.next_state(TargetState.visited, TargetState.visited, self.DAY, None)[0] == "visited"

    def test_not_yet_is_no_outcome(self):
        with pytest.raises(Invalid):
            campaigns.next_state(TargetState.todo, TargetState.todo, self.DAY, None)
        with pytest.raises(Invalid):
            campaigns.next_state(TargetState.todo, TargetState.gone, self.DAY, None)

    def test_what_is_no_longer_to_be_visited_is_not_rung_at(self):
        with pytest.raises(Conflict):
            campaigns.next_state(TargetState.gone, TargetState.visited, self.DAY, None)

    @pytest.mark.parametrize(
        ("steps", "left"),
        [
            ("", ["todo - -"]),
            ("ring:absent ring:visited", ["todo - -", "absent - 0", "visited - 1"]),
            # the second appointment was a wrong tap, and so was what came after it
            (
                "ring:revisit:9 ring:revisit:20 undo:revisit ring:visited undo:revisit",
                ["todo - -", "revisit 9 0"],
            ),
            ("ring:refused undo:todo", ["todo - -"]),
            ("ring:revisit:9 home_closed:gone", ["todo - -", "revisit 9 0", "gone - 0"]),
            ("ring:revisit:9 home_closed:gone back:revisit:9", ["todo - -", "revisit 9 0"]),
            ("ring:refused household_left:gone back:todo", ["todo - -", "refused - 0", "todo - 0"]),
            ("home_closed:gone back:todo census:visited", ["todo - -", "visited - 2"]),
        ],
    )
    def test_taps_taken_back_and_homes_that_came_back_leave_the_word_before(self, steps, left):
        rows = []
        for minute, step in enumerate(steps.split()):
            action, state, *day = step.split(":")
            at = datetime(2026, 11, 3, 9, minute, tzinfo=UTC)
            again = date(2026, 11, int(day[0])) if day else None
            rows.append(SimpleNamespace(action=action, to_state=state, revisit_on=again, at=at))
        found = campaigns.stands(rows)
        assert [
            f"{s.state} {s.revisit_on.day if s.revisit_on else '-'} {s.tried_at.minute if s.tried_at else '-'}"
            for s in found
        ] == left
