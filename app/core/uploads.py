"""What comes in from outside is taken apart and made anew: only its picture or its pages survive (guards, section 4).

The name, the declared type and the metadata of an upload are ignored: the first bytes say what it is, and the decoder
of that one format must agree. Size and pixels are bounded before anything is decoded.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from flask_babel import lazy_gettext as _
from PIL import Image, ImageOps

from app.core.errors import DomainError, Invalid

if TYPE_CHECKING:
    from pikepdf import Pdf

MEGABYTE = 1024 * 1024
IMAGE_BYTES, PDF_BYTES = 15 * MEGABYTE, 20 * MEGABYTE
MOST_PIXELS = 40_000_000  # an A4 page at 600 dpi has 35 million; a 140 KB PNG may claim 144
LONGEST_SIDE = 4000  # what is kept: an A4 page at 340 dpi
PNG_PIXELS = 2_000_000  # up to here a PNG stays one (signatures, screenshots); photographs become JPEG
MOST_PAGES = 60
JPEG_QUALITY = 85

MAGIC: tuple[tuple[bytes, int, str], ...] = (
    (b"\xff\xd8\xff", 0, "JPEG"),
    (b"\x89PNG\r\n\x1a\n", 0, "PNG"),
    (b"WEBP", 8, "WEBP"),
    (b"%PDF-", 0, "PDF"),
)
IMAGES = frozenset({"JPEG", "PNG", "WEBP"})


class TooLarge(DomainError):
    """The file has too many bytes, pixels or pages."""

    status = 413
    code = "too_large"
    default = _("The file is too large. Take the photo again with a lower resolution.")


class Stream(Protocol):
    """What an upload is read from."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Clean:
    """A file of our own making. ``pages`` is 1 for pictures."""

    data: bytes
    media_type: str
    pages: int = 1
    width: int | None = None
    height: int | None = None


def sniff(data: bytes) -> str:
    """JPEG, PNG, WEBP or PDF by the first bytes, else Invalid."""
    for magic, offset, kind in MAGIC:
        if data[offset : offset + len(magic)] == magic and (kind != "WEBP" or data[:4] == b"RIFF"):
            return kind
    raise Invalid(_("Only photos (JPEG, PNG, WebP) and PDF files can be used."), field="file")


def clean_upload(stream: Stream, kinds: Collection[str] = (*IMAGES, "PDF")) -> Clean:
    """Read and clean an upload; never reads more than the cap. Raises Invalid (400) or TooLarge (413)."""
    data = stream.read(max(IMAGE_BYTES, PDF_BYTES) + 1)
    kind = sniff(data)
    if kind not in kinds:
        raise Invalid(_("This kind of file cannot be used here."), field="file")
    return clean_pdf(data) if kind == "PDF" else clean_image(data)


def clean_image(data: bytes) -> Clean:
    """Decode a photo and encode its pixels again: turned upright, without EXIF, profile, comments or trailing bytes."""
    if len(data) > IMAGE_BYTES:
        raise TooLarge()
    kind = sniff(data)
    if kind not in IMAGES:
        raise Invalid(_("Only photos (JPEG, PNG, WebP) can be used here."), field="file")
    try:
        # Image.open reads the head only; the size is judged before a single pixel is decoded
        with Image.open(io.BytesIO(data), formats=[kind]) as picture:
            if picture.width * picture.height > MOST_PIXELS or min(picture.size) < 1:
                raise TooLarge()
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            return _encode(picture, kind)
    except (DomainError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooLarge() from None
    except Exception:  # decoders raise whatever they stumble over
        raise Invalid(_("This picture is damaged. Please take it again."), field="file") from None


def _encode(picture: Image.Image, kind: str) -> Clean:
    upright: Image.Image = ImageOps.exif_transpose(picture)
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    stays_png = kind == "PNG" and upright.width * upright.height <= PNG_PIXELS
    bare = _bare(upright, "RGBA" if stays_png and _has_alpha(upright) else "RGB")
    out = io.BytesIO()
    if stays_png:
        bare.save(out, "PNG")
    else:
        bare.save(out, "JPEG", quality=JPEG_QUALITY)
    media_type = "image/png" if stays_png else "image/jpeg"
    return Clean(out.getvalue(), media_type, 1, bare.width, bare.height)


def _has_alpha(picture: Image.Image) -> bool:
    return "A" in picture.getbands() or "transparency" in picture.info


def _bare(picture: Image.Image, mode: str) -> Image.Image:
    """The pixels alone, in a new image without ``info``; transparency becomes white where the format has none."""
    if mode == "RGB" and _has_alpha(picture):
        layer = picture.convert("RGBA")
        ground = Image.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    bare = Image.new(mode, picture.size)
    bare.paste(picture.convert(mode))
    return bare


def clean_pdf(data: bytes) -> Clean:
    """Keep the pages of a PDF: no scripts, actions, forms, annotations, attachments or metadata. Locked ones are refused."""
    if len(data) > PDF_BYTES:
        raise TooLarge()
    if sniff(data) != "PDF":
        raise Invalid(_("Only PDF files can be used here."), field="file")
    import pikepdf  # large, and most processes never see a PDF come in

    try:
        with pikepdf.open(io.BytesIO(data)) as source:
            pages = len(source.pages)
            if pages > MOST_PAGES:
                raise TooLarge(_("The file has more than %(count)s pages.", count=MOST_PAGES))
            if pages < 1:
                raise Invalid(_("This file has no pages."), field="file")
            source.flatten_annotations("all")
            return Clean(_only_pages(source), "application/pdf", pages)
    except DomainError:
        raise
    except pikepdf.PasswordError:
        raise Invalid(_("This PDF is locked with a password. Save it without one."), field="file") from None
    except (pikepdf.PdfError, ValueError, RuntimeError, TypeError):
        raise Invalid(_("This PDF is damaged. Please save or scan it again."), field="file") from None


def _only_pages(source: Pdf) -> bytes:
    """A new document with copies of the pages: what hangs on the old root is left behind."""
    fresh = type(source).new()
    for page in source.pages:
        fresh.pages.append(page)
    for page in fresh.pages:
        for name in ("/AA", "/Annots", "/Metadata", "/PieceInfo", "/B"):
            if name in page:
                del page[name]
    out = io.BytesIO()
    fresh.save(out)
    return out.getvalue()


def read_all(upload: Any) -> Stream:
    """The stream of a werkzeug upload, or Invalid when no file was chosen."""
    if upload is None or not getattr(upload, "filename", ""):
        raise Invalid(_("Please choose a file."), field="file")
    stream: Stream = upload.stream
    return stream
