"""What a form may load while it is printed: data: and fonts below one folder (guards.md §4). No app, no database."""

import base64
from pathlib import Path

import pytest
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from app.documents.fetcher import FetchRefused, FormFetcher

SECRET = "top-secret-marker"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">{}</svg>'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "fonts" / "site").mkdir(parents=True)
    (tmp_path / "fonts" / "real.ttf").write_bytes(b"font bytes")
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "secret.ttf").write_text(SECRET)
    (tmp_path / "style.css").write_text("body{color:red}")
    return tmp_path / "fonts"


def data_uri(text: str, kind: str) -> str:
    return f"data:{kind};base64," + base64.b64encode(text.encode()).decode()


PAGES = {
    "link to a style sheet": '<link rel="stylesheet" href="{url}">',
    "link to an attachment": '<link rel="attachment" href="{url}">',
    "picture": '<img src="{url}">',
    "object": '<object data="{url}">x</object>',
    "embed": '<embed src="{url}">',
    "style attribute": '<p style="background:url({url})">x</p>',
    "style sheet": "<style>p{{background:url({url})}}</style><p>x</p>",
    "import": '<style>@import "{url}";</style><p>x</p>',
    "list bullet": "<style>li{{list-style-image:url({url})}}</style><ul><li>x</li></ul>",
    "generated content": "<style>p::before{{content:url({url})}}</style><p>x</p>",
    "link followed as an attachment": '<a rel="attachment" href="{url}">x</a>',
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_local_files_are_refused_wherever_a_page_names_them(root, page):
    html = page.format(url=(root.parent / "secret.txt").as_uri())
    with pytest.raises(FetchRefused):
        HTML(string=html, url_fetcher=FormFetcher(root)).write_pdf(font_config=FontConfiguration())


@pytest.mark.parametrize("is_inline", [True, False])
def test_a_drawing_inside_the_page_cannot_load_either(root, is_inline):
    inner = '<image xlink:href="{0}" href="{0}" width="9" height="9"/>'.format(
        (root.parent / "secret.txt").as_uri()
    )
    html = SVG.format(inner) if is_inline else f'<img src="{data_uri(SVG.format(inner), "image/svg+xml")}">'
    fetcher = FormFetcher(root)
    HTML(
        string=html, url_fetcher=fetcher
    ).write_pdf()  # WeasyPrint swallows the error here; the engine asks for:
    assert fetcher.refused == [(root.parent / "secret.txt").as_uri()]


def test_a_style_sheet_in_a_data_address_cannot_import(root):
    css = f'@import "{(root.parent / "style.css").as_uri()}";'
    html = f'<link rel="stylesheet" href="{data_uri(css, "text/css")}">'
    with pytest.raises(FetchRefused):
        HTML(string=html, url_fetcher=FormFetcher(root)).write_pdf()


@pytest.mark.parametrize("rule", ['@import "{}";', "@font-face{{font-family:x;src:url({})}}"])
def test_style_sheets_of_the_engine_are_held_to_it_too(root, rule):
    css = rule.format((root.parent / "secret.ttf").as_uri())
    with pytest.raises(FetchRefused):
        CSS(string=css, url_fetcher=FormFetcher(root), font_config=FontConfiguration())


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/x.ttf",
        "https://geban.example/x.ttf",
        "ftp://127.0.0.1/x.ttf",
        "file://otherhost{root}/real.ttf",
        "file://{root}/../secret.ttf",
        "file://{root}/site/../../secret.ttf",
        "file://{root}/%2e%2e/secret.ttf",
        "FILE://{root}/../secret.ttf",
        "file://{root}/../secret.ttf?x={root}/real.ttf",
        "file://{root}/../secret.ttf#{root}/real.ttf",
        "file://{root}2/real.ttf",
        "file://{root}/real.ttf/../../secret.txt",
        "file://{root}/absent.ttf",
        "file://{root}",
        "jar:file://{root}/real.ttf",
        "real.ttf",
        "",
    ],
)
def test_addresses_outside_the_fonts_folder_are_refused(root, address):
    with pytest.raises(FetchRefused):
        FormFetcher(root).fetch(address.format(root=root))


def test_links_out_of_the_folder_are_refused(root):
    (root / "site" / "link.ttf").symlink_to(root.parent / "secret.ttf")
    (root / "up").symlink_to(root.parent)
    for name in ("site/link.ttf", "up/secret.ttf"):
        with pytest.raises(FetchRefused):
            FormFetcher(root).fetch((root / name).as_uri())


def test_only_font_files_are_served_from_the_folder(root):
    (root / "notes.txt").write_text(SECRET)
    with pytest.raises(FetchRefused):
        FormFetcher(root).fetch((root / "notes.txt").as_uri())


@pytest.mark.parametrize("address", ["file://{root}/real.ttf", "file://localhost{root}/site/../real.ttf"])
def test_fonts_of_the_folder_and_data_addresses_load(root, address):
    fetcher = FormFetcher(root)
    assert fetcher.fetch(address.format(root=root)).read() == b"font bytes"
    assert fetcher.fetch("data:text/plain,hello").read() == b"hello"


def test_the_folder_itself_may_be_a_link(root):
    link = root.parent / "fonts-link"
    link.symlink_to(root)
    assert FormFetcher(link).fetch((link / "real.ttf").as_uri()).read() == b"font bytes"
