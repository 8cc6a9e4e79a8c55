"""When two records may be one person: conditions, weights, and people who only look like one."""

from dataclasses import replace
from datetime import date

import pytest
import yaml

from app.core.errors import Invalid
from app.registry.rules import duplicates
from app.registry.rules.duplicates import (
    CONDITIONS,
    LABELS,
    READS,
    Facts,
    Rule,
    check_conditions,
    is_news,
    judge,
    may_fire,
    probe_of,
    read_of,
)
from app.seeds import FOLDER

CARD, PASSPORT = duplicates.document_family("111"), duplicates.document_family("414")


def site_rules() -> list[Rule]:
    raw = yaml.safe_load((FOLDER / "duplicate_rules.yaml").read_text(encoding="utf-8"))["rules"]
    return [
        Rule(r["code"], check_conditions(r["conditions"]), r["weight"], bool(r.get("at_entry"))) for r in raw
    ]


RULES = site_rules()


def facts(person_id=1, name="Li Ming", pinyin="liming", **more) -> Facts:
    return Facts(person_id, name, pinyin, **more)


LI = facts(birth=date(1985, 2, 21), sex="1", phones=frozenset({"p1"}), homes=frozenset({7}))


def fired(a: Facts, b: Facts) -> set[str]:
    verdict = judge(a, replace(b, person_id=2), RULES)
    # what is read first may never hide a pair from the rules
    assert verdict is None or may_fire(a, replace(b, person_id=2), RULES)
    return set(verdict.codes) if verdict else set()


def card(index: str) -> frozenset:
    return frozenset({(CARD, index)})


@pytest.mark.demand("S4-61", "S0-69")
@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param(
            replace(LI, documents=card("x")),
            facts(name="Li Min", pinyin="limin", documents=card("x")),
            {"document"},
            id="one number, two names",
        ),
        pytest.param(
            LI, facts(birth=LI.birth), {"name_birth", "pinyin_birth"}, id="same name and birth date"
        ),
        pytest.param(
            facts(name="\u5f20\u4f1f", pinyin="zhangwei", birth=LI.birth),
            facts(name="\u5f35\u5049", pinyin="zhangwei", birth=LI.birth),
            {"pinyin_birth"},
            id="traditional and simplified are two names of one sound",
        ),
        pytest.param(
            facts(name="\u4e70\u4e70\u63d0\u00b7\u5361\u5fb7\u5c14", pinyin="mm", birth=LI.birth),
            facts(name="\u4e70\u4e70\u63d0\u2022\u5361\u5fb7\u5c14", pinyin="mm", birth=LI.birth),
            {"name_birth", "pinyin_birth"},
            id="the dot of another keyboard",
        ),
        pytest.param(
            LI,
            facts(phones=LI.phones, birth=date(1985, 1, 1), precision="year"),
            {"phone_name"},
            id="same phone, the birth year is all that is known",
        ),
        pytest.param(LI, facts(homes=LI.homes), {"name_home"}, id="same name in one home"),
        pytest.param(
            replace(LI, name="Wang Jia", pinyin="wangjia", documents=card("x")),
            replace(LI, name="Wang Yi", pinyin="wangyi", documents=card("y")),
            set(),
            id="twins: one birth date, phone and home",
        ),
        pytest.param(
            replace(LI, documents=card("x")),
            replace(LI, documents=card("y")),
            set(),
            id="twins whose names sound the same have numbers of their own",
        ),
        pytest.param(
            replace(LI, name="Wang Jia", pinyin="wangjia"),
            replace(LI, name="Wang Yi", pinyin="wangyi"),
            set(),
            id="twins without documents yet",
        ),
        pytest.param(
            LI, replace(LI, birth=date(2010, 5, 1)), set(), id="father and son of one name in one home"
        ),
        pytest.param(LI, replace(LI, sex="2"), set(), id="same name and birth date, but a man and a woman"),
        pytest.param(
            LI,
            facts(birth=LI.birth, precision="month"),
            set(),
            id="a month is no birth date",
        ),
        pytest.param(LI, facts(), set(), id="the name alone says nothing"),
    ],
)
def test_pair(a, b, expected):
    assert fired(a, b) == fired(b, a) == expected


