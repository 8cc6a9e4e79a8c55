"""One head, likely kinship, kind of resident, crowding."""

from datetime import date

import pytest

from app.registry.rules import (
    Birth,
    Member,
    PopulationHint,
    Precision,
    crowding_finding,
    household_findings,
    left_behind_type,
    suggest_population,
)

TODAY = date(2026, 11, 21)


def member(relation, born=None, sex=None, ref=None):
    return Member(relation, None if born is None else Birth(date(born, 6, 1)), sex, ref)


def codes(*members):
    return [finding.code for finding in household_findings(members, TODAY)]


HEAD = member("02", 1960, "1", "head")


def test_a_usual_family_of_four_has_no_findings():
    assert codes(HEAD, member("10", 1962, "2"), member("20", 1985, "1"), member("38", 1986, "2")) == []
    assert codes(HEAD) == []
    assert codes() == []


def test_a_household_has_exactly_one_head():
    (none,) = household_findings([member("20", 1985)], TODAY)
    assert (none.code, none.is_error, none.field) == ("no_head", True, "relation")
    two = household_findings([HEAD, member("02", 1962, ref="b"), member("02", ref="c")], TODAY)
    assert [(finding.code, finding.ref) for finding in two] == [
        ("several_heads", "b"),
        ("several_heads", "c"),
    ]


@pytest.mark.parametrize(
    ("relation", "born"),
    [
        ("20", 1959),  # a son older than his father
        ("31", 1960),
        ("20", 1973),  # thirteen years
        ("27", 1959),  # an adopted son may be close in age, but not older
        ("41", 1989),  # a grandson after 29 years
        ("51", 1961),
        ("52", 1947),
        ("57", 1961),
        ("61", 1931),
        ("71", 1961),
        ("75", 1962),
        ("73", 1959),
        ("77", 1950),
    ],
)
def test_ages_that_kinship_makes_unlikely(relation, born):
    (finding,) = household_findings([HEAD, member(relation, born, ref="x")], TODAY)
    assert (finding.code, finding.is_error, finding.needs_reason) == ("age_relation", False, False)
    assert finding.ref == "x"


@pytest.mark.parametrize(
    ("relation", "born"),
    [
        ("20", 1974),
        ("27", 1961),
        ("41", 1990),
        ("51", 1946),
        ("57", 1959),
        ("61", 1930),
        ("71", 1960),  # twins
        ("73", 1960),
        ("28", 1950),  # a son-in-law older than the head happens
        ("97", 1900),
        ("99", 2025),
        ("20", None),
    ],
)
def test_ages_that_are_fine(relation, born):
    assert codes(HEAD, member(relation, born)) == []
    assert codes(Member("02"), member(relation, born)) == []


def test_a_year_alone_gets_the_benefit_of_the_doubt():
    def son(year, precision):
        return Member("20", Birth(date(year, 1, 1), precision))

    head = Member("02", Birth(date(1960, 6, 15)))
    # born some time in 1974: fourteen years are possible
    assert codes(head, son(1974, Precision.year)) == []
    assert codes(head, son(1974, Precision.day)) == ["age_relation"]
    assert codes(head, Member("20", Birth(date(1974, 6, 1), Precision.month))) == []
    assert codes(head, Member("20", Birth(date(1974, 5, 1), Precision.month))) == ["age_relation"]
    assert (
        codes(Member("02", Birth(date(1960, 1, 1), Precision.year)), Member("20", Birth(date(1974, 1, 1))))
        == []
    )


@pytest.mark.parametrize(
    ("relation", "sex"), [("20", "2"), ("31", "1"), ("12", "1"), ("52", "1"), ("94", "1")]
)
def test_sex_and_relation_that_do_not_fit(relation, sex):
    assert "sex_relation" in codes(HEAD, member(relation, None, sex))


@pytest.mark.parametrize(("relation", "sex"), [("20", "0"), ("20", None), ("10", "2"), ("97", "1")])
def test_sex_and_relation_that_fit(relation, sex):
    assert codes(HEAD, member(relation, None, sex)) == []


def test_the_code_for_oneself_is_no_relation_to_the_head():
    assert codes(HEAD, member("01", 1990)) == ["self_relation"]


