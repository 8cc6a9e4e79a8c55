"""The three first forms on paper: what stands on them, how they look, what is refused. No app, no database."""

import copy
import io
import json
import os
import re
import unicodedata
from functools import cache
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from app.documents import registry, render, templating
from app.documents.errors import (
    BlockedResource,
    ContextMismatch,
    EngineMissing,
    FormFolderError,
    MissingGlyphs,
    PaperError,
)
from app.documents.fonts import load_fonts
from app.documents.preview import page_count, png_page

PROJECT = Path(__file__).resolve().parents[2]
WORDS = json.loads((PROJECT / "tests" / "unit" / "data" / "paper.json").read_text("utf-8"))
FONTS = Path(os.environ.get("GEBAN_FONTS") or PROJECT / "var" / "fonts")
CODES = sorted(registry.load_forms())
HANDED_OUT = {"F06"}  # one by one: a sheet says which of the pack it is
PAIRS = [(code, variant) for code in CODES for variant in registry.form(code).variants]
PICTURE_BASE64 = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
PICTURE = f"data:image/png;base64,{PICTURE_BASE64}"


def sample(code: str, **changes) -> dict:
    """A copy of the form's sample; ``principal__name`` reaches inside."""
    context = copy.deepcopy(registry.form(code).sample)
    for path, value in changes.items():
        *parents, last = path.split("__")
        target = context
        for name in parents:
            target = target[name]
        target[last] = value
    return context


def draw(code: str, context: dict | None = None, **options) -> bytes:
    """The PDF of a form; that of its sample as it stands is drawn once for all tests that read it."""
    return (
        drawn(code, **options)
        if context is None and options.keys() <= {"variant"}
        else fresh(code, context, **options)
    )


@cache
def drawn(code: str, variant: str = "normal") -> bytes:
    return fresh(code, variant=variant)


