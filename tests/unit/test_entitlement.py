"""Who qualifies for a service: three-valued answers with their reasons, criteria that are checked and taken apart."""

from __future__ import annotations

from functools import partial

import pytest

from app import seeds
from app.core.errors import Invalid
from app.proxy.choices import Verdict
from app.proxy.rules import criteria as parts
from app.proxy.rules.criteria import Line
from app.proxy.rules.entitlement import Facts, answer

YES, NO, MAYBE = Verdict.yes, Verdict.no, Verdict.maybe
AGED = {"age": {"from": 65}}
ASK = {"ask": "income below the line"}
POOR = {"groups": {"any": ["G11", "G12"]}}
LISTS = {
    "special_group": {"G01", "G11", "G12", "G21"},
    "disability_grade": {"1", "2"},
    "gender": {"1", "2"},
    "employment_status": {"E1"},
}
check = partial(parts.check, knows=lambda name, code: code in LISTS.get(name, ()), closed={"G01"})


def named(list_name: str, code: str) -> str:
    return f"{list_name}/{code}"


def asked(criteria, **facts):
    return answer(criteria, Facts(**facts), named)


@pytest.mark.parametrize(
    ("criteria", "facts", "verdict"),
    [
        (AGED, {"age": 65}, YES),
        (AGED, {"age": 64}, NO),
        (AGED, {}, MAYBE),  # no birth date
        ({"age": {"to": 15}}, {"age": 15}, YES),
        ({"age": {"from": 16, "to": 59}}, {"age": 60}, NO),
        (POOR, {"groups": frozenset({"G12"})}, YES),
        (POOR, {}, NO),
        ({"groups": {"any": ["G11"], "absent": "maybe"}}, {}, MAYBE),
        ({"groups": {"any": ["G11"], "absent": "maybe"}}, {"groups": frozenset({"G11"})}, YES),
        ({"groups": {"all": ["G11", "G21"]}}, {"groups": frozenset({"G11"})}, NO),
        ({"groups": {"all": ["G11", "G21"]}}, {"groups": frozenset({"G11", "G21"})}, YES),
        ({"groups": {"none": ["G11"]}}, {}, YES),
        ({"groups": {"none": ["G11"], "absent": "maybe"}}, {}, MAYBE),
        ({"groups": {"none": ["G11", "G12"], "absent": "maybe"}}, {"groups": frozenset({"G12"})}, NO),
        ({"household": ["living"]}, {}, MAYBE),
        ({"household": ["living"]}, {"household": frozenset({"living", "registered"})}, YES),
        ({"household": ["collective"]}, {"household": frozenset({"living"})}, NO),
        ({"registered": True}, {}, MAYBE),
        ({"registered": True}, {"registered": True}, YES),
        ({"registered": False}, {"registered": True}, NO),
        ({"registered": False}, {"registered": False}, YES),
        ({"disability_grade": ["1", "2"]}, {}, MAYBE),  # the grade was never entered
        ({"disability_grade": ["1", "2"]}, {"disability_grade": "3"}, NO),
        ({"sex": ["2"]}, {"sex": "2"}, YES),
        (ASK, {"age": 99}, MAYBE),
        ({"not": AGED}, {"age": 65}, NO),
        ({"not": AGED}, {"age": 64}, YES),
        ({"not": ASK}, {}, MAYBE),
        ({"all": [AGED, ASK]}, {"age": 64}, NO),  # no income makes up for it
        ({"all": [AGED, ASK]}, {"age": 65}, MAYBE),
        ({"any": [AGED, ASK]}, {"age": 64}, MAYBE),
        ({"any": [AGED, ASK]}, {"age": 65}, YES),
        (None, {"age": 65}, MAYBE),
    ],
)
def test_each_condition_says_yes_no_or_maybe(criteria, facts, verdict):
    assert asked(criteria, **facts).verdict is verdict


@pytest.mark.demand("S0-61")
def test_the_reasons_are_those_that_decide():
    both = {"all": [AGED, POOR, ASK]}
    no = asked(both, age=50)
    assert [str(r.condition) for r in no.reasons] == [
        "65 years and older",
        "one of: special_group/G11, special_group/G12",
    ]
    assert [str(r.found) for r in no.reasons] == ["50 years old", "not recorded"]
    open_ = asked(both, groups=frozenset({"G11"}))
    assert [str(r.condition) for r in open_.reasons] == ["65 years and older", "income below the line"]
    assert [str(r.found) for r in open_.reasons] == [
        "the birth date is not known",
        "cannot be told from the records",
    ]
    turned = asked({"not": {"sex": ["2"]}}, sex="1")
    assert str(turned.reasons[0].condition) == "not: Sex: gender/2"
    words = [
        asked({"groups": {"none": ["G11"]}}).reasons[0].condition,
        asked({"groups": {"none": ["G11", "G12"]}}).reasons[0].condition,
        asked({"groups": {"all": ["G11", "G12"]}}).reasons[0].condition,
        asked({"groups": {"all": ["G11"]}}).reasons[0].condition,
    ]
    assert [str(w).split(" ")[0] for w in words] == ["not:", "none", "all", "special_group/G11"]


