"""Static files travel packed and stay in the browser; pages do neither."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

STYLE = "/static/css/geban.css"
FILE = Path(__file__).resolve().parents[2] / "app" / "static" / "css" / "geban.css"
UNPACKS = {"Accept-Encoding": "gzip, deflate, br"}


def test_a_style_sheet_is_packed_for_who_can_unpack_it(client):
    answer = client.get(STYLE, headers=UNPACKS)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert gzip.decompress(answer.data) == FILE.read_bytes()
    assert int(answer.headers["Content-Length"]) == len(answer.data) < FILE.stat().st_size / 3


def test_others_get_it_as_it_is(client):
    with client.get(STYLE) as plain:
        assert "Content-Encoding" not in plain.headers
        assert plain.data == FILE.read_bytes()
    with client.get(STYLE, headers={**UNPACKS, "Range": "bytes=0-99"}) as part:
        assert "Content-Encoding" not in part.headers
        assert part.data == FILE.read_bytes()[:100]


def test_a_packed_file_is_not_sent_twice(client):
    tag = client.get(STYLE, headers=UNPACKS).headers["ETag"]
    with client.get(STYLE, headers={**UNPACKS, "If-None-Match": tag}) as again:
        assert again.status_code == 304


def test_pages_are_never_packed(client):
    answer = client.get("/login/", headers=UNPACKS)
    assert "Content-Encoding" not in answer.headers
    assert b"csrf_token" in answer.data


@pytest.mark.parametrize(
    ("address", "kept"),
    [(f"{STYLE}?v=0123456789", True), (STYLE, False), ("/static/css/none.css?v=1", False)],
)
def test_only_an_address_that_changes_with_the_file_is_kept_for_a_year(client, address, kept):
    with client.get(address) as answer:
        assert ("immutable" in answer.headers.get("Cache-Control", "")) is kept