def test_spouses():
    assert codes(HEAD, member("10", 1962, "1")) == ["spouse_sex"]
    assert codes(HEAD, member("10", 1962, "0")) == []
    assert codes(member("02", 1960, "0"), member("10", 1962, "0")) == []
    assert codes(HEAD, member("10", 2007, "2")) == ["spouse_age"]
    assert codes(member("02", 1960, "2"), member("11", 2005, "1")) == ["spouse_age"]
    assert codes(HEAD, member("10", 2009)) == ["spouse_age"]
    assert codes(HEAD, member("10", 2007)) == []
    # 22 years for men, 20 for women, 18 where the sex is not known
    assert codes(HEAD, member("10", 2006, "2")) == []
    assert codes(member("02", 1960, "2"), member("11", 2004, "1")) == []
    assert codes(HEAD, member("10", 2008)) == []
    several = household_findings([HEAD, member("10", 1962), member("12", 1963, ref="second")], TODAY)
    assert [(finding.code, finding.ref) for finding in several] == [("several_spouses", "second")]


def test_a_head_who_is_a_minor():
    (finding,) = household_findings([member("02", 2010, ref="h")], TODAY)
    assert (finding.code, finding.ref) == ("minor_head", "h")
    assert codes(Member("02")) == []


HERE = "430281104007"


@pytest.mark.parametrize(
    ("known", "hint"),
    [
        ({"registered_code": HERE}, PopulationHint("registered", "01")),
        ({"registered_code": HERE + "003"}, PopulationHint("registered", "01")),
        ({"registered_code": "430281104008"}, PopulationHint("registered", "02")),
        ({"registered_code": "430281"}, PopulationHint("registered", None)),
        ({"registered_code": "430211001001"}, PopulationHint("floating", "02")),
        ({"registered_code": "110105"}, PopulationHint("floating", "02")),
        ({"registered_code": None}, None),
        ({"registered_code": "Beijing"}, None),
        ({"registered_code": None, "has_registration": False}, PopulationHint("unregistered", None)),
        ({"registered_code": None, "document_kind": "Z10"}, PopulationHint("overseas", None)),
        ({"registered_code": HERE, "document_kind": "553"}, PopulationHint("overseas", None)),
        (
            {"registered_code": None, "document_kind": "414", "nationality": "FRA"},
            PopulationHint("overseas", None),
        ),
        (
            {"registered_code": HERE, "document_kind": "414", "nationality": "CHN"},
            PopulationHint("registered", "01"),
        ),
        ({"registered_code": HERE, "document_kind": "414"}, PopulationHint("registered", "01")),
        ({"registered_code": HERE, "document_kind": "111"}, PopulationHint("registered", "01")),
    ],
)
def test_the_likely_kind_of_resident(known, hint):
    assert suggest_population(living_code=HERE, **known) == hint


def test_without_a_code_of_the_place_nothing_is_suggested():
    assert suggest_population(living_code="", registered_code=HERE) is None


@pytest.mark.parametrize(
    ("age", "sex", "code"),
    [(15, "1", "01"), (16, "2", "03"), (59, "2", "03"), (60, "2", "02"), (40, "1", "99")],
)
def test_people_left_behind(age, sex, code):
    assert left_behind_type(age, sex) == code


@pytest.mark.parametrize(
    ("people", "known", "crowded"),
    [
        (4, {"area_m2": 20}, False),
        (5, {"area_m2": 24.9}, True),
        (5, {"area_m2": 24.9, "min_area_m2": 4}, False),
        (5, {"rooms": 2}, True),
        (4, {"rooms": 2}, False),
        (4, {"rooms": 2, "max_per_room": 1}, True),
        (9, {}, False),
        (0, {"area_m2": 20, "rooms": 1}, False),
        (5, {"area_m2": 100, "rooms": 2}, True),
    ],
)
def test_crowding(people, known, crowded):
    finding = crowding_finding(people, **known)
    assert (finding is not None) is crowded
    if finding:
        assert (finding.code, finding.is_error) == ("over_occupied", False)
        assert str(people) in str(finding.message)
