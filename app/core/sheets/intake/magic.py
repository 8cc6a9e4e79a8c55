"""What a file is, by its bytes: names and declared types lie (guards, section 4)."""

from __future__ import annotations

from mmap import mmap

from .refused import Refused

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OLD_STREAMS = ("Workbook", "Book")
_PAGES = (
    b"<html",
    b"<!doctype",
    b"<table",
    b"<meta",
    b"<head",
    b"<?xml",
    b"<style",
    b"<div",
    b"mime-version:",
)
_PICTURES = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"{\\rtf")


Bytes = bytes | mmap


def kind_of(data: Bytes) -> str:
    """zip, xls or text; Refused for what is certainly no sheet."""
    head = bytes(data[:2048])
    if head.startswith(b"PK"):
        return "zip"
    if head.startswith(OLE):
        return _container(data)
    if head[:2] == b"\x09\x08" or head[:4] in (b"\x09\x04\x06\x00", b"\x09\x02\x06\x00"):
        return "xls"  # a bare stream, as old programs and some Java libraries write it
    if head.startswith(_PICTURES):
        raise Refused("not_sheet")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGES):
        raise Refused("page")
    return "text"


def _has(data: Bytes, name: str) -> bool:
    return data.find(name.encode("utf-16-le")) >= 0


def _container(data: Bytes) -> str:
    """An OLE container: an old workbook, or a new one behind a password; the names of its streams tell."""
    if _has(data, "EncryptedPackage"):
        raise Refused("password")
    if _has(data, "_VBA_PROJECT"):
        raise Refused("macros")
    if _has(data, "WordDocument") or _has(data, "PowerPoint Document"):
        raise Refused("not_sheet")
    if not any(_has(data, name) for name in OLD_STREAMS):
        raise Refused("damaged")
    return "xls"
