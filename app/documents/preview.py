"""Pictures of a paper for phones (inside WeChat a PDF cannot be opened: paper.md), and how many pages it has."""

from __future__ import annotations

import io


def png_page(pdf: bytes, *, page: int = 1, width: int = 1080) -> bytes:
    """One page (1 …) as PNG of ``width`` pixels; no other page is drawn. IndexError for a page that is not there.

    PDFium is not thread-safe: call it in a rendering process.
    """
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        if not 1 <= page <= len(document):
            raise IndexError(page)
        return _png(document[page - 1], width)
    finally:
        document.close()


def page_count(pdf: bytes) -> int:
    """How many pages a PDF has; may be called in any thread."""
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        return len(document.pages)


def _png(page: object, width: int) -> bytes:
    scale = width / page.get_width()  # type: ignore[attr-defined]
    picture = page.render(scale=scale).to_pil().convert("L")  # type: ignore[attr-defined]
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=False)
    return out.getvalue()
