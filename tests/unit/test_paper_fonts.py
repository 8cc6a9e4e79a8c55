"""Which faces make up the stack of a look; tiny fonts made on the spot."""

from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from app.documents import fonts
from app.documents.errors import EngineMissing


def make_font(path: Path, family: str, characters: str, *, weight: int = 400, padding: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [".notdef", *(f"g{ord(char):X}" for char in characters)]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(char): f"g{ord(char):X}" for char in characters})
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((500, 0))
    pen.lineTo((250, 700))
    pen.closePath()
    glyph = pen.glyph()
    builder.setupGlyf(dict.fromkeys(names, glyph))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": family, "styleName": "Regular", "copyright": "x" * padding})
    builder.setupOS2(usWeightClass=weight)
    builder.setupPost()
    builder.save(path)
    return path


def stack(root: Path, look: str, *, whole: bool = False) -> list[str]:
    library = fonts.load_fonts(root)
    return [face.path.name for face in (library.whole if whole else library.light).stacks[look]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_font(tmp_path / "song.ttf", "Noto Serif SC", "AB")
    make_font(tmp_path / "song-full.ttf", "Noto Serif SC", "ABCD", padding=500)
    make_font(tmp_path / "bold.ttf", "Noto Serif SC", "AB", weight=700)
    make_font(tmp_path / "hei.ttf", "Noto Sans SC", "AB")
    return tmp_path


def test_a_look_takes_the_nearest_weight_of_its_family_first(root):
    assert stack(root, "title")[0] == "bold.ttf"
    assert stack(root, "song")[0] == "song.ttf"
    assert stack(root, "hei")[0] == "hei.ttf"


def test_every_stack_holds_all_faces_of_its_set(root):
    light = fonts.load_fonts(root).light
    assert {frozenset(face.path.name for face in faces) for faces in light.stacks.values()} == {
        frozenset({"song.ttf", "bold.ttf", "hei.ttf"})
    }


def test_full_faces_wait_until_a_rare_character_needs_them(root):
    library = fonts.load_fonts(root)
    assert ord("D") not in library.light.characters
    assert ord("D") in library.whole.characters
    assert stack(root, "song", whole=True)[:2] == ["song.ttf", "song-full.ttf"]


def test_the_fonts_of_the_site_come_first(root):
    make_font(root / "site" / "licensed.ttf", "FZXiaoBiaoSong-B05S", "AB")
    make_font(root / "site" / "other song.ttf", "SimSun", "AB")
    assert stack(root, "title")[0] == "licensed.ttf"
    assert stack(root, "song")[0] == "other song.ttf"


def test_the_site_is_served_before_a_better_liked_open_family(root):
    make_font(root / "fang.ttf", "FangSong_GB2312", "AB")
    make_font(root / "site" / "mine.ttf", "Noto Serif SC", "AB")
    assert stack(root, "fang")[:2] == ["mine.ttf", "fang.ttf"]


def test_a_font_that_no_look_names_is_loaded_only_for_its_own_characters(root):
    make_font(root / "site" / "made.ttf", "Our Own Characters", "\ue000")
    make_font(root / "useless.ttf", "Something Else", "AB")
    library = fonts.load_fonts(root)
    assert 0xE000 not in library.light.characters
    assert 0xE000 in library.whole.characters
    assert "useless.ttf" not in stack(root, "song", whole=True)


def test_a_broken_file_is_reported_and_passed_over(root):
    (root / "broken.ttf").write_bytes(b"not a font")
    library = fonts.load_fonts(root)
    assert [line.partition(":")[0] for line in library.unreadable] == ["broken.ttf"]


def test_a_link_that_leads_out_of_the_folder_is_passed_over(root, tmp_path_factory):
    outside = make_font(tmp_path_factory.mktemp("outside") / "evil.ttf", "SimSun", "AB")
    (root / "evil.ttf").symlink_to(outside)
    assert "evil.ttf" not in stack(root, "song", whole=True)
    assert "evil.ttf" in fonts.load_fonts(root).unreadable[0]


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_folder_without_fonts_says_what_to_do(tmp_path, name):
    with pytest.raises(EngineMissing, match="GEBAN_FONTS"):
        fonts.load_fonts(tmp_path / name)


def test_family_names_are_found_however_they_are_spelt(root):
    make_font(root / "x.ttf", "fangsong-gb2312", "AB")
    assert stack(root, "fang")[0] == "x.ttf"


def test_css_names_each_look_and_each_file_by_an_alias_of_our_own(root):
    css = fonts.load_fonts(root).light.css()
    assert css.count("@font-face") == 3
    assert "Noto" not in css
    for look in ("title", "fang", "kai", "hei", "song"):
        assert f"--look-{look}:" in css
