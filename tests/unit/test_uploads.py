"""Uploads: only the picture or the pages survive (guards, section 4)."""

from __future__ import annotations

import io
import struct
import zlib

import pikepdf
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from app.core import uploads
from app.core.errors import Invalid
from app.core.uploads import TooLarge, clean_image, clean_pdf, clean_upload, sniff


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_bomb(side=12_000):
    """A small PNG that decodes to side × side pixels."""
    squeeze = zlib.compressobj(9)
    line = b"\x00" + b"\x00" * (side // 8)
    body = b"".join(squeeze.compress(line) for _n in range(side)) + squeeze.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def photo(kind="JPEG", size=(64, 48), mode="RGB", **options):
    out = io.BytesIO()
    Image.new(mode, size, (200, 30, 30) if mode == "RGB" else (200, 30, 30, 128)).save(out, kind, **options)
    return out.getvalue()


def with_gps(orientation=1):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Made-by-Somebody"
    exif.get_ifd(0x8825).update({1: "N", 2: (27.0, 39.0, 12.0)})
    return photo(exif=exif, comment=b"home of the Wang family")


def test_a_picture_of_144_megapixels_is_refused_before_it_is_decoded(monkeypatch):
    bomb = png_bomb()
    assert len(bomb) < 140_000
    monkeypatch.setattr(Image.Image, "load", lambda *_a: pytest.fail("it was decoded"))
    with pytest.raises(TooLarge) as refused:
        clean_image(bomb)
    assert refused.value.status == 413


def test_a_bomb_below_pillows_own_limit_is_refused_too():
    with pytest.raises(TooLarge):
        clean_image(png_bomb(7_000))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_photos_are_kept(kind):
    clean = clean_image(photo(kind))
    assert clean.media_type == ("image/png" if kind == "PNG" else "image/jpeg")
    with Image.open(io.BytesIO(clean.data)) as again:
        assert again.size == (64, 48) == (clean.width, clean.height)


def test_exif_position_and_comments_are_gone():
    data = with_gps()
    assert b"Somebody" in data
    clean = clean_image(data)
    with Image.open(io.BytesIO(clean.data)) as again:
        assert dict(again.getexif()) == {}
        assert not {"exif", "comment", "icc_profile", "xmp"} & set(again.info)
    assert b"Somebody" not in clean.data
    assert b"Wang" not in clean.data


def test_text_in_a_png_is_gone():
    info = PngInfo()
    info.add_text("Comment", "home of the Wang family")
    clean = clean_image(photo("PNG", pnginfo=info))
    assert b"Wang" not in clean.data


def test_a_photo_is_turned_upright():
    clean = clean_image(with_gps(orientation=6))
    assert (clean.width, clean.height) == (48, 64)


def test_large_photos_are_made_smaller():
    clean = clean_image(photo(size=(6000, 3000)))
    assert (clean.width, clean.height) == (4000, 2000)


def test_a_transparent_signature_stays_transparent_and_a_large_one_gets_a_white_ground():
    small = clean_image(photo("PNG", mode="RGBA"))
    large = clean_image(photo("PNG", (2000, 1500), "RGBA"))
    with Image.open(io.BytesIO(small.data)) as again:
        assert again.mode == "RGBA"
    with Image.open(io.BytesIO(large.data)) as again:
        assert again.mode == "RGB"
        assert again.getpixel((5, 5))[0] > 220


@pytest.mark.parametrize("tail", [b"PK\x03\x04 an archive", b"<script>alert(1)</script>", b"%PDF-1.7 "])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_what_hangs_behind_a_picture_is_gone(kind, tail):
    clean = clean_image(photo(kind) + tail)
    assert tail not in clean.data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + b"\x00" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html><script>1</script>",
        b"PK\x03\x04" + b"\x00" * 50,
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"MZ\x90\x00",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b" %PDF-1.7",
    ],
)
def test_other_kinds_are_refused_by_their_first_bytes(data):
    with pytest.raises(Invalid):
        sniff(data)
    with pytest.raises(Invalid):
        clean_upload(io.BytesIO(data))


