"""Which papers are the same thing, how long one serves again, what the registry says of a condition (S3-49)."""

from datetime import date, timedelta

import pytest

from app import seeds
from app.proxy.rules.photos import may_gather, may_photograph
from app.proxy.rules.sources import (
    Answer,
    ConditionRule,
    Facts,
    SourceRule,
    Sources,
    answer_for,
    rule_for,
    same_paper,
    serves_until,
    source_words,
    sources_of,
)

SITE = sources_of(seeds.read("paper_sources"))
MADE = Sources(
    ("family",),
    12,
    (SourceRule("card", ("card",), ("form",), months=60),),
    (
        ConditionRule(("somebody disabled",), "household", ("G21",)),
        ConditionRule(("disabled",), "person", ("G21",)),
        ConditionRule(("minor",), below=18),
        ConditionRule(("married",), marital=("20",)),
    ),
)
DAY = date(2026, 3, 2)


def test_no_closed_group_stands_in_the_sites_data():
    groups = {g for rule in (*SITE.papers, *SITE.conditions) for g in rule.groups}
    items = seeds.read("codes")["lists"]["special_group"]["items"]
    levels = {row["code"]: row["sensitivity"] for row in items}
    assert groups <= levels.keys()
    assert {levels[g] for g in groups}.isdisjoint({"L5"})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ID card", "second card", True),
        ("ID card", "card form", False),
        ("card form", "card form", True),
        ("bill", "bill", True),
        ("bill", "letter", False),
        ("family card", "family card", False),
        ("ID card", "family card", False),
    ],
)
def test_the_same_thing_under_other_names_and_nothing_of_others(one, other, same):
    assert same_paper(one, other, MADE) is same


def test_a_paper_serves_until_its_own_day_else_for_some_months():
    assert serves_until("ID card", DAY, DAY + timedelta(days=1), MADE) == DAY + timedelta(days=1)
    assert serves_until("ID card", DAY, None, MADE) == DAY + timedelta(days=1800)
    assert serves_until("bill", DAY, None, MADE) == DAY + timedelta(days=360)
    assert rule_for("family card", MADE) is None


OWN = Facts(groups={"G21": DAY})
OTHERS = Facts(household_groups=frozenset({"G21"}))


@pytest.mark.parametrize(
    ("condition", "facts", "answer"),
    [
        ("disabled", OWN, Answer(True, "group", "G21")),
        ("disabled", OTHERS, None),
        ("disabled", Facts(), None),
        ("somebody disabled", OTHERS, Answer(True, "household")),
        ("somebody disabled", OWN, Answer(True, "group", "G21")),
        ("somebody disabled", Facts(), None),
        ("minor", Facts(age=9), Answer(True, "age")),
        ("minor", Facts(age=30), Answer(False, "age")),
        ("minor or ill", Facts(age=30), None),
        ("minor", Facts(), None),
        ("married", Facts(marital="20"), Answer(True, "marital")),
        ("married", Facts(marital="10"), Answer(False, "marital")),
        ("married", Facts(), None),
        ("rents", OWN, None),
    ],
)
def test_the_registry_says_what_it_knows_and_nothing_else(condition, facts, answer):
    assert answer_for(condition, facts, MADE) == answer


def test_where_a_paper_came_from_in_words():
    assert str(source_words("case", "DB-1-2026-7, 2026-03-02")) == "from case DB-1-2026-7, 2026-03-02"
    assert str(source_words("registry", "2026-03-02")) == "from the registry, 2026-03-02"
    assert source_words(None, None) == ""


@pytest.mark.parametrize(
    ("role", "state", "photographs", "gathers"),
    [
        ("grid_worker", "booked", True, True),
        ("office_clerk", "processing", True, False),
        ("town_staff", "approved", False, False),
        ("department", "prechecking", False, False),
    ],
)
def test_who_photographs_and_gathers_papers_until_when(role, state, photographs, gathers):
    assert (may_photograph(role, state), may_gather(role, state)) == (photographs, gathers)
