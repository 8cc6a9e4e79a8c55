"""Codes that the program goes by exist in the lists that come with it."""

import pytest

from app import seeds
from app.areas.rules.relied import RELIED, has_words, is_relied_on

SHIPPED = {**seeds.read("codes")["lists"], **seeds.read("codes_local")["lists"]}
MORE = seeds.read("codes_local")["extend"]


@pytest.mark.parametrize("name", RELIED)
def test_each_stands_in_a_local_list(name):
    assert SHIPPED[name]["kind"] != "standard"
    assert {str(item["code"]) for item in [*SHIPPED[name]["items"], *MORE.get(name, ())]} >= RELIED[name]


def test_what_is_relied_on_and_what_says_something():
    assert is_relied_on("record_status", "effective")
    assert not is_relied_on("record_status", "new")
    assert not is_relied_on("water", "tap")
    assert has_words("A1")
    assert not has_words("1-2")