@pytest.mark.parametrize(("head", "body"), [("PNG", "JPEG"), ("JPEG", "WEBP"), ("WEBP", "PNG")])
def test_the_wrong_magic_is_refused(head, body):
    """The first bytes of one format before the body of another."""
    data = photo(head)[:12] + photo(body)[12:]
    with pytest.raises(Invalid):
        clean_image(data)


def test_a_format_that_pillow_could_read_is_not_tried(monkeypatch):
    """The decoder is bound to the format of the first bytes, whatever else Pillow knows."""
    monkeypatch.setattr(uploads, "sniff", lambda _data: "JPEG")
    for kind in ("TIFF", "PNG", "GIF"):
        out = io.BytesIO()
        Image.new("RGB", (4, 4)).save(out, kind)
        with pytest.raises(Invalid):
            clean_image(out.getvalue())


@pytest.mark.parametrize("cut", [20, 200, -30])
def test_damaged_pictures_are_a_sentence(cut):
    with pytest.raises(Invalid):
        clean_image(photo(size=(300, 300), quality=95)[:cut])


def test_no_more_than_the_cap_is_read():
    class Endless:
        asked = 0

        def read(self, size=-1, /):
            self.asked = size
            return b"\xff\xd8\xff" + b"\x00" * (size - 3)

    stream = Endless()
    with pytest.raises(TooLarge):
        clean_upload(stream)
    assert stream.asked == uploads.PDF_BYTES + 1


# --- PDF -------------------------------------------------------------------------------------------------------


def pdf(pages=1, change=None, **save):
    document = pikepdf.new()
    for _n in range(pages):
        document.add_blank_page(page_size=(200, 200))
    if change:
        change(document)
    out = io.BytesIO()
    document.save(out, **save)
    return out.getvalue()


def add_script(document):
    action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('x')")
    document.Root.OpenAction = action
    document.pages[0].AA = pikepdf.Dictionary(O=action)
    document.Root.Names = pikepdf.Dictionary(
        JavaScript=pikepdf.Dictionary(Names=pikepdf.Array(["a", action])),
    )


def add_link(document):
    uri = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="http://evil.example/")
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 100, 100], A=uri
    )
    document.pages[0].Annots = document.make_indirect(pikepdf.Array([note]))


def add_file(document):
    document.attachments["run.exe"] = b"MZ evil payload"


def add_author(document):
    document.docinfo["/Author"] = "Somebody Wang"


@pytest.mark.parametrize(
    ("change", "traces"),
    [
        (add_script, (b"JavaScript", b"OpenAction", b"alert")),
        (add_link, (b"evil.example", b"Annots")),
        (add_file, (b"run.exe", b"EmbeddedFiles")),
        (add_author, (b"Somebody",)),
    ],
)
def test_only_the_pages_of_a_pdf_survive(change, traces):
    data = pdf(2, change)
    clean = clean_pdf(data)
    assert clean.pages == 2
    with pikepdf.open(io.BytesIO(clean.data)) as again:
        assert len(again.pages) == 2
        assert set(again.Root.keys()) <= {"/Type", "/Pages"}
        plain = io.BytesIO()
        again.save(plain, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    for trace in traces:
        assert trace not in plain.getvalue(), trace


def test_too_many_pages_are_refused():
    with pytest.raises(TooLarge):
        clean_pdf(pdf(uploads.MOST_PAGES + 1))


def test_locked_and_damaged_pdfs_are_a_sentence():
    locked = pdf(encryption=pikepdf.Encryption(owner="a", user="b"))
    with pytest.raises(Invalid, match="locked"):
        clean_pdf(locked)
    with pytest.raises(Invalid):
        clean_pdf(b"%PDF-1.7\nnothing of the kind")


def test_sniff_knows_the_four_kinds():
    assert [sniff(photo(k)) for k in ("JPEG", "PNG", "WEBP")] == ["JPEG", "PNG", "WEBP"]
    assert sniff(pdf()) == "PDF"
