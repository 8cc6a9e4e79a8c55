"""Which characters of a page cannot be drawn."""

import json
import pickle
from pathlib import Path

import pytest
import tinyhtml5

from app.documents.errors import MissingGlyphs
from app.documents.glyphs import missing_characters, page_text, require_glyphs

WORDS = json.loads((Path(__file__).parent / "data" / "paper.json").read_text("utf-8"))
COVERED = frozenset(map(ord, "ABC" + WORDS["given_names"]))


def test_covered_characters_blanks_and_variation_selectors_pass():
    assert missing_characters(["AB \n\t C", "A\ufe00B\U000e0101", WORDS["given_names"]], COVERED) == []


def test_missing_characters_are_named_once_and_in_order():
    assert missing_characters(["xA", "\U0002ffffx", "\ue001"], COVERED) == ["x", "\ue001", "\U0002ffff"]


@pytest.mark.parametrize("char", ["\u202e", "\u2066"])
def test_direction_overrides_are_refused_even_where_a_font_has_them(char):
    assert missing_characters([f"A{char}B"], COVERED | {ord(char)}) == [char]


@pytest.mark.parametrize("char", ["\x00", "\x07", "\x9f"])
def test_control_characters_are_refused(char):
    assert missing_characters([f"A{char}"], COVERED) == [char]


def test_error_names_character_and_code_point_and_crosses_a_pipe():
    with pytest.raises(MissingGlyphs) as caught:
        require_glyphs(["A\U00020bb7"], COVERED)
    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert error.characters == ["\U00020bb7"]
    assert "\U00020bb7 (U+20BB7)" in str(error)


def test_text_of_a_page_is_what_is_drawn():
    page = tinyhtml5.parse(
        "<html><head><title>t</title><style>s</style></head>"
        '<body data-label="d" class="k">b<p>p<i>i</i>after</p><!--c-->tail<script>j</script></body></html>',
        namespace_html_elements=False,
    )
    assert "".join(page_text(page)) == "bdpiaftertail"