def test_a_deeper_answer_never_gets_surer_than_what_it_rests_on():
    """De Morgan holds with three values."""
    for age in (None, 64, 65):
        for groups in (frozenset(), frozenset({"G11"})):
            given = {"age": age, "groups": groups}
            left = asked({"not": {"all": [AGED, POOR, ASK]}}, **given)
            right = asked({"any": [{"not": AGED}, {"not": POOR}, {"not": ASK}]}, **given)
            assert left.verdict is right.verdict


@pytest.mark.parametrize(
    ("criteria", "words"),
    [
        ("65", "cannot be read"),
        ({"age": {"from": 1}, "sex": ["1"]}, "cannot be read"),
        ({"income": 3}, "no such kind"),
        ({"all": []}, "empty"),
        ({"any": "x"}, "empty"),
        ({"age": {}}, "from or up to"),
        ({"age": 7}, "from or up to"),
        ({"age": {"from": "x"}}, "between 0"),
        ({"age": {"to": 300}}, "between 0"),
        ({"age": {"from": 60, "to": 59}}, "below"),
        ({"registered": "yes"}, "registered here"),
        ({"ask": " "}, "at most"),
        ({"ask": 5}, "at most"),
        ({"groups": ["G11"]}, "cannot be read"),
        ({"groups": {"any": ["G11"], "none": ["G12"]}}, "cannot be read"),
        ({"groups": {"any": ["G11"], "absent": "no"}}, "cannot be read"),
        ({"groups": {"any": ["G99"]}}, "is no value of"),
        ({"groups": {"any": ["G01"]}}, "named people only"),
        ({"sex": []}, "at least one"),
        ({"sex": "1"}, "at least one"),
        ({"household": ["castle"]}, "is no value of"),
        ({"any": [AGED] * 25}, "at most 24"),
        ({"not": {"not": {"not": {"not": {"not": {"not": {"not": AGED}}}}}}}, "cannot be read"),
    ],
)
def test_criteria_that_cannot_be_read_are_refused_with_a_sentence(criteria, words):
    with pytest.raises(Invalid) as refused:
        check(criteria)
    assert words in str(refused.value)


def test_good_criteria_pass():
    check({"all": [AGED, {"household": ["living"]}, {"registered": False}, {"not": {"sex": ["1"]}}, ASK]})


def test_criteria_are_lines_of_a_form_and_come_back_as_they_were():
    criteria = {"all": [AGED, {"any": [POOR, {"not": {"sex": ["1"]}}]}, ASK]}
    lines = parts.lines_of(criteria)
    assert lines == [
        Line(1, "age", {"from": 65}),
        Line(2, "groups", {"any": ["G11", "G12"]}),
        Line(2, "sex", ["1"], negated=True),
        Line(3, "ask", "income below the line"),
    ]
    assert parts.criteria_of(lines) == criteria
    assert parts.criteria_of([]) is None
    assert parts.lines_of(None) == []
    assert parts.criteria_of(parts.lines_of(AGED)) == AGED
    assert parts.lines_of({"any": [{"all": [AGED, ASK]}, POOR]}) is None  # deeper than the form shows


def test_criteria_are_said_in_words():
    deep = {"all": [AGED, {"any": [{"all": [POOR, ASK]}, {"not": {"sex": ["1"]}}]}]}
    assert parts.described(deep, named) == [
        "65 years and older",
        "one of: special_group/G11, special_group/G12 and income below the line or not: Sex: gender/1",
    ]
    assert parts.described(ASK, named) == ["income below the line"]
    assert parts.described(None, named) == []


@pytest.mark.demand("S0-61")
def test_the_fifty_services_have_criteria_with_a_source_and_none_asks_for_a_closed_group():
    lists = seeds.read("codes")["lists"]
    items = lists["special_group"]["items"]
    closed = {i["code"] for i in items if i.get("sensitivity") == "L5"}
    have = {name: {str(i["code"]) for i in body["items"]} for name, body in lists.items()}
    given = seeds.read("entitlements")["items"]
    assert {i["code"] for i in seeds.read("proxy_services")["items"]} == set(given)
    for code, entry in given.items():
        assert entry["source"], code
        parts.check(entry["criteria"], lambda name, c: c in have.get(name, ()), closed)
