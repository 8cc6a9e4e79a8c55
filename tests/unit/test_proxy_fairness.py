"""Who counts as related to those who handle a case, what is declared, and what is verified."""

from datetime import date

import pytest

from app.core.errors import Invalid
from app.proxy.rules.fairness import (
    Relation,
    Verified,
    asks_declaration,
    check_declared,
    check_verified,
    declaration_due,
    declared_note,
    earlier_owners,
    found_relation,
    is_verifiable,
    kept_flag,
    looked_at,
    verification_due,
)
from app.proxy.rules.kin import BACK, PAIRS, Kin, Stay, near_relatives

ASKS = {"declare_relation": True}


@pytest.mark.parametrize(
    ("handlers", "cadres", "found"),
    [
        ({"w": "Worker"}, {"w": "Worker"}, (Relation.handler, "Worker")),
        ({"z": "Far", "w": "Worker"}, {"c": "Chief"}, (Relation.handler, "Worker")),
        ({}, {"c": "Chief", "x": "Other"}, (Relation.cadre, "Chief")),
        ({"z": "Far"}, {"w": "Clerk"}, (Relation.cadre, "Clerk")),
        ({}, {"x": "Other"}, None),
    ],
)
def test_a_handler_counts_before_a_cadre(handlers, cadres, found):
    assert found_relation({"me", "w", "c"}, handlers, cadres) == found


def test_a_declaration_says_to_whom_and_never_hides_what_the_registry_shows():
    assert check_declared(True, " aunt of the chief ") == (Relation.declared, "aunt of the chief")
    assert check_declared(False, "") == (Relation.none, "")
    with pytest.raises(Invalid) as refused:
        check_declared(True, " ")
    assert refused.value.field == "words"
    assert kept_flag("handler", Relation.none) == "handler"
    assert kept_flag(None, Relation.none) == "none"
    assert kept_flag("declared", Relation.none) == "declared"
    assert (asks_declaration(ASKS), asks_declaration(None)) == (True, False)


def test_what_bars_an_acceptance_and_a_grant():
    """Only where the item asks; a verification that went against the applicant still bars the grant."""
    assert [
        declaration_due(more, note) for more, note in ((ASKS, None), (ASKS, {"declared": "none"}), ({}, {}))
    ] == [
        True,
        False,
        False,
    ]
    ok, bad = ({"verified": {"result": r}} for r in ("ok", "bad"))
    assert [
        verification_due(ASKS, flag, None) for flag in (None, "none", "handler", "cadre", "declared")
    ] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert (verification_due(ASKS, "cadre", ok), verification_due(ASKS, "cadre", bad)) == (False, True)
    assert not verification_due({}, "handler", None)
    # given to somebody who is not related: what was found stays true
    assert [verification_due(ASKS, None, note) for note in (bad, ok)] == [True, False]
    assert [is_verifiable(*one) for one in (("none", bad), (None, ok), ("cadre", None))] == [
        True,
        False,
        True,
    ]


def test_a_new_look_keeps_the_declaration_and_drops_what_was_verified_for_another_relation():
    note = {"name": "Chief", "declared": "declared", "verified": {"result": "ok"}}
    assert looked_at(note, (Relation.cadre, "Chief")) == ("cadre", note)
    flag, kept = looked_at(note, (Relation.handler, "Worker"))
    assert (flag, kept) == ("handler", {"name": "Worker", "declared": "declared"})
    assert looked_at(note, None)[0] == "declared"
    assert looked_at({"name": "Chief"}, None) == (None, None)
    bad = {"name": "Chief", "verified": {"result": "bad"}}
    assert looked_at(bad, (Relation.handler, "Worker"))[1] == bad | {"name": "Worker"}
    assert looked_at(bad, None) == (None, {"verified": {"result": "bad"}})


def test_a_new_declaration_neither_takes_back_a_relation_nor_lives_on_an_old_verification():
    ok, bad = ({"verified": {"result": r}} for r in ("ok", "bad"))
    said = {"declared": "declared", "words": "her son"}
    with pytest.raises(Invalid) as refused:
        declared_note(said | bad, Relation.none, "")
    assert refused.value.field == "relation"
    assert declared_note(None, Relation.none, "") == {"declared": "none", "words": ""}
    assert declared_note(said | ok, Relation.declared, "her son") == said | ok
    assert declared_note(said | ok, Relation.declared, "his aunt") == said | {"words": "his aunt"}
    assert declared_note(said | bad, Relation.declared, "his aunt") == said | bad | {"words": "his aunt"}


def test_who_had_a_case_before_is_known_by_number_never_by_name():
    assert earlier_owners([None, {"from": "Li"}, {"from": "Li", "from_id": None}, {"from_id": 7}]) == {7}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("maybe", "visited", True), "result"),
        (("ok", " ", True), "words"),
        (("ok", "visited", False), "unrelated"),
    ],
)
def test_a_verification_says_what_was_found_and_by_whom_it_may_be(given, field):
    with pytest.raises(Invalid) as refused:
        check_verified(*given)
    assert refused.value.field == field
    assert check_verified("bad", " lives elsewhere ", True) == (Verified.bad, "lives elsewhere")


# --- near relatives --------------------------------------------------------------------------------------------------


def home(number, *rows):
    return [Stay(number, *row) for row in rows]


LEFT = date(2015, 5, 1)
PARENTS = home(
    1, ("father", "02"), ("mother", "10"), ("me", "20", None, LEFT), ("sister", "30", None, date(2010, 1, 1)),
    ("lodger", "99", None, date(2012, 1, 1)),
)  # fmt: skip
MINE = home(2, ("me", "02", LEFT), ("wife", "10", LEFT), ("son", "20", LEFT), ("nurse", "98", LEFT))
GRAND = home(3, ("grandfather", "02"), ("father", "20", None, date(1990, 1, 1)), ("uncle", "20"))
WIFES = home(4, ("wifes_father", "02"), ("wife", "30", None, LEFT))


def test_near_relatives_are_known_by_households_of_the_past_and_over_one_in_between():
    found = near_relatives("me", [*PARENTS, *MINE, *GRAND, *WIFES], ["guardian"])
    assert found == {
        "father": Kin.parent,
        "mother": Kin.parent,
        "sister": Kin.sibling,
        "wife": Kin.spouse,
        "son": Kin.child,
        "grandfather": Kin.grandparent,
        "nurse": Kin.close,  # lives in today
        "guardian": Kin.close,
    }
    assert near_relatives("nobody", MINE) == {}


def test_codes_are_compared_only_under_one_head():
    """The head changed before the second came: `20` of one is not the brother of `20` of the other."""
    day, after = date(2010, 1, 1), date(2010, 1, 2)
    before = home(1, ("old", "02", None, day), ("one", "20", None, day))
    later = home(1, ("new", "02", after), ("other", "20", after))
    assert near_relatives("one", [*before, *later]) == {"old": Kin.parent}
    stayed = home(1, ("old", "02"), ("one", "20", None, day), ("other", "20", after))
    assert near_relatives("one", stayed) == {"old": Kin.parent, "other": Kin.sibling}


def test_what_the_codes_say_counts_before_living_together():
    two = [*home(1, ("me", "99"), ("her", "02")), *home(2, ("me", "02"), ("her", "10"))]
    assert near_relatives("me", two) == {"her": Kin.spouse}
    assert near_relatives("me", two[::-1]) == {"her": Kin.spouse}


def test_every_pair_reads_the_other_way_round():
    assert all(PAIRS[b, a] is BACK[kin] for (a, b), kin in PAIRS.items())
