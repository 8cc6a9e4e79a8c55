"""A form and a plain dict become PDF bytes.

Runs inside the processes of ``pool`` (WeasyPrint is not thread-safe and its import takes seconds); a test or a command
may call ``render_pdf`` in its own process. Output is PDF/A-2u and the same bytes for the same input, fonts and versions.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from app.documents import registry
from app.documents.context import blank_context, shape_faults
from app.documents.errors import BlockedResource, ContextMismatch, EngineMissing, FormFolderError, PaperError
from app.documents.fonts import FontLibrary, FontSet, load_fonts
from app.documents.glyphs import missing_characters, page_text, require_glyphs
from app.documents.templating import environment

# Relative addresses in a form become addresses of this host, and the fetcher refuses them loudly.
NOWHERE = "https://form.invalid/"
_NO_SYSTEM_FONTS = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig/>'
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_PAINTING = threading.RLock()


def require_subsetter() -> None:
    """Raises EngineMissing without HarfBuzz's subsetter: WeasyPrint would fall back silently, 20 to 130 times slower."""
    from weasyprint.text import ffi

    if ffi.harfbuzz_subset is None:
        raise EngineMissing("libharfbuzz-subset is missing: apt-get install libharfbuzz-subset0")


def check_engine(fonts_root: Path) -> FontLibrary:
    """Start-up check: libraries, fonts and every form folder; raises EngineMissing or FormFolderError, loud and named."""
    try:
        require_subsetter()
    except OSError as error:  # pango or fontconfig cannot be loaded at all
        raise EngineMissing(
            f"{error}: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
        ) from None
    for form in registry.load_forms().values():
        try:
            environment().get_template(f"{form.code}/form.html")
        except TemplateError as error:
            raise FormFolderError(form.code, [f"form.html: {error}"]) from None
    return load_fonts(Path(fonts_root))


class Kit:
    """One set of faces made ready for WeasyPrint, with the style sheets parsed for it."""

    def __init__(self, fonts: FontSet, fetcher: Any) -> None:
        self.fonts = fonts
        self.font_config = _isolated_font_config()
        self._fetcher = fetcher
        self._sheets: dict[tuple[str, str], list[Any]] = {}
        with loud_weasyprint(logging.WARNING):
            self._font_css = self._css(fonts.css())
        atexit.register(_clean_up, self.font_config)

    def _css(self, text: str) -> Any:
        from weasyprint import CSS

        require_glyphs([_CSS_COMMENT.sub("", text)], self.fonts.characters)
        return CSS(string=text, base_url=NOWHERE, url_fetcher=self._fetcher, font_config=self.font_config)

    def stylesheets(self, form: registry.Form, variant: str) -> list[Any]:
        key = (form.fingerprint, variant)
        if key not in self._sheets:
            self._sheets[key] = [self._font_css, *(self._css(text) for text in css_texts(form, variant))]
        return self._sheets[key]


class Engine:
    """Fonts, parsed style sheets and templates of one process, made once and used for every paper."""

    def __init__(self, fonts_root: Path) -> None:
        self.library = check_engine(fonts_root)
        from app.documents.fetcher import FormFetcher

        self._fetcher = FormFetcher(self.library.root)
        self._light = Kit(self.library.light, self._fetcher)

    @cached_property
    def _whole(self) -> Kit:
        return Kit(self.library.whole, self._fetcher)

    def pdf(self, form: registry.Form, context: dict[str, Any], variant: str, watermark: str | None) -> bytes:
        """All sheets of one paper as one file; pages are counted sheet by sheet."""
        with _PAINTING, _refusals(self._fetcher), loud_weasyprint(logging.ERROR):
            pages = [self._page(html) for html in html_sheets(form, context, variant, watermark)]
            kit = self._kit([text for page in pages for text in page_text(page.etree_element)])
            css = kit.stylesheets(form, variant)
            drawn = [page.render(font_config=kit.font_config, stylesheets=css) for page in pages]
            whole = drawn[0].copy([page for document in drawn for page in document.pages])
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)  # WeasyPrint leaves its colour profile open
                identifier = _identifier(form, context, variant, watermark)
                return bytes(whole.write_pdf(pdf_variant="pdf/a-2u", pdf_identifier=identifier))

    def _page(self, html: str) -> Any:
        from weasyprint import HTML

        return HTML(string=html, base_url=NOWHERE, url_fetcher=self._fetcher)

    def _kit(self, texts: list[str]) -> Kit:
        """The light kit, or the whole one for a text with rare characters; MissingGlyphs where no face has them."""
        if not missing_characters(texts, self._light.fonts.characters):
            return self._light
        require_glyphs(texts, self.library.whole.characters)
        return self._whole


