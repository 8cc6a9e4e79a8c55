"""Who counts as related to those who handle a case, and what is declared."""

import pytest

from app.core.errors import Invalid
from app.proxy.rules.fairness import (
    Relation,
    asks_declaration,
    check_declared,
    found_relation,
    kept_flag,
)


@pytest.mark.parametrize(
    ("handler", "cadres", "found"),
    [
        ("w", {"w": "Worker"}, (Relation.handler, "Worker")),
        ("w", {}, (Relation.handler, "")),
        (None, {"c": "Chief", "x": "Other"}, (Relation.cadre, "Chief")),
        ("z", {"w": "Clerk"}, (Relation.cadre, "Clerk")),
        (None, {"x": "Other"}, None),
        ("z", {}, None),
    ],
)
def test_a_relation_is_one_in_the_same_household(handler, cadres, found):
    assert found_relation({"me", "w", "c"}, handler, cadres) == found


def test_a_declaration_says_to_whom_and_never_hides_what_the_registry_shows():
    assert check_declared(True, " aunt of the chief ") == (Relation.declared, "aunt of the chief")
    assert check_declared(False, "") == (Relation.none, "")
    with pytest.raises(Invalid) as refused:
        check_declared(True, " ")
    assert refused.value.field == "words"
    assert kept_flag("handler", Relation.none) == "handler"
    assert kept_flag(None, Relation.none) == "none"
    assert kept_flag("declared", Relation.none) == "none"
    assert (asks_declaration({"declare_relation": True}), asks_declaration(None)) == (True, False)
