"""What counts as a signature."""

from types import SimpleNamespace

import pytest

from app.core.errors import Invalid
from app.proxy.choices import Signed
from app.proxy.rules.signing import consent_of, need_ink, need_witness, way_of, wording_of


@pytest.mark.parametrize(
    ("given", "way"),
    [
        ({}, Signed.paper),
        ({"signature": "drawn"}, Signed.drawn),
        ({"receipt": "photo", "cannot_sign": True}, Signed.photo),
        ({"cannot_sign": True}, Signed.fingerprint),
    ],
)
def test_how_somebody_signed(given, way):
    assert way_of(given) is way


def test_a_way_that_does_not_exist_is_refused():
    with pytest.raises(Invalid):
        way_of({"signature": "voice"})


@pytest.mark.parametrize("given", [{"cannot_sign": True}, {"receipt": "fingerprint", "witness": " "}])
def test_who_cannot_write_needs_a_witness(given):
    with pytest.raises(Invalid):
        need_witness(given)
    need_witness(given | {"witness": "Wu"})


@pytest.mark.parametrize("box", [None, (10, 10, 14, 14), (10, 10, 200, 12)])
def test_nothing_a_dot_and_a_line_of_no_size_are_no_signature(box):
    with pytest.raises(Invalid):
        need_ink(box)


def test_a_drawing_of_a_size_is_one():
    need_ink((10, 10, 90, 40))


def test_the_newest_wording_and_the_last_word_count():
    assert wording_of([{"version": 1}, {"version": 10}, {"version": 2}])["version"] == 10
    steps = [SimpleNamespace(data=d) for d in (None, {"consent": "yes"}, {"note": "x"}, {"consent": "no"})]
    assert consent_of(steps) == "no"
    assert consent_of(steps[:1]) == ""
