"""The fixed parts of a workbook: styles, page setup, relations (ECMA-376, SpreadsheetML)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from app.core.sheets.writing import Paper

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PAPERS = {"A4": 9, "A3": 8}
LONGEST_MARGIN_TEXT = 240  # Excel takes 255 signs at the top and at the foot of a page
# what XML 1.0 has no place for: one of them, and nobody opens the file
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")

# (fonts) 0 plain 1 bold 2 title 3 small 4 red; (fills) 2 head 3 group 4 bad 5 doubtful; (borders) 0 none 1 thin
_XFS: tuple[tuple[str, int, int, int, int, str, str], ...] = (
    # name, number format, font, fill, border, alignment, more
    ("plain", 0, 0, 0, 0, "", ""),
    ("text", 49, 0, 0, 1, 'vertical="center" wrapText="1"', ""),
    ("quoted", 49, 0, 0, 1, 'vertical="center" wrapText="1"', ' quotePrefix="1"'),
    ("int", 1, 0, 0, 1, 'vertical="center"', ""),
    ("decimal", 0, 0, 0, 1, 'vertical="center"', ""),
    ("date", 164, 0, 0, 1, 'vertical="center" horizontal="center"', ""),
    ("instant", 165, 0, 0, 1, 'vertical="center" horizontal="center"', ""),
    ("head", 49, 1, 2, 1, 'vertical="center" horizontal="center" wrapText="1"', ""),
    ("title", 49, 2, 0, 0, 'vertical="center" horizontal="center"', ""),
    ("note", 49, 0, 0, 0, 'vertical="center"', ""),
    ("mark", 49, 4, 0, 0, 'vertical="center" wrapText="1"', ""),
    ("group0", 49, 1, 3, 1, 'vertical="center"', ""),
    ("group1", 49, 1, 0, 1, 'vertical="center" indent="1"', ""),
    ("group2", 49, 1, 0, 1, 'vertical="center" indent="2"', ""),
    ("bad", 49, 0, 4, 1, 'vertical="center" wrapText="1"', ' quotePrefix="1"'),
    ("doubtful", 49, 0, 5, 1, 'vertical="center" wrapText="1"', ' quotePrefix="1"'),
    ("total", 49, 1, 0, 1, 'vertical="center"', ""),
    ("total_int", 1, 1, 0, 1, 'vertical="center"', ""),
    ("total_decimal", 0, 1, 0, 1, 'vertical="center"', ""),
)
STYLES = {name: at for at, (name, *_rest) in enumerate(_XFS)}
HEIGHTS = {"title": 34, "note": 20, "mark": 32, "group0": 20, "group1": 20, "group2": 20}
EMPTY, EMPTY_TOTAL = str(STYLES["text"]), str(STYLES["total"])


def sheet_name(text: str) -> str:
    """A name that Excel takes: 31 signs, none of ``[]:*?/\\``, no apostrophe at either end."""
    return FORBIDDEN.sub(" ", ILLEGAL.sub("", text))[:31].strip().strip("'") or "Sheet1"


def sheet_head(widths: Sequence[float], heads: int) -> str:
    """From the start of the sheet to its first row; the headings, row ``heads``, stay in sight."""
    columns = "".join(
        f'<col min="{at}" max="{at}" width="{width:.1f}" customWidth="1"/>'
        for at, width in enumerate(widths, 1)
    )
    pane = f'<pane ySplit="{heads}" topLeftCell="A{heads + 1}" activePane="bottomLeft" state="frozen"/>'
    return (
        f'{XML}<worksheet xmlns="{MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="18"/><cols>{columns}</cols><sheetData>'
    )


def sheet_tail(merged: Sequence[str], paper: Paper) -> str:
    """From the last row to the end of the sheet: merged lines, margins, paper, head and foot of each page."""
    cells = "".join(f'<mergeCell ref="{ref}"/>' for ref in merged)
    merges = f'<mergeCells count="{len(merged)}">{cells}</mergeCells>' if merged else ""
    way = "landscape" if paper.landscape else "portrait"
    return (
        f'</sheetData>{merges}<printOptions horizontalCentered="1"/>'
        '<pageMargins left="0.5" right="0.5" top="0.7" bottom="0.7" header="0.3" footer="0.3"/>'
        f'<pageSetup paperSize="{PAPERS[paper.size]}" orientation="{way}" fitToWidth="1" fitToHeight="0"/>'
        f"<headerFooter>{_margin('oddHeader', '&R&8', paper.header)}"
        f"{_margin('oddFooter', '&L&8', paper.footer, '&R&8&P / &N')}</headerFooter></worksheet>"
    )


def _margin(tag: str, how: str, text: str, more: str = "") -> str:
    """Head or foot of a page; ``&`` begins a command there, and a digit behind the size of the font would join it."""
    text = ILLEGAL.sub("", text)
    words = how + " " + text[:LONGEST_MARGIN_TEXT].replace("&", "&&").replace("\n", " ") if text else ""
    return f"<{tag}>{escape(words + more)}</{tag}>" if words or more else ""


def styles() -> str:
    """All looks of a cell that the writer knows."""
    xfs = "".join(
        f'<xf numFmtId="{fmt}" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0" applyNumberFormat="1" '
        f'applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1"{more}><alignment {alignment}/></xf>'
        for _name, fmt, font, fill, border, alignment, more in _XFS
    )
    side = '<{0} style="thin"><color rgb="FF8C8C8C"/></{0}>'
    thin = "".join(side.format(name) for name in ("left", "right", "top", "bottom"))
    fill = '<fill><patternFill patternType="solid"><fgColor rgb="{}"/><bgColor indexed="64"/></patternFill></fill>'
    return (
        f'{XML}<styleSheet xmlns="{MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
        '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>'
        f'<fonts count="5">{_font(11)}{_font(11, "<b/>")}{_font(18, "<b/>")}{_font(9)}'
        f'{_font(10, "", "FFC00000")}</fonts><fills count="6"><fill><patternFill patternType="none"/></fill>'
        f'<fill><patternFill patternType="gray125"/></fill>{fill.format("FFE7EEF7")}{fill.format("FFF3F3F3")}'
        f"{fill.format('FFFFC7CE')}{fill.format('FFFFEB9C')}</fills>"
        f'<borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border>'
        f"<border>{thin}<diagonal/></border></borders>"
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(_XFS)}">{xfs}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


def _font(size: int, more: str = "", colour: str = "FF000000") -> str:
    return f'<font>{more}<sz val="{size}"/><color rgb="{colour}"/><name val="SimSun"/><charset val="134"/></font>'


def workbook(name: str, heads: int) -> dict[str, str]:
    """Every part but the sheet, by its name in the package; row ``heads`` is printed on each page."""
    title = escape("'" + name.replace("'", "''") + "'")
    override = '<Override PartName="/xl/{}.xml" ContentType="{}.{}+xml"/>'
    return {
        "[Content_Types].xml": (
            f'{XML}<Types xmlns="{PACKAGE}/content-types">'
            f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f"{override.format('workbook', TYPE, 'sheet.main')}{override.format('styles', TYPE, 'styles')}"
            f"{override.format('worksheets/sheet1', TYPE, 'worksheet')}</Types>"
        ),
        "_rels/.rels": _relations({"officeDocument": "xl/workbook.xml"}),
        "xl/_rels/workbook.xml.rels": _relations(
            {"worksheet": "worksheets/sheet1.xml", "styles": "styles.xml"}
        ),
        "xl/workbook.xml": (
            f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name={quoteattr(name)} sheetId="1" '
            f'r:id="rId1"/></sheets><definedNames><definedName name="_xlnm.Print_Titles" localSheetId="0">'
            f"{title}!${heads}:${heads}</definedName></definedNames></workbook>"
        ),
        "xl/styles.xml": styles(),
    }


def _relations(targets: dict[str, str]) -> str:
    links = "".join(
        f'<Relationship Id="rId{at}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(targets.items(), 1)
    )
    return f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'
