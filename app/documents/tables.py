"""Long tables on paper: a list of thousands of rows is laid out in parts, so that no process grows with it.

One part is laid out at a time. Unless it is the last, its last page is thrown away and its rows begin the next part, so
that no page stands half empty in the middle; the parts are joined by whoever asked (pikepdf). How many pages there are is
known at the end only: their numbers are drawn then and laid over them. Runs in the rendering processes of ``pool``, as
``render`` does.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict

from jinja2 import TemplateError

from app.documents import registry
from app.documents.errors import PaperError
from app.documents.render import _PAINTING, Kit, _refusals, engine, loud_weasyprint
from app.documents.templating import environment

FOLDER = "_table"
SIZES = ("A4", "A4 landscape", "A3", "A3 landscape")
PART = 150  # lines that are laid out at once


class Line(TypedDict):
    """``kind``: row, group, sum or total. ``text`` stands over the first ``span`` columns, ``cells`` behind it."""

    kind: str
    cells: list[str]
    text: str
    span: int
    level: int


class Part(TypedDict):
    """What one part needs. ``columns`` are {label, width in percent, right}."""

    size: str
    title: str
    notes: list[str]
    below: list[str]
    signs: list[str]
    mark: str
    by: str
    columns: list[dict[str, Any]]
    lines: list[Line]
    first: bool
    last: bool


def part_pdf(part: Part, *, fonts_root: Path | str) -> tuple[bytes, int, int]:
    """(PDF, number of its pages, number of its lines). Raises MissingGlyphs and the other errors of ``render_pdf``."""
    with _PAINTING:
        painter = engine(Path(fonts_root))
        with _refusals(painter._fetcher), loud_weasyprint(40):
            return _draw(painter, part)


def _draw(painter: Any, part: Part) -> tuple[bytes, int, int]:
    _check_size(part["size"])
    try:
        html = environment().get_template(f"{FOLDER}/table.html").render(**part)
    except TemplateError as error:
        raise PaperError(f"table: {error}") from None
    texts = [*_texts(part)]
    kit: Kit = painter._kit(texts)
    widths = "".join(f"col.w{at}{{width:{c['width']:.2f}%}}" for at, c in enumerate(part["columns"], 1))
    sheets = [*_sheets(kit), kit._css(f"@page{{size:{part['size']}}}{widths}")]
    document = painter._page(html).render(font_config=kit.font_config, stylesheets=sheets)
    pages, used = list(document.pages), len(part["lines"])
    if not part["last"] and len(pages) > 1:
        on_last = [int(name[1:]) for name in pages[-1].anchors if name[1:].isdigit()]
        if on_last and min(on_last) > 1:
            used, pages = min(on_last) - 1, pages[:-1]
    return _written(document.copy(pages)), len(pages), used


def numbers_pdf(pages: int, size: str, *, fonts_root: Path | str) -> bytes:
    """As many pages as a table has, empty but for “page n of m” at the place that its own pages leave free."""
    _check_size(size)
    with _PAINTING:
        painter = engine(Path(fonts_root))
        with _refusals(painter._fetcher), loud_weasyprint(40):
            html = environment().get_template(f"{FOLDER}/numbers.html").render(pages=pages)
            kit: Kit = painter._kit([])
            css = (registry.FORMS_ROOT / FOLDER / "numbers.css").read_text("utf-8")
            sheets = [*_sheets(kit), kit._css(f"@page{{size:{size}}}{css}")]
            return _written(painter._page(html).render(font_config=kit.font_config, stylesheets=sheets))


def _check_size(size: str) -> None:
    if size not in SIZES:
        raise PaperError(f"a table is not printed on {size!r}")


def _written(document: Any) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # WeasyPrint leaves its colour profile open
        return bytes(document.write_pdf())


def _texts(part: Part) -> list[str]:
    own = [part["title"], part["mark"], part["by"], *part["notes"], *part["below"], *part["signs"]]
    own += [column["label"] for column in part["columns"]]
    for line in part["lines"]:
        own += [line["text"], *line["cells"]]
    return own


@lru_cache(maxsize=4)
def _sheets(kit: Kit) -> list[Any]:
    css = (registry.FORMS_ROOT / FOLDER / "table.css").read_text("utf-8")
    return [kit._font_css, kit._css(registry.base_text("base.css")), kit._css(css)]