def fresh(code: str, context: dict | None = None, **options) -> bytes:
    return render.render_pdf(code, sample(code) if context is None else context, fonts_root=FONTS, **options)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def page_texts(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [squeezed(page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


def all_text(pdf: bytes) -> str:
    return "".join(page_texts(pdf))


def fonts_of(pdf: bytes) -> dict[str, bool]:
    """Each font's name and whether its program is embedded."""
    found = {}
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for page in document.pages:
            for font in page.Resources.Font.values():
                descriptor = font.DescendantFonts[0].FontDescriptor
                is_embedded = "/FontFile2" in descriptor or "/FontFile3" in descriptor
                found[str(font.BaseFont)] = is_embedded and "/ToUnicode" in font
    return found


@pytest.fixture
def forms_root(tmp_path, monkeypatch):
    """A forms folder of the test's own, beside the real base; caches are emptied before and after."""
    root = tmp_path / "forms"
    root.mkdir()
    (root / "_base").symlink_to(registry.FORMS_ROOT / "_base")
    for module in (registry, templating):
        monkeypatch.setattr(module, "FORMS_ROOT", root)
    for kept in (registry.load_forms, templating.environment):
        kept.cache_clear()
    yield root
    for kept in (registry.load_forms, templating.environment):
        kept.cache_clear()


def add_form(root: Path, html: str, css: str = "") -> None:
    folder = root / "T01"
    folder.mkdir()
    real = registry.Path(registry.__file__).parent / "forms" / "F10"
    meta = (real / "meta.toml").read_text("utf-8").replace('"F10"', '"T01"').partition("[blank]")[0]
    (folder / "meta.toml").write_text(meta, "utf-8")
    (folder / "form.css").write_text(css, "utf-8")
    (folder / "form.html").write_text(html, "utf-8")
    (folder / "sample.json").write_text('{"name": "A", "case": {"code": "B"}}', "utf-8")


# --- start-up ---------------------------------------------------------------------------------------------------


def test_a_missing_subsetter_is_a_loud_error_with_the_package_name(monkeypatch):
    from weasyprint.text import ffi

    monkeypatch.setattr(ffi, "harfbuzz_subset", None)
    with pytest.raises(EngineMissing, match="libharfbuzz-subset0"):
        render.check_engine(FONTS)


def test_missing_fonts_are_a_loud_error(tmp_path):
    with pytest.raises(EngineMissing, match="GEBAN_FONTS"):
        render.check_engine(tmp_path)


def test_a_form_that_cannot_be_compiled_is_found_at_start_up(forms_root):
    add_form(forms_root, "{% if %}")
    with pytest.raises(FormFolderError, match=r"T01: form\.html"):
        render.check_engine(FONTS)


def test_the_fonts_folder_serves_every_look_with_the_standard_characters():
    library = render.check_engine(FONTS)
    manifest = json.loads((FONTS / "manifest.json").read_text("utf-8"))
    standard = {point for low, high in manifest["standard_characters"] for point in range(low, high + 1)}
    assert len(standard) == 8105
    assert standard <= library.light.characters
    assert library.unreadable == ()


def test_fonts_installed_on_the_machine_are_out_of_reach():
    from weasyprint.text.ffi import fontconfig

    kit = render.engine(FONTS)._light
    assert fontconfig.FcConfigGetFonts(kit.font_config._config, fontconfig.FcSetSystem).nfont == 0


# --- every form, every variant --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "variant"), PAIRS)
def test_each_form_renders_its_sample_as_a_print_shop_expects(code, variant, caplog):
    pdf = fresh(code, variant=variant)

    with pikepdf.open(io.BytesIO(pdf)) as document:
        for page in document.pages:
            width, height = (float(value) for value in page.MediaBox[2:])
            lying = "landscape" in registry.form(code).paper
            assert (round(width, 1), round(height, 1)) == ((841.9, 595.3) if lying else (595.3, 841.9))
        assert str(document.Root.Lang) == "zh-CN"
        assert document.Root.OutputIntents[0].S == "/GTS_PDFA1"
        meta = document.open_metadata()
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("2", "U")
        assert meta["dc:title"]
    assert fonts_of(pdf)
    assert all(fonts_of(pdf).values()), "a font is not embedded or cannot be read back"
    assert all("gb-" in name for name in fonts_of(pdf)), "a font of the machine slipped in"
    assert [record.message for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


@pytest.mark.parametrize(("code", "variant"), PAIRS)
def test_the_same_input_gives_the_same_bytes(code, variant):
    assert fresh(code, variant=variant) == draw(code, variant=variant)


NOT_PRINTED = {
    "at",
    "verify_url",
    "notice_url",
    "seal",
    "form",
    "handling",
    "received_way",
    "code",
    "decision",
    "kind",  # boxes that are ticked
    "tenure",
    "way",
    "stage",  # choose words
    "state",
    "signature",  # pictures
    "photo",
}
LARGE = [code for code in CODES if "large" in registry.form(code).variants]
CODE_LISTS = {"collected"}


def leaves(value, key=""):
    if isinstance(value, dict):
        for name, child in value.items():
            if name not in CODE_LISTS:
                yield from leaves(child, name)
    elif isinstance(value, list):
        for child in value:
            yield from leaves(child, key)
    elif isinstance(value, str) and value and key not in NOT_PRINTED:
        is_date = re.fullmatch(r"\d{4}-\d\d-\d\d", value)
        yield templating.date_on_paper(value) if is_date else value


@pytest.mark.parametrize(
    ("code", "variant"), [(code, "normal") for code in CODES] + [(code, "large") for code in LARGE]
)
def test_every_value_of_the_sample_stands_on_the_paper(code, variant):
    text = all_text(draw(code, variant=variant))
    assert [value for value in leaves(registry.form(code).sample) if squeezed(value) not in text] == []


@pytest.mark.parametrize("code", CODES)
def test_a_blank_form_holds_nothing_of_the_person(code):
    context = sample(code)
    text = all_text(draw(code, variant="blank"))
    kept = registry.form(code).blank_keep
    person = [
        context.get("principal", {}).get("name"),
        context.get("subject", {}).get("name"),
        context["issue"]["number"],
        context["issue"]["by"],
    ]
    assert [value for value in person if value and value in text] == []
    assert kept
    assert registry.form(code).title[:4] in text


@pytest.mark.parametrize("code", CODES)
def test_a_blank_form_needs_no_context(code):
    assert render.render_pdf(code, None, fonts_root=FONTS, variant="blank").startswith(b"%PDF")


@pytest.mark.parametrize("code", CODES)
def test_each_page_tells_form_time_user_and_page(code):
    context = sample(code)
    pages = page_texts(draw(code))
    minute = squeezed(templating.time_on_paper(context["issue"]["at"]))
    for text in pages:
        told = (code, context["issue"]["number"], minute, context["issue"]["by"], context["issue"]["office"])
        assert [word for word in told if word not in text] == []
        assert re.search(WORDS["place_of_pattern" if code in HANDED_OUT else "page_of_pattern"], text)


@pytest.mark.parametrize("code", LARGE)
def test_the_large_variant_is_larger(code):
    def height(variant: str) -> float:
        document = pypdfium2.PdfDocument(draw(code, variant=variant))
        page = document[0].get_textpage()
        name = next(leaves(registry.form(code).sample["issue"]))
        first = page.search(name).get_next()[0]
        bottom, top = page.get_charbox(first)[1::2]
        document.close()
        return top - bottom

    assert height("large") > height("normal") * 1.1


# --- names, glyphs -------------------------------------------------------------------------------------------------


def test_names_of_the_standard_table_print():
    text = all_text(draw("F10", sample("F10", principal__name=WORDS["given_names"])))
    assert WORDS["given_names"] in text


@pytest.mark.demand("S3-49")
def test_long_names_and_addresses_wrap_inside_the_page():
    context = sample("F10", principal__name=WORDS["long_name"], principal__address=WORDS["long_address"])
    pdf = draw("F10", context, variant="large")
    assert squeezed(WORDS["long_name"]) in all_text(pdf)
    assert squeezed(WORDS["long_address"]) in all_text(pdf)
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        text = page.get_textpage()
        boxes = [text.get_charbox(i) for i in range(text.count_chars())]
        drawn = [box for box in boxes if box[2] - box[0] > 0.1]
        assert min(box[0] for box in drawn) > 50
        assert max(box[2] for box in drawn) < 595 - 50
    document.close()


def rare_character() -> str:
    """An ideograph that only the full faces have."""
    library = load_fonts(FONTS)
    spare = library.whole.characters - library.light.characters
    return chr(min(point for point in spare if unicodedata.category(chr(point)) == "Lo" and point > 0x3400))


def test_a_rare_name_is_drawn_by_the_full_faces():
    rare = rare_character()
    pdf = draw("F10", sample("F10", principal__name=f"A{rare}"))
    assert f"A{rare}" in all_text(pdf)
    assert all(fonts_of(pdf).values())


def test_a_character_that_no_font_has_is_refused_and_named():
    with pytest.raises(MissingGlyphs) as caught:
        draw("F10", sample("F10", principal__name="\u2611 \U0010fffd", agent__unit="\ue123"))
    assert caught.value.characters == ["\u2611", "\ue123", "\U0010fffd"]
    assert "U+10FFFD" in str(caught.value)


def test_a_watermark_is_checked_too():
    with pytest.raises(MissingGlyphs):
        draw("F10", watermark="\U0010fffd")


def test_words_of_a_style_sheet_are_checked_too(forms_root):
    add_form(forms_root, "<p>{{ name }}{{ case.code }}</p>", css='p::after{content:"\U0010fffd"}')
    with pytest.raises(MissingGlyphs):
        draw("T01", {"name": "A", "case": {"code": "B"}})


# --- context, walls ---------------------------------------------------------------------------------------------------


def test_a_context_of_another_shape_is_refused_by_path():
    context = sample("F10", principal__religion="x")
    del context["valid_to"]
    with pytest.raises(ContextMismatch) as caught:
        draw("F10", context)
    assert sorted(caught.value.faults) == ["principal.religion: not known to the form", "valid_to: missing"]


def test_mapped_rows_do_not_pass():
    class Row:
        name = "A"

    with pytest.raises(ContextMismatch, match="of type Row"):
        draw("F10", sample("F10", principal__name=Row()))


def test_markup_in_a_name_is_printed_as_it_is():
    name = '<b class="x">&amp;</b>'
    assert name.replace(" ", "") in all_text(draw("F10", sample("F10", principal__name=name)))


def test_a_seal_picture_may_only_be_a_data_address(tmp_path):
    assert draw("F11", sample("F11", issue__seal=PICTURE)) != draw("F11")
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"x")
    for address in (secret.as_uri(), "https://geban.example/seal.png", "seal.png"):
        with pytest.raises(BlockedResource):
            draw("F11", sample("F11", issue__seal=address))


def test_a_seal_that_cannot_be_drawn_is_an_error_not_a_paper_without_it():
    with pytest.raises(PaperError):
        draw("F11", sample("F11", issue__seal="data:image/png;base64,AAAA"))


@pytest.mark.parametrize(
    "html",
    [
        "{{ name.__class__.__mro__ }}",
        "{{ nothing }}",
        "{{ case.update(code='x') }}",
        "{% include '../../config.py' %}",
        "{{ name | word('material_form') }}",
    ],
)
def test_a_form_cannot_leave_its_sandbox(forms_root, html):
    add_form(forms_root, html)
    with pytest.raises(PaperError):
        draw("T01", {"name": "A", "case": {"code": "B"}})


def test_an_unknown_variant_or_form_is_refused():
    with pytest.raises(PaperError, match="variant"):
        draw("F10", variant="huge")
    with pytest.raises(FormFolderError, match="F99"):
        render.render_pdf("F99", {}, fonts_root=FONTS)


# --- the forms themselves -------------------------------------------------------------------------------------------------


@pytest.mark.demand("S3-49")
def test_a_receipt_has_a_copy_for_the_resident_and_one_for_the_file():
    pages = page_texts(draw("F11"))
    assert len(pages) == 2
    assert squeezed(WORDS["resident_copy"]) in pages[0]
    assert squeezed(WORDS["file_copy"]) in pages[1]
    for text in pages:
        assert WORDS["not_final"] in text
        assert squeezed(WORDS["page_of"].format(page=1, pages=1)) in text


@pytest.mark.parametrize(("which", "title"), [([0], "accepted"), ([1], "lacking"), ([0, 1], "both")])
def test_a_receipt_is_called_what_it_is(which, title):
    context = sample("F11")
    context["cases"] = [context["cases"][index] for index in which]
    text = page_texts(draw("F11", context))[0]
    titles = {name: WORDS[name] for name in ("accepted", "lacking", "both")}
    assert text.startswith(squeezed(WORDS["resident_copy"]) + titles[title]) or titles[title] in text
    assert (WORDS["both"] in text) is (title == "both")
    assert (WORDS["later"] in text) is (title != "accepted")


def long_receipt() -> dict:
    context = sample("F11")
    case = context["cases"][0]
    row = case["materials"][0]
    case["materials"] = [row | {"name": f"{WORDS['material']}-{number:02}"} for number in range(1, 81)]
    context["cases"] = [case]
    return context


def test_many_materials_run_over_three_pages_with_the_heading_on_each():
    pages = page_texts(draw("F11", long_receipt()))
    assert len(pages) % 2 == 0
    first = pages[: len(pages) // 2]
    assert len(first) >= 3
    counts = [re.search(WORDS["page_of_pattern"], text).groups() for text in first]
    assert counts == [(str(number), str(len(first))) for number in range(1, len(first) + 1)]
    with_rows = [text for text in first if WORDS["material"] in text]
    assert len(with_rows) >= 3
    assert all(WORDS["serial_heading"] in text for text in with_rows)
    assert "".join(first).count(WORDS["material"]) == 80
    assert WORDS["not_final"] in first[-1]


def test_a_watermark_stands_on_every_page():
    pages = page_texts(draw("F11", long_receipt(), watermark=WORDS["watermark"]))
    assert all(squeezed(WORDS["watermark"]) in text for text in pages)
    assert squeezed(WORDS["watermark"]) not in all_text(draw("F11"))


def test_a_preview_has_no_number_and_no_code():
    context = sample("F10", issue__number="", issue__verify_url="", issue__at="", issue__by="")
    html = render.html_sheets(registry.form("F10"), context, "normal", WORDS["watermark"])[0]
    assert "<svg" not in html
    assert "<svg" in render.html_sheets(registry.form("F10"), sample("F10"), "normal", None)[0]
    assert draw("F10", context, watermark=WORDS["watermark"]).startswith(b"%PDF")


def test_ticks_of_the_letter_follow_the_powers_and_fees_are_never_ticked():
    def ticked(**powers) -> int:
        context = sample("F10")
        context["powers"] = dict.fromkeys(context["powers"], False) | {"other": ""} | powers
        html = render.html_sheets(registry.form("F10"), context, "normal", None)[0]
        return html.count("box on")

    assert ticked() == 0
    assert ticked(submit=True, collect=True) == 2
    assert ticked(submit=True, fill_in=True, collect=True, receive_notice=True, other="A") == 5
    assert WORDS["forbidden_fee"] in all_text(draw("F10"))


def test_consent_for_a_child_is_signed_by_the_guardian():
    child = all_text(draw("F29"))
    adult = all_text(draw("F29", sample("F29", guardian__is_needed=False)))
    assert WORDS["guardian"] in child
    assert WORDS["guardian"] not in adult


def test_sensitive_kinds_are_asked_one_by_one_and_only_those_collected():
    html = render.html_sheets(registry.form("F29"), sample("F29"), "normal", None)[0]
    text = registry.form("F29").texts["1"]
    asked = {row["code"] for row in sample("F29")["sensitive"]}
    assert asked
    for row in text["sensitive"]:
        assert (row["impact"] in html) is (row["code"] in asked)


def test_a_consent_without_its_notice_text_is_refused():
    with pytest.raises(PaperError):
        draw("F29", sample("F29", text_version="77"))


# --- pictures for phones -------------------------------------------------------------------------------------------


def test_pages_become_pictures_of_the_asked_width():
    from PIL import Image

    pdf = draw("F11")
    pictures = [png_page(pdf, page=number, width=720) for number in (1, page_count(pdf))]
    assert pictures[0] != pictures[1]
    image = Image.open(io.BytesIO(pictures[0]))
    assert (image.format, image.size) == ("PNG", (720, 1019))
    assert image.getextrema()[0] < 64 < 250 < image.getextrema()[1]


def test_one_page_is_drawn_for_one_picture(monkeypatch):
    from app.documents import preview

    drawn, real = [], preview._png
    monkeypatch.setattr(preview, "_png", lambda page, width: drawn.append(page) or real(page, width))
    pdf = draw("F11")
    png_page(pdf, page=2)
    assert len(drawn) == 1
    for number in (0, 3):
        with pytest.raises(IndexError):
            png_page(pdf, page=number)
    assert len(drawn) == 1


@pytest.mark.parametrize("variant", ["normal", "large", "blank"])
def test_the_letter_has_a_line_for_each_whole_number_and_stays_on_its_pages(variant):
    """F10 goes to a window that identifies both parties; a worker without a number in the registry has the line alone."""
    context = sample("F10", agent__id_number="")
    html = render.html_sheets(registry.form("F10"), context, variant, None)[0]
    assert html.count('class="hand"') == 2
    assert page_count(draw("F10", context, variant=variant)) == 1