def test_one_kind_of_document_that_agrees_outweighs_another_that_does_not():
    a = replace(LI, documents=frozenset({(CARD, "x"), (PASSPORT, "old")}))
    b = replace(LI, documents=frozenset({(CARD, "x"), (PASSPORT, "new")}))
    assert {"document", "name_birth"} <= fired(a, b)


def test_a_passport_does_not_contradict_an_id_card():
    a, b = replace(LI, documents=card("x")), replace(LI, documents=frozenset({(PASSPORT, "y")}))
    assert "name_birth" in fired(a, b)


def test_a_number_taken_in_with_a_doubt_tells_nobody_apart():
    a = replace(LI, documents=card("x"))
    assert "name_birth" in fired(a, replace(LI, documents=card("y"), doubtful=frozenset({"y"})))


def test_a_renewed_passport_tells_nobody_apart():
    old, new = (frozenset({(PASSPORT, number)}) for number in ("old", "new"))
    assert "name_birth" in fired(replace(LI, documents=old), replace(LI, documents=new))


def test_weight_is_the_heaviest_and_a_little_for_each_further_rule():
    other = replace(LI, person_id=2)
    light = Rule("b", ("name",), 40)
    verdict = judge(LI, other, [light, Rule("a", ("phone",), 60)])
    assert verdict is not None
    assert (verdict.codes, verdict.weight) == (("a", "b"), 65)
    assert judge(LI, other, [Rule("a", ("phone",), 99), light]).weight == 100


def test_two_numbers_for_life_tell_two_people_apart_before_phones_and_homes_are_read():
    one, other = replace(LI, documents=card("x")), replace(LI, documents=card("y"))
    assert not may_fire(one, other, RULES)
    assert may_fire(replace(LI, phones=frozenset()), LI, [Rule("a", ("phone",), 60)])  # not read yet


def test_a_record_is_no_duplicate_of_itself():
    assert judge(LI, LI, RULES) is None


@pytest.mark.parametrize(
    ("conditions", "probe"),
    [
        (("document", "name"), "document"),
        (("birth", "pinyin"), "birth"),
        (("phone",), "phone"),
        (("home", "similar_name"), "home"),
        (("name", "sex_agrees"), None),
    ],
)
def test_probe(conditions, probe):
    assert probe_of(conditions) == probe


def test_conditions_as_typed():
    assert check_conditions(" name , birth,name ") == ("name", "birth")
    for wrong in ("name, shoe_size", "name", "", None):
        with pytest.raises(Invalid):
            check_conditions(wrong)


def test_every_condition_has_words_and_says_what_it_reads():
    assert CONDITIONS.keys() == LABELS.keys() == READS.keys()
    names = set(Facts.__dataclass_fields__) | {"key"}
    assert all(set(read) <= names for read in READS.values())


def test_what_a_pair_rests_on_changes_with_what_the_rule_reads_and_with_nothing_else():
    rule = next(r for r in RULES if r.code == "name_birth")
    other = facts(2, birth=LI.birth)
    before = read_of(rule, LI, other)
    assert before == read_of(rule, other, LI)
    assert read_of(rule, replace(LI, phones=frozenset({"p2"}), homes=frozenset()), other) == before
    assert read_of(rule, replace(LI, documents=card("x")), other) != before
    assert read_of(rule, replace(LI, birth=date(1985, 2, 22)), other) != before


def test_a_settled_pair_comes_back_for_news_only():
    assert not is_news({"a": "1", "b": "2"}, {"a": "1"})
    assert is_news({"a": "1"}, {"a": "2"})
    assert is_news({"a": "1"}, {"a": "1", "b": "2"})


def test_every_rule_of_the_seeds_finds_its_pairs_by_a_search():
    assert {probe_of(r.conditions) for r in RULES} == set(duplicates.PROBES)
    assert all(1 <= r.weight <= 100 for r in RULES)