@contextmanager
def _refusals(fetcher: Any) -> Iterator[None]:
    """BlockedResource for whatever the fetcher refused inside, also where WeasyPrint went on without it."""
    from app.documents.fetcher import FetchRefused

    fetcher.refused.clear()
    try:
        yield
    except (FetchRefused, PaperError):
        if not fetcher.refused:
            raise
    if fetcher.refused:
        raise BlockedResource(fetcher.refused[0])


def css_texts(form: registry.Form, variant: str) -> list[str]:
    """Style sheets of a form in the order of their weight."""
    texts = [f"@page{{size:{form.paper}}}", registry.base_text("base.css")]
    return [*texts, form.css, *([registry.base_text("large.css")] if variant == "large" else [])]


def html_sheets(
    form: registry.Form, context: dict[str, Any] | None, variant: str, watermark: str | None
) -> list[str]:
    """The pages of each sheet as HTML; raises ContextMismatch where the dict has not the shape of the sample."""
    if variant not in form.variants:
        raise PaperError(f"form {form.code} has no variant {variant!r}")
    if variant == "blank":
        context = blank_context(form.sample, form.blank_rows, form.blank_keep, context)
    faults = shape_faults(form.sample, context)
    if faults or context is None:
        raise ContextMismatch(form.code, faults)
    shared = {"form": form_facts(form), "variant": variant, "watermark": watermark, "texts": form.texts}
    try:
        template = environment().get_template(f"{form.code}/form.html")
        return [template.render(**context, **shared, sheet=vars(sheet)) for sheet in form.sheets]
    except (
        TemplateError
    ) as error:  # an undefined name, an attempt at Python: the form is at fault, not the clerk
        raise PaperError(f"form {form.code}: {error}") from None


def form_facts(form: registry.Form) -> dict[str, str]:
    """What a template may know of its own form."""
    return {"code": form.code, "title": form.title, "version": form.version, "seal": form.seal}


@lru_cache(maxsize=2)
def engine(fonts_root: Path) -> Engine:
    """The engine of this process for a fonts folder."""
    return Engine(fonts_root)


def render_pdf(
    form_code: str,
    context: dict[str, Any] | None,
    *,
    fonts_root: Path | str,
    variant: str = "normal",
    watermark: str | None = None,
) -> bytes:
    """PDF/A-2u bytes of a paper.

    ``variant``: normal, large (for the elderly) or blank (for the field: of ``context``, which may be None, only what
    meta.toml keeps). ``watermark`` is printed across every page. Raises ContextMismatch, MissingGlyphs, BlockedResource,
    EngineMissing, FormFolderError. Nothing is stored or numbered here.
    """
    with _PAINTING:
        return engine(Path(fonts_root)).pdf(registry.form(form_code), context or {}, variant, watermark)


def _isolated_font_config() -> Any:
    """A font configuration that knows no font of the machine: what is drawn depends on the fonts folder alone."""
    from weasyprint.text.fonts import FontConfiguration

    before = os.environ.get("FONTCONFIG_FILE")
    with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as file:
        file.write(_NO_SYSTEM_FONTS)
        file.flush()
        os.environ["FONTCONFIG_FILE"] = file.name
        try:
            return FontConfiguration()
        finally:
            if before is None:
                del os.environ["FONTCONFIG_FILE"]
            else:
                os.environ["FONTCONFIG_FILE"] = before


def _clean_up(font_config: Any) -> None:
    """WeasyPrint's own clean-up comes too late at the end of a process and would leave copies of all fonts behind."""
    folder, font_config._folder = font_config._folder, None
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


class _Complaints(logging.Handler):
    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage()[:200])


@contextmanager
def loud_weasyprint(level: int) -> Iterator[None]:
    """WeasyPrint logs a picture or font that it cannot use and prints the page without it; here that is an error."""
    logger = logging.getLogger("weasyprint")
    handler = _Complaints(level)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
    if handler.lines:
        raise PaperError("; ".join(handler.lines))


def _identifier(form: registry.Form, context: dict[str, Any], variant: str, watermark: str | None) -> bytes:
    whole = json.dumps([form.fingerprint, context, variant, watermark], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:32].encode()
