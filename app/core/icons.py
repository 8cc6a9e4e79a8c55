"""Font Awesome's icons as inline SVG, drawn from the font in FAB's own folder.

The web font with its style sheet weighs 170 KB; a page needs some ten outlines of 0.3 KB.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import flask_appbuilder
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont
from markupsafe import Markup

FOLDER = Path(flask_appbuilder.__file__).parent / "static" / "appbuilder" / "css"
RULE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')


@lru_cache(maxsize=1)
def _names() -> dict[str, int]:
    css = (FOLDER / "fontawesome" / "fontawesome.min.css").read_text(encoding="utf-8")
    return {
        name: int(code, 16)
        for selectors, code in RULE.findall(css)
        for name in re.findall(r"\.(fa-[\w-]+):before", selectors)
    }


@lru_cache(maxsize=1)
def _font() -> TTFont:
    return TTFont(FOLDER / "webfonts" / "fa-solid-900.ttf", lazy=True)


def exists(name: str) -> bool:
    """Whether the font has an icon of this name (``fa-users``)."""
    return _names().get(name, -1) in _font().getBestCmap()


@lru_cache(maxsize=512)
def outline(name: str) -> tuple[int, int, str]:
    """(width, height, path) of an icon; an unknown name draws a circle."""
    font = _font()
    code = _names().get(name, _names()["fa-circle"])
    glyph = font.getBestCmap().get(code) or font.getBestCmap()[_names()["fa-circle"]]
    glyphs, units = font.getGlyphSet(), font["head"].unitsPerEm
    top = font["hhea"].ascent
    pen = SVGPathPen(glyphs, ntos=lambda v: str(round(v)))
    glyphs[glyph].draw(TransformPen(pen, (1, 0, 0, -1, 0, top)))
    return round(glyphs[glyph].width), units, pen.getCommands()


@lru_cache(maxsize=512)
def icon(name: str, extra: str = "") -> Markup:
    """``<svg>`` of an icon; it is decoration, so screen readers skip it."""
    width, height, path = outline(name)
    return Markup(
        '<svg class="gb-icon {}" viewBox="0 0 {} {}" aria-hidden="true" focusable="false"><path d="{}"/></svg>'
    ).format(extra, width, height, path)
