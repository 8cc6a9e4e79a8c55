"""When a granted service comes back: cycles, last days, ages that are outgrown; proposals that are sure or not."""

from __future__ import annotations

from datetime import date

import pytest

from app import seeds
from app.core.errors import Invalid
from app.proxy.rules.renewals import Plan, anchor, check_renewal, comes_back_on, months_after, plan_of
from app.registry.choices import ProposalTopic
from app.registry.rules.proposals import MAYBE, About, Rule, found, parse

DAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (DAY, 12, date(2027, 3, 31)),
        (DAY, 6, date(2026, 9, 30)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 1), 120, date(2036, 12, 1)),
    ],
)
def test_a_cycle_ends_on_the_same_day_of_its_month(day, months, then):
    assert months_after(day, months) == then


@pytest.mark.parametrize(
    ("plan", "until", "outgrown", "then"),
    [
        (Plan("A", 12), None, None, date(2027, 3, 31)),
        (Plan("A", 12), date(2026, 12, 31), None, date(2026, 12, 31)),  # the result says its own last day
        (Plan("A", 12), None, date(2026, 6, 1), date(2026, 6, 1)),
        (Plan("A"), None, date(2026, 6, 1), date(2026, 6, 1)),
        (Plan("A"), None, None, None),
        (Plan("A"), date(2030, 1, 1), None, date(2030, 1, 1)),
    ],
)
def test_the_day_a_service_comes_back(plan, until, outgrown, then):
    assert comes_back_on(plan, DAY, until, outgrown) == then


def test_without_a_day_of_the_decision_a_cycle_has_no_end():
    assert comes_back_on(Plan("A", 12), None, None, None) is None


@pytest.mark.parametrize(
    ("more", "default", "plan"),
    [
        (None, {}, Plan("MZ-06")),
        ({"renewal": {"kind": "once", "cycle_months": 12}}, {}, Plan("MZ-06")),
        ({"renewal": {"kind": "annual_review", "cycle_months": 12}}, {"item": "MZ-07"}, Plan("MZ-07", 12)),
        (
            {"renewal": {"kind": "validity", "cycle_months": 6, "item": "XX-1", "ahead_days": 9}},
            {"item": "MZ-07", "ahead_days": 90},
            Plan("XX-1", 6, 9),
        ),
        ({"age": {"to": 17}}, {"ahead_days": 60}, Plan("MZ-06", None, 60)),
        ({"age": {"to": 17}, "renewal": {"recheck_age": True}}, {}, Plan("MZ-06", age_to=17)),
        ({}, {"recheck_age": True}, Plan("MZ-06")),
        ({"age": {"to": 17}, "renewal": {"recheck_age": False}}, {"recheck_age": True}, Plan("MZ-06")),
    ],
)
def test_a_version_says_what_it_comes_back_as_and_the_data_say_the_rest(more, default, plan):
    assert plan_of("MZ-06", more, default) == plan


@pytest.mark.parametrize(
    ("kind", "months", "ahead", "field"),
    [
        ("once", 12, None, "renewal_months"),
        (None, 12, None, "renewal_months"),
        ("period", 0, None, "renewal_months"),
        ("period", 241, None, "renewal_months"),
        ("period", None, 0, "renewal_ahead"),
        ("once", None, 366, "renewal_ahead"),
        ("annual_review", 1, 29, "renewal_ahead"),
    ],
)
def test_a_review_that_cannot_be_is_refused(kind, months, ahead, field):
    with pytest.raises(Invalid) as refused:
        check_renewal(kind, months, ahead, None, recheck_age=False)
    assert refused.value.field == field


def test_what_is_said_about_a_review_is_read_back_as_it_was_said():
    said = check_renewal("annual_review", 6, 45, "MZ-02", recheck_age=True)
    assert plan_of("MZ-01", {"renewal": said, "age": {"to": 17}}, {"item": "XX"}) == Plan("MZ-02", 6, 45, 17)
    assert check_renewal(None, None, None, None, recheck_age=False) == {"recheck_age": False}


def test_an_anchor_fits_its_column_and_names_case_and_day():
    uid = "01a20472-67b6-766e-bafa-e11bf9dd61c0"
    first, second = anchor(uid, DAY), anchor(uid, date(2027, 3, 31))
    assert len(first + "~9") == 40
    assert first != second
    assert first[:32] == second[:32]


def test_each_line_of_the_data_names_services_that_exist_and_a_source():
    codes = {item["code"] for item in seeds.read("proxy_services")["items"]}
    for code, line in seeds.read("renewals")["items"].items():
        assert {code, line["item"]} <= codes
        assert line["source"]


def rule(**more) -> Rule:
    return Rule("r", "group", ProposalTopic.benefit, {}, **more)


@pytest.mark.parametrize(
    ("given", "about", "certainty"),
    [
        (rule(groups=frozenset({"G22"})), About(50, frozenset({"G22"})), None),
        (rule(groups=frozenset({"G22"})), About(50, frozenset({"G21"}), frozenset({"G22"})), MAYBE),
        (rule(groups=frozenset({"G21"}), min_age=18), About(None, frozenset({"G21"})), MAYBE),
        (rule(groups=frozenset({"G21"}), min_age=18), About(18, frozenset({"G21"})), None),
        (rule(groups=frozenset({"G21"}), max_age=59), About(59, frozenset({"G21"})), None),
        (rule(asks={"zh": "?", "en": "?"}), About(50), MAYBE),
        (rule(with_groups=(frozenset({"G11"}),)), About(50, frozenset({"G11"})), None),
    ],
)
@pytest.mark.demand("S0-61")
def test_what_is_missing_makes_a_maybe_and_hides_nobody(given, about, certainty):
    sure = found(given, about)
    assert sure is not None
    assert sure.certainty == certainty


@pytest.mark.parametrize(
    ("given", "about"),
    [
        (rule(groups=frozenset({"G22"})), About(50, frozenset({"G21"}))),
        (rule(groups=frozenset({"G21"}), min_age=18), About(17, frozenset({"G21"}))),
        (rule(groups=frozenset({"G21"}), max_age=59), About(60, frozenset({"G21"}))),
        (rule(with_groups=(frozenset({"G11"}),)), About(50)),
        (rule(unless_groups=frozenset({"G12"})), About(50, frozenset({"G12"}))),
    ],
)
def test_what_does_not_hold_is_not_proposed(given, about):
    assert found(given, about) is None


def test_what_a_rule_asks_is_said_in_both_languages():
    line = {"code": "x", "when": "renewal", "topic": "renewal", "zh": "a", "en": "b", "source": "s"}
    asked, plain = parse([line | {"ask_zh": "c", "ask_en": "d"}, line | {"code": "y"}])
    assert (asked.asks, plain.asks) == ({"zh": "c", "en": "d"}, None)
